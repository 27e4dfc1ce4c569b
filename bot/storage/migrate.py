"""Bringing a database up to the newest schema with Alembic. Imported only when the schema is behind."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import migrations


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration; the scripts are found beside the package, wherever it is installed."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the missing migrations inside the transaction of ``connection``: all of them or none."""
    command.upgrade(configuration(connection), revision)
