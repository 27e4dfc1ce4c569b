"""Roles, lists, rate limits, adult places."""

from __future__ import annotations

import pytest

from bot.domain.chat_settings import ChatSettings
from bot.domain.errors import ContentRefused, LimitReached, NotAllowed
from bot.domain.places import ChatKey, Person, Place
from bot.guard.guard import Guard
from bot.guard.limits import RateLimit
from bot.guard.rules import GuardRules
from bot.storage.database import Database
from bot.storage.records import Chat
from tests.unit.world import a_chat, a_job, a_picture

ANN = Person(id="5", name="Ann")
MOD = Person(id="6", name="Mo", manager=True)
HOST = Person(id="1", name="Hana")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _chat(key: str = "discord:77:1000", *, private: bool = False, restricted: bool = False, **settings: object) -> Chat:
    return Chat(
        id=1,
        key=ChatKey.parse(key),
        place=Place(private=private, age_restricted=restricted),
        character_id=None,
        settings=ChatSettings(**settings),
        background=None,
        head=None,
        head_mark="",
        first_entry=0,
    )


def test_roles() -> None:
    guard = Guard(GuardRules(hosts=["discord:1"]))
    assert guard.role(HOST, "discord") == "host"
    assert guard.role(HOST, "telegram") == "player", "the same number elsewhere is somebody else"
    assert guard.role(MOD, "discord") == "manager"
    assert guard.role(ANN, "discord", Place()) == "player"
    assert guard.role(ANN, "discord", Place(private=True)) == "manager"
    assert guard.role(ANN, "web") == "host"
    assert Guard(GuardRules(web_user_is_host=False)).role(ANN, "web") == "player"


@pytest.mark.parametrize(
    ("rules", "key", "private", "allowed"),
    [
        (GuardRules(), "discord:77:1000", False, True),
        (GuardRules(deny_people=["discord:5"]), "discord:77:1000", False, False),
        (GuardRules(deny_people=["telegram:5"]), "discord:77:1000", False, True),
        (GuardRules(allow_people=["discord:5"]), "discord:77:1000", False, True),
        (GuardRules(allow_people=["discord:9"]), "discord:77:1000", False, False),
        (GuardRules(allow_people=["discord:5"], deny_people=["discord:5"]), "discord:77:1000", False, False),
        (GuardRules(allow_places=["discord:77"]), "discord:77:1000", False, True),
        (GuardRules(allow_places=["discord:1000"]), "discord:77:1000:3", False, True),
        (GuardRules(allow_places=["discord:77:1000"]), "discord:77:1000:3", False, True),
        (GuardRules(allow_places=["discord:77:1000:4"]), "discord:77:1000:3", False, False),
        (GuardRules(allow_places=["discord:7"]), "discord:77:1000", False, False),
        (GuardRules(allow_places=["telegram:77"]), "discord:77:1000", False, False),
        (GuardRules(allow_places=["telegram:-100"]), "telegram::-100", False, True),
        (GuardRules(allow_places=["discord:77"]), "discord::900", True, False),
        (GuardRules(allow_places=["discord:77"], allow_people=["discord:5"]), "discord::900", True, True),
        (GuardRules(allow_places=["discord:77"], hosts=["discord:5"]), "discord:1:2", False, True),
        (GuardRules(deny_people=["discord:5"], hosts=["discord:5"]), "discord:1:2", False, True),
    ],
)
def test_who_may_talk_where(rules: GuardRules, key: str, private: bool, allowed: bool) -> None:
    guard, chat = Guard(rules), _chat(key, private=private)
    assert guard.may_talk(chat.key, chat.place, ANN) is allowed
    if allowed:
        guard.admit(chat, ANN)
    else:
        with pytest.raises(NotAllowed, match="not opened"):
            guard.admit(chat, ANN)


def test_who_may_change_things() -> None:
    guard = Guard(GuardRules(hosts=["discord:1"]))
    chat = _chat()
    guard.admit(chat, MOD, "manager")
    guard.admit(chat, HOST, "host")
    assert guard.may_change(chat, MOD)
    assert not guard.may_change(chat, ANN)
    with pytest.raises(NotAllowed, match="manage this server"):
        guard.admit(chat, ANN, "manager")
    with pytest.raises(NotAllowed, match="host"):
        guard.admit(chat, MOD, "host")
    with pytest.raises(NotAllowed, match="administrators"):
        guard.admit(_chat("telegram::-100"), ANN, "manager")
    guard.admit(_chat(private=True), ANN, "manager")


def test_messages_are_limited_by_person_and_by_chat() -> None:
    clock = Clock()
    guard = Guard(GuardRules(messages_per_person_per_minute=3, messages_per_chat_per_minute=5, hosts=["discord:1"]), clock)
    chat, other = _chat(), _chat("discord:77:1001")
    for _ in range(3):
        guard.charge_message(chat, ANN)
    with pytest.raises(LimitReached, match="20 seconds"):
        guard.charge_message(other, ANN)
    for _ in range(2):
        guard.charge_message(chat, MOD)
    with pytest.raises(LimitReached, match="12 seconds"):
        guard.charge_message(chat, MOD)
    guard.charge_message(other, MOD)
    for _ in range(50):
        guard.charge_message(chat, HOST)
    clock.now += 20
    guard.charge_message(chat, ANN)


async def test_pictures_are_limited_by_the_hour_and_by_the_day(db: Database, chat: Chat) -> None:
    clock = Clock()
    guard = Guard(GuardRules(pictures_per_person_per_hour=2, pictures_per_person_per_day=3, hosts=["discord:1"]), clock)
    for _ in range(2):
        await guard.charge_picture(db, chat, ANN)
        await a_job(db, await a_picture(db, chat))
    with pytest.raises(LimitReached, match="30 minutes"):
        await guard.charge_picture(db, chat, ANN)
    clock.now += 3600
    await guard.charge_picture(db, chat, ANN)
    await a_job(db, await a_picture(db, chat))
    with pytest.raises(LimitReached, match="3 pictures in 24 hours"):
        await guard.charge_picture(db, chat, ANN)
    with pytest.raises(LimitReached, match="3 pictures"):
        await Guard(guard.rules).charge_picture(db, chat, ANN)
    await guard.charge_picture(db, chat, HOST)
    await guard.charge_picture(db, chat, MOD)


async def test_no_pictures_at_all(db: Database) -> None:
    chat = await a_chat(db)
    guard = Guard(GuardRules(pictures_per_chat_per_hour=0))
    with pytest.raises(LimitReached, match="allows no pictures"):
        await guard.charge_picture(db, chat, ANN)


@pytest.mark.parametrize(
    ("switch", "key", "restricted", "setting", "allowed"),
    [
        (False, "discord:77:1", True, True, False),
        (True, "discord:77:1", True, False, True),
        (True, "discord:77:1", False, True, False),
        (True, "discord::1", False, True, False),
        (True, "telegram::1", False, True, True),
        (True, "telegram::1", False, False, False),
        (True, "web::1", False, True, True),
        (True, "web::1", False, False, False),
        (False, "web::1", False, True, False),
    ],
)
def test_where_adult_content_is_allowed(switch: bool, key: str, restricted: bool, setting: bool, allowed: bool) -> None:
    guard = Guard(GuardRules(adult=switch))
    chat = _chat(key, restricted=restricted, adult=setting)
    assert guard.adult_allowed(chat) is allowed
    assert guard.spoiler(chat) is allowed
    if allowed:
        guard.check_picture(chat, "a nude woman")
    else:
        with pytest.raises(ContentRefused):
            guard.check_picture(chat, "a nude woman")
    with pytest.raises(ContentRefused):
        guard.check_picture(chat, "a nude woman", "with a child")


def test_spoilers_as_wished() -> None:
    guard = Guard(GuardRules(adult=True))
    assert guard.spoiler(_chat(spoiler="always"))
    assert not guard.spoiler(_chat("web::1", adult=True, spoiler="never"))


def test_buckets_refill_evenly_and_are_forgotten_when_full() -> None:
    clock = Clock()
    limit = RateLimit(6, 60, clock)
    for _ in range(6):
        assert limit.wait("a") == 0
        limit.use("a")
    assert limit.wait("a") == 10
    clock.now += 9
    assert limit.wait("a") == pytest.approx(1)
    assert limit.wait("b") == 0
    clock.now += 1
    assert limit.wait("a") == 0
    limit.use("a")
    clock.now += 200
    limit.use("c")
    assert len(limit) == 1


def test_rules_take_the_hosts_settings_as_they_are() -> None:
    from bot.settings import GuardSettings

    rules = GuardRules(**GuardSettings().model_dump())
    assert rules.messages_per_person_per_minute == GuardSettings().messages_per_person_per_minute
