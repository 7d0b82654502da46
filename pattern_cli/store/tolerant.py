"""Reading rows whose text is not UTF-8.

SQLite stores any bytes in a text column, and APSW raises on the first row that holds others than UTF-8. One such row
must not hide the rest: the query is run again with every column as bytes, and bad bytes come out as surrogates, which
`render` shows as `\\xff`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import apsw


def rows(connection: apsw.Connection, sql: str, params: Any = ()) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, streamed; text that is no UTF-8 holds surrogates (`surrogateescape`)."""
    yield from read(connection.execute(sql, params), sql, params)


def read(cursor: apsw.Cursor, sql: str, params: Any = ()) -> Iterator[tuple[Any, ...]]:
    """The rows of a cursor that has just executed this statement."""
    done = 0
    try:
        for row in cursor:
            yield row
            done += 1
    except UnicodeDecodeError:
        width, connection = len(cursor.description), cursor.connection
        cursor.close(True)
        yield from islice(_as_bytes(connection, sql, params, width), done, None)


def _as_bytes(connection: apsw.Connection, sql: str, params: Any, width: int) -> Iterator[tuple[Any, ...]]:
    names = [f"c{number}" for number in range(width)]
    columns = ", ".join(
        f"typeof({name}) = 'text', CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
        for name in names
    )
    for row in connection.execute(f"WITH q({', '.join(names)}) AS ({sql}) SELECT {columns} FROM q", params):
        pairs = zip(row[::2], row[1::2], strict=True)
        yield tuple(
            value.decode("utf-8", "surrogateescape") if is_text and isinstance(value, bytes) else value
            for is_text, value in pairs
        )
