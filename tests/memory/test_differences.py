"""The steps from one list to another: few, exact, and counted by what they do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.memory.differences import Step, key, list_steps
from pattern_cli.memory.documents import Document, Nested
from pattern_cli.memory.values import equal

ITEMS = st.lists(st.sampled_from([0, 1, 1.0, True, "1", None, [1], {"a": 1}, {"a": 1.0}]), max_size=8)


@given(ITEMS, ITEMS)
def test_the_steps_lead_from_one_to_the_other(old: list[Any], new: list[Any]) -> None:
    document = Document()
    for index, item in enumerate(old):
        document.insert_item("items", index, item)
    for step in list_steps(old, new):
        step.apply(document, "items")
    assert equal(document.list("items"), new)


@given(ITEMS)
def test_equal_lists_need_no_step(items: list[Any]) -> None:
    assert list_steps(items, list(items)) == []


def test_what_stays_is_not_written_again() -> None:
    assert list_steps(["a", "b", "c"], ["a", "x", "b", "c", "d"]) == [Step(3, 0, ("d",)), Step(1, 0, ("x",))]


@pytest.mark.parametrize(
    ("step", "operations"),
    [
        (Step(0, 0, ("a",)), ["append"]),
        (Step(0, 1, ()), ["delete"]),
        (Step(0, 1, ("a",)), ["overwrite"]),
        (Step(0, 1, ("a", "b")), ["overwrite", "append"]),
        (Step(0, 2, ("a",)), ["overwrite", "delete"]),
    ],
)
def test_a_step_says_what_has_to_be_allowed(step: Step, operations: list[str]) -> None:
    assert step.operations == operations


def test_keys_tell_kinds_apart() -> None:
    values = [1, 1.0, True, "1", b"1", Nested(1), [1], {"1": 1}, None, "<31>", float("nan"), "NaN", {"a": b"1"}]
    assert len({key(value) for value in values}) == len(values)
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
