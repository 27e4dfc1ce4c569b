"""The neutral history as messages of the chat completions API, bent to what a server takes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Any

from providers.chat.quirks import ImageRule, Quirks
from providers.contract import ChatMessage, ImagePart, TextPart

NO_IMAGE = "[image]"
"""Stands where a picture was that this model cannot see."""
_NAME = re.compile(r"[^A-Za-z0-9_-]+")
Wire = dict[str, Any]


def safe_name(name: str) -> str:
    """A participant's name as the ``name`` field takes it (OpenAI: letters, digits, ``_`` and ``-``, at most 64); may be empty."""
    return _NAME.sub("_", name).strip("_")[:64]


def call_id(identifier: str, rule: str) -> str:
    """A tool call's id as the server takes it. Mistral: exactly nine letters or digits."""
    if rule != "9alnum" or re.fullmatch(r"[A-Za-z0-9]{9}", identifier):
        return identifier
    return hashlib.sha256(identifier.encode()).hexdigest()[:9]


def data_uri(image: ImagePart) -> str:
    return f"data:{image.mime};base64,{base64.b64encode(image.data).decode()}"


def visible_images(messages: Sequence[ChatMessage], rule: ImageRule | None) -> set[int]:
    """Which images (by ``id`` of their part) are sent: those of players that fit the rule, the newest first up to its count."""
    if rule is None:
        return set()
    parts = [part for message in messages if message.role == "user" for part in message.parts]
    images = [part for part in parts if isinstance(part, ImagePart)]
    fitting = [image for image in images if image.mime in rule.mimes and len(image.data) <= rule.bytes]
    return {id(image) for image in fitting[-rule.count :]}


def chat_messages(messages: Sequence[ChatMessage], quirks: Quirks, *, preset: str, images: bool, names: bool) -> list[Wire]:
    """The ``messages`` of a chat completions body.

    Pictures a model cannot see become ``[image]``. What a vendor wanted back (``provider_extra[preset]``) is echoed in tool
    turns of the same preset only.
    """
    shown = visible_images(messages, quirks.images if images else None)
    wires = [wire for message in messages if (wire := _wire(message, quirks, preset, shown, names)) is not None]
    if quirks.system_mode != "any":
        wires = _place_system(wires, quirks.system_mode)
    if quirks.alternate:
        wires = _merge_neighbours(wires)
    return wires if quirks.user_after_tool else _separate_tools(wires)


def _wire(message: ChatMessage, quirks: Quirks, preset: str, shown: set[int], names: bool) -> Wire | None:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": call_id(message.tool_call_id or "", quirks.tool_id), "content": message.text}
    content = _content(message, shown)
    if not content and not message.tool_calls:
        return None
    wire: Wire = {"role": message.role, "content": content}
    if names and message.name and message.role != "system" and (name := safe_name(message.name)):
        wire["name"] = name
    if message.tool_calls:
        _add_calls(wire, message, quirks, preset)
    return wire


def _content(message: ChatMessage, shown: set[int]) -> str | list[Wire]:
    parts: list[Wire] = []
    for part in message.parts:
        if isinstance(part, ImagePart) and id(part) in shown:
            parts.append({"type": "image_url", "image_url": {"url": data_uri(part)}})
            continue
        text = part.text if isinstance(part, TextPart) else NO_IMAGE
        if parts and parts[-1]["type"] == "text":
            parts[-1]["text"] += text if isinstance(part, TextPart) else f" {text}"
        elif text:
            parts.append({"type": "text", "text": text})
    if not any(part["type"] == "image_url" for part in parts):
        return str(parts[0]["text"]) if parts else ""
    return parts


def _add_calls(wire: Wire, message: ChatMessage, quirks: Quirks, preset: str) -> None:
    extra = message.provider_extra.get(preset) or {}
    per_call = extra.get("tool_calls") or {}
    wire["tool_calls"] = [
        {
            "id": call_id(call.id, quirks.tool_id),
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments or "{}"},
            **(per_call.get(call.id) or {}),
        }
        for call in message.tool_calls
    ]
    wire.update(extra.get("message") or {})
    if "reasoning_content" in quirks.echo:
        wire.setdefault("reasoning_content", "")  # DeepSeek refuses a tool turn without the field


def _place_system(wires: list[Wire], mode: str) -> list[Wire]:
    """``first_only``: one system message at the top, later ones speak as the user. ``merge``: all of them at the top."""
    lead = 0
    while lead < len(wires) and wires[lead]["role"] == "system":
        lead += 1
    head, rest = wires[:lead], wires[lead:]
    if mode == "merge":
        head, rest = head + [w for w in rest if w["role"] == "system"], [w for w in rest if w["role"] != "system"]
    else:
        rest = [{**w, "role": "user"} if w["role"] == "system" else w for w in rest]
    if not head:
        return rest
    return [{"role": "system", "content": "\n\n".join(str(w["content"]) for w in head)}, *rest]


def _merge_neighbours(wires: list[Wire]) -> list[Wire]:
    merged: list[Wire] = []
    for wire in wires:
        before = merged[-1] if merged else None
        plain = before is not None and wire["role"] in ("user", "assistant") and "tool_calls" not in {**wire, **before}
        if before is not None and plain and before["role"] == wire["role"]:
            merged[-1] = {"role": wire["role"], "content": _joined(before["content"], wire["content"])}
        else:
            merged.append(wire)
    return merged


def _joined(one: str | list[Wire], other: str | list[Wire]) -> str | list[Wire]:
    if isinstance(one, str) and isinstance(other, str):
        return f"{one}\n\n{other}"
    first = [{"type": "text", "text": one}] if isinstance(one, str) else one
    second = [{"type": "text", "text": other}] if isinstance(other, str) else other
    return [*first, *second]


def _separate_tools(wires: list[Wire]) -> list[Wire]:
    """Mistral: a user's message may not follow a tool's directly."""
    separated: list[Wire] = []
    for wire in wires:
        if separated and separated[-1]["role"] == "tool" and wire["role"] == "user":
            separated.append({"role": "assistant", "content": "…"})
        separated.append(wire)
    return separated
