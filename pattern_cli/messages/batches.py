"""New batch ids for messages that come in or are copied: one map for an archive or an agent (design: import.md, Ids).

A batch keeps its milliseconds and gets a sequence number that is free in the target. An id that is no snowflake (the
runtime's own imports make such, and cannot read them back) becomes its first message's position.

Nearly every id maps by computing: the next sequence number, which nobody has. Only exceptions are written down, in a
scratch file, so memory does not grow with the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import apsw

from pattern_cli.errors import FailureError
from pattern_cli.store import snowflake, times

# (batch id, position, created_at as column text) of one message.
Place = tuple[str, str, str]

_SEQUENCES = 1 << 16
_LARGEST = (1 << 63) - 1
_RECENT = 4096
# As bytes, because a damaged id may be no UTF-8.
_SPANS = """SELECT CAST(id AS BLOB), CAST((SELECT min(batch_id) FROM messages WHERE agent_id = agents.id) AS BLOB),
                   CAST((SELECT max(batch_id) FROM messages WHERE agent_id = agents.id) AS BLOB) FROM agents"""
_WAS_THERE = "SELECT 1 FROM messages WHERE agent_id = CAST(? AS TEXT) AND batch_id = ? AND rowid <= ?"
_WAS_QUEUED = "SELECT 1 FROM queued_messages WHERE batch_id = ?"
_IS_THERE = """SELECT 1 FROM agents CROSS JOIN messages INDEXED BY idx_messages_agent_batch
               ON messages.agent_id = agents.id AND messages.batch_id = ?"""


class SameBatches:
    """Leaves batch ids as they are."""

    def new(self, old: str) -> str:
        """The batch id that takes the place of `old`."""
        return old

    def written(self) -> None:
        """Hear that the messages with all ids given so far are in the target."""


class Batches(SameBatches):
    """Maps batch ids while the messages are written; a context manager that frees its scratch file.

    `places` goes through all messages of the archive when an id that is no snowflake turns up. `keep` leaves ids that
    are free in the target as they are.
    """

    def __init__(self, target: apsw.Connection, places: Callable[[], Iterable[Place]], *, keep: bool = False) -> None:
        self._target = target
        self._places = places
        self._keep = keep
        self._newest: Any = _value(target, "SELECT coalesce(max(rowid), 0) FROM messages")
        self._spans: list[Any] = [span for span in target.execute(_SPANS).fetchall() if span[1] is not None]
        self._queued = bool(_value(target, "SELECT EXISTS (SELECT 1 FROM queued_messages WHERE batch_id NOT NULL)"))
        self._exceptions = 0
        self._latest = ("", "")
        self._unwritten: set[str] = set()
        self._have_first = False
        self._scratch = scratch(
            """CREATE TABLE batches(old TEXT PRIMARY KEY, new TEXT UNIQUE) WITHOUT ROWID;
               CREATE TABLE first(old TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID"""
        )

    def new(self, old: str) -> str:
        """The batch id that takes the place of `old`."""
        # The messages of a batch mostly follow each other.
        if old != self._latest[0]:
            self._latest = (old, self._mapped(old))
        return self._latest[1]

    def written(self) -> None:
        """Hear that the messages with all ids given so far are in the target."""
        self._unwritten.clear()

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, *problem: object) -> None:
        self._scratch.close()

    def _mapped(self, old: str) -> str:
        usual = self._usual(old)
        if usual is not None and not self._was_there(usual) and not (self._exceptions and self._is_exception(usual)):
            self._unwritten.add(usual)
            return usual
        stored = _value(self._scratch, "SELECT new FROM batches WHERE old = ?", (old,))
        return str(stored) if stored is not None else self._except(old)

    def _usual(self, old: str) -> str | None:
        """What an id becomes as long as nobody else has it; no two ids become the same."""
        if self._keep:
            return old
        number = number_of(old)
        # Another spelling of the same number would become the same.
        return None if number is None or str(number) != old else str(_following(number))

    def _except(self, old: str) -> str:
        number = number_of(old)
        # A position is nobody's batch id yet, an id stays in use elsewhere.
        number = self._first(old) if number is None else _following(number)
        for _ in range(_SEQUENCES):
            new = str(number)
            if not self._is_there(new) and not self._is_exception(new):
                self._scratch.execute("INSERT INTO batches VALUES (?, ?)", (old, new))
                self._exceptions += 1
                return new
            number = _following(number)
        raise FailureError(f"all batch ids of the millisecond of {number} are taken")

    def _was_there(self, batch: str) -> bool:
        """Whether the target had the id before this import."""
        stored = batch.encode()
        for agent, first, last in self._spans:
            if first <= stored <= last and _value(self._target, _WAS_THERE, (agent, batch, self._newest)):
                return True
        return self._queued and _value(self._target, _WAS_QUEUED, (batch,)) is not None

    def _is_there(self, batch: str) -> bool:
        """Whether the target has the id by now."""
        return batch in self._unwritten or any(
            _value(self._target, sql, (batch,)) is not None for sql in (_IS_THERE, _WAS_QUEUED)
        )

    def _is_exception(self, new: str) -> bool:
        return _value(self._scratch, "SELECT 1 FROM batches WHERE new = ?", (new,)) is not None

    def _first(self, old: str) -> int:
        if not self._have_first:
            self._have_first = True
            self._scratch.executemany(
                """INSERT INTO first VALUES (?, ?)
                   ON CONFLICT(old) DO UPDATE SET number = min(number, excluded.number)""",
                ((batch, _start(*rest)) for batch, *rest in self._places() if number_of(batch) is None),
            )
        number = _value(self._scratch, "SELECT number FROM first WHERE old = ?", (old,))
        return snowflake.make(times.now_ns() // 1_000_000) if number is None else int(number)


class BatchCount(SameBatches):
    """Counts the batches of the messages that come, on their way to `batches`, without keeping them in memory.

    `unreadable` counts those whose id is no snowflake afterwards.
    """

    def __init__(self, batches: SameBatches) -> None:
        self.unreadable = 0
        self._batches = batches
        self._scratch = scratch("CREATE TABLE batches(id TEXT PRIMARY KEY) WITHOUT ROWID")
        self._recent: dict[str, str] = {}

    def new(self, old: str) -> str:
        """The batch id that takes the place of `old`."""
        new = self._recent.get(old)
        if new is None:
            if len(self._recent) >= _RECENT:
                self._recent.clear()
            new = self._recent[old] = self._batches.new(old)
            self._scratch.execute("INSERT OR IGNORE INTO batches VALUES (?)", (new,))
            if self._scratch.changes() and number_of(new) is None:
                self.unreadable += 1
        return new

    def written(self) -> None:
        """Hear that the messages with all ids given so far are in the target."""
        self._batches.written()

    def finish(self) -> int:
        """The number of different ids."""
        count = int(_value(self._scratch, "SELECT count(*) FROM batches"))
        self._scratch.close()
        return count


def number_of(batch_id: str) -> int | None:
    """The number in a batch id; None when it is no snowflake that a table can count with."""
    try:
        number = snowflake.parse(batch_id)
    except ValueError:
        return None
    return number if number <= _LARGEST else None


def _following(number: int) -> int:
    return number - number % _SEQUENCES + (number + 1) % _SEQUENCES


def _start(position: str, created_at: str) -> int:
    number = number_of(position)
    return snowflake.make(times.nanoseconds(created_at) // 1_000_000) if number is None else number


def scratch(tables: str) -> apsw.Connection:
    """A private database outside the memory of this process: a large archive has millions of ids."""
    connection = apsw.Connection("")
    connection.execute(f"PRAGMA journal_mode = OFF; {tables}; BEGIN").fetchall()
    return connection


def _value(connection: apsw.Connection, sql: str, params: tuple[Any, ...] = ()) -> Any:
    row = connection.execute(sql, params).fetchone()
    return None if row is None else row[0]
