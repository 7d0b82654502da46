"""A writable copy of the small constellation, and rows as they are stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.store.constellation import Constellation

Row = dict[str, Any]


def stored(constellation: Constellation, name: str) -> Row:
    """An agent's row with each value as SQLite writes it in SQL: its exact bytes and type."""
    columns = [row[0] for row in constellation.rows("SELECT name FROM pragma_table_info('agents')")]
    quoted = ", ".join(f"quote({column})" for column in columns)
    row = next(constellation.rows(f"SELECT {quoted} FROM agents WHERE name = ?", (name,)))
    return dict(zip(columns, row, strict=True))


def everything(constellation: Constellation) -> dict[str, list[Any]]:
    """All rows of all tables but the full-text indexes' own."""
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'"
    names = [name for (name,) in constellation.rows(sql)]
    return {name: sorted(map(repr, constellation.rows(f'SELECT * FROM "{name}"'))) for name in names}


@pytest.fixture
def beside_a_runtime(small: Constellation, hold: Callable[[Path], int]) -> Constellation:
    """The small constellation, open in another process that is no run of this program."""
    hold(small.path)
    return small
