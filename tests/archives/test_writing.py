from __future__ import annotations

from pathlib import Path
from typing import Any

from pattern_cli.memory.documents import Document


def test_a_rescued_block_has_one_update_and_the_archived_snapshot(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    done = importing(fresh, build.write_agent(blocks=[build.block(content_preview="I am Ann.\n\n- one")]))
    assert (done.rescued, done.previews_kept) == (1, 0)
    ((snapshot, preview, last, frontier, blob, size, source, active, version),) = content(fresh).rows(
        "SELECT loro_snapshot, content_preview, last_seq, b.frontier, update_blob, byte_size, source, u.is_active,"
        " u.frontier FROM memory_blocks b JOIN memory_block_updates u ON u.block_id = b.id AND u.seq = 1"
    )
    assert (snapshot, preview, last, frontier) == (b"", "I am Ann.\n\n- one", 1, b"\0")
    assert (size, source, active) == (len(blob), "migration", 1)
    document = Document.load(snapshot, [blob])
    assert (document.text("content"), document.version) == (preview, version)


def test_other_blocks_come_as_they_are_without_updates(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    listing = {"schema": {"List": {"item_schema": None, "max_items": None}}}
    blocks = [
        build.block("b1", label="kept", content_preview="1. one", metadata=listing, block_type="log", pinned=True),
        build.block("b2", label="damaged", snapshot=b"no document", content_preview="shown"),
        build.block("b3", label="inactive", is_active=False, char_limit=-1, permission="human"),
    ]
    done = importing(fresh, build.write_agent(blocks=blocks))
    assert (done.rescued, done.previews_kept, done.damaged_documents) == (0, 1, 1)
    rows = content(fresh).rows(
        "SELECT label, loro_snapshot, content_preview, last_seq, frontier, block_type, pinned, is_active, char_limit,"
        " permission FROM memory_blocks ORDER BY label"
    )
    assert rows == [
        ("damaged", b"no document", "shown", 0, b"\0", "core", 0, 1, 5000, "read_write"),
        ("inactive", b"", None, 0, b"\0", "core", 0, 0, -1, "human"),
        ("kept", b"", "1. one", 0, b"\0", "log", 1, 1, 5000, "read_write"),
    ]
    assert content(fresh).rows("SELECT 1 FROM memory_block_updates") == []


def test_text_with_nul_and_every_plane_arrives(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    text = "a\0b \U0001f419 \u202e é"
    importing(
        fresh,
        build.write_agent(
            entries=[build.entry(content=text)],
            blocks=[build.block(content_preview=text)],
            chunks=[build.chunk(build.message(content_preview=text, content_json={"Text": text}))],
        ),
    )
    for sql in (
        "SELECT CAST(content AS BLOB) FROM archival_entries",
        "SELECT CAST(content_preview AS BLOB) FROM messages",
        "SELECT CAST(content_preview AS BLOB) FROM memory_blocks",
    ):
        assert content(fresh).rows(sql) == [text.encode()]
    assert (
        Document.load(b"", content(fresh).rows("SELECT update_blob FROM memory_block_updates")).text("content") == text
    )
