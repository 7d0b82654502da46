"""The shape of a database: its columns, keys, indexes, triggers and full-text tables, compared with the known one.

The known shape of a version is that of an empty database to which our migrations were applied; the tests compare
those with the runtime's.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import apsw

from pattern_cli.schema.applying import apply
from pattern_cli.schema.migrations import known

Shape = dict[str, str]
"""What there is (`column messages.is_deleted`) and how it is made (`INTEGER NOT NULL DEFAULT 0`)."""

_ROLE = "column group_members.role"
_IGNORED = re.compile(r"--[^\n]*|\s+|\"|for each row|if not exists", re.IGNORECASE)


def shape(connection: apsw.Connection) -> Shape:
    """The shape of a database; tables behind the full-text ones and SQLite's own are left out."""
    return dict(_facts(connection))


@functools.cache
def _known_shape(versions: tuple[int, ...]) -> Shape:
    connection = apsw.Connection(":memory:")
    try:
        for migration in known():
            if migration.version in versions:
                apply(connection, migration)
        return shape(connection)
    finally:
        connection.close()


def differences(connection: apsw.Connection, versions: tuple[int, ...]) -> tuple[str, ...]:
    """What is missing in a database to which these versions were applied, or made otherwise: in words.

    What is there besides (other tables, further indexes) is no difference, and neither is `group_members.role` as
    TEXT, as the first edition of version 1 declared it (database.md §2.6).
    """
    try:
        expected = _known_shape(versions)
    except apsw.SQLError:
        return ("the ledger lacks versions that later ones build on",)
    found = shape(connection)
    return tuple(
        f"{what} {'differs' if what in found else 'is missing'}"
        for what, made in expected.items()
        if found.get(what) != made and not (what == _ROLE and found.get(what) == made.replace("JSON", "TEXT"))
    )


def _facts(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    tables = [
        name
        for name, kind in connection.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'")
        if kind == "table" and not name.startswith("sqlite_")
    ]
    for table in sorted(tables):
        yield f"table {table}", ""
        yield from _columns(connection, table)
        yield from _keys(connection, table)
        yield from _indexes(connection, table)
    sql = """SELECT type, name, tbl_name, sql FROM sqlite_schema
             WHERE type = 'trigger' OR (type = 'table' AND sql LIKE 'CREATE VIRTUAL%') ORDER BY name"""
    for kind, name, table, text in connection.execute(sql):
        yield f"{'trigger' if kind == 'trigger' else 'full-text index'} {name}", f"{table} {_normal(text)}"


def _columns(connection: apsw.Connection, table: str) -> Iterator[tuple[str, str]]:
    for _, name, kind, required, default, key in connection.execute(f"PRAGMA table_info({_quoted(table)})"):
        parts = (kind, "NOT NULL" if required else "", f"DEFAULT {default}" if default else "", f"KEY {key}")
        yield f"column {table}.{name}", " ".join(part for part in parts if part)


def _keys(connection: apsw.Connection, table: str) -> Iterator[tuple[str, str]]:
    for row in connection.execute(f"PRAGMA foreign_key_list({_quoted(table)})"):
        _, _, target, column, to, on_update, on_delete, _ = row
        yield f"foreign key {table}.{column}", f"{target}.{to} {on_update} {on_delete}"


def _indexes(connection: apsw.Connection, table: str) -> Iterator[tuple[str, str]]:
    listed = connection.execute(f"PRAGMA index_list({_quoted(table)})").fetchall()
    for _, name, unique, origin, partial in listed:
        parts = connection.execute(f"PRAGMA index_xinfo({_quoted(str(name))})").fetchall()
        columns = ", ".join(f"{part[2]}{' DESC' if part[3] else ''}" for part in parts if part[5])
        what = f"index {name}" if origin == "c" else f"unique key {table} ({columns})"
        yield what, f"{table} ({columns}) {unique} {_condition(connection, name) if partial else ''}"


def _condition(connection: apsw.Connection, index: object) -> str:
    sql = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (str(index),)).fetchall()[0][0]
    return _normal(str(sql)).partition("where")[2]


def _normal(sql: str) -> str:
    """An SQL text without what makes no difference: comments, blanks, quotes of names, upper case."""
    return _IGNORED.sub("", sql).lower()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
