"""Pictures drawn before schema 2: what they were drawn from stays as long as they do."""

from __future__ import annotations

import json

from sqlalchemy import Connection, text

from bot.storage.migrate import upgrade

_KEPT, _GONE = "a" * 64, "b" * 64
_WHEN = "2026-01-02 03:04:05"


def _insert(connection: Connection, table: str, **values: object) -> None:
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def test_avatars_that_pictures_were_drawn_from_are_noted(connection: Connection) -> None:
    upgrade(connection, "0001")
    flags = {"private": 1, "age_restricted": 0, "title": "", "settings": "{}", "head_mark": "", "first_entry": 0}
    _insert(connection, "chats", id=1, key="web::1:", created_at=_WHEN, **flags)
    _insert(connection, "assets", sha256=_KEPT, mime="image/png", width=1, height=1, size=9, created_at=_WHEN)
    references = {1: [], 2: [f"character:{_KEPT}"], 3: [f"character:{_GONE}"]}
    for number, tagged in references.items():
        shared = {"request": "{}", "shown": 0, "spoiler": 0, "deleted": 0, "created_at": _WHEN}
        _insert(connection, "pictures", id=number, key=f"k{number}", chat_id=1, **shared)
        for position in (0, 1):
            plan = json.dumps({"references": tagged} if tagged else {})
            shown = {"position": position, "plan": plan, "asset": _KEPT, "backend_words": "{}", "seconds": 0, "created_at": _WHEN}
            _insert(connection, "takes", picture_id=number, **shown)
    connection.commit()
    upgrade(connection)
    connection.commit()
    assert [tuple(row) for row in connection.execute(text("SELECT picture_id, asset FROM sources"))] == [(2, _KEPT)]
