"""``vignette backup``: a copy that can be opened, taken while somebody writes."""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from bot.backup import BackupError, back_up
from bot.settings import StorageSettings


@pytest.fixture
def storage(tmp_path: Path) -> StorageSettings:
    folder = tmp_path / "data with a space"
    (folder / "assets" / "ab").mkdir(parents=True)
    (folder / "assets" / "ab" / "abcd").write_bytes(b"picture")
    return StorageSettings(database=str(folder / "v.db"), assets=folder / "assets")


def test_backup_while_a_writer_is_busy(storage: StorageSettings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(storage.database)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE t (x)")
        db.execute("INSERT INTO t VALUES (1)")
        db.commit()
        db.execute("INSERT INTO t VALUES (2)")  # not committed: not in the copy
        size = back_up(storage, tmp_path / "out.tar.gz")
    assert size == (tmp_path / "out.tar.gz").stat().st_size
    with tarfile.open(tmp_path / "out.tar.gz") as tar:
        tar.extractall(tmp_path / "restored", filter="data")
    assert (tmp_path / "restored" / "assets" / "ab" / "abcd").read_bytes() == b"picture"
    with closing(sqlite3.connect(tmp_path / "restored" / "vignette.db")) as copy:
        assert copy.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_nothing_is_overwritten(storage: StorageSettings, tmp_path: Path) -> None:
    sqlite3.connect(storage.database).close()
    Path(storage.database).touch()
    (tmp_path / "out.tar").write_text("mine")
    with pytest.raises(BackupError, match="exists already"):
        back_up(storage, tmp_path / "out.tar")
    assert (tmp_path / "out.tar").read_text() == "mine"


def test_no_database_and_no_sqlite(storage: StorageSettings, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no database"):
        back_up(storage, tmp_path / "out.tar")
    with pytest.raises(BackupError, match="pg_dump"):
        back_up(StorageSettings(database="postgresql://db/x", assets=storage.assets), tmp_path / "out.tar")


def test_a_failed_backup_leaves_nothing(storage: StorageSettings, tmp_path: Path) -> None:
    Path(storage.database).write_bytes(b"this is no database" * 100)
    with pytest.raises(BackupError, match="failed"):
        back_up(storage, tmp_path / "out.tar")
    assert list(tmp_path.glob("out*")) == []


def test_pictures_that_go_meanwhile_do_not_spoil_it(storage: StorageSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot writes pictures aside before they get their names, and tidies away those nobody needs."""
    sqlite3.connect(storage.database).close()
    Path(storage.database).touch()
    folder = storage.assets / "ab"
    (folder / ".new-1").write_bytes(b"half a pict")
    (folder / "abce").write_bytes(b"another")
    gettarinfo = tarfile.TarFile.gettarinfo

    def tidied(tar: tarfile.TarFile, name: Path, arcname: str) -> tarfile.TarInfo:
        (folder / "abcd").unlink(missing_ok=True)
        return gettarinfo(tar, str(name), arcname)

    monkeypatch.setattr(tarfile.TarFile, "gettarinfo", tidied)
    back_up(storage, tmp_path / "out.tar")
    with tarfile.open(tmp_path / "out.tar") as tar:
        assert tar.getnames() == ["vignette.db", "assets/ab/abce"]
