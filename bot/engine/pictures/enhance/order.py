"""The order of tags: quality, subject, body, expression, clothing, pose, background. The words are data in ``groups``.

Models of tags give earlier tags more weight and were trained on captions in an order like this one. A tag that the table does not
know stays behind its left neighbour, at the very start it stays there; the order within a group is the writer's. Left alone are: a
part of which the table knows fewer than half of the tags (a sentence, another language), a part that describes one person after the
other, and a prompt whose brackets do not match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from bot.engine.pictures.enhance.groups import (
    ARTICLES,
    BEGINNINGS,
    CUTS,
    ENDINGS,
    EXACT,
    PATTERNS,
    PICTURES,
    PROSE,
    QUALIFIERS,
    Group,
)
from bot.engine.pictures.enhance.quality import is_quality
from bot.engine.pictures.enhance.tags import Part, names, parts_of

LONGEST = 4  # words of a tag that is judged by its beginning or ending; what is longer is a sentence
_QUALIFIED = re.compile(r"\A(.*\S)\s*\\\(([^()\\]*)\\\)\Z")
_PEOPLE = re.compile(r"\A(\d{1,3})\+?\s?(?:girl|boy|other|woman|women|man|men|person|people|female|male)s?\Z")
_SEVERAL = frozenset({"couple", "crowd", "duo", "everyone", "group", "multiple boys", "multiple girls", "multiple others", "trio"})
_OF_A_PERSON = frozenset({Group.BODY, Group.EXPRESSION, Group.CLOTHING, Group.POSE})
_AND_WEIGHT = re.compile(r"\s?:\s?-?\d+(?:\.\d+)?\Z")


def in_order(parts: Iterable[Part]) -> list[Part]:
    """Every part with its tags in order. The weight of a prompt joined by ``AND`` stays at the end of its part."""
    found = list(parts)
    weighs = any("AND" in part.divider for part in found)
    return [replace(part, tags=_ordered(part.tags, weighs)) if part.movable else part for part in found]


def _ordered(tags: tuple[str, ...], weighs: bool) -> tuple[str, ...]:
    weight = _AND_WEIGHT.search(tags[-1]) if weighs and tags else None
    if weight is None:
        return _sorted(tags)
    last = tags[-1][: weight.start()]
    if not last:
        return (*_sorted(tags[:-1]), tags[-1])
    *rest, last = _sorted((*tags[:-1], last))
    return (*rest, last + weight.group())


def _sorted(tags: tuple[str, ...]) -> tuple[str, ...]:
    named = [names(tag) for tag in tags]
    groups = [next((group for name in found if (group := group_of(name)) is not None), None) for found in named]
    judged = [group for group, found in zip(groups, named, strict=True) if found and not all(map(is_quality, found))]
    if 2 * sum(group is not None for group in judged) < len(judged) or _one_after_the_other(named, groups):
        return tags
    places: list[Group] = []
    for group in groups:
        places.append(group if group is not None else places[-1] if places else Group.QUALITY)
    return tuple(tag for _, tag in sorted(zip(places, tags, strict=True), key=lambda pair: pair[0]))


def _one_after_the_other(named: list[list[str]], groups: list[Group | None]) -> bool:
    """``1girl, red hair, 1boy, black hair``: in another order nobody could tell whose hair is red."""
    described: list[bool] = []
    for found, group in zip(named, groups, strict=True):
        if group is Group.SUBJECT and any(_PEOPLE.match(name) or name.partition(" ")[0] in ARTICLES for name in found):
            described.append(False)
        elif described and group in _OF_A_PERSON:
            described[-1] = True
    return sum(described) > 1


def group_of(name: str) -> Group | None:
    """The group of a plain tag (lower case, spaces for underscores); None for one that the table does not know."""
    if name in EXACT:
        return EXACT[name]
    if is_quality(name):
        return Group.QUALITY
    if _PEOPLE.match(name):
        return Group.SUBJECT
    for pattern, group in PATTERNS:
        if pattern.match(name):
            return group
    qualified = _QUALIFIED.match(name)
    if qualified:
        base, qualifier = qualified.groups()
        return QUALIFIERS.get(qualifier) or EXACT.get(base, Group.SUBJECT)  # danbooru tells characters apart by their story's name
    words = name.split(" ")
    if words[0] in ARTICLES:
        words = words[1:]
    if not words or words[0] in PROSE:
        return None
    judged = (BEGINNINGS.get(words[0]) or _by_ending(words[-1])) if len(words) <= LONGEST else None
    return judged or (Group.SUBJECT if _person(words) else None)


def _person(words: list[str]) -> bool:
    """Whether a phrase is about a person: what stands before its first cut ends with one."""
    if len(words) > 2 and words[1] == "of" and words[0] in PICTURES:
        words = words[3:] if words[2] in ARTICLES else words[2:]
    cut = next((place for place, word in enumerate(words) if word in CUTS), len(words))
    return 0 < cut <= LONGEST and (_by_ending(words[cut - 1]) is Group.SUBJECT or bool(_PEOPLE.match(words[cut - 1])))


def _by_ending(word: str) -> Group | None:
    for ending in (word, word.removesuffix("s"), word.rpartition("-")[2]):
        if ending in ENDINGS:
            return ENDINGS[ending]
    return None


def people(prompt: str) -> int:
    """How many persons the tags of a prompt count; «multiple girls», «couple» and their like are 2. 0 where no tag counts them."""
    count = 0
    for name in (name for part in parts_of(prompt) for tag in part.tags for name in names(tag)):
        match = _PEOPLE.match(name)
        count += int(match.group(1)) if match else 2 if name in _SEVERAL else 0
    return count
