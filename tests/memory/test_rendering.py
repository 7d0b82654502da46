"""The runtime's rendering: equal to the runtime's own for every fixture block, and to memory.md §3 beyond them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import loro
import pytest

from pattern_cli.errors import IntegrityError
from pattern_cli.memory.documents import Document
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.rendering import rendered
from pattern_cli.memory.schemas import parse
from pattern_cli.store.constellation import Constellation

Made = Callable[..., Any]
EXPECTED = {
    "small": "constellations/small.db",
    "medium": "constellations/medium.db",
    "imported-nochain-constellation-keep": "imported/nochain-constellation-keep.db",
    "imported-over-original-keep": "imported/over-original-keep.db",
    "imported-over-original-new-renamed": "imported/over-original-new-renamed.db",
    "imported-small-agent-full-new": "imported/small-agent-full-new.db",
}


def _blocks(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            found = json.loads(line) if line.strip() else {}
            if found.get("kind") == "block":
                yield found


def test_every_file_of_expected_readings_is_compared(fixtures_dir: Path) -> None:
    assert {file.stem for file in (fixtures_dir / "expected").glob("*.jsonl")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_block_renders_as_the_runtime_rendered_it(name: str, fixtures_dir: Path) -> None:
    expected = list(_blocks(fixtures_dir / "expected" / f"{name}.jsonl"))
    assert len(expected) >= 18
    with Constellation.open(fixtures_dir / EXPECTED[name]) as constellation:
        loader = Loader(constellation)
        for block in expected:
            sql = "SELECT loro_snapshot, metadata FROM memory_blocks WHERE id = ?"
            snapshot, metadata = next(constellation.rows(sql, (block["id"],)))
            document = loader.load_as_runtime(block["id"], snapshot)
            roots = {root: value for root, value in document.deep().items() if value}

            schema, _ = parse(json.loads(metadata) if metadata else None)

            assert rendered(schema, document) == block["rendered"], block["label"]
            assert roots == {root: value for root, value in block["json"].items() if value}, block["label"]


def _field(name: str, kind: str = "Text", read_only: bool = False) -> dict[str, Any]:
    return {"name": name, "description": "", "field_type": kind, "required": False, "read_only": read_only}


def _render(snapshot: bytes, **schema: Any) -> str:
    parsed, remark = parse({"schema": schema})
    assert remark is None
    return rendered(parsed, Document.load(snapshot))


@pytest.mark.parametrize(
    ("text", "viewport", "wanted"),
    [
        ("a\nb\nc\n", (1, 2), "[Showing lines 1-2 of 3]\na\nb"),
        ("a\nb\nc\n", (0, 2), "[Showing lines 1-2 of 3]\na\nb"),
        ("a\nb\nc", (2, 50), "[Showing lines 2-3 of 3]\nb\nc"),
        ("a\r\nb\x85c\r\n", (1, 9), "[Showing lines 1-2 of 2]\na\nb\x85c"),
        ("a\nb\n", (3, 5), "[Viewport: lines 3-7 of 2 (past end of content)]"),
        ("", (1, 5), "[Viewport: lines 1-5 of 0 (past end of content)]"),
        ("a\n", (1, 0), "[Showing lines 1-0 of 1]\n"),
    ],
)
def test_viewports(snapshot: Made, type_text: Made, text: str, viewport: tuple[int, int], wanted: str) -> None:
    window = {"start_line": viewport[0], "display_lines": viewport[1]}

    assert _render(snapshot(type_text(text)), Text={"viewport": window}) == wanted


def test_a_viewport_of_nothing_before_an_empty_text_fails_like_the_runtime(snapshot: Made) -> None:
    with pytest.raises(IntegrityError, match="the runtime fails"):
        _render(snapshot(), Text={"viewport": {"start_line": 0, "display_lines": 0}})


def test_a_map_has_its_fields_in_the_order_of_the_schema(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        for key, value in (("z", 1), ("a", 2.0), ("secret", True), ("hidden", "no field"), ("empty", None)):
            doc.get_map("fields").insert(key, value)
        doc.get_list("list_likes").push("tea")
        doc.get_list("list_likes").push(["x", 1])
        doc.get_counter("counter_energy").increment(-2.75)

    fields = [
        _field("z", "Number"),
        _field("a", "Number"),
        _field("likes", "List", read_only=True),
        _field("dislikes", "List"),
        _field("energy", "Counter"),
        _field("absent"),
        _field("empty"),
        _field("secret", "Boolean", read_only=True),
    ]

    assert _render(snapshot(write), Map={"fields": fields}).split("\n") == [
        "z: 1",
        "a: 2.0",
        "likes [read-only]:",
        "- tea",
        "- [x, 1]",
        "energy: -2",
        "empty: null",
        "secret [read-only]: true",
    ]


def test_a_counter_that_was_never_counted_is_zero(snapshot: Made) -> None:
    assert _render(snapshot(), Map={"fields": [_field("energy", "Counter")]}) == "energy: 0"


def test_a_list_or_counter_that_cannot_be_a_root_fails_like_the_runtime(snapshot: Made) -> None:
    with pytest.raises(IntegrityError, match='the field "a/b"'):
        _render(snapshot(), Map={"fields": [_field("a/b", "List")]})


def test_what_has_no_json_form_vanishes_and_later_items_move_up(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        items = doc.get_list("items")
        for value in ("first", math.nan, b"raw", [1, math.inf, 2], {"a": math.nan, "b": 1}):
            items.push(value)
        items.push_container(loro.LoroText()).insert(0, "nested")
        items.push("last")
        doc.get_map("fields").insert_container("inner", loro.LoroMap())

    blob = snapshot(write)

    assert _render(blob, List={}).split("\n") == ["1. first", "2. [1, 2]", "3. {b: 1}", "4. last"]
    assert _render(blob, Map={"fields": [_field("inner")]}) == ""


def test_items_with_a_boolean_done_have_boxes(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        for value in ({"done": True}, {"done": False}, {"done": 1}, "done"):
            doc.get_list("items").push(value)

    assert _render(snapshot(write), List={}).split("\n") == [
        "[x] {done: true}",
        "[ ] {done: false}",
        "3. {done: 1}",
        "4. done",
    ]


def test_a_log_shows_the_newest_entries_first(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        for entry in (
            {"timestamp": "too old"},
            {"message": "nothing of the schema"},
            "bare",
            {"timestamp": 5, "agent_id": "a1", "weight": 0.5},
            {"timestamp": "t", "agent_id": "a2", "note": "seen", "weight": None, "more": 1},
        ):
            doc.get_list("entries").push(entry)

    entry_schema = {"timestamp": True, "agent_id": True, "fields": [_field("note"), _field("weight", "Number")]}
    text = _render(snapshot(write), Log={"display_limit": 4, "entry_schema": entry_schema})

    assert text.split("\n") == ["[t] (a2) seen null", "(a1) 0.5", "bare", ""]


def test_a_composite_reads_its_sections_from_the_blocks_own_roots(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        doc.get_text("section_notes_content").insert(0, "what an agent wrote")
        doc.get_map("fields").insert("mood", "stray")

    sections = [
        {"name": "notes", "schema": {"Text": {}}},
        {"name": "card", "schema": {"Map": {"fields": [_field("mood")]}}, "read_only": True},
    ]

    assert _render(snapshot(write), Composite={"sections": sections}) == (
        "=== notes ===\n\n=== card [read-only] ===\n\nmood: stray"
    )


def test_values_nested_beyond_reading_are_an_error_and_no_crash(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        value: Any = 1
        for _ in range(2_000):
            value = [value]
        doc.get_list("items").push(value)

    with pytest.raises(IntegrityError, match="nested too deeply"):
        _render(snapshot(write), List={})
