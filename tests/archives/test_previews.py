from __future__ import annotations

from typing import Any

import loro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.archives import dagcbor, previews
from pattern_cli.archives.records import BlockRecord
from pattern_cli.memory.documents import Document, empty_snapshot

VIEWPORT = {"schema": {"Text": {"viewport": {"start_line": 1, "display_lines": 2}}}}
LIST = {"schema": {"List": {"item_schema": None, "max_items": None}}}
COMPOSITE = {"schema": {"Composite": {"sections": [{"name": "notes", "schema": {"Text": {}}}]}}}


@pytest.fixture
def record(build: Any) -> Any:
    def make(preview: str | None, metadata: Any = None) -> BlockRecord:
        link = build.block(content_preview=preview, metadata=metadata)
        return BlockRecord.of(dagcbor.decode(build.blocks[link.cid]))

    return make


def _written(write: Any) -> bytes:
    doc = loro.LoroDoc()
    write(doc)
    doc.commit()
    return bytes(doc.export(loro.ExportMode.Snapshot()))


TEXT = _written(lambda doc: doc.get_text("content").insert(0, "hello"))
ITEMS = _written(lambda doc: doc.get_list("items").push("one"))


@pytest.mark.parametrize(
    ("preview", "metadata", "snapshot", "verdict"),
    [
        ("hello", None, b"", "rescued"),
        ("hello", {"schema": {"Text": {}}}, empty_snapshot(), "rescued"),
        ("hello", {"schema": "Text"}, b"", "rescued"),
        ("hello", {"other": 1}, b"", "rescued"),
        ("hello", VIEWPORT, b"", "kept"),
        ("1. one", LIST, b"", "kept"),
        ("1. one", LIST, ITEMS, "same"),
        ("1. two", LIST, ITEMS, "kept"),
        ("=== notes ===", COMPOSITE, b"", "same"),
        ("=== notes ===\nlost", COMPOSITE, b"", "kept"),
        ("hello", None, TEXT, "same"),
        ("hello, edited", None, TEXT, "kept"),
        ("[Showing lines 1-1 of 1]\nhello", VIEWPORT, TEXT, "same"),
        ("hello", None, ITEMS, "kept"),
        (None, None, b"", "same"),
        ("", None, b"", "same"),
        (None, None, TEXT, "same"),
        ("hello", None, b"no document", "damaged"),
        (None, None, TEXT[:-3], "damaged"),
    ],
)
def test_what_becomes_of_a_preview(preview: Any, metadata: Any, snapshot: bytes, verdict: str, record: Any) -> None:
    assert previews.judge(record(preview, metadata), snapshot) == verdict


@given(preview=st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_a_rescued_preview_is_the_text_to_the_letter(preview: str) -> None:
    block: Any = type("Block", (), {"content_preview": preview, "label": "x", "id": "y"})
    update, version = previews.rescue(block, b"")
    document = Document.load(empty_snapshot(), [update])
    assert document.text("content") == preview
    assert document.version == version


def test_the_version_after_a_rescue_includes_the_past_of_an_emptied_document(record: Any) -> None:
    def write_and_delete(doc: Any) -> None:
        doc.get_text("content").insert(0, "gone")
        doc.get_text("content").delete(0, 4)

    snapshot = _written(write_and_delete)
    block = record("kept in the preview")
    assert previews.judge(block, snapshot) == "rescued"
    update, version = previews.rescue(block, snapshot)
    whole = Document.load(snapshot, [update])
    assert (whole.text("content"), whole.version) == ("kept in the preview", version)
    assert version != Document.load(b"", [update]).version
