"""The writer: turns the story into a scene prompt. Builds its requests, reads its answers, and drafts without it when it cannot be used.

A draft is one line of descriptive phrases. Reasoning, labels, fences and apologies never get into it; an answer that is no prompt gets
one repair try, then the fallback from card and last message. The writer's requests and answers are not part of the story.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import prompts
from bot.domain.errors import NothingToDo
from bot.domain.pictures import Mode
from bot.engine.pictures.cleaning import clean_reply
from bot.engine.pictures.modes import needs_writer
from bot.engine.story.macros import expand
from bot.engine.story.thoughts import without_thoughts
from bot.engine.story.world import World
from bot.storage.records import Entry
from providers.contract import ChatRequest, message

__all__ = ["draft_request", "fallback", "needs_writer", "read_draft", "repair_request", "verbatim"]

DRAFT_LIMIT = 1500  # characters of a draft
ANSWER_LIMIT = 60_000  # characters of a writer's answer that are read: thoughts can be long, but not endless
BRIEF_LIMIT = 4000  # characters of a text that a fallback draft looks at
LINE_LIMIT = 1200  # characters of one line of the story the writer reads
RECENT_LIMIT = 8000  # characters of all of them
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"prompt": {"type": "string", "description": "the image prompt, one line"}},
    "required": ["prompt"],
    "additionalProperties": False,
}
_LABEL = re.compile(
    r"(?:^|\n)[\W_]{0,40}(?:(?:final|image|picture|scene|positive|generation|improved|enhanced|here is the)\s+){0,3}"
    r"prompt\b[\W_]{0,40}?:[*_ ]*",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"(?:^|\n)[\W_]{0,40}negative\s+prompt\b.*", re.IGNORECASE | re.DOTALL)
_LEAD_IN = re.compile(r"\A(?:sure|okay|ok|of course|certainly|here(?:'s| is| are))\b[^\n:]{0,120}:\s*", re.IGNORECASE)
_REFUSAL = re.compile(
    r"\A\W*(?:i(?:'m| am) (?:sorry|unable|not able|just an ai)|sorry\b|i can(?:'|no)t\b|i can not\b|i won't\b|i will not\b|as an ai\b"
    r"|unfortunately\b|i apologi[sz]e|my apologies|i must decline|i'd rather not)",
    re.IGNORECASE,
)
_ANALYSIS = re.compile(
    r"\A\W*(?:okay|ok|sure|let me|let's|first|the user|we need|i need to|i will|i'll|to (?:create|write|describe) (?:a|the) prompt)\b",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\A```\w*\s*\n?(.*?)\n?```\Z", re.DOTALL)
_BULLET = re.compile(r"(?m)^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_OPEN_JSON = re.compile(r'\{\s*"prompt"\s*:\s*"((?:[^"\\]|\\.)*)', re.DOTALL)
_SPEECH = re.compile(r'"[^"\n]{0,2000}"|“[^”\n]{0,2000}”|«[^»\n]{0,2000}»')


def draft_request(
    mode: Mode,
    subject: str,
    world: World,
    recent: Sequence[tuple[str, str]],
    *,
    extra: str = "",
    structured: bool = False,
    overrides: Mapping[str, str] | None = None,
) -> ChatRequest:
    """The question to the writer. ``recent`` is name and words, oldest first; ``extra`` the host's or chat's own instructions;
    ``structured`` asks for JSON, for models that keep to a schema; ``overrides`` the host's templates."""
    told = _told(recent)
    values = {
        "recent": told,
        "subject": subject.strip(),
        "last": (subject if mode == "last" and subject.strip() else recent[-1][1] if recent else "")[:RECENT_LIMIT].strip(),
        "structured": "yes" if structured else "",
        "extra": extra.strip(),
    }
    task = expand(prompts.load(f"mode_{mode}", overrides), replace(world, values=values)).text
    full = replace(world, values={**values, "task": task, "recent": "" if mode == "me" else told})
    return ChatRequest(
        messages=(
            message("system", expand(prompts.load("writer_system", overrides), full).text.strip()),
            message("user", expand(prompts.load("writer_context", overrides), full).text.strip()),
        ),
        max_tokens=500,
        temperature=0.7,
        response_schema=SCHEMA if structured else None,
    )


def repair_request(asked: ChatRequest, answer: str, overrides: Mapping[str, str] | None = None) -> ChatRequest:
    """The second and last try: the answer is shown to the writer again with what was wrong."""
    values = {"structured": "yes" if asked.response_schema else ""}
    again = expand(prompts.load("repair", overrides), World(values=values)).text
    given = without_thoughts(answer)[:2000] or "…"
    return replace(asked, messages=(*asked.messages, message("assistant", given), message("user", again)), temperature=0.3)


def _told(recent: Sequence[tuple[str, str]]) -> str:
    lines: list[str] = []
    left = RECENT_LIMIT
    for name, words in reversed(recent):
        line = f"{name}: {' '.join(words.split())[:LINE_LIMIT]}"
        left -= len(line)
        if left < 0:
            break
        lines.insert(0, line)
    return "\n".join(lines)


def read_draft(answer: str) -> str | None:
    """The prompt in a writer's answer; None when there is none (empty, refused, analysis instead of a prompt)."""
    text = without_thoughts(answer[:ANSWER_LIMIT]).strip()
    found, text = _structured(text)
    if not found:
        text = _plain(text)
    if _REFUSAL.match(text) or (not found and _ANALYSIS.match(text)):
        return None
    prompt = _cut(clean_reply(text))
    return prompt if sum(char.isalpha() for char in prompt) >= 3 else None


def _structured(text: str) -> tuple[bool, str]:
    """The value of ``prompt`` where the answer is, or holds, a JSON object; also from one that was cut off."""
    decoder = json.JSONDecoder()
    for match in list(re.finditer(r"\{", text))[:10]:
        try:
            value, _ = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("prompt"), str):
            return True, value["prompt"].strip()
    cut_off = _OPEN_JSON.search(text)
    if cut_off is None:
        return text.startswith(("{", "[{")), "" if text.startswith(("{", "[{")) else text
    return True, cut_off.group(1).replace('\\"', '"').replace("\\n", ", ").replace("\\", "")


def _plain(text: str) -> str:
    fenced = _FENCE.match(text)
    text = _NEGATIVE.sub("", fenced.group(1) if fenced else text).strip()
    labels = list(_LABEL.finditer(text))
    text = text[labels[-1].end() :].strip() if labels else _LEAD_IN.sub("", text).strip()
    fenced = _FENCE.match(text)
    text = (fenced.group(1) if fenced else text).strip()
    first, _, rest = text.partition("\n\n")
    # a prompt may be a list over several lines, but a new paragraph of prose behind it is talk about the prompt
    if rest and not _BULLET.match(rest) and "," in first:
        text = first
    text = _BULLET.sub("", text)
    return re.sub(r"</?img>", "", text, flags=re.IGNORECASE).replace("*", "").strip()


def _cut(prompt: str) -> str:
    """At most ``DRAFT_LIMIT`` characters, ending with a whole phrase."""
    if len(prompt) <= DRAFT_LIMIT:
        return prompt
    shorter = prompt[:DRAFT_LIMIT]
    return shorter.rpartition(",")[0].strip() or shorter.strip()


def verbatim(mode: Mode, subject: str, story: Sequence[Entry]) -> str:
    """The prompt of modes without a writer: the wish itself, or the words of the newest message. Raises ``NothingToDo``."""
    if subject.strip():
        return subject.strip()
    if mode == "raw_last":
        for entry in reversed(story):
            if entry.text.strip() and not entry.hidden:
                return entry.text.strip()
    raise NothingToDo("There is no message to draw yet." if mode == "raw_last" else "Say what shall be drawn.")


def fallback(mode: Mode, subject: str, world: World, texts: Sequence[str]) -> str:
    """A draft without a writer: the same for the same card and story. Plain, but about the right thing."""
    description = _brief(expand("{{description}}", world).text, 240)
    scenario = _brief(expand("{{scenario}}", world).text, 200)
    last = _brief(subject or (texts[-1] if texts else ""), 240)
    looks = "" if world.char_prefix.strip() else description
    parts: dict[Mode, tuple[str, ...]] = {
        "you": ("full body portrait", "solo", looks or "standing, looking at the viewer"),
        "face": ("close-up portrait", "solo", "looking at the viewer", looks),
        "me": ("full body portrait", "solo", _brief(world.persona, 240) or "a person, looking at the viewer"),
        "scene": (last, scenario, looks),
        "last": (last or scenario, looks),
        "background": ("background", "scenery", "no people", scenario or last or "the place of the story"),
        "raw_last": (last,),
        "free": (subject.strip(),),
    }
    draft = ", ".join(part for part in parts[mode] if part)
    return _cut(draft) or "a quiet scene"


def _brief(text: str, limit: int) -> str:
    """The visible part of a text: no spoken words, no markup, cut at a sentence, phrase or word."""
    text = text[:BRIEF_LIMIT]
    silent = _SPEECH.sub(" ", text)
    words = clean_reply(silent if any(char.isalpha() for char in silent) else text).replace("_", " ")
    words = " ".join(words.split()).replace(".,", ",")
    if len(words) <= limit:
        return words.rstrip(" .,")
    short = words[:limit]
    for mark in (". ", ", ", " "):
        position = short.rfind(mark)
        if position > limit // 3:
            return short[:position].rstrip(" .,")
    return short
