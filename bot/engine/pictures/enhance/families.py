"""Families of image models: how each is prompted. One row per family of tags; families of sentences need no more than their name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FamilyRule:
    """What suits a family of tags: its quality tags, how many a prompt has at most, and whether score tags mean something to it."""

    quality: tuple[str, ...]
    """3 to 7, best first."""
    most_quality: int = 7
    """Quality tags of a whole prompt, the player's among them; more make pictures alike."""
    scores: bool = False


TAG_FAMILIES: dict[str, FamilyRule] = {
    "sd15": FamilyRule(("masterpiece", "best quality", "highly detailed")),
    "sdxl": FamilyRule(("masterpiece", "best quality", "highly detailed")),
    "pony": FamilyRule(("score_9", "score_8_up", "score_7_up"), scores=True),
    "illustrious": FamilyRule(("masterpiece", "best quality", "amazing quality", "very aesthetic")),
    "novelai": FamilyRule(("best quality", "amazing quality", "very aesthetic")),
}
SENTENCE_FAMILIES = frozenset(
    {
        "auraflow", "chroma", "flux", "flux2", "gemini-image", "gpt-image", "grok-imagine", "hidream", "ideogram", "imagen",
        "qwen-image", "recraft", "sd3", "seedream", "z-image",
    }
)  # fmt: skip
"""Prompted with natural language. A family in neither table is left alone."""
_NAMES = {
    "dall-e": "gpt-image", "flux1": "flux", "nai": "novelai", "nano-banana": "gemini-image", "noob": "illustrious",
    "noobai": "illustrious", "sd-1.5": "sd15", "sd1.5": "sd15", "sd3.5": "sd3", "xl": "sdxl",
}  # fmt: skip


def canonical(family: str) -> str:
    """The family's name in the tables here, in lower case; one that is not known comes back as it is."""
    plain = family.strip().lower()
    return _NAMES.get(plain, plain)


def family_rule(family: str) -> FamilyRule | None:
    """The rule of a family of tags; None for a family of sentences and for one that is not known."""
    return TAG_FAMILIES.get(canonical(family))


def wants_subject_first(family: str) -> bool:
    """Whether the family reads sentences, so that what the picture shows belongs before style and extra words."""
    return canonical(family) in SENTENCE_FAMILIES
