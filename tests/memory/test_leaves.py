"""What people may edit: all that is stored, each value with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import loro
import pytest

from pattern_cli.memory.contents import content
from pattern_cli.memory.documents import Document
from pattern_cli.memory.leaves import Leaf, leaves, tree
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.places import Place
from pattern_cli.memory.schemas import TextSchema, parse
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_json


def field(name: str, kind: str, read_only: bool = False) -> dict[str, Any]:
    shape = {"name": name, "description": "", "field_type": kind, "required": False, "default": None}
    return {**shape, "read_only": read_only}


def of(schema: Any, write: Callable[[Any], None]) -> list[Leaf]:
    doc = loro.LoroDoc()
    write(doc)
    document = Document.load(bytes(doc.export(loro.ExportMode.Snapshot())))
    return leaves(parse({"schema": schema})[0], document)


@pytest.fixture
def small(read_only: Callable[[str], Path]) -> Iterator[Constellation]:
    with Constellation.open(read_only("constellations/small.db")) as constellation:
        yield constellation


def test_every_root_of_every_block_is_in_some_leaf(small: Constellation) -> None:
    seen = 0
    for id, raw in small.rows("SELECT id, metadata FROM memory_blocks"):
        found = content(small, Loader(small), id, read_json(raw, "metadata", []), False)
        shown = leaves(found.schema, found.loaded.document)
        there: dict[tuple[str, str], Any] = {}
        for leaf in shown:
            assert leaf.place is not None
            if leaf.place.kind == "map":
                there.setdefault((leaf.place.root, "map"), {})[leaf.place.key] = leaf.stored
            else:
                there[leaf.place.root, leaf.place.kind] = leaf.stored
        roots = found.loaded.document.roots()
        stored = {(name, kind): value for name, kinds in roots.items() for kind, value in kinds.items()}
        assert {where: value for where, value in there.items() if value} == stored
        seen += len(stored)
    assert seen > 30


def test_a_map_has_its_fields_in_order_and_then_the_others() -> None:
    schema = {"Map": {"fields": [field("b", "Text"), field("n", "Counter"), field("l", "List"), field("a", "Text")]}}

    def write(doc: Any) -> None:
        for key in ("z", "a", "b", "l"):
            doc.get_map("fields").insert(key, key)
        doc.get_list("list_l").push(1)
        doc.get_text("content").insert(0, "stray")

    assert list(tree(of(schema, write)).items()) == [
        ("b", "b"),
        ("n", 0),
        ("l", [1]),
        ("a", "a"),
        ("z", "z"),
        ("outside the schema", {"content": "stray", "fields": {"l": "l"}}),
    ]


def test_a_name_like_the_heading_hides_nothing() -> None:
    def write(doc: Any) -> None:
        doc.get_map("fields").insert("outside the schema", 1)
        doc.get_text("content").insert(0, "stray")

    shown = tree(of({"Map": {"fields": []}}, write))
    assert shown == {"outside the schema": 1, "outside the schema'": {"content": "stray"}}


def test_sections_stand_by_their_names_with_their_locks() -> None:
    fields = {"Map": {"fields": [field("x", "Text"), field("l", "List")]}}
    schema = {
        "Composite": {
            "sections": [
                {"name": "card", "schema": fields, "read_only": True},
                {"name": "notes", "schema": {"Text": {}}},
                {"name": "todo", "schema": {"List": {}}},
                {"name": "a/b", "schema": {"Text": {}}},
            ]
        }
    }

    def write(doc: Any) -> None:
        for key in ("x", "l", "more"):
            doc.get_map("section_card_fields").insert(key, key)
        doc.get_text("section_card_content").insert(0, "odd")
        doc.get_list("section_todo_items").push(1)

    found = of(schema, write)
    assert tree(found) == {
        "card": {"x": "x", "l": "l", "more": "more"},
        "notes": "",
        "outside the schema": {"section_card_content": "odd", "section_todo_items": [1]},
    }
    assert {leaf.path: leaf.place.locked for leaf in found if leaf.place and leaf.place.locked} == {
        ("card", name): 'the section "card"' for name in ("x", "l", "more")
    }


def test_two_roots_of_one_name_are_told_apart() -> None:
    def write(doc: Any) -> None:
        doc.get_text("odd").insert(0, "words")
        doc.get_list("odd").push(1)

    assert tree(of({"List": {}}, write)) == {
        "items": [],
        "outside the schema": {"odd (list)": [1], "odd (text)": "words"},
    }


def test_what_has_no_form_is_a_mark_for_it() -> None:
    def write(doc: Any) -> None:
        for item in (b"\x00\x01", float("nan"), {"k": [b"x"]}, "plain"):
            doc.get_list("items").push(item)
        doc.get_list("items").push_container(loro.LoroMap())
        doc.get_map("stray").insert("b", b"\x00")
        doc.get_counter("stray").increment(float("inf"))
        doc.get_movable_list("moved").push(1)

    shown = tree(of({"List": {}}, write))
    assert shown["items"] == [
        "<2 bytes, kept as it is: 1>",
        "<a value without a form of text, kept as it is: 2>",
        "<a value without a form of text, kept as it is: 3>",
        "plain",
        "<a container, kept as it is: 5>",
    ]
    outside = shown["outside the schema"]
    assert outside["stray (map)"] == {"b": "<1 bytes, kept as it is: 1>"}
    assert (
        outside["stray (counter)"].startswith("<a value") and outside["moved"] == "<a movable list, kept as it is: 1>"
    )


def test_a_text_is_one_leaf() -> None:
    document = Document()
    document.append_text("content", "tea")
    assert leaves(TextSchema(), document) == [Leaf(("content",), Place("content", "text"), "tea", "tea")]
