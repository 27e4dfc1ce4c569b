"""The picture shown a moment ago: words that follow a photo, or a picture of ours, may mean it without answering it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.events import Attachment
from bot.engine.pictures.base import is_picture
from bot.engine.services import Services
from bot.storage import entries, pictures
from bot.storage.records import Chat, Entry, Picture

LOOKED_BACK = 2
"""Entries before a message among which the picture must be: the picture itself and an answer to it."""
_REMEMBERED = 500  # people whose last files are kept in mind


@dataclass(frozen=True, slots=True)
class AtHand:
    """A picture of ours, or files that the same person sent."""

    drawn: Picture | None = None
    files: tuple[Attachment, ...] = ()


class Recent:
    """Who sent pictures last. Kept in memory: after a restart a person answers their photo, or sends it again."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[int, str], tuple[int, tuple[Attachment, ...]]] = OrderedDict()

    def note(self, heard: Entry, files: Sequence[Attachment]) -> None:
        """Remember the pictures that came with a message; one without any takes the place of nothing."""
        shown = tuple(file for file in files if is_picture(file))
        if not shown or heard.author_id is None:
            return
        key = heard.chat_id, heard.author_id
        self._sent[key] = heard.id, shown
        self._sent.move_to_end(key)
        if len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)

    async def before(self, services: Services, chat: Chat, heard: Entry) -> AtHand | None:
        """The newest picture right before a message: of ours for anybody, a photo for whoever sent it."""
        number, files = self._sent.get((chat.id, heard.author_id or ""), (0, ()))
        async with services.db.read() as c:
            for entry in reversed(await entries.page(c, chat.id, before=heard.id, limit=LOOKED_BACK)):
                if entry.id == number and entry.text:  # not deleted meanwhile
                    return AtHand(files=files)
                if entry.picture_id is None:
                    continue
                drawn = await pictures.by_id(c, entry.picture_id)
                if drawn is not None and not drawn.deleted and drawn.current is not None:
                    return AtHand(drawn=drawn)
        return None
