"""Counts of what a database holds, and what takes its space (`db stats`; database.md §7.9)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import apsw

from pattern_cli.store.constellation import Constellation

CHEAP_BYTES = 256_000_000
TOP_AGENTS = 5
_FLOAT = re.compile(r"\bfloat\s*\[\s*(\d+)\s*\]", re.IGNORECASE)
_CONTENT = re.compile(r"content\s*=\s*['\"]?(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AgentMessages:
    """An agent's messages: `message_count` without tombstones, of which `archived_count` are archived."""

    id: str
    name: str
    message_count: int
    archived_count: int
    deleted_count: int


@dataclass(frozen=True, slots=True)
class TableStats:
    """A table: its rows, and its size in bytes with its indexes; None when sizes were not measured.

    The rows of a full-text table are the documents in its index, those of a vector table its vectors.
    """

    name: str
    rows: int
    size: int | None


@dataclass(frozen=True, slots=True)
class FullTextStats:
    """A full-text index: the rows of the table it is of, and how many of them it holds."""

    name: str
    table: str
    rows: int
    indexed: int


@dataclass(frozen=True, slots=True)
class EmbeddingStats:
    """The runtime's vector table: how many vectors, of how many float32 each (None when undeclared)."""

    rows: int
    dimension: int | None


@dataclass(frozen=True, slots=True)
class DatabaseStats:
    """What a database holds; `size` in bytes, without the log.

    Messages count without tombstones, blocks without inactive ones, updates without undone ones; those left out have
    counts of their own. `embeddings` is None where there is no such table; it needs no extension.
    """

    path: str
    version: int | None
    size: int
    agents: int
    groups: int
    blocks: int
    inactive_blocks: int
    updates: int
    undone_updates: int
    checkpoints: int
    archival_entries: int
    messages: int
    archived_messages: int
    deleted_messages: int
    queued_messages: int
    top_agents: tuple[AgentMessages, ...]
    full_text: tuple[FullTextStats, ...]
    embeddings: EmbeddingStats | None
    tables: tuple[TableStats, ...]


class Stats:
    """Counts of an open constellation of any schema version."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def read(self, top: int = TOP_AGENTS, sizes: bool | None = None) -> DatabaseStats:
        """Count everything; `top` agents with the most messages are named.

        `sizes` measures every table, which reads the whole file; by default up to 256 MB.
        """
        agents = self._messages_per_agent()
        path = self._constellation.path
        size = path.stat().st_size
        return DatabaseStats(
            path=str(path.absolute()),
            version=self._constellation.version,
            size=size,
            agents=self._count("agents"),
            groups=self._count("agent_groups"),
            blocks=self._count("memory_blocks", "is_active <> 0"),
            inactive_blocks=self._count("memory_blocks", "is_active = 0"),
            updates=self._count("memory_block_updates", "is_active <> 0"),
            undone_updates=self._undone(),
            checkpoints=self._count("memory_block_checkpoints"),
            archival_entries=self._count("archival_entries"),
            messages=sum(agent.message_count for agent in agents),
            archived_messages=sum(agent.archived_count for agent in agents),
            deleted_messages=sum(agent.deleted_count for agent in agents),
            queued_messages=self._count("queued_messages", "processed_at IS NULL"),
            top_agents=tuple(self._top(agents, top)),
            full_text=tuple(self._full_text()),
            embeddings=self._embeddings(),
            tables=self._tables(size <= CHEAP_BYTES if sizes is None else sizes),
        )

    def _count(self, table: str, condition: str = "1") -> int:
        """The rows of a table; none where the schema is too old for it. A column it lacks counts as unrestricted."""
        constellation = self._constellation
        if not constellation.has_table(table):
            return 0
        column = condition.split()[0]
        kept = condition if column == "1" or constellation.has_column(table, column) else "1"
        return int(constellation.value(f"SELECT count(*) FROM {_quoted(table)} WHERE {kept}"))

    def _undone(self) -> int:
        if not self._constellation.has_column("memory_block_updates", "is_active"):
            return 0
        return self._count("memory_block_updates", "is_active = 0")

    def _messages_per_agent(self) -> list[AgentMessages]:
        """Every owner of messages and every agent, most messages first; read from indexes alone.

        The archived ones come with tombstones from their index; tombstones are few and are looked at one by one.
        """
        constellation = self._constellation
        total, archived = self._grouped("1"), self._grouped("is_archived <> 0")
        deleted: dict[str, int] = {}
        if constellation.has_column("messages", "is_deleted"):
            deleted = self._grouped("is_deleted <> 0")
            both = self._grouped("is_deleted <> 0 AND is_archived <> 0")
            archived = {agent: number - both.get(agent, 0) for agent, number in archived.items()}
        names = dict(constellation.rows("SELECT id, name FROM agents"))
        agents = [
            AgentMessages(
                id=agent,
                name=names.get(agent, agent),
                message_count=total.get(agent, 0) - deleted.get(agent, 0),
                archived_count=archived.get(agent, 0),
                deleted_count=deleted.get(agent, 0),
            )
            for agent in {**names, **total}
        ]
        return sorted(agents, key=lambda agent: (-agent.message_count, agent.name))

    def _grouped(self, condition: str) -> dict[str, int]:
        index = "idx_messages_archived" if condition.startswith("is_archived") else "idx_messages_agent_position"
        if condition.startswith("is_deleted"):
            index = "idx_messages_deleted"
        known = self._constellation.value("SELECT 1 FROM sqlite_schema WHERE name = ?", (index,))
        hint = f"INDEXED BY {index}" if known else ""
        sql = f"SELECT agent_id, count(*) FROM messages {hint} WHERE {condition} GROUP BY agent_id"
        return dict(self._constellation.rows(sql))

    @staticmethod
    def _top(agents: list[AgentMessages], top: int) -> list[AgentMessages]:
        return agents[: max(top, 0)]

    def _virtual(self, module: str) -> list[tuple[str, str]]:
        sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 ORDER BY name"
        using = re.compile(rf"\bUSING\s+{module}\b", re.IGNORECASE)
        return [(name, text) for name, text in self._constellation.rows(sql) if using.search(text or "")]

    def _full_text(self) -> list[FullTextStats]:
        found = []
        for name, sql in self._virtual("fts5"):
            content = _CONTENT.search(sql)
            table = content.group(1) if content else name
            # The index itself would count the rows of its table (database.md §10, D23).
            found.append(FullTextStats(name, table, self._count(table), self._count(f"{name}_docsize")))
        return found

    def _embeddings(self) -> EmbeddingStats | None:
        """Read from the tables behind the vector table, which need no extension (database.md §2.5)."""
        for name, sql in self._virtual("vec0"):
            if name == "embeddings":
                dimension = _FLOAT.search(sql)
                return EmbeddingStats(self._count(f"{name}_rowids"), int(dimension.group(1)) if dimension else None)
        return None

    def _tables(self, sizes: bool) -> tuple[TableStats, ...]:
        """Every table, the largest first; what lies behind a virtual table belongs to it."""
        counted = {name: f"{name}_docsize" for name, _ in self._virtual("fts5")}
        counted |= {name: f"{name}_rowids" for name, _ in self._virtual("vec0")}
        names = [name for (name,) in self._constellation.rows(_STORED)]
        for name in names:
            if not _owner(name, counted):
                counted[name] = name
        measured = self._sizes(counted) if sizes else None
        tables = [
            TableStats(name, self._count(source), measured.get(name, 0) if measured is not None else None)
            for name, source in counted.items()
        ]
        return tuple(sorted(tables, key=lambda table: (-(table.size or 0), -table.rows, table.name)))

    def _sizes(self, owners: dict[str, str]) -> dict[str, int] | None:
        sql = """SELECT coalesce(s.tbl_name, d.name), sum(d.pgsize) FROM dbstat AS d
                 LEFT JOIN sqlite_schema AS s ON s.name = d.name WHERE d.aggregate = TRUE GROUP BY 1"""
        sizes: Counter[str] = Counter()
        try:
            for name, size in self._constellation.connection.execute(sql):
                sizes[_owner(name, owners) or name] += size
        except apsw.SQLError:
            # A SQLite built without dbstat.
            return None
        return sizes


_STORED = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT GLOB 'sqlite_*'"


def _owner(name: str, virtual: dict[str, str]) -> str | None:
    """The virtual table behind which a table lies."""
    return next((owner for owner, source in virtual.items() if source != owner and name.startswith(f"{owner}_")), None)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
