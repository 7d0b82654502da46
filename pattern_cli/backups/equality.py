"""Whether two databases hold exactly the same: schema, rowids, and every stored value of every table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from pattern_cli.backups.tables import count, quoted, stored_tables

_SCHEMA = "SELECT type, name, tbl_name, sql FROM {}.sqlite_schema ORDER BY type, name"
_PRAGMAS = ("page_size", "encoding", "auto_vacuum", "user_version", "application_id")


@contextmanager
def attached(connection: apsw.Connection, other: Path) -> Iterator[None]:
    """Attach a database as `other`."""
    connection.execute("ATTACH ? AS other", (str(other),))
    try:
        yield
    finally:
        connection.execute("DETACH other")


def differences(connection: apsw.Connection) -> Iterator[str]:
    """What differs between `main` and the attached `other`, in words; nothing when they are equal.

    Tables are compared row by row inside SQLite, by rowid or, where there is none, by primary key: type and bytes of
    every value. The implicit rowids that link the full-text indexes to their tables are compared with them
    (database.md §2.3), and the tables behind virtual ones are compared as the plain tables they are.
    """
    if _rows(connection, "main") != _rows(connection, "other"):
        yield "the schema differs"
        return
    for pragma in _PRAGMAS:
        if _pragma(connection, "main", pragma) != _pragma(connection, "other", pragma):
            yield f"{pragma} differs"
    for table in stored_tables(connection):
        before, after = count(connection, table), count(connection, table, "other")
        if before != after:
            yield f"table {table} has {after} rows, not {before}"
        elif (equal := _equal_rows(connection, table)) != before:
            yield f"{before - equal} rows of table {table} differ"


def _rows(connection: apsw.Connection, schema: str) -> list[tuple[object, ...]]:
    return connection.execute(_SCHEMA.format(schema)).fetchall()


def _pragma(connection: apsw.Connection, schema: str, name: str) -> object:
    return connection.execute(f"PRAGMA {schema}.{name}").fetchall()


def _equal_rows(connection: apsw.Connection, table: str) -> int:
    """The number of rows that exist in both databases under the same key with the same values."""
    columns = [
        (str(name), place) for name, place in connection.execute("SELECT name, pk FROM pragma_table_info(?)", (table,))
    ]
    names = [name for name, _ in columns]
    found = connection.execute("SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'", (table,)).fetchone()
    if found and found[0]:
        keys = [quoted(name) for name, place in columns if place]
    else:
        keys = [next(alias for alias in ("_rowid_", "oid", "rowid") if alias not in names)]
    same_row = " AND ".join(f"b.{key} = a.{key}" for key in keys)
    same_values = " AND ".join(
        f"typeof(a.{name}) = typeof(b.{name}) AND a.{name} IS b.{name} COLLATE BINARY" for name in map(quoted, names)
    )
    # CROSS JOIN keeps the order: one pass over the table, each row looked up by its key.
    row = connection.execute(
        f"SELECT count(*) FROM main.{quoted(table)} AS a CROSS JOIN other.{quoted(table)} AS b "
        f"ON {same_row} WHERE {same_values}"
    ).fetchone()
    assert row is not None
    return int(row[0])
