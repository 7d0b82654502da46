"""Rows as JSON: valid whatever a row holds, nothing harmful, values kept."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.render.encode import compact, mapping, pretty

HARMFUL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\ud800-\udfff]"
)
# Bytes that are no UTF-8 come as these surrogates; the halves that pair up with them never come.
TEXT = st.text(st.characters(codec=None, categories=None, exclude_characters=map(chr, range(0xD800, 0xDC00))))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    inner: Any


@given(VALUES)
def test_json_is_exact_and_harmless(value: Any) -> None:
    for write in (compact, pretty):
        text = write(value)
        assert json.loads(text) == value
        assert not HARMFUL.search(text)
        text.encode()
    assert "\n" not in compact(value)


def test_rows_become_objects_in_the_order_of_their_fields() -> None:
    row = Row("a", (Row("b", None), {"k": Row("c", b"\x00\xff")}))
    assert list(mapping(row)) == ["name", "inner"]
    assert mapping({"x": 1}) == {"x": 1}
    assert compact(row) == (
        '{"name":"a","inner":[{"name":"b","inner":null},{"k":{"name":"c","inner":"'
        + base64.b64encode(b"\x00\xff").decode()
        + '"}}]}'
    )
    assert pretty({"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}'


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_json_has_no_infinity(value: float) -> None:
    row = Row("a", (value, {"k": [value, 1.5]}))
    for write in (compact, pretty):
        found = json.loads(write(row), parse_constant=pytest.fail)
        assert found == {"name": "a", "inner": [str(value), {"k": [str(value), 1.5]}]}


def test_text_stays_readable() -> None:
    assert compact("é ☕ 👩‍🚀") == '"é ☕ 👩‍🚀"'


def test_bytes_that_are_no_utf8_are_told_apart_from_text() -> None:
    assert compact("a\udcff") == '"a\\udcff"'
