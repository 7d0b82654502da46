from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.errors import ConflictError, PatternError
from pattern_cli.schema import create_constellation
from pattern_cli.schema.status import Status
from pattern_cli.store import ledger, versions
from pattern_cli.store.constellation import Constellation


def test_a_new_constellation_is_the_runtime_s_newest(
    tmp_path: Path, described: Any, expected: Any, reference_dir: Path
) -> None:
    with create_constellation(tmp_path / "new.db") as constellation:
        reference = expected(13)
        found = described(constellation.connection)
        assert {part: found[part] for part in found} == {part: reference[part] for part in found}
        Status(constellation).require_current()
        assert Status(constellation).drift() == ()


def test_its_ledger_holds_exactly_the_runtime_s_rows(tmp_path: Path, reference_dir: Path) -> None:
    with create_constellation(tmp_path / "new.db") as constellation:
        rows = list(constellation.rows("SELECT * FROM _sqlx_migrations"))
    for version, description, installed_on, success, checksum, execution_time in rows:
        facts = json.loads((reference_dir / "schema" / f"{version:04d}.json").read_text())["migration"]
        assert (description, checksum.hex(), success) == (facts["description"], facts["sha384"], 1)
        assert len(installed_on) == 19 and installed_on[10] == " "
        assert isinstance(execution_time, int) and 0 < execution_time < 10**9
    assert [row[0] for row in rows] == list(versions.KNOWN)


def test_the_ledger_s_table_is_the_runtime_s(tmp_path: Path, fixtures_dir: Path) -> None:
    sql = "SELECT sql FROM sqlite_schema WHERE name = '_sqlx_migrations'"
    original = apsw.Connection(
        f"file:{fixtures_dir}/versions/0013.db?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    )
    with create_constellation(tmp_path / "new.db") as constellation:
        assert constellation.value(sql).split() == str(original.execute(sql).fetchall()[0][0]).split()


def test_another_sqlite_finds_it_sound(tmp_path: Path) -> None:
    create_constellation(tmp_path / "new.db").close()
    done = subprocess.run(
        ["sqlite3", str(tmp_path / "new.db"), "PRAGMA integrity_check; PRAGMA journal_mode; PRAGMA user_version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["ok", "wal", "0"]


def test_an_existing_file_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "there.db"
    path.write_bytes(b"mine")
    with pytest.raises(ConflictError):
        create_constellation(path)
    assert path.read_bytes() == b"mine"


def test_after_an_error_no_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CREATE", "CREATE TABLE this is no SQL")
    with pytest.raises(PatternError):
        create_constellation(tmp_path / "new.db")
    assert list(tmp_path.iterdir()) == []


def test_folders_on_the_way_are_made_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "new.db"
    create_constellation(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    with Constellation.open(path) as constellation:
        assert constellation.version == versions.NEWEST
