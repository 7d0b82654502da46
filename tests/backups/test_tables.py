from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from pattern_cli.backups.tables import count, ordinary_tables, quoted, stored_tables, virtual_tables

ODD = 'odd "name"'


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    found = apsw.Connection(":memory:")
    found.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT)")
    found.execute('CREATE TABLE "odd ""name""" (id)')
    found.execute("CREATE VIRTUAL TABLE notes_fts USING fts5(text, content='notes')")
    found.execute("CREATE VIRTUAL TABLE places USING rtree(id, low, high)")
    found.execute("CREATE VIEW seen AS SELECT * FROM notes")
    yield found
    found.close()


def test_virtual_tables_are_told_by_module(connection: apsw.Connection) -> None:
    assert virtual_tables(connection) == ["notes_fts", "places"]
    assert virtual_tables(connection, "fts5") == ["notes_fts"]
    assert virtual_tables(connection, "vec0") == []


def test_stored_tables_are_all_with_pages(connection: apsw.Connection) -> None:
    found = stored_tables(connection)
    assert {"notes", ODD, "notes_fts_data", "places_node", "sqlite_sequence"} <= set(found)
    assert not {"notes_fts", "places", "seen"} & set(found)


def test_ordinary_tables_leave_out_those_behind_virtual_ones(connection: apsw.Connection) -> None:
    assert ordinary_tables(connection) == ["notes", ODD]


def test_any_name_can_be_counted(connection: apsw.Connection) -> None:
    connection.execute(f"INSERT INTO {quoted(ODD)} VALUES (1), (2)")
    assert count(connection, ODD) == 2
    assert count(connection, "notes") == 0


def test_another_schema_is_counted(connection: apsw.Connection) -> None:
    connection.execute("ATTACH ':memory:' AS other; CREATE TABLE other.notes (id); INSERT INTO other.notes VALUES (1)")
    assert count(connection, "notes", "other") == 1


def test_a_vector_table_is_told_without_its_extension(read_only: Callable[[str], Path]) -> None:
    path = read_only("constellations/small-embeddings.db")
    found = apsw.Connection(f"file:{path}?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    assert virtual_tables(found, "vec0") == ["embeddings"]
    assert not [name for name in ordinary_tables(found) if name.startswith(("embeddings", "messages_fts"))]
    found.close()
