"""Quality tags of a family: as many as the player's own words leave room for."""

from __future__ import annotations

from bot.engine.pictures.enhance.families import family_rule
from bot.engine.pictures.enhance.groups import QUALITY_ENDINGS, QUALITY_WORDS
from bot.engine.pictures.enhance.tags import bare, is_score, names, parts_of


def is_quality(name: str) -> bool:
    """Whether a plain tag speaks of quality alone; style, medium and rating do not count."""
    return name in QUALITY_WORDS or is_score(name) or (len(name) <= 40 and name.rpartition(" ")[2] in QUALITY_ENDINGS)


def quality_tags(family: str, brought: str = "") -> str:
    """The family's quality tags, divided by commas; empty where none help.

    ``brought`` is what the player's own words bring. Their quality tags count towards the family's most. One of the family's that
    they bring too is still named here, for its place is here: tidying keeps it once, with the player's weight. One that they bring
    inside of a bracket is left to them.
    """
    rule = family_rule(family)
    if rule is None:
        return ""
    tags = [tag for part in parts_of(brought) for tag in part.tags if rule.scores or not is_score(tag)]
    theirs = {name for tag in tags for name in names(tag) if is_quality(name)}
    loose = {bare(tag).lower() for tag in tags}
    room = rule.most_quality - len(theirs)
    chosen: list[str] = []
    for tag in rule.quality:
        name = bare(tag)
        if name in theirs:
            chosen += [tag] if name in loose else []
        elif room > 0:
            chosen.append(tag)
            room -= 1
    return ", ".join(chosen)
