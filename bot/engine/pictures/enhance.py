"""The prompt enhancer: quality tags of a model's family, and danbooru-style tags tidied. Rules are data, one row per family.

Families of tags are prompted with keywords: divided by commas, lower case, no repeats, a weight as ``(tag:1.2)``. Score tags belong to
Pony alone. Families of sentences (FLUX, SD 3, GPT Image and everything newer) read natural language: nothing is added or changed there.
Limits: tags are not put into another order, and words that are no tags (a sentence among them) are only put into lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.pictures import Prompt


@dataclass(frozen=True, slots=True)
class FamilyRule:
    """What suits a family: its quality tags (3 to 7, or none), and whether score tags mean something to it."""

    quality: str = ""
    scores: bool = False


TAG_FAMILIES: dict[str, FamilyRule] = {
    "sd15": FamilyRule("masterpiece, best quality, highly detailed"),
    "sdxl": FamilyRule("masterpiece, best quality, highly detailed"),
    "pony": FamilyRule("score_9, score_8_up, score_7_up", scores=True),
    "illustrious": FamilyRule("masterpiece, best quality, amazing quality, very aesthetic"),
    "novelai": FamilyRule("best quality, amazing quality, very aesthetic"),
}
"""Every other family is prompted with sentences."""
_NAMES = {"noob": "illustrious", "noobai": "illustrious", "sd1.5": "sd15", "sd-1.5": "sd15", "nai": "novelai", "xl": "sdxl"}
_KEPT = re.compile(r"<\w+:[^<>]*>|\{\{[^{}]*\}\}|__[^\s,]+__|\bembedding:[^\s,()]+|\b(?:BREAK|AND)\b")
"""LoRAs and their like, macros, wildcards, embeddings and the words that divide a prompt: never changed."""
_DIVIDER = re.compile(r"\b(?:BREAK|AND)\b")
_SCORE = re.compile(r"\A\(*\s*score_\d+(?:_up)?\s*(?::[\d.]+)?\s*\)*\Z")
_WEIGHTED = re.compile(r"\A\((.+):(\d+(?:\.\d+)?)\)\Z")
_OPEN, _CLOSE = "([{", ")]}"


def family_rule(family: str) -> FamilyRule | None:
    """The rule of a family of tags; None for a family of sentences and for one that is not known."""
    plain = family.strip().lower()
    return TAG_FAMILIES.get(_NAMES.get(plain, plain))


def quality_tags(family: str) -> str:
    """The quality tags of a family; empty where none help."""
    rule = family_rule(family)
    return rule.quality if rule else ""


def tidy(text: str, family: str) -> str:
    """Tags divided by ``, ``, in lower case, each once, without another family's score tags. Sentences come back as they were."""
    rule = family_rule(family)
    if rule is None:
        return text
    kept: dict[str, str] = {}
    part = 0
    for tag in _tags(text):
        tag = _lower(" ".join(tag.split()))
        if not tag or (_SCORE.match(tag) and not rule.scores):
            continue
        if _DIVIDER.search(tag):
            part += 1  # a new part of the prompt: what was said before may be said again
        key = f"{part} {_name(tag)}"
        if key not in kept or _WEIGHTED.match(tag):  # a weight says more than the tag without one, wherever it stands
            kept[key] = tag
    return ", ".join(kept.values())


def enhanced(prompt: Prompt, family: str) -> Prompt:
    """The finished pair, tidied, with a step that says so when anything changed."""
    positive, negative = tidy(prompt.positive, family), tidy(prompt.negative, family)
    if (positive, negative) == (prompt.positive, prompt.negative):
        return prompt
    return Prompt(positive=positive, negative=negative, steps=(*prompt.steps, f"tags tidied for {family}"))


def _tags(text: str) -> Iterator[str]:
    """The parts between commas; commas in brackets do not divide. With unequal brackets every comma does."""
    masked = _KEPT.sub(lambda match: "x" * len(match.group()), text)
    depth, begin = 0, 0
    cuts: list[int] = []
    for index, char in enumerate(masked):
        if index and masked[index - 1] == "\\":
            continue
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif char == "," and depth == 0:
            cuts.append(index)
    if depth:
        yield from text.split(",")
        return
    for cut in (*cuts, len(text)):
        yield text[begin:cut]
        begin = cut + 1


def _lower(tag: str) -> str:
    pieces: list[str] = []
    begin = 0
    for match in _KEPT.finditer(tag):
        pieces += [tag[begin : match.start()].lower(), match.group()]
        begin = match.end()
    return "".join([*pieces, tag[begin:].lower()])


def _name(tag: str) -> str:
    """What makes two tags the same: their words, whatever the weight; danbooru writes spaces as underscores."""
    weighted = _WEIGHTED.match(tag)
    return (weighted.group(1) if weighted else tag).strip().replace("_", " ")
