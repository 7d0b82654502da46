"""Structures as people write them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tomli_w
from hypothesis import assume, given
from hypothesis import strategies as st

from pattern_cli.errors import UsageError
from pattern_cli.memory.notation import read

SCALARS = (
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=5)


@given(OBJECTS | st.lists(VALUES))
def test_json_comes_back(value: Any) -> None:
    assert read(json.dumps(value, indent=1), "it") == value


@given(OBJECTS)
def test_toml_comes_back(value: dict[str, Any]) -> None:
    text = tomli_w.dumps(value)
    # The one heading of an empty table is a list of JSON as well.
    assume(not (text.startswith('["') and text.count("\n") == 1))
    assert read(text, "it") == value


@pytest.mark.parametrize("text", ["[card]\nname = 'x'\n", "[[items]]\nname = 'x'\n", "\n\n[1]\na = 2", "a = 1", ""])
def test_a_table_is_told_from_a_list(text: str) -> None:
    assert isinstance(read(text, "it"), dict)


def test_a_byte_order_mark_is_no_content() -> None:
    assert read('\ufeff{"a": 1}', "it") == read("\ufeffa = 1", "it") == {"a": 1}


def test_times_of_toml_are_texts() -> None:
    assert read("at = 2026-01-08T19:02:18Z\nday = 2026-01-08", "it") == {
        "at": "2026-01-08T19:02:18+00:00",
        "day": "2026-01-08",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": }', "is no JSON"),
        ("[1, 2", "is no JSON or TOML"),
        ("just words", "is no TOML"),
        ('{"a": NaN}', "NaN is no JSON"),
        ("a = nan", "nan is no number"),
        ('{"a": 1, "a": 2}', '"a" comes twice'),
        ("a = 1\na = 2", "is no TOML"),
        ('{"a": 9223372036854775808}', "beyond 64 bits"),
        ("[" * 5000 + "]" * 5000, "nested"),
    ],
)
def test_what_would_be_changed_by_storing_it_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match="the content.*" + said):
        read(text, "the content")
