from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

Database = Callable[[str], Path]


def roomy(path: Path) -> Path:
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM memory_block_updates WHERE rowid % 2")
    connection.close()
    return path


def test_it_says_what_came_back_and_where_the_snapshot_is(database: Database, cli: Callable[..., Any]) -> None:
    path = roomy(database("constellations/medium.db"))
    size = path.stat().st_size
    done = cli("--db", path, "vacuum", "--yes", "--json")
    assert done.code == 0, done.err
    record = json.loads(done.out)
    assert record["freed"] == size - path.stat().st_size > 0
    assert Path(record["snapshot"]).is_file()
    assert record["rows"] > 50_000


def test_elsewhere_than_on_a_terminal_it_needs_yes(database: Database, cli: Callable[..., Any]) -> None:
    path = database("constellations/small.db")
    before = path.read_bytes()
    done = cli("--db", path, "vacuum")
    assert done.code == 7
    assert "--yes" in done.err
    assert path.read_bytes() == before
    assert not (path.parent / "backups").exists()


def test_a_dry_run_changes_nothing(database: Database, cli: Callable[..., Any]) -> None:
    path = roomy(database("constellations/medium.db"))
    before = path.read_bytes()
    done = cli("--db", path, "vacuum", "--dry-run", "--json")
    assert json.loads(done.out)["free_size"] > 100_000
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_without_a_snapshot_there_is_none(database: Database, cli: Callable[..., Any]) -> None:
    path = database("constellations/small.db")
    done = cli("--db", path, "vacuum", "--yes", "--no-snapshot", "--format", "table")
    assert done.code == 0
    assert "proven" in done.out
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_it_refuses_while_the_file_is_held(
    database: Database, cli: Callable[..., Any], hold: Callable[[Path], int]
) -> None:
    path = database("constellations/small.db")
    pid = hold(path)
    done = cli("--db", path, "vacuum", "--yes")
    assert done.code == 7
    assert f"(pid {pid})" in done.err
    assert not (path.parent / "backups").exists()
    planned = cli("--db", path, "vacuum", "--dry-run", "--format", "table")
    assert f"(pid {pid})" in planned.out
    assert cli("--db", path, "vacuum", "--yes", "--force").code == 0


def test_a_rebuilt_index_is_warned_of(database: Database, cli: Callable[..., Any]) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO archival_fts(archival_fts) VALUES ('delete-all')")
    connection.close()
    done = cli("--db", path, "vacuum", "--yes")
    assert done.code == 0
    assert "archival_fts did not match its table and was rebuilt" in done.err
