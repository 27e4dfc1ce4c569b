"""Character cards in and out: PNG (chunks ``chara`` and ``ccv3``) and JSON, versions 1 to 3.

Formats: character card specifications V1–V3. ``data`` wins over top-level fields; a V1 card has its fields at the top; ``ccv3`` is
preferred over ``chara``. Unknown fields are kept. Cards are hostile input: everything is capped before it is decoded.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.domain.errors import BadFile, FileTooLarge
from bot.engine.cast import png

FILE_LIMIT = 20_000_000  # bytes
DEPTH_LIMIT = 40  # nested lists and objects
_CHUNKS = ("ccv3", "chara")
_TEXT_FIELDS = (
    "name", "description", "personality", "scenario", "first_mes", "mes_example", "creator_notes", "system_prompt",
    "post_history_instructions", "creator", "character_version",
)  # fmt: skip
_PROMPT_KEY = "sd_character_prompt"


class CardFields(BaseModel):
    """The known fields of a card's ``data``; others are kept as they are."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=200_000)
    personality: str = Field("", max_length=100_000)
    scenario: str = Field("", max_length=100_000)
    first_mes: str = Field("", max_length=100_000)
    mes_example: str = Field("", max_length=200_000)
    creator_notes: str = Field("", max_length=100_000)
    system_prompt: str = Field("", max_length=100_000)
    post_history_instructions: str = Field("", max_length=100_000)
    alternate_greetings: list[str] = Field(default_factory=list, max_length=100)
    tags: list[str] = Field(default_factory=list, max_length=500)
    creator: str = Field("", max_length=1_000)
    character_version: str = Field("", max_length=1_000)
    extensions: dict[str, Any] = Field(default_factory=dict)

    @field_validator(*(name for name in _TEXT_FIELDS), mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        """Real cards hold null for empty and numbers for versions."""
        if value is None:
            return ""
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @field_validator("alternate_greetings", "tags", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return [item for item in value if item is not None] if isinstance(value, list) else ([] if value is None else value)

    @field_validator("extensions", mode="before")
    @classmethod
    def _mapping(cls, value: object) -> object:
        return {} if value is None else value

    @field_validator("name", mode="after")
    @classmethod
    def _one_line(cls, value: str) -> str:
        name = " ".join(re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", " ", value).split())
        if not name:
            raise ValueError("the name is empty")
        return name


class Card(BaseModel):
    """A character as imported. ``data`` is the V2 ``data`` object, complete; ``image`` is the PNG without its card chunks."""

    model_config = ConfigDict(frozen=True)

    data: dict[str, Any]
    prefix: str = ""
    negative: str = ""
    image: bytes | None = None

    @property
    def name(self) -> str:
        return str(self.data["name"])


def read_card(data: bytes, file_name: str = "") -> Card:
    """Read a card file. Raises ``FileTooLarge``, or ``BadFile`` with the reason."""
    if len(data) > FILE_LIMIT:
        raise FileTooLarge(f"A character card may have at most {FILE_LIMIT // 1_000_000} MB.")
    if data.startswith(png.SIGNATURE):
        return _from_png(data)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _card(_json(data))
    kind = " (CharX and YAML cards are not read yet)" if file_name.lower().endswith((".charx", ".yaml", ".yml", ".byaf")) else ""
    raise BadFile(f"This is no character card: neither a PNG nor a JSON file{kind}.")


def _from_png(data: bytes) -> Card:
    found = png.texts(data, _CHUNKS)
    if not found:
        raise BadFile("This picture holds no character data.")
    problem: BadFile | None = None
    for name in _CHUNKS:  # a damaged V3 chunk is no reason to refuse a good V2 one
        if name in found:
            try:
                card = _card(_json(_decoded(found[name])))
            except BadFile as error:
                problem = problem or error
                continue
            return card.model_copy(update={"image": png.without_texts(data, _CHUNKS)})
    raise problem or BadFile("This picture holds no character data.")


def _decoded(value: bytes) -> bytes:
    try:
        return base64.b64decode(re.sub(rb"\s+", b"", value), validate=True)
    except binascii.Error as error:
        raise BadFile("The character data in the PNG is damaged (not base64).") from error


def _json(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile("The character data is not UTF-8 text.") from error
    if _depth(text) > DEPTH_LIMIT:
        raise BadFile("The character data is nested too deeply.")
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadFile("The character data is not valid JSON.") from error
    if not isinstance(value, dict):
        raise BadFile("The character data is not a JSON object.")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _depth(text: str) -> int:
    """The deepest nesting of brackets outside strings, counted before anything is parsed."""
    depth = deepest = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', text, re.DOTALL):
        mark = match.group()[0]
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest


def _card(raw: dict[str, Any]) -> Card:
    """Version 1 to 3 → V2 ``data``. A spec without ``data`` uses the top level, as other programs do."""
    source = raw.get("data") if isinstance(raw.get("data"), dict) else None
    if source is None:
        source = {key: value for key, value in raw.items() if key not in ("spec", "spec_version", "data")}
    if "name" not in source and "char_name" not in source:
        raise BadFile("The character data has no name.")
    try:
        fields = CardFields.model_validate(source)
    except ValidationError as error:
        raise BadFile(_reason(error)) from error
    data = fields.model_dump()
    prefix, negative = _picture_prompt(data["extensions"])
    return Card(data=data, prefix=prefix, negative=negative)


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][:2])[:60] or "data"
    return f"The character data is wrong: {place}: {first['msg'][:120]}."


def _picture_prompt(extensions: dict[str, Any]) -> tuple[str, str]:
    """The shared picture prompt of a card (``extensions.sd_character_prompt``)."""
    shared = extensions.get(_PROMPT_KEY)
    if not isinstance(shared, dict):
        return "", ""
    positive, negative = shared.get("positive"), shared.get("negative")
    return (
        positive.strip()[:2000] if isinstance(positive, str) else "",
        negative.strip()[:2000] if isinstance(negative, str) else "",
    )


def greetings(data: dict[str, Any]) -> tuple[str, ...]:
    """The first message and its alternatives, empty ones left out."""
    every = (data.get("first_mes"), *(data.get("alternate_greetings") or ()))
    return tuple(text for text in every if isinstance(text, str) and text.strip())


def export_v2(data: dict[str, Any], *, prefix: str = "", negative: str = "") -> dict[str, Any]:
    """A V2 card object with the picture prefixes in its extensions."""
    extensions = dict(data.get("extensions") or {})
    if prefix or negative:
        extensions[_PROMPT_KEY] = {"positive": prefix, "negative": negative}
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": {**data, "extensions": extensions}}


def write_card(name: str, data: dict[str, Any], image: bytes | None, *, prefix: str = "", negative: str = "") -> tuple[str, str, bytes]:
    """File name, mime type and bytes of a card: a PNG with both chunks where there is a PNG ``image``, else JSON."""
    card = export_v2({**data, "name": name}, prefix=prefix, negative=negative)
    stem = re.sub(r"[^\w-]+", "_", name, flags=re.ASCII).strip("_")[:60] or "character"
    text = json.dumps(card, ensure_ascii=False, indent=2)
    if image is None:
        return f"{stem}.json", "application/json", text.encode()
    newer = {**card, "spec": "chara_card_v3", "spec_version": "3.0"}
    newer["data"] = {"group_only_greetings": [], **card["data"]}
    values = {
        "chara": base64.b64encode(json.dumps(card, ensure_ascii=False).encode()),
        "ccv3": base64.b64encode(json.dumps(newer, ensure_ascii=False).encode()),
    }
    return f"{stem}.png", "image/png", png.with_texts(image, values)
