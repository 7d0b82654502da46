"""Raw columns as values: what cannot be decoded stays as stored and is named, and never raises (database.md §2.1)."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.render.encode import compact
from pattern_cli.store import decoding
from pattern_cli.store.decoding import read_flag, read_integer, read_json, read_text, read_time, read_word

BROKEN = b"bad\xff".decode("utf-8", "surrogateescape")
STORED = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def read(reader: Any, raw: Any, *more: Any) -> tuple[Any, list[str]]:
    damage: list[str] = []
    return reader(raw, "column", *more, damage), damage


def test_times() -> None:
    assert read(read_time, None) == (None, [])
    assert read(read_time, "2026-01-08 19:02:18") == ("2026-01-08T19:02:18Z", [])
    assert read(read_time, "2026-01-08T19:02:18.123456789+00:00") == ("2026-01-08T19:02:18.123456789Z", [])
    for raw in ("", "yesterday", "1767898938", 1767898938, b"2026-01-08 19:02:18", BROKEN, "0001-01-01T00:00:00+01:00"):
        assert read(read_time, raw) == (raw, ["column: not a time"])


@given(JSON)
def test_json_comes_back_exactly(value: Any) -> None:
    if isinstance(value, bool | int | float | None) and not isinstance(value, bool | None):
        return
    found, damage = read(read_json, json.dumps(value))
    assert damage == []
    assert found == value


def test_integers_of_json_are_exact() -> None:
    assert read(read_json, "[9007199254740993, 123456789012345678901234567890]")[0] == [
        9007199254740993,
        123456789012345678901234567890,
    ]


@pytest.mark.parametrize("raw", [5, 1.5, 1.2345678901234567e19, -1])
def test_a_bare_number_is_shown_and_reported(raw: float) -> None:
    assert read(read_json, raw) == (raw, ["column: a bare number, which the runtime cannot read"])


def test_json_in_bytes_is_shown_and_reported() -> None:
    assert read(read_json, b'{"a": 1}') == ({"a": 1}, ["column: stored as bytes, which the runtime cannot read"])
    found, damage = read(read_json, b"\xff{")
    assert found == "\udcff{"
    assert len(damage) == 2


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "{'a': 1}",
        "[1,]",
        "NaN",
        '{"a": Infinity}',
        "[-Infinity]",
        "[1e999]",
        "nul",
        '"a',
        "[" * 5000,
        "1" * 5000,
    ],
)
def test_what_is_no_json_stays_text(raw: str) -> None:
    assert read(read_json, raw) == (raw, ["column: not valid JSON"])


def nested(levels: int, of: str) -> str:
    return ("[" * levels + "]" * levels) if of == "lists" else '{"a":' * levels + "1" + "}" * levels


@pytest.mark.parametrize("of", ["lists", "objects"])
def test_json_too_deep_for_the_runtime_stays_text(of: str) -> None:
    found, damage = read(read_json, nested(decoding.DEEPEST, of))
    assert not damage
    assert json.loads(compact(found)) == json.loads(nested(decoding.DEEPEST, of))
    deeper = nested(decoding.DEEPEST + 1, of)
    assert read(read_json, deeper) == (deeper, ["column: JSON nested too deeply for the runtime"])


def test_many_brackets_are_not_depth() -> None:
    assert read(read_json, json.dumps([[]] * 500)) == ([[]] * 500, [])
    assert read(read_json, json.dumps("[" * 500)) == ("[" * 500, [])


def test_words() -> None:
    known = ("active", "archived")
    assert read(read_word, "active", known) == ("active", [])
    assert read(read_word, None, known) == (None, [])
    for raw in ("Active", "", 5, b"active", BROKEN):
        found, (remark,) = read(read_word, raw, known)
        assert found == raw
        assert remark.startswith("column: ")
        assert remark.endswith("is not one of active, archived")


@pytest.mark.parametrize(
    ("raw", "flag"),
    [(1, True), (0, False), (-5, True), (0.5, True), ("true", False), ("1", False), (None, False), (b"\x01", False)],
)
def test_flags_as_the_runtime_reads_them(raw: Any, flag: bool) -> None:
    assert read_flag(raw) is flag


def test_integers() -> None:
    for raw in (None, 0, -5, 2**62):
        assert read(read_integer, raw) == (raw, [])
    for other in (1.5, "5", b"5", math.inf):
        assert read(read_integer, other) == (other, ["column: not a whole number"])


def test_texts() -> None:
    for raw in (None, "", "any 𝕋ext\n", "\udc00"[:0]):
        assert read(read_text, raw) == (raw, [])
    assert read(read_text, BROKEN) == (BROKEN, ["column: not valid UTF-8"])
    for other in (5, b"bytes"):
        found, (remark,) = read(read_text, other)
        assert found == other
        assert "which the runtime cannot read" in remark


@given(STORED)
def test_nothing_stored_raises(raw: Any) -> None:
    for reader, more in (
        (read_time, ()),
        (read_json, ()),
        (read_word, (("active",),)),
        (read_integer, ()),
        (read_text, ()),
    ):
        found, _ = read(reader, raw, *more)
        json.loads(compact(found), parse_constant=pytest.fail)
