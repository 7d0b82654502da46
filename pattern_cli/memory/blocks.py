"""Memory blocks as rows (database.md §2.2 memory_blocks; memory.md §1)."""

from __future__ import annotations

from pattern_cli.memory.documents import Document
from pattern_cli.store.constellation import Constellation


def load(constellation: Constellation, block_id: str) -> Document:
    """The document of a block: its snapshot and its active updates in `seq` order.

    Raises IntegrityError when a part cannot be read.
    """
    snapshot = constellation.value("SELECT loro_snapshot FROM memory_blocks WHERE id = ?", (block_id,), b"")
    updates: list[bytes] = []
    if constellation.has_table("memory_block_updates"):
        active = "is_active <> 0" if constellation.has_column("memory_block_updates", "is_active") else "1"
        sql = f"SELECT update_blob FROM memory_block_updates WHERE block_id = ? AND {active} ORDER BY seq"
        updates = [blob for (blob,) in constellation.rows(sql, (block_id,))]
    return Document.load(snapshot, updates)


def contents_of(constellation: Constellation, block_id: str) -> tuple[str, tuple[str, ...]]:
    """The whole text of a block, without viewport and limits, and remarks on what is missing in it."""
    document = load(constellation, block_id)
    return document.text("content"), ()
