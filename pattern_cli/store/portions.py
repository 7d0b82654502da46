"""Many rows, some at a time: what one statement changes is kept in memory to undo it."""

from __future__ import annotations

from typing import Any

import apsw

AT_ONCE = 1_000


def delete(
    connection: apsw.Connection, table: str, condition: str, params: tuple[Any, ...], at_once: int = AT_ONCE
) -> int:
    """Delete the rows of a table that meet a condition, inside the caller's transaction, and return their number."""
    found = f"SELECT rowid FROM {table} WHERE {condition} LIMIT {at_once}"
    deleted = 0
    while True:
        connection.execute(f"DELETE FROM {table} WHERE rowid IN ({found})", params)
        if not connection.changes():
            return deleted
        deleted += connection.changes()
