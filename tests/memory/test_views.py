"""Our own view: nothing that is stored is missing, in an order that does not change."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import loro
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.memory.documents import Document
from pattern_cli.memory.schemas import parse
from pattern_cli.memory.views import View, ordered, view

Made = Callable[..., Any]


def _field(name: str, kind: str = "Text", read_only: bool = False) -> dict[str, Any]:
    return {"name": name, "description": "", "field_type": kind, "required": False, "read_only": read_only}


def _view(snapshot: bytes, **schema: Any) -> View:
    parsed, remark = parse({"schema": schema})
    assert remark is None
    return view(parsed, Document.load(snapshot))


def test_a_text_is_whole_whatever_its_viewport(snapshot: Made, type_text: Made) -> None:
    found = _view(snapshot(type_text("a\r\nb\n")), Text={"viewport": {"start_line": 2, "display_lines": 1}})

    assert (found.text, found.value, found.stray, found.whole) == ("a\r\nb\n", "a\r\nb\n", "", "a\r\nb\n")


def test_other_roots_of_a_text_block_follow_under_headings(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        doc.get_text("content").insert(0, "text")
        doc.get_map("content").insert("also", "a map")
        doc.get_list("items").push({"b": 1, "a": 2})
        doc.get_counter("counter_x").increment(3)

    found = _view(snapshot(write), Text={})

    assert found.stray_value == {"content": {"also": "a map"}, "counter_x": 3, "items": [{"a": 2, "b": 1}]}
    assert found.whole.split("\n\n") == [
        "text",
        "=== content (map outside the schema) ===",
        "also: a map",
        "=== counter_x (counter outside the schema) ===",
        "3",
        "=== items (list outside the schema) ===",
        "- {a: 2, b: 1}",
    ]


def test_a_map_shows_keys_lists_and_counters_that_its_schema_does_not_name(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        for key, value in (
            ("mood", "calm"),
            ("zebra", 1),
            ("apple", {"y": 1, "x": 2}),
            ("energy", 7),
            ("likes", "tea"),
        ):
            doc.get_map("fields").insert(key, value)
        doc.get_list("list_likes").push("figs")
        doc.get_counter("counter_energy").increment(2.5)
        doc.get_list("list_old").push("left over")
        doc.get_counter("counter_old").increment(4)
        doc.get_text("content").insert(0, "stray text")

    fields = [_field("energy", "Counter"), _field("likes", "List"), _field("mood", read_only=True), _field("absent")]
    found = _view(snapshot(write), Map={"fields": fields})

    assert found.text.split("\n") == [
        "energy: 2.5",
        "fields.energy: 7",
        "likes:",
        "- figs",
        "fields.likes: tea",
        "mood [read-only]: calm",
        "apple: {x: 2, y: 1}",
        "zebra: 1",
        "counter_old: 4",
        "list_old:",
        "- left over",
    ]
    assert list(found.value) == [
        "energy",
        "fields.energy",
        "likes",
        "fields.likes",
        "mood",
        "apple",
        "zebra",
        "counter_old",
        "list_old",
    ]
    assert found.stray_value == {"content": "stray text"}


def test_a_list_or_counter_that_stands_only_in_the_map_goes_by_its_own_name(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        doc.get_map("fields").insert("likes", ["tea"])
        doc.get_map("fields").insert("energy", 7)

    found = _view(snapshot(write), Map={"fields": [_field("likes", "List"), _field("energy", "Counter")]})

    assert found.value == {"likes": ["tea"], "energy": 7}
    assert found.text == "likes: [tea]\nenergy: 7"


def test_an_uncounted_counter_is_zero_beside_other_content_and_nothing_alone(snapshot: Made) -> None:
    schema = {"fields": [_field("energy", "Counter"), _field("mood")]}

    assert _view(snapshot(), Map=schema).text == ""
    filled = _view(snapshot(lambda doc: doc.get_map("fields").insert("mood", "calm")), Map=schema)
    assert filled.text == "energy: 0\nmood: calm"


def test_list_items_keep_their_place_and_show_containers(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        items = doc.get_list("items")
        items.push("first")
        items.push_container(loro.LoroText()).insert(0, "nested")
        items.push(math.nan)
        items.push({"z": 1, "title": "x", "done": False})

    schema = {"item_schema": {"Map": {"fields": [_field("title"), _field("done", "Boolean")]}}}
    found = _view(snapshot(write), List=schema)

    assert found.text.split("\n") == ["1. first", "2. nested", "3. NaN", "[ ] {title: x, done: false, z: 1}"]
    assert found.value == ["first", "nested", "NaN", {"title": "x", "done": False, "z": 1}]


def test_a_log_is_whole_newest_first_with_keys_outside_its_schema(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        for entry in (
            {"message": "m"},
            {"timestamp": 5, "note": "n"},
            {"timestamp": "t", "agent_id": "a", "note": "x"},
        ):
            doc.get_list("entries").push(entry)

    entry_schema = {"timestamp": True, "agent_id": False, "fields": [_field("note")]}
    found = _view(snapshot(write), Log={"display_limit": 1, "entry_schema": entry_schema})

    assert found.text.split("\n") == ["[t] x {agent_id: a}", "n {timestamp: 5}", "{message: m}"]
    assert [entry.get("timestamp") for entry in found.value] == [None, 5, "t"]


def test_a_composite_shows_its_sections_and_what_stands_beside_them(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        doc.get_map("section_card_fields").insert("handle", "heron")
        doc.get_map("section_card_fields").insert("extra", 1)
        doc.get_text("section_card_content").insert(0, "text in a map's section")
        doc.get_text("section_notes_content").insert(0, "words")
        doc.get_map("section_links_fields").insert("k", "v")
        doc.get_map("fields").insert("set_by", "agent")

    sections = [
        {"name": "card", "schema": {"Map": {"fields": [_field("handle")]}}, "read_only": True},
        {"name": "notes", "schema": {"Text": {}}},
        {"name": "links", "schema": {"List": {}}},
        {"name": "none", "schema": {"Log": {"display_limit": 1, "entry_schema": [False, False, []]}}},
    ]
    found = _view(snapshot(write), Composite={"sections": sections})

    assert found.text == (
        "=== card [read-only] ===\n\nhandle: heron\nextra: 1\ntext in a map's section\n\n=== notes ===\n\nwords\n\n"
        "=== links ===\n\nk: v\n\n=== none ==="
    )
    assert found.value == {
        "card": {"handle": "heron", "extra": 1, "content": "text in a map's section"},
        "notes": "words",
        "links": {"k": "v", "content": ""},
        "none": None,
    }
    assert found.stray_value == {"fields": {"set_by": "agent"}}


def test_an_empty_composite_has_no_text(snapshot: Made) -> None:
    assert _view(snapshot(), Composite={"sections": [["notes", {"Text": {}}]]}).whole == ""


def test_keys_come_in_the_given_order_then_sorted_at_every_depth() -> None:
    value = {"b": [{"d": 1, "c": math.inf}], "a": -math.inf, "first": 0}

    assert str(ordered(value, ("first",))) == "{'first': 0, 'a': '-Infinity', 'b': [{'c': 'Infinity', 'd': 1}]}"


SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=6), VALUES, max_size=5), st.lists(VALUES, max_size=5))
def test_values_are_what_loro_holds(fields: dict[str, Any], items: list[Any]) -> None:
    doc = loro.LoroDoc()
    for key, value in fields.items():
        doc.get_map("fields").insert(key, value)
    for value in items:
        doc.get_list("items").push(value)
    doc.commit()
    document = Document.load(doc.export(loro.ExportMode.Snapshot()))
    deep = doc.get_deep_value()

    as_map, as_list = (
        view(parse({"schema": schema})[0], document) for schema in ({"Map": {"fields": []}}, {"List": {}})
    )

    assert (as_map.value, as_map.stray_value.get("items", [])) == (
        deep["fields"] if fields else {},
        deep.get("items", []),
    )
    assert (as_list.value, as_list.stray_value.get("fields", {})) == (deep.get("items", []), fields)
