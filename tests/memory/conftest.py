"""Loro documents made by tests, and blocks of a copied database rewritten by them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import loro
import pytest

Write = Callable[[Any], None]


def updates_of(*writes: Write) -> list[bytes]:
    """One update per write, all by one peer, each depending on those before it."""
    doc = loro.LoroDoc()
    found = []
    for write in writes:
        before = doc.oplog_vv
        write(doc)
        doc.commit()
        found.append(bytes(doc.export(loro.ExportMode.Updates(before))))
    return found


def snapshot_of(*writes: Write) -> bytes:
    doc = loro.LoroDoc()
    for write in writes:
        write(doc)
    doc.commit()
    return bytes(doc.export(loro.ExportMode.Snapshot()))


@pytest.fixture
def updates() -> Callable[..., list[bytes]]:
    return updates_of


@pytest.fixture
def snapshot() -> Callable[..., bytes]:
    return snapshot_of


@pytest.fixture
def type_text() -> Callable[[str], Write]:
    """A write that appends to the root text."""
    return lambda text: lambda doc: doc.get_text("content").push_str(text)


@pytest.fixture
def run_sql() -> Callable[..., None]:
    """Change a database behind everybody's back: run_sql(path, "UPDATE …", (…))."""

    def run(path: Path, sql: str, params: tuple[Any, ...] = ()) -> None:
        connection = apsw.Connection(str(path))
        connection.execute(sql, params)
        connection.close()

    return run


@pytest.fixture
def put_block(run_sql: Callable[..., None]) -> Callable[..., str]:
    """Add a block with its updates: put_block(path, "label", snapshot=b"", updates=[…], metadata='…')."""

    def put(
        path: Path,
        label: str,
        *,
        snapshot: Any = b"",
        updates: tuple[Any, ...] | list[Any] = (),
        metadata: Any = '{"schema":{"Text":{}}}',
        preview: str | None = None,
        owner: str = "agt_19a6f2c3b40",
        active: bool = True,
    ) -> str:
        id = f"mem_test_{label}"
        run_sql(
            path,
            """INSERT INTO memory_blocks (id, agent_id, label, description, block_type, loro_snapshot, content_preview,
                                          metadata, is_active, created_at, updated_at)
               VALUES (?,?,?,'made by a test','core',?,?,?,?,'2026-01-08T19:02:18+00:00','2026-01-08 19:02:18')""",
            (id, owner, label, snapshot, preview, metadata, active),
        )
        for seq, blob in enumerate(updates, 1):
            run_sql(
                path,
                """INSERT INTO memory_block_updates (block_id, seq, update_blob, byte_size, source, created_at)
                   VALUES (?,?,?,?,'agent',?)""",
                (id, seq, blob, len(blob), f"2026-01-08T19:02:{18 + seq}.5+00:00"),
            )
        return id

    return put
