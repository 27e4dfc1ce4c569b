"""What a player's words want drawn, and from which picture: one that came along, one they answer, or the one right before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.domain.errors import PlatformError, UserError
from bot.domain.events import Attachment, Incoming
from bot.engine.pictures.at_hand import Recent
from bot.engine.pictures.base import ANEW, find_base, is_picture, picture_at
from bot.engine.pictures.intent import Intent, detect
from bot.engine.pictures.intent.changes import changed, points
from bot.engine.pictures.intent.outcome import nothing
from bot.engine.services import Services
from bot.engine.stage import Stage
from bot.storage import pictures
from bot.storage.records import Entry, Picture

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """A message, where it was said, and its entry in the story."""

    event: Incoming
    stage: Stage
    heard: Entry


class PictureWords:
    """Reads messages for wishes about pictures."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._recent = Recent()

    def note(self, heard: Entry, files: Sequence[Attachment]) -> None:
        """Remember the pictures that came with a message, for the words that may follow."""
        self._recent.note(heard, files)

    async def read(self, said: Said) -> tuple[Intent, str | None]:
        """What is asked for, and the asset hash of the picture it is to be drawn from. Raises ``UserError`` and ``PlatformError``
        where a picture is asked for that cannot be had."""
        return await self._about_picture(said, self._intent(said))

    def _listens(self, said: Said) -> bool:
        return said.stage.chat.settings.word_pictures and not said.event.forwarded and bool(said.event.text)

    def _intent(self, said: Said) -> Intent:
        settings = said.stage.chat.settings
        if not self._listens(said):
            return nothing("not looked for")
        return detect(
            said.event.text,
            extra_verbs=_listed(settings.picture_verbs),
            extra_nouns=_listed(settings.picture_nouns),
            names=(said.stage.character.name,),
        )

    async def _about_picture(self, said: Said, intent: Intent) -> tuple[Intent, str | None]:
        """What is asked for, and the picture it is to be drawn from: one that came with the message, or the one it answers."""
        event, chat = said.event, said.stage.chat
        attached = any(is_picture(file) for file in event.attachments)
        if not attached and event.reply_to is None:
            return await self._about_recent(said, intent)
        wish = self._wish_about(said, intent, attached=attached)
        base = await self._base(said, wish) if wish is not None else None
        if wish is None or base is None:
            return await self._continued(said, intent), None
        drawn = await picture_at(self._services, chat, event.reply_to) if event.reply_to is not None and not attached else None
        return _of_picture(wish, drawn), base

    async def _about_recent(self, said: Said, intent: Intent) -> tuple[Intent, str | None]:
        """Words that answer nothing and bring nothing may mean the picture right before them: the person's own photo, which is drawn
        from, or a picture of ours, where a change in passing («make it darker») may be part of the story and is offered."""
        wish = self._wish_about(said, intent, attached=False)
        if wish is None or not wish.match or wish.follows:
            return await self._continued(said, intent), None
        near = await self._recent.before(self._services, said.stage.chat, said.heard)
        if near is not None and near.files:
            return _of_picture(wish, None), await find_base(self._services, said.stage.chat, own=near.files)
        if near is None or near.drawn is None or near.drawn.current is None or wish.mode != "free":
            return await self._continued(said, intent), None
        asked = wish if intent.match else replace(wish, outcome="offer")
        return _of_picture(asked, near.drawn), near.drawn.current.asset

    def _wish_about(self, said: Said, intent: Intent, *, attached: bool) -> Intent | None:
        """The wish about a picture at hand, should there be one; None when the words are about something else."""
        text = said.event.text
        if not self._listens(said):
            return None
        meant = intent.outcome != "none" and points(text, intent, attached=attached)
        if intent.match:
            return intent if meant else None
        change = changed(text, names=(said.stage.character.name,))  # says more than an offer does: what it becomes
        if change.outcome != "none":
            return change
        return intent if meant else None

    async def _base(self, said: Said, wish: Intent) -> str | None:
        """The picture that a wish is about. One that cannot be had fails a request; nothing is offered from it."""
        event = said.event
        kept = next((str(sha) for sha in said.heard.extra.get("images") or () if self._services.assets.path(str(sha)).is_file()), None)
        if kept:
            return kept
        own = [file for file in event.attachments if is_picture(file)]
        try:
            return await find_base(self._services, said.stage.chat, own=own, target=event.reply_to, theirs=event.replied_attachments)
        except (UserError, PlatformError) as error:
            if wish.match:
                raise
            log.info("picture to draw from not had", chat=str(event.chat), reason=error.message)
            return None

    async def _continued(self, said: Said, intent: Intent) -> Intent:
        """«Another one, but in winter» goes on from the chat's newest picture: its prompt with the change behind it."""
        if not intent.follows:
            return intent
        async with self._services.db.read() as c:
            newest, _ = await pictures.gallery(c, said.stage.chat.id, 0, 1)
        return _of_picture(intent, newest[0]) if newest else intent


def _of_picture(intent: Intent, drawn: Picture | None) -> Intent:
    """A free wish as a prompt of its own: what the picture it speaks of shows, with the change behind it."""
    if intent.mode not in ("free", "last") and not intent.follows:
        return intent
    take = drawn.current if drawn is not None else None
    change = "" if intent.mode == "last" else intent.subject
    shows = (take.plan.draft or take.plan.prompt) if take is not None else ""
    return replace(intent, mode="free", subject=", ".join(part for part in (shows, change) if part) or ANEW)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
