"""Messages of an archive as rows, streamed: ids, batches and metadata get their new values on the way.

The plan draws the same rows as the import and only counts them, so both find the same faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apsw

from pattern_cli.archives import fields
from pattern_cli.archives.archive import Archive
from pattern_cli.archives.car import Progress
from pattern_cli.archives.fields import RecordError
from pattern_cli.archives.messages import Message
from pattern_cli.archives.placement import Placement
from pattern_cli.archives.plans import Conflict, Policy
from pattern_cli.archives.rows import JsonColumns, Row
from pattern_cli.errors import ConflictError
from pattern_cli.messages.batches import Place, SameBatches, scratch
from pattern_cli.store.identity import Identity, fresh_ids


class NewIds:
    """Gives every message a new id."""

    def __init__(self) -> None:
        self._fresh = fresh_ids("msg_")

    def new(self, archived: str) -> str | None:
        """The id for a message, None to leave it out."""
        return next(self._fresh)

    def written(self) -> None:
        """Hear that the messages with all ids given so far are in the target."""

    @property
    def repeated(self) -> int:
        """How many ids are new ones because the archive has them twice; none where every id is new."""
        return 0

    def conflicts(self) -> list[Conflict]:
        """What the target had already; nothing where every id is new."""
        return []


def message_rows(
    archive: Archive,
    placement: Placement,
    ids: NewIds,
    batches: SameBatches,
    columns: JsonColumns,
    progress: Progress | None = None,
) -> Iterator[list[Row]]:
    """Rows of `messages` for all agents that come, chunk by chunk; who asks for the next has written the one before.

    `progress` gets bytes of the archive. Raises IntegrityError naming chunk, message and key.
    """
    for part, agent in zip(archive.structure.agents, placement.agents, strict=True):
        for link in () if agent.skipped else part.chunks:
            messages = archive.messages(link)
            try:
                yield list(_rows(messages, agent.id, placement.identity, ids.new, batches.new, columns.required))
            except RecordError as error:
                wrong = next(n for n, message in enumerate(messages, 1) if not fields.passes(message[7], fields.moment))
                raise archive.failure(link, "the message chunk", f"message {wrong}: created_at {error}") from None
            ids.written()
            batches.written()
            if progress:
                progress(archive.bytes_read, archive.car.size)


def _rows(
    messages: Iterable[Message],
    agent: str,
    identity: Identity,
    new_id: Callable[[str], str | None],
    new_batch: Callable[[str], str],
    json: Callable[[Any], str],
) -> Iterator[Row]:
    changes, moment = identity.changes, fields.moment
    for (
        archived, role, source, _, batch, position, batch_type, created_at,
        is_deleted, is_archived, content, preview, metadata, sequence,
    ) in messages:  # fmt: skip
        id = new_id(archived)
        if id is None:
            continue
        if changes and metadata is not None:
            metadata = identity.source_metadata(metadata)
        yield (
            id,
            agent,
            position,
            None if batch is None else new_batch(batch),
            sequence,
            role,
            json(content),
            preview,
            batch_type,
            source,
            None if metadata is None else json(metadata),
            is_archived,
            moment(created_at),
            is_deleted,
        )


def places(archive: Archive, placement: Placement) -> Iterator[Place]:
    """Batch id, position and time of every message that comes; an extra look that is no progress."""
    read = archive.bytes_read
    for part, agent in zip(archive.structure.agents, placement.agents, strict=True):
        for link in () if agent.skipped else part.chunks:
            for message in archive.messages(link):
                if message[4] is not None:
                    yield message[4], message[5], fields.moment(message[7])
    archive.bytes_read = read


class KeptIds(NewIds):
    """Keeps the archived ids and applies the policy to those that the target has already.

    `replaced` are agents whose messages are deleted first. When `writing`, rows are deleted for `replace` and `fail`
    raises ConflictError. An id that the archive holds twice becomes a new one.
    """

    def __init__(self, target: apsw.Connection, policy: Policy, replaced: set[str], *, writing: bool) -> None:
        super().__init__()
        self._repeated = 0
        self._count = 0
        self._first = ""
        self._target = target
        self._policy = policy
        self._replaced = replaced
        self._unwritten: set[str] = set()
        # What was written can be looked up in the target, what is only planned cannot.
        self._planned = None if writing else scratch("CREATE TABLE kept(id TEXT PRIMARY KEY) WITHOUT ROWID")
        # Every row above it is one of this import.
        self._newest = self._value("SELECT coalesce(max(rowid), 0) FROM messages")

    @property
    def repeated(self) -> int:
        """How many ids are new ones because the archive has them twice."""
        return self._repeated

    def new(self, archived: str) -> str | None:
        """The id for a message, None to leave it out."""
        rowid = self._existing(archived)
        if rowid is None:
            return archived if self._is_first(archived) else self._again()
        if self._planned is None and rowid > self._newest:
            return self._again()
        if self._policy in ("skip", "rename"):
            self._note(archived)
            return None if self._policy == "skip" else next(self._fresh)
        if not self._is_first(archived):
            return self._again()
        self._note(archived)
        if self._planned is None:
            self._give_way(archived, rowid)
        return archived

    def written(self) -> None:
        """Hear that the messages with all ids given so far are in the target."""
        self._unwritten.clear()

    def _existing(self, archived: str) -> int | None:
        """The row number of that id in the target, unless it is about to be deleted with its agent."""
        row: Any = self._target.execute("SELECT rowid, agent_id FROM messages WHERE id = ?", (archived,)).fetchone()
        return None if row is None or (self._planned and row[1] in self._replaced) else int(row[0])

    def _is_first(self, archived: str) -> bool:
        """Whether no other message got that id; it is taken from now on."""
        if self._planned:
            self._planned.execute("INSERT OR IGNORE INTO kept VALUES (?)", (archived,))
            return self._planned.changes() > 0
        if archived in self._unwritten:
            return False
        self._unwritten.add(archived)
        return True

    def _again(self) -> str:
        self._repeated += 1
        return next(self._fresh)

    def _note(self, archived: str) -> None:
        self._count += 1
        self._first = self._first or archived

    def _give_way(self, archived: str, rowid: int) -> None:
        if self._policy == "fail":
            raise ConflictError(
                f"message {archived} exists already",
                "import without --keep-ids, or with --on-conflict rename, skip or replace",
            )
        self._target.execute("DELETE FROM messages WHERE id = ?", (archived,))
        if rowid == self._newest:
            # SQLite gives the number of a deleted last row to the next one.
            self._newest = self._value("SELECT coalesce(max(rowid), 0) FROM messages WHERE rowid < ?", rowid)

    def conflicts(self) -> list[Conflict]:
        """The messages that the target had already, counted together."""
        if not self._count:
            return []
        return [Conflict("message", self._first, "id", self._first, self._policy, count=self._count)]

    def _value(self, sql: str, *params: int) -> int:
        value: Any = self._target.execute(sql, params).fetchall()[0][0]
        return int(value)
