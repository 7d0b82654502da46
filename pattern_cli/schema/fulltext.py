"""The full-text indexes against their tables (database.md §2.3, §10 D21 and D24)."""

from __future__ import annotations

from collections.abc import Iterable

import apsw

INDEXES = ("messages_fts", "memory_blocks_fts", "archival_fts")


def rebuild_unsound(connection: apsw.Connection, indexes: Iterable[str] = INDEXES) -> tuple[str, ...]:
    """Compare full-text indexes with their tables, make those anew that differ, and name them.

    Reads all indexed texts. Raises apsw.CorruptError when an index differs even after it was made anew.
    """
    present = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    unsound = tuple(name for name in indexes if name in present and not _is_sound(connection, name))
    for name in unsound:
        index = _quoted(name)
        connection.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")
        _check(connection, name)
    return unsound


def _is_sound(connection: apsw.Connection, name: str) -> bool:
    try:
        _check(connection, name)
    except apsw.CorruptError:
        return False
    return True


def _check(connection: apsw.Connection, name: str) -> None:
    # With rank 1 the index is compared with the table's texts, not only with itself.
    index = _quoted(name)
    connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
