"""Which rows a list shows, and in which order: always oldest first, by position as a number (database.md D16)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from pattern_cli.messages.filters import PLACE, PLAIN, Filter
from pattern_cli.store.constellation import Constellation

_AGENTS = """WITH RECURSIVE next(id) AS (
    SELECT min(agent_id) FROM messages
    UNION ALL
    SELECT (SELECT min(agent_id) FROM messages WHERE agent_id > next.id) FROM next WHERE next.id IS NOT NULL
) SELECT id FROM next WHERE id IS NOT NULL"""


class Page(NamedTuple):
    """The rows of a list as SQL: what comes before SELECT, what comes after FROM (rows are `m`), the parameters."""

    head: str
    source: str
    params: dict[str, Any]

    def select(self, expressions: str) -> str:
        """A statement that yields these expressions for every row of the page, in order."""
        return f"{self.head} SELECT {expressions} FROM {self.source}"


def page(constellation: Constellation, chosen: Filter, limit: int | None) -> Page:
    """All rows that fit, or the newest `limit` of them."""
    if limit is not None:
        import json

        rowids = newest(constellation, chosen, limit)
        return Page(
            "", "json_each(:page) AS p CROSS JOIN messages AS m ON m.rowid = p.value", {"page": json.dumps(rowids)}
        )
    where, params = chosen.where(constellation)
    odd = constellation.value(f"SELECT 1 FROM messages AS m WHERE NOT {PLAIN} LIMIT 1")
    place = PLACE if odd else "CAST(m.position AS INTEGER)"
    # Only places and rowids are sorted, never whole messages; CROSS JOIN keeps the order of the sorted list.
    head = f"""WITH p(id) AS MATERIALIZED (
        SELECT m.rowid FROM messages AS m WHERE {where} ORDER BY {place}, m.rowid
    )"""
    return Page(head, "p CROSS JOIN messages AS m ON m.rowid = p.id", params)


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


@contextmanager
def one_moment(constellation: Constellation) -> Iterator[None]:
    """Hold one read transaction, so that several statements see the same messages."""
    connection = constellation.connection
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
