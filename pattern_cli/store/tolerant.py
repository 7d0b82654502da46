"""Reading rows whose text is not UTF-8.

SQLite stores any bytes in a text column, and APSW raises on the first row that holds others than UTF-8. One such row
must not hide the rest: the query is run again with every column as bytes, and bad bytes come out as surrogates, which
`render` shows as `\\xff`. A value read that way can be asked for again: it is bound as the bytes it stands for.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import apsw


def rows(connection: apsw.Connection, sql: str, params: Any = ()) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, streamed; text that is no UTF-8 holds surrogates (`surrogateescape`)."""
    yield from read(*execute(connection, sql, params))


def execute(connection: apsw.Connection, sql: str, params: Any) -> tuple[apsw.Cursor, str, Any]:
    """The cursor of a statement, and the statement and its parameters as they were bound."""
    try:
        return connection.execute(sql, params), sql, params
    except UnicodeEncodeError:
        sql, params = _bound_as_bytes(sql, params)
        return connection.execute(sql, params), sql, params


def _bound_as_bytes(sql: str, params: Any) -> tuple[str, Any]:
    """The same statement with every text parameter as bytes, which SQLite takes as they are."""
    import re

    given = params if isinstance(params, dict) else dict(enumerate(params, 1))
    texts = {key: value.encode("utf-8", "surrogateescape") for key, value in given.items() if isinstance(value, str)}
    seen = 0

    def cast(found: re.Match[str]) -> str:
        nonlocal seen
        name = found.group(1)
        if name is None:  # a quoted text
            return found.group()
        key: Any = name[1:]
        if name[0] == "?":
            seen = key = int(key) if key else seen + 1
        return f"CAST({name} AS TEXT)" if key in texts else name

    sql = re.sub(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(\?\d*|:\w+)""", cast, sql)
    bound = {key: texts.get(key, value) for key, value in given.items()}
    return sql, bound if isinstance(params, dict) else tuple(bound.values())


def read(cursor: apsw.Cursor, sql: str, params: Any = ()) -> Iterator[tuple[Any, ...]]:
    """The rows of a cursor that has just executed this statement."""
    done = 0
    try:
        for row in cursor:
            yield row
            done += 1
    except UnicodeDecodeError:
        # Begun before the first one ends, so that both see the same state of a database that others change.
        again = _as_bytes(cursor, sql, params)
        cursor.close(True)
        yield from islice(map(_decoded, again), done, None)


def _as_bytes(cursor: apsw.Cursor, sql: str, params: Any) -> apsw.Cursor:
    """The same query, every column as two: whether it is text, and its value with texts as bytes."""
    names = [f"c{number}" for number in range(len(cursor.description))]
    columns = ", ".join(
        f"typeof({name}) = 'text', CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
        for name in names
    )
    return cursor.connection.execute(f"WITH q({', '.join(names)}) AS ({sql}) SELECT {columns} FROM q", params)


def _decoded(row: tuple[Any, ...]) -> tuple[Any, ...]:
    pairs = zip(row[::2], row[1::2], strict=True)
    return tuple(
        value.decode("utf-8", "surrogateescape") if is_text and isinstance(value, bytes) else value
        for is_text, value in pairs
    )
