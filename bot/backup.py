"""``vignette backup``: the database and the assets as one tar file, while the bot runs."""

from __future__ import annotations

import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from bot.settings import StorageSettings


class BackupError(Exception):
    """The backup could not be made."""


def back_up(storage: StorageSettings, target: Path) -> int:
    """Write ``target`` (a tar, packed when it ends in ``.gz``) and return its size in bytes.

    The database is copied with SQLite's online backup, so that a running bot is no danger; assets are written once and never change.
    To restore, stop the bot and unpack: ``vignette.db`` and ``assets/`` take the configured places. Raises ``BackupError``.
    """
    if "://" in storage.database:
        raise BackupError("The database is a server: use its own tool (pg_dump), and copy the assets folder.")
    source = Path(storage.database)
    if not source.is_file():
        raise BackupError(f"There is no database at {source} yet.")
    if target.exists():
        raise BackupError(f"{target} exists already.")
    partial = target.with_name(target.name + ".part")
    try:
        with tempfile.TemporaryDirectory(prefix="vignette-") as folder:
            copy = Path(folder) / "vignette.db"
            _copy_database(source, copy)
            with tarfile.open(partial, "w:gz" if target.name.endswith("gz") else "w") as tar:
                tar.add(copy, "vignette.db")
                _add_assets(tar, Path(storage.assets))
        partial.replace(target)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        partial.unlink(missing_ok=True)
        raise BackupError(f"The backup failed: {error}.") from error
    return target.stat().st_size


def _add_assets(tar: tarfile.TarFile, folder: Path) -> None:
    """The files as they are found; one that goes meanwhile (half-written, or tidied away) belongs to nothing any more."""
    for file in sorted(folder.glob("??/*")):
        if file.name.startswith("."):
            continue
        try:
            tar.add(file, f"assets/{file.parent.name}/{file.name}")
        except FileNotFoundError:
            continue


def _copy_database(source: Path, copy: Path) -> None:
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
