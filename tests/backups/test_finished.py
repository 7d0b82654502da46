from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from blake3 import blake3

from pattern_cli.backups import finished

Database = Callable[[str], Path]


def with_bad_index(folder: Path) -> Path:
    """A database whose index lacks the last three rows of its table."""
    path = folder / "bad.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE t (a, b); CREATE INDEX i ON t (a); CREATE TABLE u (a); CREATE INDEX j ON u (a)")
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500)"
        " INSERT INTO t SELECT i, hex(i) FROM n"
    )
    connection.execute("PRAGMA writable_schema = ON")
    row = connection.execute(
        "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'i'"
    ).fetchall()
    connection.execute("DELETE FROM sqlite_schema WHERE name = 'i'")
    connection.close()
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO t VALUES (1001, 'x'), (1002, 'y'), (1003, 'z')")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row[0])
    connection.close()
    return path


def plain_check(path: Path) -> list[str]:
    with finished.opened(path) as connection:
        return [str(text) for (text,) in connection.execute("PRAGMA integrity_check") if text != "ok"]


def test_a_sound_file_has_no_problems(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database("constellations/medium.db")
    assert finished.problems_in(path) == []
    monkeypatch.setattr(finished, "PARALLEL_FROM", 0)
    assert finished.problems_in(path) == []


def test_a_split_check_finds_what_one_check_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = with_bad_index(tmp_path)
    found = plain_check(path)
    assert len(found) >= 3
    monkeypatch.setattr(finished, "PARALLEL_FROM", 0)
    monkeypatch.setattr(finished, "processors", lambda: 2)
    assert set(found) <= set(finished.problems_in(path))


def test_a_split_check_is_of_every_table_that_has_an_index_the_longest_first(database: Database) -> None:
    path = database("constellations/medium.db")
    parts = finished._split(path)
    with finished.opened(path) as connection:
        sql = """SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND rootpage > 0
                 AND EXISTS (SELECT 1 FROM pragma_index_list(t.name))"""
        indexed = {name for (name,) in connection.execute(sql)}
    checked = [statement for part in parts for statement in part]
    assert sorted(checked) == sorted(f'PRAGMA integrity_check("{name}")' for name in indexed)
    assert "messages_fts_idx" in indexed, "a table without row numbers is one index"
    assert parts[0] == ['PRAGMA integrity_check("messages")']
    assert len(parts[-1]) > 20


@pytest.mark.parametrize("page", range(1, 178, 8))
def test_a_split_check_finds_every_ruined_page(database: Database, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    path = database("constellations/small.db")
    with path.open("r+b") as file:
        file.seek(4096 * page)
        file.write(b"\xa5" * 4096)
    alone = finished.problems_in(path)
    monkeypatch.setattr(finished, "PARALLEL_FROM", 0)
    monkeypatch.setattr(finished, "processors", lambda: 2)
    assert bool(finished.problems_in(path)) == bool(alone)


def test_a_split_check_finds_a_lost_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE lost (a); INSERT INTO lost VALUES (1); PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_schema WHERE name = 'lost'")
    connection.close()
    monkeypatch.setattr(finished, "PARALLEL_FROM", 0)
    monkeypatch.setattr(finished, "processors", lambda: 2)
    assert any("never used" in problem for problem in finished.problems_in(path))


def test_what_is_no_database_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text.db"
    path.write_text("no database at all\n" * 1000)
    assert finished.problems_in(path)
    monkeypatch.setattr(finished, "PARALLEL_FROM", 0)
    assert finished.problems_in(path)


def test_the_hash_is_that_of_all_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    content = bytes(range(256)) * 4321
    path.write_bytes(content)
    monkeypatch.setattr(finished, "HASH_PIECE", 10_007)
    assert finished.hash_of(path) == "blake3:" + blake3(content).hexdigest()


def test_reading_leaves_no_side_files(database: Database) -> None:
    path = database("constellations/small.db")
    finished.problems_in(path)
    finished.counts_of(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_leaving_early_stops_the_work() -> None:
    entered = threading.Event()
    ended: list[bool] = []

    def job(stop: threading.Event) -> None:
        entered.set()
        ended.append(stop.wait(30))

    with pytest.raises(KeyboardInterrupt), finished.Work() as work:
        work.add(job, work.stop)
        entered.wait(30)
        raise KeyboardInterrupt
    assert ended == [True]


def test_a_stopped_check_ends_soon(database: Database) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(apsw.InterruptError), finished.opened(database("constellations/medium.db"), stop) as connection:
        connection.execute("PRAGMA integrity_check").fetchall()
