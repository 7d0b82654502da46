"""Differences of an edited tree: applied where they belong, nothing else written, misfits refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import loro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import NotFoundError, PatternError, RefusedError, UsageError
from pattern_cli.memory.documents import Document
from pattern_cli.memory.editing import Terms
from pattern_cli.memory.leaves import leaves, tree
from pattern_cli.memory.schemas import parse
from pattern_cli.memory.structured import Changes
from pattern_cli.memory.values import equal


def field(name: str, kind: str, read_only: bool = False) -> dict[str, Any]:
    shape = {"name": name, "description": "", "field_type": kind, "required": False, "default": None}
    return {**shape, "read_only": read_only}


MAP: Any = {
    "Map": {
        "fields": [
            field("name", "Text"),
            field("age", "Number"),
            field("likes", "List"),
            field("energy", "Counter"),
            field("locked", "Text", True),
            field("free", "Text"),
        ]
    }
}
TASKS: Any = {
    "List": {"item_schema": {"Map": {"fields": [field("title", "Text"), field("done", "Boolean")]}}, "max_items": 4}
}
LOG: Any = {
    "Log": {
        "display_limit": 5,
        "entry_schema": {"timestamp": True, "agent_id": True, "fields": [field("seen", "Text")]},
    }
}
COMPOSITE: Any = {
    "Composite": {
        "sections": [
            {"name": "card", "schema": {"Map": {"fields": [field("x", "Number"), field("l", "List")]}}},
            {"name": "shut", "schema": {"Map": {"fields": [field("x", "Text")]}}, "read_only": True},
            {"name": "notes", "schema": {"Text": {}}},
            {"name": "todo", "schema": {"List": {}}},
        ]
    }
}


def fill(schema: Any) -> Callable[[Any], None]:
    def write(doc: Any) -> None:
        if schema is MAP:
            fields = doc.get_map("fields")
            for key, value in {"name": "Robin", "age": 4, "locked": "x", "free": {"a": 1}, "stray": True}.items():
                fields.insert(key, value)
            for item in ("tea", {"k": 1}, "rain"):
                doc.get_list("list_likes").push(item)
            doc.get_counter("counter_energy").increment(3)
        elif schema is TASKS:
            for item in ({"title": "a", "done": False, "prio": 1}, "bare", {"title": "c", "done": True}):
                doc.get_list("items").push(item)
        elif schema is LOG:
            for item in ({"seen": "heron", "timestamp": "t"}, "bare"):
                doc.get_list("entries").push(item)
        else:
            doc.get_map("section_card_fields").insert("x", 1)
            doc.get_map("section_shut_fields").insert("x", "1")
            doc.get_text("section_notes_content").insert(0, "notes")
        doc.get_text("stray_text").insert(0, "words")
        doc.get_map("stray_map").insert("k", [1])
        doc.get_list("stray_list").push(b"\x00")
        doc.get_counter("stray_counter").increment(2)

    return write


class Edit:
    """One document under edit: what it shows, and what became of it."""

    def __init__(self, schema: Any) -> None:
        doc = loro.LoroDoc()
        fill(schema)(doc)
        self.document = Document.load(bytes(doc.export(loro.ExportMode.Snapshot())))
        self.schema = parse({"schema": schema})[0]
        self.before = self.document.version
        self.shown = leaves(self.schema, self.document)
        self.tree: Any = copy.deepcopy(tree(self.shown))

    def apply(self, *, new_field: bool = False, terms: Terms = Terms()) -> list[str]:
        changes = Changes(self.schema, "Juniper/b", new_field, terms)
        return list(changes.apply(self.document, self.shown, self.tree))

    @property
    def now(self) -> dict[str, Any]:
        return tree(leaves(self.schema, self.document))

    @property
    def outside(self) -> Any:
        return self.tree["outside the schema"]


@pytest.fixture(params=[MAP, TASKS, LOG, COMPOSITE], ids=["map", "list", "log", "composite"])
def any_edit(request: pytest.FixtureRequest) -> Edit:
    return Edit(request.param)


def test_what_was_not_touched_is_not_written(any_edit: Edit) -> None:
    assert any_edit.apply() == []
    assert any_edit.document.is_at(any_edit.before)


def test_stray_roots_are_changed_where_they_are(any_edit: Edit) -> None:
    any_edit.outside.update({"stray_text": "words, more", "stray_counter": -1})
    any_edit.outside["stray_map"] = {"k": [2]}
    any_edit.outside["stray_list"].append("new")
    assert sorted(any_edit.apply()) == ["append", "append"]
    document = any_edit.document
    assert (document.text("stray_text"), document.counter("stray_counter")) == ("words, more", -1)
    assert (document.map("stray_map"), document.list("stray_list")) == ({"k": [2]}, [b"\x00", "new"])


def test_stray_roots_can_be_removed_but_for_counters(any_edit: Edit) -> None:
    del any_edit.outside["stray_text"], any_edit.outside["stray_map"], any_edit.outside["stray_list"]
    assert sorted(any_edit.apply()) == ["delete", "overwrite"]
    assert any_edit.now["outside the schema"] == {"stray_counter": 2}
    any_edit.shown, any_edit.tree = leaves(any_edit.schema, any_edit.document), any_edit.now
    del any_edit.tree["outside the schema"]
    with pytest.raises(UsageError, match="cannot be removed"):
        any_edit.apply()


def test_a_map_takes_each_change_in_its_root() -> None:
    edit = Edit(MAP)
    edit.tree |= {"name": "Wren", "age": 4.5, "energy": 10, "likes": ["tea", "sun", "rain"], "stray": {"any": [None]}}
    del edit.tree["free"]
    assert edit.apply() == []
    assert edit.document.map("fields") == {"name": "Wren", "age": 4.5, "locked": "x", "stray": {"any": [None]}}
    assert (edit.document.list("list_likes"), edit.document.counter("counter_energy")) == (["tea", "sun", "rain"], 10)


def test_a_change_from_elsewhere_survives_beside_ours() -> None:
    edit = Edit(MAP)
    theirs = edit.document.at(edit.before)
    theirs.put("fields", "age", 5)
    theirs.count("counter_energy", 4)
    theirs.insert_item("list_likes", 3, "snow")
    edit.tree |= {"name": "Wren", "energy": 5, "likes": ["tea", "rain"]}
    edit.apply()
    edit.document.merge(theirs.snapshot())
    assert edit.document.map("fields") | {"free": 0} == {
        "name": "Wren",
        "age": 5,
        "locked": "x",
        "free": 0,
        "stray": True,
    }
    assert (edit.document.counter("counter_energy"), edit.document.list("list_likes")) == (9, ["tea", "rain", "snow"])


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"age": "four"}, UsageError, "is of type Number"),
        ({"name": 4}, UsageError, "is of type Text, which 4 is not"),
        ({"age": True}, UsageError, "is of type Number"),
        ({"age": 2**63}, UsageError, "beyond 64 bits"),
        ({"stray": float("nan")}, UsageError, "no number"),
        ({"likes": "tea"}, UsageError, 'is a list, which "tea" is not'),
        ({"energy": 2.5}, UsageError, "a whole number is due"),
        ({"energy": True}, UsageError, "a whole number is due"),
        ({"energy": "4"}, UsageError, "a whole number is due"),
        ({"locked": "y"}, RefusedError, 'the field "locked" is read-only'),
        ({"nmae": "y"}, NotFoundError, "did you mean name?"),
        ({"outside the schema": 1}, UsageError, "has parts"),
    ],
)
def test_a_map_refuses_what_does_not_fit(change: Any, error: type[PatternError], said: str) -> None:
    edit = Edit(MAP)
    edit.tree |= change
    with pytest.raises(error) as caught:
        edit.apply()
    assert said in f"{caught.value} {caught.value.hint}"


def test_a_read_only_field_is_not_removed_either() -> None:
    edit = Edit(MAP)
    del edit.tree["locked"]
    with pytest.raises(RefusedError, match="is read-only"):
        edit.apply()
    edit.apply(terms=Terms(as_admin=True))
    assert "locked" not in edit.document.map("fields")


def test_what_never_fitted_may_stay_as_it_was_used() -> None:
    edit = Edit(MAP)
    edit.tree["free"] = {"b": 2}
    edit.apply()
    assert edit.document.map("fields")["free"] == {"b": 2}
    edit.tree["free"] = [1]
    with pytest.raises(UsageError, match="is of type Text"):
        edit.apply()


def test_a_new_field_is_stored_on_demand() -> None:
    edit = Edit(MAP)
    edit.tree["mood"] = "calm"
    edit.apply(new_field=True)
    assert edit.document.map("fields")["mood"] == "calm"


def test_a_list_tells_what_it_needs() -> None:
    for items, needed in (
        ([0, 1, 2, {"title": "new"}], ["append"]),
        ([0, 2], ["delete"]),
        ([{"title": "a", "done": True, "prio": 1}, 1, 2], ["overwrite"]),
    ):
        edit = Edit(TASKS)
        stored = edit.tree["items"]
        edit.tree["items"] = [stored[item] if isinstance(item, int) else item for item in items]
        assert edit.apply() == needed
        assert equal(edit.now["items"], edit.tree["items"])


@pytest.mark.parametrize(
    ("item", "error", "said"),
    [
        ({"title": 4}, UsageError, "is of type Text, which 4 is not"),
        ({"titel": "x"}, NotFoundError, "did you mean title"),
        (42, UsageError, "are objects with named fields, which 42 is not"),
        ({"title": [2**64]}, UsageError, "beyond 64 bits"),
        ("<1 bytes, kept as it is: 1>", None, ""),
    ],
)
def test_a_new_item_fits_the_schema_or_the_others(item: Any, error: type[PatternError] | None, said: str) -> None:
    edit = Edit(TASKS)
    edit.tree["items"].append(item)
    if error is None:
        edit.apply()
        return
    with pytest.raises(error) as caught:
        edit.apply()
    assert said in f"{caught.value} {caught.value.hint}"


def test_the_most_items_are_kept_to() -> None:
    edit = Edit(TASKS)
    edit.tree["items"] += ["x", "y"]
    with pytest.raises(RefusedError, match="would have 5 items, its limit is 4"):
        edit.apply()
    edit.apply(terms=Terms(force_limit=True))


def test_what_has_no_form_stays_where_it_is() -> None:
    edit = Edit(TASKS)
    mark = edit.outside["stray_list"][0]
    edit.outside["stray_list"] = ["before", mark, "after"]
    edit.apply()
    assert edit.document.list("stray_list") == ["before", b"\x00", "after"]
    edit = Edit(TASKS)
    edit.outside["stray_list"] = [mark, mark]
    with pytest.raises(UsageError, match="cannot be put elsewhere"):
        edit.apply()


def test_a_log_keeps_its_entries_and_takes_new_ones() -> None:
    edit = Edit(LOG)
    edit.tree["entries"].append({"seen": "fox", "timestamp": "t2", "agent_id": "a"})
    assert edit.apply() == ["append"]
    assert edit.document.list("entries") == edit.tree["entries"]
    edit.tree["entries"].append({"sene": "x"})
    with pytest.raises(NotFoundError, match='no field "sene"'):
        edit.apply()


def test_sections_take_what_they_can_hold() -> None:
    """Upstream recognises no section when it reads an edited text back (M5)."""
    edit = Edit(COMPOSITE)
    edit.tree["card"] = {"x": 2}
    edit.tree["notes"] = "notes, more"
    assert edit.apply() == []
    assert edit.document.map("section_card_fields") == {"x": 2}
    assert edit.document.text("section_notes_content") == "notes, more"


@pytest.mark.parametrize(
    ("path", "value", "error", "said"),
    [
        (("card", "l"), [1], UsageError, "no place for a list in a section"),
        (("card", "y"), 1, NotFoundError, "did you mean card.x?"),
        (("card",), 1, UsageError, "has parts, which 1 has not"),
        (("shut", "x"), "2", RefusedError, 'the section "shut" is read-only'),
        (("notes",), 4, UsageError, "is a text, which 4 is not"),
        (("notes",), {"x": 1}, UsageError, "is a text"),
        (("todo",), [1], UsageError, "the runtime has no place for its content"),
        (("tood",), [1], NotFoundError, "did you mean todo"),
    ],
)
def test_sections_refuse_what_they_cannot_hold(
    path: tuple[str, ...], value: Any, error: type[PatternError], said: str
) -> None:
    edit = Edit(COMPOSITE)
    inner = edit.tree
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(error) as caught:
        edit.apply()
    assert said in f"{caught.value} {caught.value.hint}"


def test_nothing_is_added_where_the_schema_names_nothing() -> None:
    for schema, path in ((TASKS, "more"), (LOG, "items")):
        edit = Edit(schema)
        edit.tree[path] = [1]
        with pytest.raises(UsageError, match=f'no place for "{path}"'):
            edit.apply()
    edit = Edit(LOG)
    edit.outside["more"] = 1
    with pytest.raises(UsageError, match=r'no place for "outside the schema\.more"'):
        edit.apply()


def test_a_root_of_another_kind_is_not_changed() -> None:
    doc = loro.LoroDoc()
    doc.get_movable_list("moved").push(1)
    edit = Edit(TASKS)
    edit.document = Document.load(bytes(doc.export(loro.ExportMode.Snapshot())))
    edit.shown = leaves(edit.schema, edit.document)
    for wanted, said in (
        ({"items": [], "outside the schema": {"moved": 1}}, "cannot be changed"),
        ({"items": []}, "cannot be removed"),
    ):
        edit.tree = wanted
        with pytest.raises(UsageError, match=said):
            edit.apply()


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
VALUES = st.none() | st.booleans() | st.integers(-9, 9) | TEXTS | st.lists(st.integers(0, 3), max_size=3)


@given(
    st.fixed_dictionaries({"name": TEXTS, "energy": st.integers(-9, 9), "stray": VALUES}),
    st.lists(VALUES, max_size=6),
    st.sets(st.sampled_from(["name", "age", "likes", "free", "stray"])),
)
def test_any_edit_of_a_map_comes_out_as_it_was_meant(change: Any, likes: list[Any], removed: set[str]) -> None:
    edit = Edit(MAP)
    edit.tree |= {**change, "likes": likes}
    for name in removed:
        del edit.tree[name]
    edit.apply()
    # An empty list is no list.
    wanted = {name: value for name, value in edit.tree.items() if not (name == "likes" and value == [])}
    assert equal(edit.now, wanted)
