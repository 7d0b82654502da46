"""Which messages a change is made to: those that were named, and the rest of their batches (database.md §7.1).

A batch is one turn of an agent: a request, tool calls with their responses, the answer. Half of one is of no use to
the runtime, and providers refuse a tool call without its response; so changes take whole batches unless told not to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.messages.filters import PLACE, Filter, teach
from pattern_cli.messages.pages import read
from pattern_cli.messages.rows import MessageRow, agent_names
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.ids import resolve

Batch = tuple[Any, Any]
"""The agent's id and the batch's: nothing keeps batch ids unique per agent (D29)."""

_SHOWN = 3
_TEXT = 200
_ARCHIVED, _DELETED = "ifnull(m.is_archived, 0)", "ifnull(m.is_deleted, 0)"
# What a message must be, so that the change means something for it.
APPLIES = {
    "archive": f"NOT {_ARCHIVED} AND NOT {_DELETED}",
    "unarchive": f"{_ARCHIVED} AND NOT {_DELETED}",
    "delete": f"NOT {_DELETED}",
    "undelete": _DELETED,
    "purge": _DELETED,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which messages are meant: by ids or their beginnings, or all that fit a filter; never both.

    `exact` takes only these and not the rest of their batches.
    """

    ids: tuple[str, ...] = ()
    fitting: Filter | None = None
    exact: bool = False

    def __post_init__(self) -> None:
        if self.ids and self.fitting is not None:
            raise UsageError("messages are named by their ids or by options, not by both", "leave out one of them")
        if not self.ids and self.fitting is None:
            raise UsageError(
                "it is not said which messages", "name ids, or --agent, --until, --batch …; --everything means all"
            )


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A message of a preview; `text` is the beginning of what it says, on one line."""

    id: str | None
    agent_name: str
    role: str
    created_at: str
    text: str


@dataclass(frozen=True, slots=True)
class RoleCount:
    """How many messages of one agent and one role."""

    agent_id: str
    agent_name: str
    role: str
    count: int


class Selection:
    """The messages that a change is made to, by rowid with their batches; None where a message has none.

    `chosen` counts those that were named, `added` those that came with their batches, `cut` the batches of which a
    part is left behind, `unchanged` the named ones for which the change means nothing.
    """

    def __init__(self, constellation: Constellation, action: str, choice: Choice) -> None:
        constellation.require("messages", "is_deleted", since=7)
        teach(constellation)
        self._constellation = constellation
        self._choice = choice
        self._applies = APPLIES[action]
        named, fitting = self._named(action)
        chosen = self._read(fitting, named)
        rest = self._rest(chosen)
        self.rows: dict[int, Batch | None] = chosen if choice.exact else {**chosen, **rest}
        self.chosen = len(chosen)
        self.added = 0 if choice.exact else len(rest)
        self.cut = len(set(rest.values())) if choice.exact else 0
        self.unchanged = len(named or ()) - len(chosen) if named is not None else 0

    @property
    def batches(self) -> set[Batch]:
        """The batches that are touched."""
        return {batch for batch in self.rows.values() if batch}

    @property
    def page(self) -> str:
        """The rowids as a JSON array, for `json_each`."""
        return _page(self.rows)

    def counts(self) -> tuple[RoleCount, ...]:
        """How many of which agent and role, in the order of the names."""
        names = agent_names(self._constellation)
        sql = """SELECT m.agent_id, m.role, count(*) FROM json_each(?) AS p CROSS JOIN messages AS m
                 ON m.rowid = p.value GROUP BY 1, 2"""
        found = [
            RoleCount(agent, names.get(agent, str(agent)), str(role), count)
            for agent, role, count in self._constellation.rows(sql, (self.page,))
        ]
        return tuple(sorted(found, key=lambda row: (row.agent_name, row.agent_id, row.role)))

    def ends(self) -> tuple[tuple[Glimpse, ...], tuple[Glimpse, ...]]:
        """The first few and the last few, oldest first; no message is in both."""
        first = self._end("ASC", _SHOWN)
        last = self._end("DESC", min(_SHOWN, len(self.rows) - len(first)))[::-1]
        return tuple(map(_glimpse, read(self._constellation, first))), tuple(
            map(_glimpse, read(self._constellation, last))
        )

    def require_same(self, before: Selection) -> None:
        """Raise ConflictError unless all that was selected before still is, and their batches have not grown.

        Other messages that fit by now are left alone: `rows` becomes what it was.
        """
        new = [batch for row, batch in self.rows.items() if row not in before.rows and batch]
        if not before.rows.keys() <= self.rows.keys() or (
            not self._choice.exact and not before.batches.isdisjoint(new)
        ):
            raise ConflictError(
                "the messages were changed meanwhile; nothing was done", "look at them again and repeat the command"
            )
        self.rows, self.chosen, self.added, self.cut = before.rows, before.chosen, before.added, before.cut

    def _named(self, action: str) -> tuple[list[str] | None, Filter | None]:
        ids, fitting = self._choice.ids, self._choice.fitting
        if fitting is None:
            return list(dict.fromkeys(resolve(self._constellation, "message", ref) for ref in ids)), None
        # Only `delete` asks whether archived messages count; what the others apply to says it already.
        return None, replace(fitting, archived=fitting.archived or action != "delete", deleted=True)

    def _read(self, fitting: Filter | None, named: list[str] | None) -> dict[int, Batch | None]:
        select = "SELECT m.rowid, m.agent_id, m.batch_id FROM messages AS m"
        if fitting is not None:
            where, params = fitting.where(self._constellation)
            return self._found(f"{select} WHERE {self._applies} AND {where}", params)
        found: dict[int, Batch | None] = {}
        for id in named or ():
            found |= self._found(f"{select} WHERE m.id = :id AND {self._applies}", {"id": id})
        return found

    def _rest(self, chosen: dict[int, Batch | None]) -> dict[int, Batch | None]:
        """The other messages of the same batches to which the change applies."""
        sql = f"""WITH touched AS (SELECT DISTINCT c.agent_id, c.batch_id FROM json_each(:page) AS p
                                   CROSS JOIN messages AS c ON c.rowid = p.value WHERE c.batch_id IS NOT NULL)
                  SELECT m.rowid, m.agent_id, m.batch_id FROM touched AS t
                  CROSS JOIN messages AS m ON m.agent_id = t.agent_id AND m.batch_id = t.batch_id
                  WHERE {self._applies}"""
        found = self._found(sql, {"page": _page(chosen)})
        return {row: batch for row, batch in found.items() if row not in chosen}

    def _found(self, sql: str, params: dict[str, Any]) -> dict[int, Batch | None]:
        return {
            row: None if batch is None else (agent, batch)
            for row, agent, batch in self._constellation.rows(sql, params)
        }

    def _end(self, direction: str, count: int) -> list[int]:
        sql = f"""SELECT m.rowid FROM json_each(:page) AS p CROSS JOIN messages AS m ON m.rowid = p.value
                  ORDER BY {PLACE} {direction}, m.rowid {direction} LIMIT :count"""
        return [row[0] for row in self._constellation.rows(sql, {"page": self.page, "count": count})]


def _page(rows: Iterable[int]) -> str:
    return f"[{','.join(map(str, rows))}]"


def _glimpse(row: MessageRow) -> Glimpse:
    text = " ".join(row.text[: 4 * _TEXT].split())
    return Glimpse(
        id=row.id,
        agent_name=row.agent_name or str(row.agent_id),
        role=row.role,
        created_at=row.created_at,
        text=text if len(text) <= _TEXT else f"{text[:_TEXT]}…",
    )


def open_batches(constellation: Constellation, batches: set[Batch]) -> Iterator[Batch]:
    """Those of the batches that a running runtime may be working on: the newest of their agent, without an answer."""
    from pattern_cli.messages.records import in_batch
    from pattern_cli.messages.rows import columns, decode

    for agent in {agent for agent, _ in batches}:
        newest = f"""SELECT m.agent_id, m.batch_id FROM messages AS m WHERE m.agent_id = :agent AND NOT {_DELETED}
                     AND m.batch_id IS NOT NULL ORDER BY m.position DESC LIMIT 1"""
        batch = next(constellation.rows(newest, {"agent": agent}), None)
        if batch is None or batch not in batches:
            continue
        sql = f"""SELECT {columns(constellation)} FROM messages AS m
                  WHERE m.agent_id = ? AND m.batch_id = ? AND NOT {_DELETED}"""
        last = max((decode(values, {}) for values in constellation.rows(sql, batch)), key=in_batch)
        if last.role != "assistant" or last.content.calls:
            yield (agent, batch[1])
