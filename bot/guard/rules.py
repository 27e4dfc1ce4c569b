"""The host's rules, as the guard reads them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class GuardRules:
    """Who may use the bot, how much, and whether adult content is possible at all. Fields are named as in ``[guard]`` of the
    host's settings.

    People are written ``platform:id``. Places are written ``platform:id`` with the id of a server, chat or channel, or as the
    beginning of a chat key, and cover everything below them. An empty allow-list allows everybody; hosts pass every list.
    """

    hosts: Collection[str] = ()
    allow_people: Collection[str] = ()
    allow_places: Collection[str] = ()
    deny_people: Collection[str] = ()
    adult: bool = False
    """The host's switch; a place must be fit for it as well."""
    pictures_per_person_per_hour: int = 30
    """These three: 0 allows none."""
    pictures_per_person_per_day: int = 200
    pictures_per_chat_per_hour: int = 60
    messages_per_person_per_minute: int = 20
    messages_per_chat_per_minute: int = 60
    attachment_bytes: int = 20 * 1024 * 1024
    """Largest file that is read."""
    workflows: Literal["manager", "host"] = "manager"
    """Who may bring ComfyUI workflows of their own: whoever may can use every node the host's server has."""
    web_user_is_host: bool = True
    """Whoever uses the local page is the host: the page is on loopback or behind its access token."""
