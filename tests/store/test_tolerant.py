from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.store import tolerant

BROKEN = "na\udcffme"


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    found = apsw.Connection(":memory:")
    found.execute("CREATE TABLE notes (id TEXT PRIMARY KEY, content ANY)")
    found.execute("INSERT INTO notes VALUES (CAST(x'6e61ff6d65' AS TEXT), 1), ('plain', x'ff'), ('other', NULL)")
    yield found
    found.close()


def test_one_broken_text_hides_no_row(connection: apsw.Connection) -> None:
    found = list(tolerant.rows(connection, "SELECT id, content FROM notes ORDER BY rowid"))
    assert found == [(BROKEN, 1), ("plain", b"\xff"), ("other", None)]


def test_rows_before_the_broken_one_come_once(connection: apsw.Connection) -> None:
    found = list(tolerant.rows(connection, "SELECT id FROM notes ORDER BY rowid DESC"))
    assert found == [("other",), ("plain",), (BROKEN,)]


def test_a_broken_text_can_be_asked_for(connection: apsw.Connection) -> None:
    assert list(tolerant.rows(connection, "SELECT content FROM notes WHERE id = ?", (BROKEN,))) == [(1,)]


def test_every_way_to_name_a_parameter(connection: apsw.Connection) -> None:
    for sql, params in (
        ("SELECT id FROM notes WHERE content = ?2 AND id = ?1", (BROKEN, 1)),
        ("SELECT id FROM notes WHERE content = ? AND id = ?", (1, BROKEN)),
        ("SELECT id FROM notes WHERE id = :id AND content = :number", {"id": BROKEN, "number": 1}),
        ("SELECT id FROM notes WHERE '?' <> ? AND \"id\" = ? AND 'it''s?' <> ''", ("plain", BROKEN)),
    ):
        assert list(tolerant.rows(connection, sql, params)) == [(BROKEN,)], sql


def test_a_key_lookup_stays_one(connection: apsw.Connection) -> None:
    _, sql, params = tolerant.execute(connection, "SELECT content FROM notes WHERE id = ?", (BROKEN,))
    plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
    assert "SEARCH notes USING INDEX" in plan[0][3]


@given(st.binary(max_size=40))
def test_any_bytes_come_back_and_are_found_again(content: bytes) -> None:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE notes (id TEXT)")
    connection.execute("INSERT INTO notes VALUES (CAST(? AS TEXT))", (content,))
    ((text,),) = tolerant.rows(connection, "SELECT id FROM notes")
    assert text.encode("utf-8", "surrogateescape") == content
    assert list(tolerant.rows(connection, "SELECT count(*) FROM notes WHERE id = ?", (text,))) == [(1,)]
    connection.close()


def test_rows_stay_those_of_one_moment(tmp_path: Path) -> None:
    """A change by another process between a good row and a broken one neither repeats nor skips a row."""
    path = str(tmp_path / "notes.db")
    writer, reader = apsw.Connection(path), apsw.Connection(path)
    writer.pragma("journal_mode", "wal")
    writer.execute("CREATE TABLE notes (id TEXT, number INTEGER)")
    for number in range(1, 9):
        text = b"\xff" if number == 5 else b"good"
        writer.execute("INSERT INTO notes VALUES (CAST(? AS TEXT), ?)", (text, number))
    rows = tolerant.rows(reader, "SELECT number, id FROM notes ORDER BY number")
    seen = [next(rows)[0] for _ in range(3)]
    writer.execute("DELETE FROM notes WHERE number < 3; INSERT INTO notes VALUES ('new', 0)")
    assert seen + [number for number, _ in rows] == list(range(1, 9))
    reader.close()
    writer.close()


def test_the_order_is_kept(connection: apsw.Connection) -> None:
    for sql in (
        "SELECT id FROM notes ORDER BY rowid DESC",
        "SELECT id FROM (SELECT id, rowid AS r FROM notes) ORDER BY r DESC LIMIT 3",
        "WITH n AS (SELECT id, rowid AS r FROM notes) SELECT id FROM n ORDER BY r DESC",
    ):
        assert list(tolerant.rows(connection, sql)) == [("other",), ("plain",), (BROKEN,)]
