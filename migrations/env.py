"""What Alembic runs: migrations over the connection that ``bot.storage.migrate`` hands in.

For a developer's ``alembic revision --autogenerate`` see CONTRIBUTING; the scripts themselves never import the program's
tables, for they must keep building the schema of their own time.
"""

from __future__ import annotations

from alembic import context

from bot.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
