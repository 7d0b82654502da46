from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from pattern_cli.errors import SchemaError
from pattern_cli.store import ledger, versions
from pattern_cli.store.checksums import AUTH_INITIAL
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]


@pytest.fixture
def changed(database: Database) -> Callable[[str, str], Path]:
    """A copy of a fixture database after a statement that no runtime would run."""

    def change(name: str, sql: str) -> Path:
        path = database(name)
        connection = apsw.Connection(str(path))
        connection.execute(sql)
        connection.close()
        return path

    return change


@pytest.mark.parametrize("version", versions.KNOWN)
def test_every_ledger_of_the_runtime_is_good(version: int, database: Database) -> None:
    with Constellation.open(database(f"versions/{version:04d}.db")) as constellation:
        entries = ledger.check(constellation)
    assert {(entry.state, entry.checksum_state) for entry in entries} == {("applied", "ok")}
    assert [*(entry.version for entry in entries), *ledger.pending(entries)] == list(versions.KNOWN)
    assert not ledger.is_pre_edit(entries)


@pytest.mark.parametrize("version", [1, 7, 10])
def test_the_two_editions_of_version_1_are_told_apart(version: int, database: Database) -> None:
    with Constellation.open(database(f"versions/{version:04d}-preedit.db")) as constellation:
        entries = ledger.check(constellation)
    assert ledger.is_pre_edit(entries)
    assert [entry.checksum_state for entry in entries][:1] == ["pre-edit"]
    assert {entry.checksum_state for entry in entries[1:]} <= {"ok"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE {} SET checksum = x'00' WHERE version = 3", "version 0003 of .* checksum that no published"),
        ("UPDATE {} SET checksum = 'text' WHERE version = 1", "version 0001 of .* checksum that no published"),
        ("UPDATE {} SET success = 0 WHERE version = 12", r"version 0012 of .* marked as failed \(success = 0\)"),
        ("UPDATE {} SET version = 14 WHERE version = 13", "version 0014, which this program does not know"),
        ("UPDATE {} SET version = 8 WHERE version = 9", "version 0008, which this program does not know"),
        ("UPDATE {} SET version = 'new' WHERE version = 13", "version 'new', which this program does not know"),
        (f"UPDATE {{}} SET checksum = x'{AUTH_INITIAL}' WHERE version = 1", "that of the runtime's auth database"),
        ("DELETE FROM {}", "the migration ledger of .* is empty"),
        ("DROP TABLE {}", "the migration ledger of .* is missing"),
    ],
)
def test_every_fault_has_its_own_error(change: str, says: str, changed: Callable[[str, str], Path]) -> None:
    with (
        Constellation.open(changed("versions/0013.db", change.format(ledger.TABLE))) as constellation,
        pytest.raises(SchemaError, match=says) as caught,
    ):
        ledger.check(constellation)
    assert caught.value.hint


def test_a_failed_version_is_said_before_an_unknown_one(changed: Callable[[str, str], Path]) -> None:
    sql = """UPDATE _sqlx_migrations SET version = 20 WHERE version = 13;
             UPDATE _sqlx_migrations SET success = 0, checksum = x'' WHERE version = 12"""
    with Constellation.open(changed("versions/0013.db", sql)) as constellation:
        found = [problem.message for problem in ledger.problems(constellation, ledger.read(constellation))]
    assert ["failed" in found[0], "0020" in found[1], "checksum" in found[2]] == [True] * 3


def test_a_file_without_any_table_has_everything_pending(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    with Constellation.create(path) as constellation:
        assert ledger.pending(ledger.check(constellation)) == versions.KNOWN


def test_a_gap_is_pending_whatever_the_highest_version_is(changed: Callable[[str, str], Path]) -> None:
    path = changed("versions/0013.db", "DELETE FROM _sqlx_migrations WHERE version IN (5, 11)")
    with Constellation.open(path) as constellation:
        assert ledger.pending(ledger.check(constellation)) == (5, 11)


def test_a_version_that_is_no_number_hides_none_that_is(changed: Callable[[str, str], Path]) -> None:
    path = changed("versions/0013.db", "UPDATE _sqlx_migrations SET version = 'new' WHERE version = 12")
    with Constellation.open(path) as constellation:
        assert constellation.version == 13
