from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.memory.contents import Content, content, snapshot_of, usage
from pattern_cli.memory.loading import Loader
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
TEXT = {"schema": {"Text": {}}}


@pytest.fixture
def path(database: Database) -> Path:
    return database("constellations/small.db")


def read(path: Path, id: str, metadata: Any = TEXT, preview: bool = False) -> Content:
    with Constellation.open(path) as constellation:
        return content(constellation, Loader(constellation), id, metadata, preview)


def test_snapshot_and_updates_are_replayed(path: Path, put_block: Any, updates: Any, type_text: Any) -> None:
    id = put_block(path, "typed", updates=updates(type_text("slow "), type_text("kettle")))
    found = read(path, id)
    assert found.view.whole == "slow kettle"
    assert found.complete
    assert not found.preview_only
    assert found.damage == ()
    assert usage(found, 11) == {"used": 11, "over_limit": False}
    assert usage(found, 10) == {"used": 11, "over_limit": True}


def test_characters_are_counted_not_bytes(path: Path, put_block: Any, updates: Any, type_text: Any) -> None:
    found = read(path, put_block(path, "wide", updates=updates(type_text("naïve 🌊"))))
    assert usage(found, 2000)["used"] == 7


def test_an_empty_document_with_a_preview(path: Path, put_block: Any) -> None:
    found = read(path, put_block(path, "archived", preview="text"), preview=True)
    assert found.preview_only
    assert usage(found, 5)["used"] == 0


def test_after_an_undo_the_preview_is_stale(
    path: Path, put_block: Any, updates: Any, type_text: Any, run_sql: Any
) -> None:
    id = put_block(path, "undone", updates=updates(type_text("gone")), preview="gone")
    run_sql(path, "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ?", (id,))
    found = read(path, id, preview=True)
    assert found.view.whole == ""
    assert not found.preview_only


def test_what_cannot_be_read_is_named_and_not_counted(path: Path, put_block: Any) -> None:
    found = read(path, put_block(path, "broken", snapshot=b"no document", preview="text"), preview=True)
    assert not found.complete
    assert found.preview_only
    assert found.damage[0].startswith("the snapshot: ")
    assert usage(found, 5) == {"used": None, "over_limit": False}


def test_a_limit_that_is_no_number_is_never_exceeded(path: Path, put_block: Any, updates: Any, type_text: Any) -> None:
    found = read(path, put_block(path, "odd", updates=updates(type_text("text"))))
    assert usage(found, "many") == {"used": 4, "over_limit": False}


def test_an_unknown_schema_shows_the_text_all_the_same(
    path: Path, put_block: Any, updates: Any, type_text: Any
) -> None:
    id = put_block(path, "future", updates=updates(type_text("still here")))
    found = read(path, id, metadata={"schema": {"Holographic": {}}})
    assert "still here" in found.view.whole
    assert found.schema_remark


def test_the_snapshot_is_as_stored(path: Path, put_block: Any, snapshot: Any, type_text: Any) -> None:
    blob = snapshot(type_text("base"))
    id = put_block(path, "based", snapshot=blob)
    with Constellation.open(path) as constellation:
        assert snapshot_of(constellation, id) == blob
        assert snapshot_of(constellation, "mem_none") is None
    assert read(path, id).view.whole == "base"


def test_a_preview_of_headings_and_zeros_alone_is_no_content(path: Path, put_block: Any) -> None:
    schema = (
        '{"schema":{"Map":{"fields":[{"name":"energy","description":"","field_type":"Counter","required":false}]}}}'
    )
    id = put_block(path, "zero", metadata=schema, preview="energy: 0")
    found = read(path, id, metadata=json.loads(schema), preview=True)
    assert not found.preview_only
