"""Makes ``data/clipart.json.xz`` from the npm packages ``@iconify-json/fluent-emoji-flat`` and ``emojibase-data``.

Run by a developer when the clip art changes, never at set-up:
``python -m providers.images.sketch.build_clipart ICONS_PACKAGE_FOLDER EMOJIBASE_PACKAGE_FOLDER``
"""

from __future__ import annotations

import json
import lzma
import re
import sys
from pathlib import Path
from typing import Any

GROUPS = {3, 4, 5, 6, 7}  # animals and nature, food, travel and places, activities, objects
SUBGROUPS = {11, 25, 26}  # costumed faces (ghost, robot …), people at work, fantasy people
WITHOUT = {57, 58, 61, 49}  # hotel, clocks, medals, maps
STOP = {
    "the", "and", "of", "with", "in", "on", "face", "person", "man", "woman", "male", "female", "front", "facing", "open", "closed", "black",
    "white", "red", "blue", "green", "yellow", "orange", "brown", "purple", "light", "dark", "large", "small", "old", "new", "high", "low",
    "good", "bad", "make", "made", "play", "time", "work", "day", "night", "animal", "nature", "food", "place", "object", "symbol", "people",
    "body", "eye", "eyes", "hair", "love", "happy", "sad", "cute", "fun", "one", "two", "three", "full", "half", "party", "up", "down", "left",
    "right", "school", "home", "job", "go", "see", "look", "style", "set", "button", "sign",
}  # fmt: skip


def main(icons_folder: str, words_folder: str) -> None:
    icons = json.loads((Path(icons_folder) / "icons.json").read_text("utf-8"))
    chars = json.loads((Path(icons_folder) / "chars.json").read_text("utf-8"))
    emoji = json.loads((Path(words_folder) / "en" / "data.json").read_text("utf-8"))
    bodies: dict[str, str] = {}
    votes: dict[str, dict[str, int]] = {}
    for row in emoji:
        group, subgroup = row.get("group"), row.get("subgroup")
        if subgroup in WITHOUT or not (group in GROUPS or subgroup in SUBGROUPS) or row.get("gender") is not None:
            continue
        name = chars.get(_hexcode(row))
        body = icons["icons"].get(name, {}).get("body") if name else None
        if not body:
            continue
        bodies[name] = re.sub(r"\s+", " ", body)
        for word, weight in _words(row).items():
            votes.setdefault(word, {})[name] = max(weight, votes.get(word, {}).get(name, 0))
    words = {word: _best(found) for word, found in votes.items()}
    kept = {word: name for word, name in words.items() if name}
    used = {name: body for name, body in bodies.items() if name in set(kept.values())}
    data = json.dumps({"icons": used, "words": kept}, separators=(",", ":"), sort_keys=True).encode()
    target = Path(__file__).parent / "data" / "clipart.json.xz"
    target.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(used)} pictures, {len(kept)} words, {len(data)} bytes, {target.stat().st_size} packed")


def _hexcode(row: dict[str, Any]) -> str:
    return str(row["hexcode"]).lower()


def _words(row: dict[str, Any]) -> dict[str, int]:
    """Words of one picture with their weight: the whole label, its last word, then the tags."""
    label = re.sub(r"[^a-z ]", "", row["label"].lower()).strip()
    found = {label: 100}
    parts = label.split()
    if len(parts) > 1:
        found.setdefault(parts[-1], 30 if parts[-1] not in STOP else 0)
    for rank, tag in enumerate(row.get("tags", ())):
        word = re.sub(r"[^a-z ]", "", str(tag).lower()).strip()
        if word and word not in STOP and len(word) > 2:
            found.setdefault(word, max(1, 12 - rank))
    return {word: weight for word, weight in found.items() if weight and word not in STOP}


def _best(found: dict[str, int]) -> str:
    """The picture a word stands for: the heaviest vote; tags that many pictures share stand for none."""
    name, weight = max(found.items(), key=lambda item: (item[1], -len(item[0]), item[0]))
    return "" if weight < 30 and len(found) > 4 else name


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
