"""What can be searched: messages, memory blocks, archival entries; conditions on their rows (database.md §2)."""

from __future__ import annotations

from typing import Any, NamedTuple

from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation


class Source(NamedTuple):
    """One kind of content: its table, its full-text table, the columns in it, and the column that dates a row."""

    kind: str
    plural: str
    table: str
    fts: str
    columns: tuple[str, ...]
    dated: str


MESSAGES = Source("message", "messages", "messages", "messages_fts", ("content_preview",), "created_at")
MEMORY = Source(
    "memory", "memory", "memory_blocks", "memory_blocks_fts", ("label", "description", "content_preview"), "updated_at"
)
ARCHIVAL = Source("archival", "archival", "archival_entries", "archival_fts", ("content", "metadata"), "created_at")
SOURCES = {source.plural: source for source in (MESSAGES, MEMORY, ARCHIVAL)}


class Filters(NamedTuple):
    """Which rows count. `role`, `batch` and `source` are columns of messages alone.

    `since` and `until` are unix nanoseconds, both included; a row whose time cannot be read fits neither. They hold
    for `updated_at` of memory blocks, for `created_at` of the others.
    """

    agent_id: str | None = None
    role: str | None = None
    batch: str | None = None
    source: str | None = None
    since: int | None = None
    until: int | None = None
    archived: bool = False
    deleted: bool = False
    inactive: bool = False

    @property
    def of_messages(self) -> tuple[str, ...]:
        """The conditions that only messages can fulfil, by name."""
        return tuple(name for name in ("role", "batch", "source") if getattr(self, name) is not None)

    def where(self, constellation: Constellation, source: Source, row: str = "t") -> tuple[str, list[Any]]:
        """An SQL condition on the rows of a source, whose alias is `row`, and its parameters."""
        parts: list[str] = []
        values: list[Any] = []
        for column, value in (("agent_id", self.agent_id), *self._columns_of_messages(source)):
            if value is not None:
                parts.append(f"{row}.{column} = ?")
                values.append(value)
        parts += [condition.format(row) for condition in self._states(constellation, source)]
        if self.since is not None or self.until is not None:
            _teach_time(constellation)
            instant = f"unix_ns(CAST({row}.{source.dated} AS BLOB))"
            for operator, bound in ((">=", self.since), ("<=", self.until)):
                if bound is not None:
                    parts.append(f"{instant} {operator} ?")
                    values.append(bound)
        return " AND ".join(parts) or "1", values

    def _columns_of_messages(self, source: Source) -> tuple[tuple[str, str | None], ...]:
        if source is not MESSAGES:
            return ()
        return ("role", self.role), ("batch_id", self.batch), ("source", self.source)

    def _states(self, constellation: Constellation, source: Source) -> list[str]:
        """What hides rows, as the runtime reads truth values: any number but zero, and no text."""
        if source is MEMORY:
            return [] if self.inactive else ["ifnull({0}.is_active, 0)"]
        states: list[str] = []
        if source is MESSAGES:
            if not self.archived:
                states.append("NOT ifnull({0}.is_archived, 0)")
            if not self.deleted and constellation.has_column("messages", "is_deleted"):
                states.append("NOT ifnull({0}.is_deleted, 0)")
        return states


def _teach_time(constellation: Constellation) -> None:
    """Make `unix_ns(bytes)` known to SQL: both time forms and any offset compare as instants, not as text (D8)."""
    constellation.connection.create_scalar_function("unix_ns", _unix_ns, 1, deterministic=True)


def _unix_ns(*given: Any) -> int | None:
    (raw,) = given
    try:
        ns = times.nanoseconds((raw or b"").decode("ascii"))
    except ValueError:
        return None
    return ns if -(1 << 63) <= ns < 1 << 63 else None
