"""New update rows of a block: worked out without the write lock, stored under it (memory.md §4.7, §5).

Every row is exported from the last version that the runtime is known to have, so that it sees the change at its next
access and every earlier one of ours that it missed. Loaded as the runtime does, the rows must give what was meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pattern_cli.errors import IntegrityError
from pattern_cli.memory.contents import snapshot_of
from pattern_cli.memory.documents import Document, covers, extent_of, joined
from pattern_cli.memory.loading import Loader
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation

SOURCE = "manual"
_READ_BACK = "would not be read back as it was written; nothing was changed"
_HINT = "`pattern memory show` names what is damaged"


@dataclass(frozen=True, slots=True)
class Row:
    """A new update row: what the runtime may lack, and the encoded version vector after it."""

    blob: bytes
    version: bytes


@dataclass(slots=True)
class Additions:
    """The new rows of a block whose document is being changed; `name` is the block's in errors."""

    constellation: Constellation
    block_id: str
    name: str
    document: Document
    rows: list[Row] = field(default_factory=list)
    _seen: Document | None = None
    _base: bytes = b""

    def add(self) -> None:
        """A row with what the document holds now beyond the runtime's version. Raises IntegrityError."""
        if self._seen is None:
            self._seen, self._base = _runtime(self.constellation, self.block_id)
        blob = self.document.updates_since(self._base)
        self._seen.merge(blob)
        self.rows.append(Row(blob, self.document.version))

    def prove(self) -> None:
        """Raise IntegrityError unless the runtime's way of loading the block gives the document that was meant."""
        if self._seen is not None and not self._seen.same_version(self.document):
            raise IntegrityError(f"{self.name} {_READ_BACK}", _HINT)


def stamp(constellation: Constellation, block_id: str, through: str | None) -> tuple[Any, ...]:
    """Everything in the database that a change of a block is decided on; equal stamps mean that none of it changed.

    Update rows are never rewritten, only switched on and off, added and removed. `through` as in `Terms`.
    """
    block = """SELECT agent_id, label, permission, char_limit, is_active, metadata, content_preview, last_seq,
               loro_snapshot FROM memory_blocks WHERE id = ?"""
    updates = """SELECT id, seq, is_active, source, frontier, length(update_blob) FROM memory_block_updates
                 WHERE block_id = ? ORDER BY id"""
    checkpoints = "SELECT id, created_at, length(snapshot) FROM memory_block_checkpoints WHERE block_id = ? ORDER BY id"
    share = "SELECT permission FROM shared_block_agents WHERE block_id = ? AND agent_id = ?"
    found = [list(constellation.rows(sql, (block_id,))) for sql in (block, updates, checkpoints)]
    return (*found, list(constellation.rows(share, (block_id, through))))


def store(
    constellation: Constellation, block_id: str, name: str, rows: Sequence[Row], preview: str | None
) -> tuple[list[int], str]:
    """Store new rows and the preview inside a transaction; returns their sequence numbers and the time, as stored."""
    now = times.now_column()
    created = _after_checkpoints(constellation, block_id, name, now)
    # One statement: with each one the full-text index takes in the whole preview anew.
    last = """UPDATE memory_blocks SET updated_at = ?2, content_preview = ?3, last_seq = ?4 + max(last_seq,
              (SELECT coalesce(max(seq), 0) FROM memory_block_updates WHERE block_id = ?1))
              WHERE id = ?1 RETURNING last_seq"""
    insert = """INSERT INTO memory_block_updates
                (block_id, seq, update_blob, byte_size, source, frontier, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"""
    ((newest,),) = list(constellation.rows(last, (block_id, now, preview, len(rows))))
    seqs = [newest - len(rows) + number for number in range(1, len(rows) + 1)]
    for seq, row in zip(seqs, rows, strict=True):
        values = (block_id, seq, row.blob, len(row.blob), SOURCE, row.version, created)
        list(constellation.rows(insert, values))
    return seqs, now


def _runtime(constellation: Constellation, block_id: str) -> tuple[Document, bytes]:
    """The document as the runtime loads it, and the newest version that it surely has (memory.md §4.7).

    That is the version of the newest agent's row, else that of the snapshot. An agent's row that waits for missing
    operations, or that hides behind a checkpoint, tells no such version.
    """
    snapshot = snapshot_of(constellation, block_id)
    loader = Loader(constellation)
    seen = loader.load_as_runtime(block_id, snapshot)
    base = Document.load(snapshot)
    sql = """SELECT seq, frontier FROM memory_block_updates
             WHERE block_id = ? AND is_active = 1 AND source = 'agent' ORDER BY seq DESC LIMIT 1"""
    newest = next(constellation.rows(sql, (block_id,)), None)
    if newest is None or any(seen.pending):
        return seen, base.version
    version = newest[1] or loader.load_until(block_id, snapshot, newest[0]).version
    if not seen.includes(version):
        return seen, base.version
    if not covers(version, base.extent()):
        # A snapshot that an import put under the rows: what only it holds is not ours to repeat.
        blobs = constellation.rows("SELECT update_blob FROM memory_block_updates WHERE block_id = ?", (block_id,))
        version = joined(version, base.version_before(extent_of(blob) for (blob,) in blobs))
    return seen, version


def _after_checkpoints(constellation: Constellation, block_id: str, name: str, now: str) -> str:
    """A time at which the runtime does not take a row for one that a checkpoint holds already (M17)."""
    newest = "SELECT max(created_at) FROM memory_block_checkpoints WHERE block_id = ?"
    checkpoint = constellation.value(newest, (block_id,))
    if not isinstance(checkpoint, str) or now > checkpoint:
        return now
    later = times.column_time(times.nanoseconds(checkpoint) + 1)
    if later <= checkpoint:
        raise IntegrityError(f"{name} {_READ_BACK}", _HINT)
    return later
