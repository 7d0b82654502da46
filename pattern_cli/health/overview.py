"""The first screen's facts: where the constellation is, what is in it, who uses it (screens.md)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.agents.service import NEWEST_POSITION
from pattern_cli.models.words import AGENT_STATUSES
from pattern_cli.store import snowflake, versions
from pattern_cli.store.constellation import Constellation, describe
from pattern_cli.store.opening import side

DAYS = 14
FULL_SHARE = 0.9
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """A group in one line: its pattern and how many members it has."""

    name: str
    pattern_type: str
    member_count: int


@dataclass(frozen=True, slots=True)
class FullBlock:
    """A block that uses more than nine tenths of its limit, in characters."""

    owner: str
    label: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What `pattern` alone shows; sizes in bytes, `messages_per_day` for the last 14 days, oldest first."""

    path: str
    size: int
    version: int | None
    health: str
    holders: tuple[str, ...]
    last_message: str | None
    agents: dict[str, int]
    groups: tuple[GroupSummary, ...]
    block_count: int
    full_blocks: tuple[FullBlock, ...]
    archival_count: int
    message_count: int
    messages_per_day: tuple[int, ...]
    last_backup: str | None


def overview(constellation: Constellation) -> Overview:
    """Read the first screen's facts; nothing here needs more than index look-ups and the blocks' documents.

    "healthy" means: it opens, the ledger matches, the schema is known. It is no integrity check.
    """
    value = constellation.value
    newest = [p for (p,) in constellation.rows(f"SELECT {NEWEST_POSITION} FROM agents") if p]
    times = [t for t in map(snowflake.rfc3339z_of, newest) if t]
    return Overview(
        path=str(constellation.path),
        size=sum(_size(constellation, suffix) for suffix in ("", "-wal")),
        version=constellation.version,
        health=_health(constellation),
        holders=tuple(describe(h) for h in constellation.holders() if not h.is_ours),
        last_message=max(times, default=None),
        agents=_agents(constellation),
        groups=tuple(GroupSummary(*row) for row in constellation.rows(_GROUPS)),
        block_count=value("SELECT count(*) FROM memory_blocks WHERE is_active = 1"),
        full_blocks=tuple(_full(constellation)),
        archival_count=value("SELECT count(*) FROM archival_entries"),
        message_count=value(f"SELECT count(*) FROM messages WHERE {_kept(constellation)}"),
        messages_per_day=_per_day(constellation),
        last_backup=_last_backup(constellation),
    )


_GROUPS = """SELECT name, pattern_type, (SELECT count(*) FROM group_members WHERE group_id = id)
             FROM agent_groups ORDER BY name"""


def _agents(constellation: Constellation) -> dict[str, int]:
    """How many agents have each status: the known ones in their order, then the others as they are stored."""
    found = Counter(str(status) for (status,) in constellation.rows("SELECT status FROM agents ORDER BY status"))
    return {status: found[status] for status in (*AGENT_STATUSES, *found) if found[status]}


def _kept(constellation: Constellation) -> str:
    return "is_deleted = 0" if constellation.has_column("messages", "is_deleted") else "1"


def _size(constellation: Constellation, suffix: str) -> int:
    try:
        return side(constellation.path, suffix).stat().st_size
    except OSError:
        return 0


def _health(constellation: Constellation) -> str:
    from pattern_cli.store import ledger

    standing = ledger.standing(constellation)
    if standing.migratable:
        return f"needs migration to {versions.NEWEST:04d}"
    return standing.problem.message if standing.problem else "healthy"


def _full(constellation: Constellation) -> Iterator[FullBlock]:
    from pattern_cli.memory.blocks import Blocks

    for row in Blocks(constellation).list():
        limit = row.char_limit
        if isinstance(limit, int) and limit > 0 and row.used is not None and row.used > FULL_SHARE * limit:
            yield FullBlock(row.owner, row.label, row.used, limit)


def _per_day(constellation: Constellation) -> tuple[int, ...]:
    """Messages of each of the last days, from positions: their index makes this independent of older ones."""
    now = int(time.time() * 1000)
    today = now - now % _DAY_MS
    first = today - (DAYS - 1) * _DAY_MS
    counts = [0] * DAYS
    sql = f"""SELECT position FROM messages INDEXED BY idx_messages_agent_position
              WHERE agent_id = ? AND position >= ? AND position < ? AND {_kept(constellation)}"""
    low, high = str(snowflake.make(first)), str(snowflake.make(today + _DAY_MS))
    agents = [row[0] for row in constellation.rows("SELECT id FROM agents")]
    for agent in agents:
        for (position,) in constellation.rows(sql, (agent, low, high)):
            day = _day(position, first)
            if day is not None:
                counts[day] += 1
    return tuple(counts)


def _day(position: Any, first: int) -> int | None:
    try:
        day = (snowflake.milliseconds(snowflake.parse(position)) - first) // _DAY_MS
    except (ValueError, TypeError):
        return None
    return day if 0 <= day < DAYS else None


def _last_backup(constellation: Constellation) -> str | None:
    from pattern_cli.backups.catalog import newest

    return newest(constellation.path)
