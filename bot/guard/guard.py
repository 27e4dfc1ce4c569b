"""The guard: roles, allow-lists, rate limits, adult content."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from bot.domain.errors import LimitReached, NotAllowed
from bot.domain.places import ChatKey, Person, Place
from bot.guard import content
from bot.guard.limits import RateLimit
from bot.guard.rules import GuardRules
from bot.storage import jobs
from bot.storage.database import Database
from bot.storage.records import Chat

Role = Literal["host", "manager", "player"]
Who = Literal["anyone", "manager", "host"]


class Guard:
    """What people may do. One for the whole process. Hosts are never limited in number."""

    def __init__(self, rules: GuardRules, clock: Callable[[], float] = time.monotonic) -> None:
        self.rules = rules
        self._messages = (
            RateLimit(rules.messages_per_person_per_minute, 60, clock),
            RateLimit(rules.messages_per_chat_per_minute, 60, clock),
        )
        self._pictures = (
            RateLimit(rules.pictures_per_person_per_hour, 3600, clock),
            RateLimit(rules.pictures_per_chat_per_hour, 3600, clock),
        )

    # --- who

    def role(self, person: Person, platform: str, place: Place | None = None) -> Role:
        """Host by the rules; manager by the platform's rights, or as the one person of a private chat."""
        if f"{platform}:{person.id}" in self.rules.hosts or (platform == "web" and self.rules.web_user_is_host):
            return "host"
        if person.manager or (place is not None and place.private):
            return "manager"
        return "player"

    def may_talk(self, key: ChatKey, place: Place, person: Person) -> bool:
        """Whether this person may use the bot in this chat. Private chats are subject to the list of people only: a place's
        id there is the person's own."""
        if self.role(person, key.platform) == "host":
            return True
        who = f"{key.platform}:{person.id}"
        if who in self.rules.deny_people or (self.rules.allow_people and who not in self.rules.allow_people):
            return False
        if not self.rules.allow_places:
            return True
        listed_person = place.private and who in self.rules.allow_people
        return listed_person or any(_covers(allowed, key) for allowed in self.rules.allow_places)

    def may_change(self, chat: Chat, person: Person) -> bool:
        """Whether this person may change the chat's settings and its people's pictures."""
        return self.role(person, chat.key.platform, chat.place) != "player"

    def admit(self, chat: Chat, person: Person, who: Who = "anyone") -> None:
        """Raise ``NotAllowed`` unless the person may use the bot here and is at least ``who``."""
        if not self.may_talk(chat.key, chat.place, person):
            raise NotAllowed("The host of this bot has not opened it for you in this place.")
        role = self.role(person, chat.key.platform, chat.place)
        if who == "host" and role != "host":
            raise NotAllowed("Only the host of this bot may do that.")
        if who == "manager" and role == "player":
            raise NotAllowed(_MANAGERS.get(chat.key.platform, "Only those who manage this place may do that."))

    # --- how much

    def charge_message(self, chat: Chat, person: Person) -> None:
        """Count a message that wants an answer. Raises ``LimitReached`` and counts nothing when there were too many."""
        self._charge(self._messages, chat.key, person, "messages")

    async def charge_picture(self, db: Database, chat: Chat, person: Person) -> None:
        """Count a picture somebody asks for: by the hour in memory, by the day from the job rows. Raises ``LimitReached`` and
        counts nothing when there were too many."""
        if self.role(person, chat.key.platform) == "host":
            return
        async with db.read() as c:
            day_ago = datetime.now(UTC) - timedelta(days=1)
            used = await jobs.count_since(c, day_ago, requester_key=f"{chat.key.platform}:{person.id}")
        if used >= self.rules.pictures_per_person_per_day:
            allowed = self.rules.pictures_per_person_per_day
            raise LimitReached(f"You may have {allowed} pictures in 24 hours, and they are used up. Please come back later.")
        self._charge(self._pictures, chat.key, person, "pictures")

    def _charge(self, limits: tuple[RateLimit, RateLimit], key: ChatKey, person: Person, what: str) -> None:
        if self.role(person, key.platform) == "host":
            return
        of_person, of_chat = limits
        who, where = f"{key.platform}:{person.id}", str(key)
        seconds = max(of_person.wait(who), of_chat.wait(where))
        if math.isinf(seconds):
            raise LimitReached(f"The host of this bot allows no {what} here.")
        if seconds > 0:
            raise LimitReached(f"Too many {what} in a short time. Please wait {_spoken(seconds)}.")
        of_person.use(who)
        of_chat.use(where)

    # --- adult content

    def adult_allowed(self, chat: Chat) -> bool:
        """The host's switch, and a place fit for it: on Discord the channel's own age restriction, which its managers set;
        elsewhere, where platforms have no such mark, the chat setting ``adult``, which only managers change."""
        if not self.rules.adult:
            return False
        return chat.place.age_restricted if chat.key.platform == "discord" else chat.settings.adult

    def spoiler(self, chat: Chat) -> bool:
        """Whether to cover the pictures of a chat: always, never, or where adult content is allowed."""
        wish = chat.settings.spoiler
        return wish == "always" or (wish == "adult" and self.adult_allowed(chat))

    def check_picture(self, chat: Chat, *words: str, negative: str = "") -> None:
        """Judge what a picture is to be made of, all its words together, before they leave the machine. Raises
        ``ContentRefused``. A negative prompt belongs into ``negative``: naming a thing there keeps it out."""
        content.check_picture("\n".join(words), adult_allowed=self.adult_allowed(chat), negative=negative)


_MANAGERS = {
    "discord": "Only people who may manage this server can do that.",
    "telegram": "Only administrators of this chat can do that.",
}


def _covers(place: str, key: ChatKey) -> bool:
    """Whether a chat lies in a place written ``platform:id`` or as the beginning of a chat key."""
    if f"{key}:".startswith(place.rstrip(":") + ":"):
        return True
    return place in {f"{key.platform}:{part}" for part in (key.place, key.channel, key.topic) if part}


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{math.ceil(seconds)} seconds"
    return f"{math.ceil(seconds / 60)} minutes"
