"""Fields: each in the root where the runtime reads it, by its type, under its own read-only mark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.errors import NotFoundError, RefusedError, UsageError
from pattern_cli.memory.editing import Terms
from pattern_cli.memory.fields import Fields
from pattern_cli.memory.rendering import rendered
from pattern_cli.memory.schemas import parse


def field(name: str, kind: str, read_only: bool = False) -> dict[str, Any]:
    shape = {"name": name, "description": "", "field_type": kind, "required": False, "default": None}
    return {**shape, "read_only": read_only}


MAP = {
    "Map": {
        "fields": [
            field("name", "Text"),
            field("age", "Number"),
            field("calm", "Boolean"),
            field("likes", "List"),
            field("energy", "Counter"),
            field("seen", "Timestamp"),
            field("locked", "Text", True),
            field("sealed", "List", True),
        ]
    }
}
# On a block with such a field the runtime fails; the others can be changed all the same.
SLASH = {"Map": {"fields": [field("a/b", "List"), field("name", "Text")]}}
COMPOSITE = {
    "Composite": {
        "sections": [
            {"name": "card", "schema": {"Map": {"fields": [field("handle", "Text"), field("likes", "List")]}}},
            {"name": "card.old", "schema": {"Map": {"fields": [field("handle", "Text", True)]}}},
            {"name": "shut", "schema": {"Map": {"fields": [field("x", "Text")]}}, "read_only": True},
            {"name": "notes", "schema": {"Text": {}}},
            {"name": "todo", "schema": {"List": {}}},
        ]
    }
}
Make = Callable[..., Any]


def view(made: Any, schema: Any) -> str:
    return rendered(parse({"schema": schema})[0], made.document)


def test_each_type_has_its_root(make: Make) -> None:
    """Agents' tools put lists and counters into `fields`, where nobody reads them (M4)."""
    made = make(MAP, permission="read_only")
    fields = Fields(made.constellation)
    for name, value in (
        ("name", "Robin"),
        ("age", 4),
        ("calm", False),
        ("likes", ["tea", {"k": [1, 2.5, None]}]),
        ("energy", 7),
        ("seen", "2026-01-08T19:02:18+00:00"),
    ):
        assert fields.set(made.owner, "b", name, value).changed
        assert fields.get(made.owner, "b", name).value == value
    assert made.document.deep() == {
        "fields": {"name": "Robin", "age": 4, "calm": False, "seen": "2026-01-08T19:02:18+00:00"},
        "list_likes": ["tea", {"k": [1, 2.5, None]}],
        "counter_energy": 7.0,
    }
    assert "likes:\n- tea\n- {k: [1, 2.5, null]}\nenergy: 7" in view(made, MAP)


def test_a_misplaced_list_is_found_and_stays(make: Make) -> None:
    made = make(MAP, lambda doc: doc.get_map("fields").insert("likes", ["old"]))
    got = Fields(made.constellation).get(made.owner, "b", "likes")
    assert got.value == ["old"] and got.root == "fields" and "agents do not see it" in (got.remark or "")
    Fields(made.constellation).set(made.owner, "b", "likes", ["new"])
    assert made.document.deep() == {"fields": {"likes": ["old"]}, "list_likes": ["new"]}
    assert Fields(made.constellation).get(made.owner, "b", "likes").value == ["new"]


def test_a_list_keeps_what_both_have(make: Make) -> None:
    made = make(MAP, *(lambda doc, item=item: doc.get_list("list_likes").push(item) for item in "abc"))
    Fields(made.constellation).set(made.owner, "b", "likes", ["a", "x", "c"])
    theirs = made.document
    assert theirs.list("list_likes") == ["a", "x", "c"]
    assert Fields(made.constellation).set(made.owner, "b", "likes", ["a", "x", "c"]).changed is False


def test_a_counter_counts_from_what_is_there(make: Make) -> None:
    made = make(MAP, lambda doc: doc.get_counter("counter_energy").increment(2.5))
    fields = Fields(made.constellation)
    fields.increment(made.owner, "b", "energy", 3)
    assert made.document.counter("counter_energy") == 5.5
    fields.increment(made.owner, "b", "energy", -6)
    assert made.document.counter("counter_energy") == -0.5
    fields.set(made.owner, "b", "energy", 10)
    assert made.document.counter("counter_energy") == 10
    with pytest.raises(UsageError, match="count exactly only up to"):
        fields.increment(made.owner, "b", "energy", 2**53)
    with pytest.raises(UsageError, match=r"is of type Text, no counter"):
        fields.increment(made.owner, "b", "name")


def test_a_counter_that_is_no_number_is_left_alone(make: Make) -> None:
    made = make(MAP, lambda doc: doc.get_counter("counter_energy").increment(float("inf")))
    for act in (
        lambda: Fields(made.constellation).set(made.owner, "b", "energy", 1),
        lambda: Fields(made.constellation).increment(made.owner, "b", "energy"),
    ):
        with pytest.raises(UsageError, match="count exactly"):
            act()
    assert made.rows == 1


def test_a_read_only_field_is_changed_by_an_administrator_alone(make: Make) -> None:
    made = make(MAP)
    for name, value in (("locked", "x"), ("sealed", ["x"])):
        with pytest.raises(RefusedError, match=f'the field "{name}" is read-only'):
            Fields(made.constellation).set(made.owner, "b", name, value)
        assert Fields(made.constellation).set(made.owner, "b", name, value, terms=Terms(as_admin=True)).changed


def test_a_field_that_does_not_exist_is_stored_only_on_demand(make: Make) -> None:
    made = make(MAP, lambda doc: doc.get_map("fields").insert("stray", 1))
    fields = Fields(made.constellation)
    with pytest.raises(NotFoundError) as caught:
        fields.set(made.owner, "b", "nmae", "x")
    assert (caught.value.message, caught.value.hint) == (
        'Marlow/b has no field "nmae"',
        "did you mean name? --new-field stores it",
    )
    assert fields.set_typed(made.owner, "b", "nmae", "42", new_field=True).changed
    assert fields.set_typed(made.owner, "b", "stray", "42", as_text=True).changed
    assert made.document.map("fields") == {"nmae": 42, "stray": "42"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("age", "four", "is of type Number"),
        ("name", "\ud800", "half of a surrogate pair"),
        ("age", "18446744073709551616", "beyond 64 bits"),
        ("likes", "tea", "is of type List"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(make: Make, name: str, text: str, said: str) -> None:
    made = make(MAP)
    with pytest.raises(UsageError) as caught:
        Fields(made.constellation).set_typed(made.owner, "b", name, text)
    assert said in f"{caught.value.message} {caught.value.hint}" and made.rows == 0


def test_a_name_that_no_root_can_have_is_no_place(make: Make) -> None:
    made = make(SLASH)
    with pytest.raises(UsageError) as caught:
        Fields(made.constellation).set(made.owner, "b", "a/b", [])
    assert "a slash or a NUL" in (caught.value.hint or caught.value.message)
    assert Fields(made.constellation).set(made.owner, "b", "name", "Robin").after == "name: Robin"


def test_a_field_without_a_value_is_said(make: Make) -> None:
    made = make(MAP)
    with pytest.raises(NotFoundError, match=r'the field "name" of Marlow/b has no value'):
        Fields(made.constellation).get(made.owner, "b", "name")
    assert Fields(made.constellation).get(made.owner, "b", "energy").value == 0


def test_sections_have_their_own_roots(make: Make) -> None:
    """Agents write a section's field into the block's own `fields`, past the section's mark (M3)."""
    made = make(COMPOSITE, lambda doc: doc.get_map("fields").insert("handle", "stray"), permission="read_only")
    fields = Fields(made.constellation)
    fields.set(made.owner, "b", "card.handle", "heron")
    fields.set(made.owner, "b", "handle", "wren", section="card.old", terms=Terms(as_admin=True))
    assert made.document.deep() == {
        "fields": {"handle": "stray"},
        "section_card_fields": {"handle": "heron"},
        "section_card.old_fields": {"handle": "wren"},
    }
    assert fields.get(made.owner, "b", "card.old.handle").value == "wren"


@pytest.mark.parametrize(
    ("name", "section", "error", "said"),
    [
        ("card.likes", None, UsageError, "the runtime has no place for a list in a section"),
        ("card.old.handle", None, RefusedError, 'the field "card.old.handle" is read-only'),
        ("shut.x", None, RefusedError, 'the section "shut" is read-only'),
        ("x", "shut", RefusedError, 'the section "shut" is read-only'),
        ("notes", None, UsageError, "holds a text, no fields"),
        ("todo.x", None, UsageError, "the runtime has no place for its content"),
        ("card", None, UsageError, "its field is missing"),
        ("card.handel", None, NotFoundError, "did you mean card.handle"),
        ("crad.handle", None, NotFoundError, 'no section "crad"'),
        ("handle", None, UsageError, "names no section"),
        ("handle", "nowhere", NotFoundError, "sections: card, card.old"),
    ],
)
def test_what_a_section_does_not_take_is_said(
    make: Make, name: str, section: str | None, error: type[Exception], said: str
) -> None:
    made = make(COMPOSITE)
    with pytest.raises(error) as caught:
        Fields(made.constellation).set(made.owner, "b", name, ["x"] if "likes" in name else "x", section=section)
    assert said in f"{caught.value} {caught.value.hint}" and made.rows == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("schema", [{"Text": {}}, {"List": {}}])
def test_a_block_without_fields_says_what_it_holds(make: Make, schema: Any) -> None:
    made = make(schema)
    with pytest.raises(UsageError, match="no named fields"):
        Fields(made.constellation).set(made.owner, "b", "x", 1)
    with pytest.raises(UsageError, match="has no sections"):
        Fields(made.constellation).get(made.owner, "b", "x", section="s")


def test_two_that_count_at_once_both_count(make: Make) -> None:
    made = make(MAP)
    before = made.document
    Fields(made.constellation).increment(made.owner, "b", "energy", 2)
    before.count("counter_energy", 5)
    before.merge(made.document.snapshot())
    assert before.counter("counter_energy") == 7
