"""Which rows a list shows, and in which order: always oldest first, by position as a number (database.md D16)."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apsw

from pattern_cli.messages.filters import PLACE, PLAIN, Filter
from pattern_cli.messages.rows import MessageRow, agent_names, columns, decode
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.failures import translate

_AGENTS = """WITH RECURSIVE next(id) AS (
    SELECT min(agent_id) FROM messages
    UNION ALL
    SELECT (SELECT min(agent_id) FROM messages WHERE agent_id > next.id) FROM next WHERE next.id IS NOT NULL
) SELECT id FROM next WHERE id IS NOT NULL"""


# A statement per so many rows: few enough to stay in memory, enough to make the statement's start cheap.
_CHUNK = 256


class Order(NamedTuple):
    """Rowids, oldest message first; `plain` says that every position in the table is known to have its usual form."""

    rows: Sequence[int]
    plain: bool


def order(constellation: Constellation, chosen: Filter, limit: int | None) -> Order:
    """All messages that fit, or the newest `limit` of them."""
    if limit is not None:
        return Order(newest(constellation, chosen, limit), False)
    where, params = chosen.where(constellation)
    # Answered from an index alone.
    plain = not constellation.value(f"SELECT 1 FROM messages AS m WHERE NOT {PLAIN} LIMIT 1")
    place = "CAST(m.position AS INTEGER)" if plain else PLACE
    sql = f"SELECT m.rowid FROM messages AS m WHERE {where} ORDER BY {place}, m.rowid"
    try:
        return Order(array("q", [row[0] for row in constellation.connection.execute(sql, params)]), plain)
    except apsw.Error as error:
        raise translate(error, constellation.path) or error from None


class Chunk(NamedTuple):
    """Some rows of a list by rowid, and an SQL source that yields them in order as `m`, with its parameters."""

    rows: Sequence[int]
    source: str
    params: dict[str, Any]


def chunks(rows: Sequence[int]) -> Iterator[Chunk]:
    """Rows by rowid, in order, some at a time."""
    for start in range(0, len(rows), _CHUNK):
        some = rows[start : start + _CHUNK]
        # CROSS JOIN keeps the order of the list.
        source = "json_each(:page) AS p CROSS JOIN messages AS m ON m.rowid = p.value"
        yield Chunk(some, source, {"page": f"[{','.join(map(str, some))}]"})


def read(
    constellation: Constellation, rows: Sequence[int], where: str = "1", params: Mapping[str, Any] | None = None
) -> Iterator[MessageRow]:
    """The messages with these rowids, in this order; the condition `where` may leave some out."""
    names = agent_names(constellation)
    wanted = columns(constellation)
    for chunk in chunks(rows):
        sql = f"SELECT {wanted} FROM {chunk.source} WHERE {where}"
        for values in constellation.rows(sql, {**chunk.params, **(params or {})}):
            yield decode(values, names)


def newest(constellation: Constellation, chosen: Filter, limit: int) -> list[int]:
    """The rowids of the newest `limit` messages that fit, oldest first.

    For each agent the index yields its newest plain positions at once; odd ones are found by scanning an index.
    """
    where, params = chosen.where(constellation)
    params |= {"limit": limit}
    plain = f"""SELECT CAST(m.position AS INTEGER), m.rowid FROM messages AS m
                WHERE m.agent_id = :agent_id AND {PLAIN} AND {where}
                ORDER BY m.position DESC, m.rowid DESC LIMIT :limit"""
    odd = f"""SELECT {PLACE} AS place, m.rowid FROM messages AS m
              WHERE NOT {PLAIN} AND {where} ORDER BY place DESC, m.rowid DESC LIMIT :limit"""
    agents = [chosen.agent_id] if chosen.agent_id is not None else [row[0] for row in constellation.rows(_AGENTS)]
    found = list(constellation.rows(odd, params))
    for agent in agents:
        found += constellation.rows(plain, {**params, "agent_id": agent})
    return [rowid for _, rowid in sorted(found)[-limit:]]
