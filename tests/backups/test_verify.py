from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import apsw
import pytest

from pattern_cli.backups.manifest import manifest_path
from pattern_cli.backups.snapshot import snapshot
from pattern_cli.backups.verify import verify
from pattern_cli.errors import IntegrityError, NotFoundError, SchemaError
from pattern_cli.store.constellation import Constellation


@pytest.fixture
def backup(database: Callable[[str], Path]) -> Path:
    with Constellation.open(database("constellations/small.db")) as constellation:
        return Path(snapshot(constellation).path)


def rewrite(backup: Path, **changes: Any) -> None:
    path = manifest_path(backup)
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(content))


def rewrite_counts(backup: Path, **counts: int) -> None:
    known = json.loads(manifest_path(backup).read_text())["counts"]
    rewrite(backup, counts=known | counts)


def test_a_backup_proves_itself(backup: Path) -> None:
    proven = verify(backup)
    assert proven.integrity == "ok"
    assert proven.counts["messages"] == 91
    assert proven.version == 13


def test_the_manifest_means_its_backup(backup: Path) -> None:
    assert verify(manifest_path(backup)) == replace(verify(backup), seconds=ANY)
    backup.unlink()
    with pytest.raises(NotFoundError, match=f"no backup at {backup}, only its manifest"):
        verify(manifest_path(backup))


def test_a_backup_may_be_named_as_a_manifest_is(backup: Path) -> None:
    other = backup.with_name("x.json")
    backup.rename(other)
    manifest_path(backup).rename(manifest_path(other))
    assert verify(other).path == str(other)


def test_proving_changes_nothing(backup: Path) -> None:
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in backup.parent.iterdir()}
    verify(backup)
    assert {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in backup.parent.iterdir()} == before


@pytest.mark.parametrize("place", [100, 5_000, 300_000, -1])
def test_a_flipped_bit_is_found(backup: Path, place: int) -> None:
    content = bytearray(backup.read_bytes())
    content[place] ^= 1
    backup.write_bytes(content)
    with pytest.raises(IntegrityError, match="content hash differs"):
        verify(backup)


def test_a_changed_row_is_found(backup: Path) -> None:
    connection = apsw.Connection(str(backup))
    connection.execute("UPDATE agents SET description = 'forged' WHERE name = 'Juniper'")
    connection.close()
    with pytest.raises(IntegrityError, match="content hash differs"):
        verify(backup)


def test_missing_rows_are_counted(backup: Path) -> None:
    connection = apsw.Connection(str(backup))
    connection.execute("DELETE FROM messages WHERE rowid IN (SELECT rowid FROM messages LIMIT 2)")
    connection.close()
    with pytest.raises(IntegrityError, match="table messages has 89 rows, not 91"):
        verify(backup)


def test_a_change_that_is_still_in_a_log_is_found(backup: Path) -> None:
    connection = apsw.Connection(str(backup))
    connection.execute("DELETE FROM tasks")
    with pytest.raises(IntegrityError, match="-wal lies beside it"):
        verify(backup)


def test_a_wrong_count_in_the_manifest_is_found(backup: Path) -> None:
    rewrite_counts(backup, messages=90)
    with pytest.raises(IntegrityError, match="table messages has 91 rows, not 90"):
        verify(backup)


def test_a_table_that_is_not_there_is_found(backup: Path) -> None:
    rewrite_counts(backup, dreams=3)
    with pytest.raises(IntegrityError, match="table dreams cannot be counted, not 3"):
        verify(backup)


def test_another_schema_version_is_found(backup: Path) -> None:
    rewrite(backup, version=12)
    with pytest.raises(IntegrityError, match="schema version is 13, not 12"):
        verify(backup)


def test_a_cut_file_is_found(backup: Path) -> None:
    os.truncate(backup, 400_000)
    with pytest.raises(IntegrityError, match="size is 400000 bytes, not 7"):
        verify(backup)


def test_a_file_that_is_no_database_is_found(backup: Path) -> None:
    backup.write_bytes(b"hello " * 100_000)
    with pytest.raises(IntegrityError, match="integrity check fails"):
        verify(backup)


def test_an_empty_file_is_found(backup: Path) -> None:
    backup.write_bytes(b"")
    with pytest.raises(IntegrityError, match="size is 0 bytes"):
        verify(backup)


def test_without_a_manifest_nothing_is_proven(backup: Path) -> None:
    manifest_path(backup).unlink()
    with pytest.raises(IntegrityError, match="no manifest"):
        verify(backup)


def test_without_the_backup_its_manifest_proves_nothing(backup: Path) -> None:
    backup.unlink()
    with pytest.raises(NotFoundError, match="only its manifest"):
        verify(backup)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": "other"}', '{"format": "pattern-backup", "format_version": 1}']
)
def test_a_damaged_manifest_is_said(backup: Path, text: str) -> None:
    manifest_path(backup).write_text(text)
    with pytest.raises(IntegrityError, match=r"\.db\.json"):
        verify(backup)


def test_a_manifest_of_a_newer_program_is_said(backup: Path) -> None:
    rewrite(backup, format_version=2)
    with pytest.raises(SchemaError, match="manifest version 2"):
        verify(backup)


def test_a_folder_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is a folder"):
        verify(tmp_path)


def test_a_backup_can_be_renamed_with_its_manifest(backup: Path) -> None:
    manifest_path(backup).rename(backup.with_name("kept.json"))
    backup.rename(backup.with_name("kept"))
    assert verify(backup.with_name("kept")).integrity == "ok"


def test_a_backup_that_nobody_may_write_is_proven(backup: Path) -> None:
    backup.chmod(0o400)
    backup.parent.chmod(0o500)
    try:
        assert verify(backup).integrity == "ok"
    finally:
        backup.parent.chmod(0o700)
