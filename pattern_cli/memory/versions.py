"""The versions of a block: what its document was after each update (memory.md §4.1 to §4.5).

A version is a set of operations. An update takes the document from the version before it to the one after it; those
that are switched off have a place in the order too, but what follows does not build on them. Where a checkpoint has
put operations into the snapshot, the updates still tell when they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pattern_cli.errors import IntegrityError, NotFoundError
from pattern_cli.memory.contents import snapshot_of
from pattern_cli.memory.documents import Document, RootChange, extent_of
from pattern_cli.memory.extents import Extent
from pattern_cli.memory.sharing import Owners
from pattern_cli.store.constellation import Constellation

_COLUMNS = ("seq", "update_blob", "source", "created_at")


@dataclass(frozen=True, slots=True)
class Update:
    """A stored update; `created_at` as stored.

    `active` is False for one that the runtime's undo has switched off, unless a checkpoint holds what it did.
    """

    seq: int
    blob: bytes
    source: Any
    created_at: Any
    active: bool
    frontier: bytes | None
    extent: Extent


@dataclass(frozen=True, slots=True)
class Applied:
    """What an update did: the encoded versions before and after it, the changes, and the messages it carries.

    `pending`: it waits for operations that are not there, so that nothing of it was visible when it came.
    """

    update: Update
    before: bytes
    after: bytes
    changes: tuple[RootChange, ...]
    messages: tuple[str, ...]
    pending: bool

    @property
    def moved(self) -> bool:
        """Whether it brought any operation that was not there before."""
        return self.before != self.after


class Versions:
    """The versions of one block, read once. Raises IntegrityError when a part of its history cannot be read."""

    def __init__(self, constellation: Constellation, block_id: str) -> None:
        self.name = _name(constellation, block_id)
        snapshot = snapshot_of(constellation, block_id)
        self.updates = tuple(_updates(constellation, block_id, self.name))
        try:
            self._all = Document.load(snapshot, [update.blob for update in self.updates])
            self._base_from = Document.load(snapshot)
            if any(self._all.pending):
                checkpoints = "SELECT snapshot FROM memory_block_checkpoints WHERE block_id = ? ORDER BY id"
                for (blob,) in constellation.rows(checkpoints, (block_id,)):
                    self._all.merge(blob)
                    self._base_from.merge(blob)
        except IntegrityError as error:
            raise IntegrityError(f"{self.name}: {error.message}", error.hint) from None
        self.updates = tuple(self._counted(update) for update in self.updates)
        self.base = self._base_from.version_before(update.extent for update in self.updates)
        self.applied = tuple(self._replay())

    def _counted(self, update: Update) -> Update:
        """An update that is switched off, but whose operations a checkpoint has put into the snapshot, counts."""
        if update.active or not update.extent.spans or not self._base_from.holds(update.extent):
            return update
        # What an active update brought back counts from there on.
        others = [one.extent for one in self.updates if one.active]
        return update if _is_within(update.extent, others) else replace(update, active=True)

    def _replay(self) -> Iterator[Applied]:
        document = self._base_from.at(self.base)
        changes = document.watch()
        before = document.version
        for update in self.updates:
            if not update.active:
                continue
            document.merge(update.blob)
            after = document.version
            yield Applied(
                update=update,
                before=before,
                after=after,
                changes=changes(),
                messages=document.messages_since(before) if after != before else (),
                pending=not document.holds(update.extent),
            )
            before = after

    @property
    def inactive(self) -> tuple[Update, ...]:
        """The updates that are switched off, by `seq`."""
        return tuple(update for update in self.updates if not update.active)

    def found(self, seq: int) -> Applied | None:
        """The active update with that sequence number."""
        return next((one for one in self.applied if one.update.seq == seq), None)

    def at(self, seq: int) -> Document:
        """The document after the update `seq`, 0 for before all of them; also for one that is switched off.

        Raises IntegrityError where that version cannot be rebuilt.
        """
        if seq == 0:
            return self._all.at(self.base)
        if (one := self.found(seq)) is not None:
            return self._all.at(one.after)
        return self.alone(next(update for update in self.inactive if update.seq == seq))

    def document(self, version: bytes) -> Document:
        """The document at an encoded version vector."""
        return self._all.at(version)

    def newest(self) -> Document:
        """The document as it is now, one of its own."""
        return self._all.at(self.applied[-1].after if self.applied else self.base)

    def fits(self, document: Document, update: Update) -> bool:
        """Whether an update builds on nothing that a document lacks."""
        return self._all.holds(update.extent) and not self._all.lacks(document, update.extent)

    def effect(self, update: Update) -> tuple[dict[str, dict[str, Any]], tuple[RootChange, ...]]:
        """The roots that a switched-off update built on, and what it did to them that no older one did."""
        past = self.alone(update)
        older = [one.extent.spans for one in self.updates if one.seq < update.seq]
        brought = {
            peer: (0, max((one[peer][1] for one in older if peer in one), default=0)) for peer in update.extent.spans
        }
        before = past.at(past.version_before([update.extent], kept=Extent(brought)))
        roots = before.roots()
        changes = before.watch()
        before.merge(update.blob)
        return roots, changes()

    def alone(self, update: Update) -> Document:
        """The document after a switched-off update: its stored version, else all that came before it."""
        if update.frontier and self._all.includes(update.frontier):
            return self._all.at(update.frontier)
        before = [one for one in self.updates if one.seq <= update.seq]
        document = self._base_from.at(self.base)
        for one in before:
            document.merge(one.blob)
        if not document.holds(update.extent):
            raise IntegrityError(f"{self.name}: update {update.seq} needs operations that are stored nowhere")
        return document


def _is_within(extent: Extent, others: Iterable[Extent]) -> bool:
    """Whether the others together hold all operations of an update."""
    spans = sorted((peer, span) for other in others for peer, span in other.spans.items() if peer in extent.spans)
    left = dict(extent.spans)
    for peer, (start, end) in spans:
        if start <= left[peer][0] < end:
            left[peer] = (end, left[peer][1])
    return all(start >= end for start, end in left.values())


def _name(constellation: Constellation, block_id: str) -> str:
    row = next(constellation.rows("SELECT agent_id, label FROM memory_blocks WHERE id = ?", (block_id,)), None)
    if row is None:
        raise NotFoundError(f'no block has the id "{block_id}"', "`pattern memory list` shows them")
    return f"{Owners(constellation).of(row[0]).name}/{row[1]}"


def _updates(constellation: Constellation, block_id: str, name: str) -> Iterator[Update]:
    if not constellation.has_table("memory_block_updates"):
        return
    flagged = constellation.has_column("memory_block_updates", "is_active")
    more = "is_active, frontier" if flagged else "1, NULL"
    sql = f"SELECT {', '.join(_COLUMNS)}, {more} FROM memory_block_updates WHERE block_id = ? ORDER BY seq"
    for seq, blob, source, created, active, frontier in constellation.rows(sql, (block_id,)):
        try:
            extent = extent_of(blob)
        except IntegrityError as error:
            raise IntegrityError(
                f"{name}: update {seq} cannot be read: {error.message}", "`pattern memory show` shows what can be read"
            ) from None
        stored = frontier if isinstance(frontier, bytes) and frontier else None
        yield Update(seq, blob, source, created, bool(active), stored, extent)
