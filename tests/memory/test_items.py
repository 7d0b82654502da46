"""Items and entries: at the place that was named, of the kind the schema says, never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import loro
import pytest

from pattern_cli.errors import NotFoundError, RefusedError, UsageError
from pattern_cli.memory.editing import Terms
from pattern_cli.memory.items import Items
from pattern_cli.memory.rendering import rendered
from pattern_cli.memory.schemas import parse
from pattern_cli.store import times

Make = Callable[..., Any]
ADMIN = Terms(as_admin=True)


def field(name: str, kind: str, required: bool = False, read_only: bool = False) -> dict[str, Any]:
    shape = {"name": name, "description": "", "field_type": kind, "required": required, "default": None}
    return {**shape, "read_only": read_only}


LIST: Any = {"List": {"item_schema": None, "max_items": None}}
TASKS: Any = {
    "List": {
        "item_schema": {
            "Map": {"fields": [field("title", "Text", True), field("done", "Boolean"), field("due", "Timestamp")]}
        },
        "max_items": 3,
    }
}
TEXTS: Any = {"List": {"item_schema": {"Text": {}}, "max_items": None}}
MAP: Any = {"Map": {"fields": [field("likes", "List"), field("shut", "List", False, True), field("name", "Text")]}}
LOG: Any = {
    "Log": {
        "display_limit": 20,
        "entry_schema": {
            "timestamp": True,
            "agent_id": True,
            "fields": [field("observation", "Text", True), field("weight", "Number"), field("context", "Text")],
        },
    }
}
PLAIN_LOG: Any = {"Log": {"display_limit": 20, "entry_schema": {"timestamp": False, "agent_id": False, "fields": []}}}


def holding(*items: Any, root: str = "items") -> Callable[[Any], None]:
    def write(doc: Any) -> None:
        for item in items:
            doc.get_list(root).push(item)

    return write


def test_add_insert_remove_and_move(make: Make) -> None:
    made = make(LIST, holding("a", "b", "c"))
    items = Items(made.constellation)
    items.add(made.owner, "b", {"k": [1, 2.5, None]})
    items.insert(made.owner, "b", 1, 0)
    items.insert(made.owner, "b", 6, "last")
    assert made.document.list("items") == [0, "a", "b", "c", {"k": [1, 2.5, None]}, "last"]
    items.move(made.owner, "b", 5, 1)
    assert made.document.list("items") == [{"k": [1, 2.5, None]}, 0, "a", "b", "c", "last"]
    items.move(made.owner, "b", 1, 6)
    items.remove(made.owner, "b", [1, 5, 3, 5])
    assert made.document.list("items") == ["a", "c", {"k": [1, 2.5, None]}]


def test_a_move_to_its_own_place_writes_nothing(make: Make) -> None:
    made = make(LIST, holding("a", "b"))
    assert not Items(made.constellation).move(made.owner, "b", 2, 2).changed
    assert made.rows == 1


@pytest.mark.parametrize("index", [0, -1, 4, 10**30])
def test_a_number_that_no_item_has_is_refused(make: Make, index: int) -> None:
    made = make(LIST, holding("a", "b"))
    items = Items(made.constellation)
    for act in (
        lambda: items.insert(made.owner, "b", index, "x"),
        lambda: items.remove(made.owner, "b", [1, index]),
        lambda: items.move(made.owner, "b", index, 1),
        lambda: items.move(made.owner, "b", 1, index),
    ):
        with pytest.raises(UsageError, match=f"has no item {index}"):
            act()
    assert made.rows == 1


def test_an_empty_list_has_no_items(make: Make) -> None:
    made = make(LIST)
    with pytest.raises(UsageError) as caught:
        Items(made.constellation).remove(made.owner, "b", [1])
    assert "none: it is empty" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [("read_only", ""), ("human", ""), ("append", "a"), ("read_write", "am"), ("admin", "amr")],
)
def test_each_operation_asks_its_own_permission(make: Make, permission: str, allowed: str) -> None:
    made = make(LIST, holding("a", "b"), permission=permission)
    items = Items(made.constellation)
    for letter, act in (
        ("a", lambda terms: items.add(made.owner, "b", "x", terms=terms)),
        ("m", lambda terms: items.move(made.owner, "b", 1, 2, terms=terms)),
        ("r", lambda terms: items.remove(made.owner, "b", [1], terms=terms)),
    ):
        if letter in allowed:
            assert act(Terms()).changed
        else:
            with pytest.raises(RefusedError, match=f"its permission is {permission}"):
                act(Terms())
            assert act(ADMIN).changed


def test_words_are_typed_as_the_runtime_types_them(make: Make) -> None:
    made = make(LIST)
    items = Items(made.constellation)
    for word in ("42", "true", '{"a": 1}', "plain", "[1]"):
        items.insert_typed(made.owner, "b", None, [word])
    items.insert_typed(made.owner, "b", None, ["42"], as_text=True)
    assert made.document.list("items") == [42, True, {"a": 1}, "plain", [1], "42"]
    with pytest.raises(UsageError, match="one value at a time"):
        items.insert_typed(made.owner, "b", None, ["two", "words"])


def test_items_that_are_objects_fit_their_fields(make: Make) -> None:
    made = make(TASKS)
    items = Items(made.constellation)
    items.insert_typed(made.owner, "b", None, ["title=a=b", "done=false", "due=2026-01-08T19:02:18Z"])
    items.insert_typed(made.owner, "b", None, ['{"title": "x", "priority": 3}'], new_field=True)
    assert made.document.list("items") == [
        {"title": "a=b", "done": False, "due": "2026-01-08T19:02:18Z"},
        {"title": "x", "priority": 3},
    ]


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["plain"], UsageError, "is not KEY=VALUE"),
        (["done=true"], UsageError, '"title" is missing'),
        (["titel=x"], NotFoundError, "did you mean title"),
        (["title=x", "done=perhaps"], UsageError, "is of type Boolean"),
        (["title=x", "title=y"], UsageError, "comes twice"),
        (['{"title": 4}'], UsageError, "is of type Text, which 4 is not"),
        (['{"title": "x", "done": 1}'], UsageError, "is of type Boolean"),
        (["[1]"], UsageError, "are objects with named fields"),
        (['{"title": '], UsageError, "is no JSON"),
    ],
)
def test_an_item_that_does_not_fit_is_refused(make: Make, words: list[str], error: type[Exception], said: str) -> None:
    made = make(TASKS)
    with pytest.raises(error) as caught:
        Items(made.constellation).insert_typed(made.owner, "b", None, words)
    assert said in f"{caught.value} {caught.value.hint}" and made.rows == 0  # type: ignore[attr-defined]


def test_the_most_items_are_kept_to(make: Make) -> None:
    made = make(TASKS, holding(1, 2, 3))
    with pytest.raises(RefusedError, match="would have 4 items, its limit is 3"):
        Items(made.constellation).add(made.owner, "b", {"title": "x"})
    assert Items(made.constellation).add(made.owner, "b", {"title": "x"}, terms=Terms(force_limit=True)).changed


def test_items_that_are_texts(make: Make) -> None:
    made = make(TEXTS)
    Items(made.constellation).insert_typed(made.owner, "b", None, ["42"])
    assert made.document.list("items") == ["42"]
    with pytest.raises(UsageError, match="are texts"):
        Items(made.constellation).add(made.owner, "b", 42)


def test_a_list_field_is_a_list_too(make: Make) -> None:
    """No agent tool writes these lists; they asks for no permission but the field's (M4)."""
    made = make(MAP, permission="read_only")
    items = Items(made.constellation)
    items.add(made.owner, "b", "tea", field="likes")
    items.insert(made.owner, "b", 1, "rain", field="likes")
    items.remove(made.owner, "b", [2], field="likes")
    assert rendered(parse({"schema": MAP})[0], made.document) == "likes:\n- rain"
    with pytest.raises(RefusedError, match='the field "shut" is read-only'):
        items.add(made.owner, "b", "x", field="shut")


@pytest.mark.parametrize(
    ("schema", "field", "error", "said"),
    [
        (MAP, None, UsageError, "--field says which list: likes, shut"),
        (MAP, "name", UsageError, "no list"),
        (MAP, "like", NotFoundError, "did you mean likes"),
        (LIST, "x", UsageError, "no named fields"),
        (LOG, None, UsageError, "`pattern memory log add`"),
        ({"Text": {}}, None, UsageError, "holds a text, no list"),
        ({"Composite": {"sections": []}}, "x", UsageError, "the runtime has no place for them"),
        ({"Composite": {"sections": []}}, None, UsageError, "has sections, no list"),
    ],
)
def test_what_has_no_list_is_said(
    make: Make, schema: Any, field: str | None, error: type[Exception], said: str
) -> None:
    made = make(schema)
    with pytest.raises(error) as caught:
        Items(made.constellation).add(made.owner, "b", "x", field=field)
    assert said in f"{caught.value} {caught.value.hint}" and made.rows == 0  # type: ignore[attr-defined]


def test_containers_are_never_made_nor_moved(make: Make) -> None:
    """The runtime skips containers inside a list: the item would vanish and the others be renumbered (M24)."""
    made = make(LIST, lambda doc: doc.get_list("items").push_container(loro.LoroMap()), holding("a"))
    items = Items(made.constellation)
    items.add(made.owner, "b", {"plain": {"deep": [1]}})
    assert made.document.list("items")[2] == {"plain": {"deep": [1]}}
    with pytest.raises(UsageError, match="item 1 of Marlow/b holds a container"):
        items.move(made.owner, "b", 1, 2)
    items.remove(made.owner, "b", [1])
    assert made.document.list("items") == ["a", {"plain": {"deep": [1]}}]


def test_a_log_entry_has_what_its_schema_says(make: Make) -> None:
    made = make(LOG, permission="append")
    items = Items(made.constellation)
    items.log(made.owner, "b", {"observation": "a heron", "weight": 2.5}, agent="Juniper")
    items.log_typed(made.owner, "b", ["a fox"])
    items.log_typed(made.owner, "b", ["observation=a=b", "weight=3"], stamp=False)
    items.log_typed(made.owner, "b", ['{"observation": "x", "timestamp": "2026-01-08T19:02:18Z"}'])
    first, second, third, fourth = made.document.list("entries")
    juniper = made.constellation.value("SELECT id FROM agents WHERE name = 'Juniper'")
    assert (first["observation"], first["weight"], first["agent_id"]) == ("a heron", 2.5, juniper)
    assert times.nanoseconds(first["timestamp"]) and times.nanoseconds(second.pop("timestamp"))
    assert (second, third) == ({"observation": "a fox"}, {"observation": "a=b", "weight": 3})
    assert fourth == {"observation": "x", "timestamp": "2026-01-08T19:02:18Z"}
    assert rendered(parse({"schema": LOG})[0], made.document).splitlines()[1] == "a=b 3"


def test_adding_to_a_log_leaves_its_entries_alone(make: Make) -> None:
    """The upstream editor clears another root and appends all entries again: each edit doubles the log (M5)."""
    made = make(LOG, holding({"observation": "old"}, "bare", root="entries"))
    Items(made.constellation).log(made.owner, "b", {"observation": "new"}, stamp=False)
    assert made.document.deep() == {"entries": [{"observation": "old"}, "bare", {"observation": "new"}]}


def test_a_log_without_fields_takes_a_message(make: Make) -> None:
    made = make(PLAIN_LOG)
    items = Items(made.constellation)
    items.log_typed(made.owner, "b", ["hello"])
    items.log(made.owner, "b", ["any", "value"])
    assert made.document.list("entries") == [{"message": "hello"}, ["any", "value"]]
    with pytest.raises(UsageError, match="name no agent"):
        items.log(made.owner, "b", {}, agent="Juniper")
    with pytest.raises(UsageError, match="is no object and cannot name an agent"):
        items.log(made.owner, "b", "x", agent="Juniper")


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["observatoin=x"], NotFoundError, "did you mean observation"),
        (["weight=3"], UsageError, '"observation" is missing'),
        (["observation=x", "weight=heavy"], UsageError, "is of type Number"),
        (["two", "words"], UsageError, "is not KEY=VALUE"),
        (['{"observation": "x", "more": 1}'], NotFoundError, 'no field "more"'),
        (['{"observation": "x", "observation": "y"}'], UsageError, "comes twice"),
        (['{"observation": 18446744073709551616}'], UsageError, "beyond 64 bits"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(make: Make, words: list[str], error: type[Exception], said: str) -> None:
    made = make(LOG)
    with pytest.raises(error) as caught:
        Items(made.constellation).log_typed(made.owner, "b", words)
    assert said in f"{caught.value} {caught.value.hint}" and made.rows == 0  # type: ignore[attr-defined]


def test_a_text_that_looks_like_a_pair_can_be_meant_as_text(make: Make) -> None:
    made = make(LOG)
    items = Items(made.constellation)
    items.log_typed(made.owner, "b", ["observatoin=x"], as_text=True, stamp=False)
    items.log_typed(made.owner, "b", ["1 + 1 = 2"], stamp=False)
    items.log_typed(made.owner, "b", ["observation=x", "mood=calm"], new_field=True, stamp=False)
    assert made.document.list("entries") == [
        {"observation": "observatoin=x"},
        {"observation": "1 + 1 = 2"},
        {"observation": "x", "mood": "calm"},
    ]


def test_a_bare_text_needs_one_main_field(make: Make) -> None:
    several: Any = {"Log": {"display_limit": 5, "entry_schema": {"timestamp": False, "agent_id": False}}}
    several["Log"]["entry_schema"]["fields"] = [field("a", "Text"), field("b", "Text")]
    made = make(several)
    with pytest.raises(UsageError, match="have several fields"):
        Items(made.constellation).log_typed(made.owner, "b", ["hello"])


def test_a_log_is_a_log(make: Make) -> None:
    made = make(LIST)
    with pytest.raises(UsageError, match="holds a list, no log"):
        Items(made.constellation).log(made.owner, "b", {})
    with pytest.raises(NotFoundError, match='no agent named "Nobody"'):
        Items(made.constellation).log(made.owner, "b", {}, agent="Nobody")
