"""The mailbox of agents: what waits to be delivered, and what was (database.md §2.2, §5.10, §7.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.messages.rows import agent_names
from pattern_cli.models.words import ROLES
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_integer, read_json, read_text, read_time, read_word
from pattern_cli.store.ids import resolve

_COLUMNS = (
    "id",
    "target_agent_id",
    "source_agent_id",
    "content",
    "origin_json",
    "metadata_json",
    "priority",
    "created_at",
    "processed_at",
    "content_json",
    "metadata_json_full",
    "batch_id",
    "role",
)
# The columns that came with version 12, and what a row without them counts as.
_LATER = {"content_json": "NULL", "metadata_json_full": "NULL", "batch_id": "NULL", "role": "'user'"}
# What the runtime needs to read a row at all; it reads the others leniently when it delivers.
_NEEDED = ("id:", "target_agent_id:", "source_agent_id:", "content:", "priority:", "created_at:", "processed_at:")


@dataclass(frozen=True, slots=True)
class QueuedRow:
    """A message in an agent's mailbox; it waits as long as `processed_at` is None.

    `sender` says in words who sent it. `unreadable`: the runtime fails at this row, and at all that wait with it.
    """

    id: str
    target_agent_id: str
    agent_name: str | None
    source_agent_id: str | None
    sender: str
    content: str
    priority: int
    created_at: str
    processed_at: str | None
    content_json: Any
    origin_json: Any
    metadata_json: Any
    metadata_json_full: Any
    batch_id: str | None
    role: str
    unreadable: bool
    damage: tuple[str, ...]


class Queue:
    """The mailboxes of an open constellation's agents."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def list(
        self, agent: str | None = None, *, processed: bool = False, limit: int | None = None
    ) -> Iterator[QueuedRow]:
        """What waits, in the order of delivery; with `processed` also what was delivered. `limit` keeps the first.

        Raises NotFoundError or AmbiguousError for the agent, SchemaError before version 5.
        """
        constellation = self._constellation
        constellation.require("queued_messages", since=5)
        with constellation.one_moment():
            agent_id = None if agent is None else resolve(constellation, "agent", agent)
            rows = sorted(self._rows(agent_id, processed), key=_order)
        yield from rows[:limit]

    def waiting(self, agent_id: str) -> tuple[QueuedRow, ...]:
        """What waits for the agent with that id, in the order of delivery."""
        return tuple(sorted(self._rows(agent_id, False), key=_order))

    def _rows(self, agent_id: str | None, processed: bool) -> Iterator[QueuedRow]:
        constellation = self._constellation
        names = agent_names(constellation)
        has_later = constellation.has_column("queued_messages", "content_json")
        columns = ", ".join(_COLUMNS if has_later else (_LATER.get(name, name) for name in _COLUMNS))
        sql = f"""SELECT {columns} FROM queued_messages
                  WHERE (?1 IS NULL OR target_agent_id = ?1) AND (?2 OR processed_at IS NULL) ORDER BY rowid"""
        for values in constellation.rows(sql, (agent_id, processed)):
            yield _decode(values, names)


def _decode(values: tuple[Any, ...], names: dict[str, str]) -> QueuedRow:
    (id, target, source, content, origin, legacy, priority, created, processed, said, metadata, batch_id, role) = values
    damage: Damage = []
    origin = read_json(origin, "origin_json", damage)
    row = {
        "id": read_text(id, "id", damage),
        "target_agent_id": read_text(target, "target_agent_id", damage),
        "source_agent_id": read_text(source, "source_agent_id", damage),
        "content": read_text(content, "content", damage),
        "priority": read_integer(priority, "priority", damage),
        "created_at": read_time(created, "created_at", damage),
        "processed_at": read_time(processed, "processed_at", damage),
        "content_json": read_json(said, "content_json", damage),
        "metadata_json": read_json(legacy, "metadata_json", damage),
        "metadata_json_full": read_json(metadata, "metadata_json_full", damage),
        "batch_id": read_text(batch_id, "batch_id", damage),
        "role": read_word(role, "role", ROLES, damage),
    }
    return QueuedRow(
        **row,
        agent_name=names.get(target),
        sender=_sender(source, origin, names),
        origin_json=origin,
        unreadable=any(problem.startswith(_NEEDED) for problem in damage),
        damage=tuple(damage),
    )


def _sender(source: Any, origin: Any, names: dict[str, str]) -> str:
    """Who sent a message, in words: an agent's name, else the kind of origin and what names it."""
    if source is not None:
        return names.get(source, str(source))
    if not isinstance(origin, dict):
        return ""
    keys = ("name", "handle", "user_id", "session_id", "source_id", "client_id")
    named = next((origin[key] for key in keys if isinstance(origin.get(key), str)), "")
    return f"{origin.get('type', '')} {named}".strip()


def _order(row: QueuedRow) -> tuple[int, int]:
    """The runtime's order: the highest priority first, then the oldest, by instants instead of texts (D8)."""
    try:
        created = times.nanoseconds(row.created_at)
    except (ValueError, TypeError, OverflowError):
        created = 0
    return -row.priority if isinstance(row.priority, int) else 0, created
