"""Which tables a database stores, told from its schema alone: no virtual table's module needs to be there."""

from __future__ import annotations

import re

import apsw

_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\s+TABLE", re.IGNORECASE)


def quoted(name: str) -> str:
    """A name as SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def virtual_tables(connection: apsw.Connection, module: str | None = None) -> list[str]:
    """The virtual tables, or those of one module (`fts5`, `vec0`), by name."""
    using = re.compile(rf"\bUSING\s+{re.escape(module)}\b", re.IGNORECASE) if module else None
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 ORDER BY name")
    return [name for name, sql in rows if _VIRTUAL.match(sql or "") and (using is None or using.search(sql))]


def stored_tables(connection: apsw.Connection) -> list[str]:
    """Every table that has pages: ordinary ones, those behind virtual tables, SQLite's own."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name")
    return [name for (name,) in rows]


def ordinary_tables(connection: apsw.Connection) -> list[str]:
    """The tables that hold a constellation's rows, the ledger included."""
    behind = tuple(f"{name}_" for name in virtual_tables(connection))
    return [name for name in stored_tables(connection) if not name.startswith(("sqlite_", *behind))]


def count(connection: apsw.Connection, table: str, schema: str = "main") -> int:
    """The number of rows of one table."""
    row = connection.execute(f"SELECT count(*) FROM {schema}.{quoted(table)}").fetchone()
    assert row is not None
    return int(row[0])
