from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from pattern_cli.backups.copying import copy, fact, one_read_transaction, require_space, temporary
from pattern_cli.errors import ConflictError, FailureError
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
SMALL = "constellations/small.db"


def test_a_copy_is_the_database(database: Database, tmp_path: Path) -> None:
    path = database(SMALL)
    target = tmp_path / "copy.db"
    target.touch()
    seen: list[tuple[int, int | None]] = []
    with Constellation.open(path) as constellation, one_read_transaction(constellation) as source:
        size = copy(source, target, lambda done, total: seen.append((done, total)))
    assert size == target.stat().st_size == path.stat().st_size
    assert seen[-1] == (size, size)
    rows = [apsw.Connection(str(file)).execute("SELECT * FROM messages").fetchall() for file in (path, target)]
    assert rows[0] == rows[1]


def test_the_copy_is_of_the_moment_the_transaction_began(database: Database, tmp_path: Path) -> None:
    path, target = database(SMALL), tmp_path / "copy.db"
    target.touch()
    writer = apsw.Connection(str(path))
    with Constellation.open(path) as constellation, one_read_transaction(constellation) as source:
        writer.execute("DELETE FROM archive_summaries")
        copy(source, target)
        assert source.execute("SELECT count(*) FROM archive_summaries").fetchall() != [(0,)]
    copied = apsw.Connection(str(target))
    assert copied.execute("SELECT count(*) FROM archive_summaries").fetchall() != [(0,)]
    copied.close()
    writer.close()


def test_the_memory_map_is_given_back(database: Database, tmp_path: Path) -> None:
    (tmp_path / "copy.db").touch()
    with Constellation.open(database(SMALL)) as constellation:
        before = fact(constellation.connection, "mmap_size")
        with one_read_transaction(constellation) as source:
            copy(source, tmp_path / "copy.db")
        assert fact(constellation.connection, "mmap_size") == before
        assert not constellation.connection.in_transaction


def test_not_inside_a_transaction(database: Database) -> None:
    with (
        Constellation.open(database(SMALL), "write") as constellation,
        constellation.transaction(),
        pytest.raises(FailureError, match="inside a transaction"),
        one_read_transaction(constellation),
    ):
        raise AssertionError


def test_a_temporary_file_is_private_and_goes_away(tmp_path: Path) -> None:
    with temporary(tmp_path, "saved.db") as path:
        assert path.parent == tmp_path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.with_name(path.name + "-journal").touch()
    assert list(tmp_path.iterdir()) == []


def test_a_renamed_temporary_file_stays(tmp_path: Path) -> None:
    with temporary(tmp_path, "saved.db") as path:
        path.rename(tmp_path / "saved.db")
    assert [file.name for file in tmp_path.iterdir()] == ["saved.db"]


def test_two_to_one_name_are_told(tmp_path: Path) -> None:
    with (
        temporary(tmp_path, "saved.db"),
        pytest.raises(ConflictError, match="exists already"),
        temporary(tmp_path, "saved.db"),
    ):
        raise AssertionError


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FailureError, match="none"), temporary(tmp_path / "none", "saved.db"):
        raise AssertionError


def test_space_is_asked_for_beforehand(tmp_path: Path) -> None:
    require_space(tmp_path, 1, "a backup")
    with pytest.raises(FailureError, match="a backup needs 1 000 000 000 000"):
        require_space(tmp_path, 10**18, "a backup")
