"""A block's document from its rows: all of it, or only what the runtime would load (memory.md §4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import IntegrityError
from pattern_cli.memory.documents import Document
from pattern_cli.store.constellation import Constellation


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document and how it came about.

    `active` and `inactive` count update rows; `pending` those active ones that stay invisible because operations
    before them are missing; `damage` names the parts that cannot be read; `checkpoint_used` tells whether a
    checkpoint's snapshot had to be taken in.
    """

    document: Document
    active: int
    inactive: int
    pending: int
    checkpoint_used: bool
    damage: tuple[str, ...]


class Loader:
    """Loads documents from one constellation; knows which tables and columns its schema version has."""

    def __init__(self, constellation: Constellation) -> None:
        self._rows = constellation.rows
        self._updates = constellation.has_table("memory_block_updates")
        self._flagged = self._updates and constellation.has_column("memory_block_updates", "is_active")

    def load(self, block_id: str, snapshot: Any) -> Loaded:
        """The whole document: snapshot and every active update in `seq` order.

        A checkpoint's snapshot is taken in only if updates stay pending without it (architecture.md §4). What cannot
        be read is named in `damage` and left out.
        """
        seqs: list[int] = []
        document = Document.salvage(snapshot, self._active(block_id, seqs))
        damage = [
            f"{'the snapshot' if failure.index is None else f'update {seqs[failure.index]}'}: {failure.reason}"
            for failure in document.failures
        ]
        used = any(document.pending) and self._take_checkpoints(block_id, document, damage)
        pending = sum(document.pending)
        if pending:
            rows = "1 update waits" if pending == 1 else f"{pending} updates wait"
            damage.append(f"{rows} for operations that are stored nowhere, so its text is invisible")
        return Loaded(document, len(seqs), self._inactive(block_id), pending, used, tuple(damage))

    def load_as_runtime(self, block_id: str, snapshot: Any) -> Document:
        """The document as the runtime loads it: behind a checkpoint only later updates, its snapshot ignored.

        "Later" compares the texts of the times, as the runtime does. Raises IntegrityError when a part cannot be
        read, as the runtime fails then.
        """
        newest = "SELECT created_at FROM memory_block_checkpoints WHERE block_id = ? ORDER BY created_at DESC LIMIT 1"
        checkpoint = next((at for (at,) in self._rows(newest, (block_id,))), None)
        return Document.load(snapshot, self._active(block_id, [], checkpoint))

    def load_until(self, block_id: str, snapshot: Any, seq: int) -> Document:
        """The document after the active update `seq`. Raises IntegrityError when a part cannot be read."""
        seqs: list[int] = []
        blobs = list(self._active(block_id, seqs))
        return Document.load(snapshot, [blob for blob, at in zip(blobs, seqs, strict=True) if at <= seq])

    def _active(self, block_id: str, seqs: list[int], after: Any = None) -> Iterator[Any]:
        """The blobs of active updates in order; their sequence numbers go into `seqs`."""
        if not self._updates:
            return
        sql = f"""SELECT seq, update_blob FROM memory_block_updates
                  WHERE block_id = ?1 {"AND is_active = 1" if self._flagged else ""}
                  AND (?2 IS NULL OR created_at > ?2) ORDER BY seq"""
        for seq, blob in self._rows(sql, (block_id, after)):
            seqs.append(seq)
            yield blob

    def _inactive(self, block_id: str) -> int:
        if not self._flagged:
            return 0
        sql = "SELECT count(*) FROM memory_block_updates WHERE block_id = ? AND is_active <> 1"
        return int(next(self._rows(sql, (block_id,)))[0])

    def _take_checkpoints(self, block_id: str, document: Document, damage: list[str]) -> bool:
        sql = "SELECT id, snapshot FROM memory_block_checkpoints WHERE block_id = ? ORDER BY id DESC"
        used = False
        for number, snapshot in self._rows(sql, (block_id,)):
            try:
                document.merge(snapshot)
                used = True
            except IntegrityError as error:
                damage.append(f"checkpoint {number}: {error.message}")
            if not any(document.pending):
                break
        return used
