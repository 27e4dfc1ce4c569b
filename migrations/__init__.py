"""The schema, numbered: Alembic scripts in ``versions/``, run by ``bot.storage.migrate`` when a database is behind.

Revisions are four digits in order. Released ones are never changed.
"""

HEAD = "0003"
"""The newest revision, so that a normal start need not read the scripts. A test holds it to them."""
