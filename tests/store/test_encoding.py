"""JSON for columns: it reads back as the same value, and what the runtime cannot read is refused."""

from __future__ import annotations

from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import UsageError
from pattern_cli.store.decoding import DEEPEST, read_json
from pattern_cli.store.encoding import json_column, json_text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(VALUES)
def test_a_value_reads_back_from_a_column_declared_json(value: Any) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = [value]
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t (c JSON)")
    connection.execute("INSERT INTO t VALUES (?)", (json_column(value, "it"),))
    damage: list[str] = []
    assert read_json(connection.execute("SELECT c FROM t").fetchall()[0][0], "c", damage) == value
    assert damage == []


@pytest.mark.parametrize("number", [5, 1.5, -1])
def test_a_bare_number_is_refused_with_the_reason(number: float) -> None:
    with pytest.raises(UsageError, match="bare number: the runtime could not read") as caught:
        json_column(number, "the metadata")
    assert str(number) in (caught.value.hint or "")


def test_a_bare_number_stays_one_in_a_column_declared_text() -> None:
    assert json_text(5, "it") == "5"


def test_truth_values_are_no_numbers() -> None:
    assert json_column(True, "it") == "true"


def test_what_is_no_json_is_refused() -> None:
    deep: Any = "x"
    for _ in range(DEEPEST + 1):
        deep = [deep]
    for value in (float("inf"), {"a": "\ud800"}, deep, {1, 2}):
        with pytest.raises(UsageError, match="the metadata"):
            json_text(value, "the metadata")


def test_as_deep_as_the_runtime_reads_is_written() -> None:
    deep: Any = "x"
    for _ in range(DEEPEST):
        deep = [deep]
    assert json_text(deep, "it").count("[") == DEEPEST
