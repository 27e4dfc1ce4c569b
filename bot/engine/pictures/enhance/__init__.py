"""The prompt enhancer: what suits a model's family is added and put in order. Rules are data, one row per family, one table of words.

Families of tags are prompted with keywords: quality tags are added, tags are divided by commas, lower case, each once, weights kept as
``(tag:1.2)``, and stand in the order quality, subject, body, expression, clothing, pose, background. Score tags belong to Pony alone.
Families of sentences (FLUX, SD 3, GPT Image and everything newer) read natural language: no word is added or changed there, but what
the picture shows comes before style and extra words.
Limits: words that are no tags (a sentence among them) are put into lower case too; a name or a tag that the table does not know
stays behind its left neighbour.
"""

from __future__ import annotations

from dataclasses import replace

from bot.domain.pictures import Prompt
from bot.engine.pictures.compose import Composed, Parts, compose
from bot.engine.pictures.enhance.families import SENTENCE_FAMILIES, TAG_FAMILIES, FamilyRule, canonical, family_rule, wants_subject_first
from bot.engine.pictures.enhance.order import in_order
from bot.engine.pictures.enhance.quality import quality_tags
from bot.engine.pictures.enhance.tags import joined, parts_of, tidied
from bot.engine.story.macros import expand

__all__ = (
    "SENTENCE_FAMILIES",
    "TAG_FAMILIES",
    "FamilyRule",
    "canonical",
    "enhanced",
    "family_rule",
    "finished",
    "quality_tags",
    "tidy",
    "wants_subject_first",
)


def finished(parts: Parts, family: str) -> Composed:
    """Compose for a model of this family: with its quality tags, in its order, tidied. An empty ``family`` only composes."""
    if not family:
        return compose(parts)
    brought = f"{parts.model_prompt}, {parts.prefix}, {parts.character_prefix}, {parts.prompt}"
    if parts.world is not None:
        brought = expand(brought, parts.world).text
    suited = replace(parts, quality_tags=quality_tags(family, brought), subject_first=wants_subject_first(family))
    composed = compose(suited)
    return replace(composed, prompt=enhanced(composed.prompt, family))


def enhanced(prompt: Prompt, family: str) -> Prompt:
    """The finished pair, tidied and the positive prompt in order, with a step for each that changed anything."""
    rule = family_rule(family)
    if rule is None:
        return prompt
    positive, negative = tidy(prompt.positive, family), tidy(prompt.negative, family)
    ordered = joined(in_order(parts_of(positive)))
    steps = list(prompt.steps)
    if (positive, negative) != (prompt.positive, prompt.negative):
        steps.append(f"tags tidied for {family}")
    if ordered != positive:
        steps.append(f"tags put in order for {family}")
    return Prompt(positive=ordered, negative=negative, steps=tuple(steps))


def tidy(text: str, family: str) -> str:
    """Tags divided by ``, ``, in lower case, each once, without another family's score tags. Sentences come back as they were."""
    rule = family_rule(family)
    return joined(tidied(parts_of(text), scores=rule.scores)) if rule else text
