"""Databases for the tests of migrations, and their schema in the form of the reference files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.schema.applying import apply
from pattern_cli.schema.migrations import known

COLUMN = ("cid", "name", "type", "notnull", "dflt", "pk")
KEY = ("id", "seq", "table", "from", "to", "on_update", "on_delete", "match")
INDEX = ("seq", "name", "unique", "origin", "partial")
INDEX_COLUMN = ("seqno", "cid", "name", "desc", "coll")


def describe(connection: apsw.Connection) -> dict[str, Any]:
    """Tables with columns, keys and indexes, virtual tables, triggers and internal tables."""
    listed = connection.execute("SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
    sql = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'trigger')").fetchall())
    shadows = sorted(name for name, kind, _, _ in listed if kind == "shadow")
    internal = sorted({*shadows, *(name for (name, *_) in listed if name == "sqlite_sequence")})
    tables = {
        name: {**_table(connection, name), "without_rowid": bool(wr), "strict": bool(strict), **_of_text(sql[name])}
        for name, kind, wr, strict in listed
        if kind == "table" and name not in internal and name not in ("sqlite_schema", "_sqlx_migrations")
    }
    virtual = {name: _virtual(connection, name, sql[name], shadows) for name, kind, *_ in listed if kind == "virtual"}
    triggers = connection.execute("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
    return {
        "tables": tables,
        "virtual_tables": virtual,
        "triggers": [_trigger(*row) for row in triggers],
        "internal_tables": internal,
    }


def _pragma(connection: apsw.Connection, pragma: str, name: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"PRAGMA {pragma}({name})").fetchall()


def _table(connection: apsw.Connection, name: str) -> dict[str, Any]:
    return {
        "columns": [dict(zip(COLUMN, row, strict=True)) for row in _pragma(connection, "table_info", name)],
        "foreign_keys": [dict(zip(KEY, row, strict=True)) for row in _pragma(connection, "foreign_key_list", name)],
        "indexes": [
            {
                **dict(zip(INDEX, row, strict=True)),
                "columns": [
                    dict(zip(INDEX_COLUMN, part[:5], strict=True))
                    for part in _pragma(connection, "index_xinfo", row[1])
                    if part[5]
                ],
            }
            for row in _pragma(connection, "index_list", name)
        ],
    }


def _of_text(sql: str) -> dict[str, Any]:
    return {"autoincrement": "AUTOINCREMENT" in sql.upper(), "check_constraints": len(re.findall(r"\bCHECK\s*\(", sql))}


def _virtual(connection: apsw.Connection, name: str, sql: str, shadows: list[str]) -> dict[str, Any]:
    module = re.search(r"USING\s+(\w+)", sql)
    options = dict(re.findall(r"(\w+)\s*=\s*'([^']*)'", sql))
    assert module
    return {
        "module": module.group(1),
        "columns": [row[1] for row in _pragma(connection, "table_info", name)],
        "content": options["content"],
        "content_rowid": options["content_rowid"],
        "tokenizer_option_given": "tokenize" in options,
        "shadow_tables": [shadow for shadow in shadows if shadow.startswith(f"{name}_")],
    }


def _trigger(name: str, table: str, sql: str) -> dict[str, Any]:
    found = re.search(r"\b(BEFORE|AFTER)\s+(INSERT|DELETE|UPDATE)(?:\s+OF\s+([\w, ]+))?\s+ON\b", sql)
    assert found
    return {"name": name, "table": table, "timing": found[1], "event": found[2], "of_columns": found[3]}


@pytest.fixture(scope="session")
def described() -> Callable[[apsw.Connection], dict[str, Any]]:
    """Reads a schema in the form of the reference files."""
    return describe


@pytest.fixture(scope="session")
def expected(reference_dir: Path) -> Callable[[int], dict[str, Any]]:
    """The reference file of a version."""

    def read(version: int) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((reference_dir / "schema" / f"{version:04d}.json").read_text())
        return content

    return read


@pytest.fixture
def built() -> Callable[[int], apsw.Connection]:
    """An in-memory database brought to a version by our migrations alone."""

    def build(version: int) -> apsw.Connection:
        connection = apsw.Connection(":memory:")
        for migration in known():
            if migration.version <= version:
                apply(connection, migration)
        return connection

    return build
