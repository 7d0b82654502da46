"""Values from people: read by type, refused where a document could not hold them exactly."""

from __future__ import annotations

import json
from typing import Any

import loro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import NotFoundError, UsageError
from pattern_cli.memory.schemas import FieldDef
from pattern_cli.memory.values import checked, entry, equal, fitting, guessed, parsed, typed, unknown
from pattern_cli.store import times


def field(kind: str, name: str = "f", required: bool = False) -> FieldDef:
    return FieldDef(name, "", kind, required, None, False)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_what_passes_comes_back_the_same_from_a_document(value: Any) -> None:
    doc = loro.LoroDoc()
    doc.get_map("fields").insert("key", checked(value, "it"))
    other = loro.LoroDoc()
    other.import_(doc.export(loro.ExportMode.Snapshot()))
    assert equal(other.get_map("fields").get_deep_value()["key"], value)


@given(PLAIN)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    assert equal(parsed(json.dumps(value), "it"), value)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 1e400, float("nan"), float("-inf"), "\ud800", b"bytes"])
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"k": [v]}, lambda v: [{"k": v}]])
def test_what_a_document_would_change_is_refused(value: Any, wrap: Any) -> None:
    with pytest.raises(UsageError, match="it"):
        checked(wrap(value), "it")


def test_values_are_not_nested_without_end() -> None:
    deep: Any = 1
    for _ in range(65):
        deep = [deep]
    with pytest.raises(UsageError, match="more than 64 levels"):
        checked(deep, "it")
    with pytest.raises(UsageError, match="more than 64 levels"):
        parsed("[" * 100_000 + "]" * 100_000, "it")
    assert checked(deep[0], "it") == deep[0]


@pytest.mark.parametrize("text", ["{", "NaN", "Infinity", '{"a":1,"a":2}', "", '"\\ud800"', "9" * 5000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="it"):
        parsed(text, "it")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("Text", "42", "42"),
        ("Text", "", ""),
        ("Number", "42", 42),
        ("Number", "-2.50", -2.5),
        ("Number", "9007199254740993", 9007199254740993),
        ("Boolean", "true", True),
        ("List", '["a", 1]', ["a", 1]),
        ("Timestamp", "2026-01-08T19:02:18+00:00", "2026-01-08T19:02:18+00:00"),
        ("Timestamp", "2026-01-08 19:02:18", "2026-01-08 19:02:18"),
        ("Counter", "3", 3),
        ("Counter", "3.0", 3),
    ],
)
def test_the_type_of_a_field_says_how_a_word_is_read(kind: str, text: str, value: Any) -> None:
    assert equal(typed(text, field(kind), "it"), value)


def test_now_is_a_time() -> None:
    assert times.nanoseconds(typed("now", field("Timestamp"), "it"))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("Number", "four"),
        ("Number", "true"),
        ("Number", '"4"'),
        ("Number", "0x10"),
        ("Number", "1_000"),
        ("Number", "NaN"),
        ("Boolean", "yes"),
        ("Boolean", "1"),
        ("List", "tea"),
        ("List", '{"a": 1}'),
        ("Timestamp", "tomorrow"),
        ("Timestamp", "2026-13-01T00:00:00Z"),
        ("Counter", "2.5"),
        ("Counter", "true"),
    ],
)
def test_a_word_of_another_type_is_refused_and_the_type_named(kind: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"is of type {kind}, which .* is not"):
        typed(text, field(kind), "it")


def test_numbers_that_would_lose_digits_are_refused() -> None:
    for kind, text, said in (
        ("Number", "9223372036854775808", "beyond 64 bits"),
        ("Number", "1e999", "no number"),
        ("Counter", "9007199254740993", "count exactly only up to"),
    ):
        with pytest.raises(UsageError, match=said):
            typed(text, field(kind), "it")


def test_a_text_is_due_for_a_text() -> None:
    with pytest.raises(UsageError, match="is of type Text, which 4 is not"):
        fitting(4, field("Text"), "it")


@pytest.mark.parametrize(
    ("text", "value"), [("42", 42), ("true", True), ('{"a":1}', {"a": 1}), ("plain", "plain"), ("NaN", "NaN")]
)
def test_without_a_type_json_is_json_and_the_rest_text(text: str, value: Any) -> None:
    assert equal(guessed(text, "it"), value)


def test_without_a_type_digits_are_not_lost_either() -> None:
    with pytest.raises(UsageError, match="beyond 64 bits"):
        guessed("99999999999999999999", "it")


def test_an_entry_fits_its_fields() -> None:
    fields = (field("Text", "title", required=True), field("Number", "weight"))
    assert entry({"weight": 1, "title": "x"}, fields, "it", False) == {"weight": 1, "title": "x"}
    assert entry({"title": "x", "more": [1]}, fields, "it", True) == {"title": "x", "more": [1]}
    assert entry({"title": "x", "at": "y"}, fields, "it", False, ("at",)) == {"title": "x", "at": "y"}
    for wrong, error, said in (
        ({"titel": "x"}, NotFoundError, "did you mean title"),
        ({"weight": 1}, UsageError, '"title" is missing'),
        ({"title": "x", "weight": "1"}, UsageError, "is of type Number"),
    ):
        with pytest.raises(error) as caught:
            entry(wrong, fields, "it", False)
        assert said in f"{caught.value.message} {caught.value.hint}"


def test_equal_values_are_of_one_kind() -> None:
    assert not equal(1, 1.0) and not equal(True, 1) and not equal([0], [False]) and not equal({"a": 1}, {"a": 1.0})
    assert equal({"a": [1, None], "b": 2.0}, {"b": 2.0, "a": [1, None]})


def test_a_name_that_schema_and_document_both_have_is_offered_once() -> None:
    error = unknown("zzz", "Juniper/human", ["nickname", "energy", "nickname"])
    assert error.hint == "fields: nickname, energy"
