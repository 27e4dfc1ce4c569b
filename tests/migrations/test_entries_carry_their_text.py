"""Stories told before schema 3, and messages under way when the program was updated."""

from __future__ import annotations

from sqlalchemy import Connection, text

from bot.storage.migrate import upgrade

_WHEN = "'2026-01-02 03:04:05'"
_BEFORE = f"""
INSERT INTO chats (id, key, private, age_restricted, title, settings, head_mark, first_entry, created_at)
    VALUES (1, 'web||1|', 1, 0, '', '{{}}', '', 0, {_WHEN});
INSERT INTO inbox (id, chat_key, event_key, kind, payload, state, entry_id, reply_entry_id, posted, attempts, created_at) VALUES
    (1, 'web||1|', 'message|m1', 'message', 'words', 'delivering', 1, 2, '["90"]', 1, {_WHEN}),
    (2, 'web||1|', 'message|m2', 'message', 'words', 'working', 3, NULL, '[]', 1, {_WHEN}),
    (3, 'web||1|', 'message|m3', 'message', 'words', 'failed', 4, NULL, '[]', 1, {_WHEN}),
    (4, 'web||1|', 'command|c1', 'command', 'words', 'working', NULL, NULL, '[]', 1, {_WHEN});
INSERT INTO entries (id, chat_id, kind, variant_id, author_id, author_name, hidden, created_at) VALUES
    (1, 1, 'player', NULL, '5', 'Ann', 0, {_WHEN}), (2, 1, 'character', 8, '', 'Vi', 0, {_WHEN}),
    (3, 1, 'player', NULL, '5', 'Ann', 0, {_WHEN}), (4, 1, 'player', -4, '5', 'Ann', 0, {_WHEN});
INSERT INTO variants (id, entry_id, text, extra, created_at) VALUES
    (-1, 1, 'one', '{{}}', {_WHEN}), (-2, 2, 'two', '{{}}', {_WHEN}), (8, 2, 'second', '{{"finish"| "stop"}}', {_WHEN}),
    (-3, 3, 'three', '{{}}', {_WHEN}), (9, 3, 'third, not shown', '{{}}', {_WHEN}), (-4, 4, 'four', '{{}}', {_WHEN});
INSERT INTO posts (id, chat_id, message_id, entry_id) VALUES (1, 1, 'm1', 1), (2, 1, '90', 2), (3, 1, '91', 2), (4, 1, 'm2', 3);
"""


def _rows(connection: Connection, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text(query))]


def test_stories_and_what_is_under_way_survive(connection: Connection) -> None:
    upgrade(connection, "0002")
    for statement in _BEFORE.replace("|", r"\:").strip().split(";\n"):
        connection.execute(text(statement.rstrip(";\n")))
    connection.commit()
    upgrade(connection)
    connection.commit()
    assert _rows(connection, "SELECT id, text, extra, variant_id, message_id, inbox_id FROM entries ORDER BY id") == [
        (1, "one", "{}", None, "m1", 1),
        (2, "second", '{"finish": "stop"}', 8, None, 1),
        (3, "three", "{}", -3, "m2", 2),
        (4, "four", "{}", None, None, 3),
    ]
    assert _rows(connection, "SELECT id, entry_id FROM variants ORDER BY id") == [(-3, 3), (-2, 2), (8, 2), (9, 3)]
    assert _rows(connection, "SELECT message_id, entry_id FROM posts ORDER BY id") == [("90", 2), ("91", 2)]
    assert _rows(connection, "SELECT id, state FROM inbox ORDER BY id") == [(1, "received"), (2, "received"), (3, "failed"), (4, "working")]
