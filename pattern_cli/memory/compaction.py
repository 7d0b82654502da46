"""Folding the updates of a block into its snapshot, offline, with proof that the content stays (memory.md §4.2, §5).

Always a full snapshot: an update made from an older version could not be merged into a shallow one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pattern_cli.errors import ConflictError, IntegrityError
from pattern_cli.memory.contents import preview_of, snapshot_of
from pattern_cli.memory.documents import Document
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.schemas import parse
from pattern_cli.memory.sharing import Owners
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_json

Snapshot = Callable[[Constellation], str]


@dataclass(frozen=True, slots=True)
class Compaction:
    """What folding a block's updates would do, or did.

    `updates` counts the rows that go into the snapshot, `undone` those that are switched off and, when compacting, are
    lost; `checkpoints` the checkpoints that go or, after `checkpoint`, exist. `size_before` and `size_after` are the
    bytes of all of the block's snapshots and updates. `snapshot` is the backup made before, if any.
    """

    id: str
    owner: str
    label: str
    updates: int
    undone: int
    checkpoints: int
    size_before: int
    size_after: int
    dry_run: bool
    snapshot: str | None


@dataclass(frozen=True, slots=True)
class _Folded:
    id: str
    owner: str
    label: str
    before: Document
    blob: bytes
    updates: int
    undone: int


class Compactor:
    """Folds updates of the blocks of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._loader = Loader(constellation)

    def plan(self, block_id: str) -> Compaction:
        """What `compact` would do to a block. Raises IntegrityError when its document cannot be read completely."""
        with self._constellation.change(dry_run=True):
            return self._plan(block_id)[0]

    def compact(self, block_id: str, *, force: bool = False, snapshot: Snapshot | None = None) -> Compaction:
        """Put everything into the block's snapshot and delete its update rows; undo and history end here.

        `snapshot` makes a backup first. Raises RefusedError while a runtime has the file open, ConflictError when the
        block was changed meanwhile, IntegrityError when it cannot be read completely; nothing is changed then.
        """
        self._constellation.require_quiet("compacting a block", force)
        expected = self.plan(block_id)
        saved = snapshot(self._constellation) if snapshot else None
        with self._constellation.transaction() as connection:
            self._constellation.require_quiet("compacting a block", force)
            now, folded, gone = self._plan(block_id)
            if now != expected:
                raise ConflictError(f"{expected.owner}/{expected.label} was changed meanwhile", "look again and repeat")
            # Without any update a preview counts as what an archive left: one that an undo made stale must not stay.
            change = "UPDATE memory_blocks SET loro_snapshot = ?, content_preview = ? WHERE id = ?"
            connection.execute(change, (folded.blob, self._rendered(folded), block_id))
            connection.execute("DELETE FROM memory_block_updates WHERE block_id = ?", (block_id,))
            connection.executemany("DELETE FROM memory_block_checkpoints WHERE id = ?", [(id,) for id in gone])
            self._prove(folded)
            return replace(expected, size_after=self._size(block_id), dry_run=False, snapshot=saved)

    def plan_checkpoint(self, block_id: str) -> Compaction:
        """What `checkpoint` would do to a block. Raises IntegrityError when it cannot be read completely."""
        with self._constellation.change(dry_run=True):
            folded = self._fold(block_id)
            length = "SELECT length(loro_snapshot) FROM memory_blocks WHERE id = ?"
            grown = 2 * len(folded.blob) - self._constellation.value(length, (block_id,))
            return self._told(folded, self._checkpoints(block_id) + 1, self._size(block_id) + grown, True)

    def checkpoint(self, block_id: str, *, force: bool = False) -> Compaction:
        """Make a checkpoint: the whole document as the block's snapshot too, so that loading starts there.

        All update rows stay, and with them history and our undo. Raises as `compact`.
        """
        with self._constellation.transaction() as connection:
            self._constellation.require_quiet("a checkpoint", force)
            folded = self._fold(block_id)
            told = self._told(folded, 0, 0, False)
            at = self._before_what_may_come(block_id)
            connection.execute("UPDATE memory_blocks SET loro_snapshot = ? WHERE id = ?", (folded.blob, block_id))
            connection.execute(
                """INSERT INTO memory_block_checkpoints (block_id, snapshot, created_at, updates_consolidated, frontier)
                   VALUES (?, ?, ?, ?, ?)""",
                (block_id, folded.blob, at, folded.updates, folded.before.version),
            )
            self._prove(folded)
            return replace(told, checkpoints=self._checkpoints(block_id), size_after=self._size(block_id))

    def _before_what_may_come(self, block_id: str) -> str:
        """The time of a checkpoint. The runtime skips every update whose time, as a text, is not after it (M17).

        It must skip nothing that comes from now on, also where a clock was wrong once, and nothing that it can redo.
        """
        sql = """SELECT max(created_at) FILTER (WHERE is_active = 1), min(created_at) FILTER (WHERE is_active <> 1)
                 FROM memory_block_updates WHERE block_id = ?"""
        ((newest, undone),) = self._constellation.rows(sql, (block_id,))
        now = times.now_column()
        at = str(min(newest or now, now))
        return at if undone is None or at < undone else times.column_time(times.nanoseconds(undone) - 1)

    def _checkpoints(self, block_id: str) -> int:
        count = "SELECT count(*) FROM memory_block_checkpoints WHERE block_id = ?"
        return int(self._constellation.value(count, (block_id,)))

    def _plan(self, block_id: str) -> tuple[Compaction, _Folded, list[int]]:
        """What compacting would do, the folded document, and the checkpoints that go."""
        folded = self._fold(block_id)
        gone = self._covered(folded)
        return self._told(folded, len(gone), self._kept_size(block_id, gone) + len(folded.blob), True), folded, gone

    def _fold(self, block_id: str) -> _Folded:
        sql = "SELECT agent_id, label FROM memory_blocks WHERE id = ?"
        ((owner_id, label),) = list(self._constellation.rows(sql, (block_id,)))
        owner = Owners(self._constellation).of(owner_id).name
        loaded = self._loader.load(block_id, snapshot_of(self._constellation, block_id))
        if loaded.damage:
            raise IntegrityError(
                f"{owner}/{label} cannot be folded: {loaded.damage[0]}", "an edit may heal it; `pattern memory show`"
            )
        # Nobody may have looked into it: that would leave empty roots in the snapshot.
        blob = loaded.document.snapshot()
        return _Folded(block_id, owner, label, loaded.document, blob, loaded.active, loaded.inactive)

    def _rendered(self, folded: _Folded) -> str | None:
        stored = "SELECT metadata, content_preview FROM memory_blocks WHERE id = ?"
        ((metadata, preview),) = list(self._constellation.rows(stored, (folded.id,)))
        if folded.updates + folded.undone == 0:
            return str(preview) if preview else None
        schema, _ = parse(read_json(metadata, "metadata", []))
        return preview_of(schema, folded.before) or None

    def _told(self, folded: _Folded, checkpoints: int, size_after: int, dry_run: bool) -> Compaction:
        return Compaction(
            id=folded.id,
            owner=folded.owner,
            label=folded.label,
            updates=folded.updates,
            undone=folded.undone,
            checkpoints=checkpoints,
            size_before=self._size(folded.id),
            size_after=size_after,
            dry_run=dry_run,
            snapshot=None,
        )

    def _covered(self, folded: _Folded) -> list[int]:
        """The checkpoints that hold nothing beyond the document."""
        sql = "SELECT id, snapshot FROM memory_block_checkpoints WHERE block_id = ?"
        return [id for id, blob in self._constellation.rows(sql, (folded.id,)) if _is_in(blob, folded.before)]

    def _kept_size(self, block_id: str, gone: list[int]) -> int:
        sql = "SELECT id, length(snapshot) FROM memory_block_checkpoints WHERE block_id = ?"
        return sum(size for id, size in self._constellation.rows(sql, (block_id,)) if id not in gone)

    def _size(self, block_id: str) -> int:
        sql = """SELECT (SELECT length(loro_snapshot) FROM memory_blocks WHERE id = ?1)
                 + (SELECT coalesce(sum(length(update_blob)), 0) FROM memory_block_updates WHERE block_id = ?1)
                 + (SELECT coalesce(sum(length(snapshot)), 0) FROM memory_block_checkpoints WHERE block_id = ?1)"""
        return int(self._constellation.value(sql, (block_id,)))

    def _prove(self, folded: _Folded) -> None:
        """Raise IntegrityError unless both ways of loading give the document as it was before."""
        snapshot = snapshot_of(self._constellation, folded.id)
        ours = self._loader.load(folded.id, snapshot).document
        seen = self._loader.load_as_runtime(folded.id, snapshot)
        for document in (ours, seen):
            if not document.same_version(folded.before) or document.roots() != folded.before.roots():
                raise IntegrityError(f"{folded.owner}/{folded.label} would not be the same; nothing was changed")


def _is_in(blob: Any, document: Document) -> bool:
    try:
        return document.includes(Document.load(blob).version)
    except IntegrityError:
        return False
