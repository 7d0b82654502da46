from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.archives import fields
from pattern_cli.archives.dagcbor import Link
from pattern_cli.archives.fields import RecordError
from pattern_cli.store import times


@pytest.mark.parametrize(
    ("archived", "column"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678+00:00"),
        ("2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05.000001+00:00"),
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456789+00:00"),
        ("2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.120+00:00"),
        ("2026-01-02T03:04:05.12Z", "2026-01-02T03:04:05.120+00:00"),
        ("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05.123000Z", "2026-01-02T03:04:05.123+00:00"),
        ("2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02t03:04:05z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02 03:04:05 Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:60Z", "2026-01-02T03:05:00+00:00"),
        ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00+00:00"),
    ],
)
def test_a_time_becomes_column_text(archived: str, column: str) -> None:
    assert fields.moment(archived) == column


@pytest.mark.parametrize(
    "archived",
    [
        "2026-01-02T03:04:05",
        "2026-02-30T03:04:05Z",
        "2027-02-29T03:04:05Z",
        "2026-13-01T03:04:05Z",
        "2026-01-02T24:04:05Z",
        "2026-01-02T03:60:05Z",
        "2026-01-02",
        "0000-01-02T03:04:05Z",
        "",
        "٢٠٢٦-01-02T03:04:05Z",
        1767322800,
        None,
    ],
)
def test_what_is_no_time_with_a_zone_is_refused(archived: Any) -> None:
    with pytest.raises(RecordError):
        fields.moment(archived)


@given(st.integers(0, 250_000_000_000_000_000_0), st.sampled_from([1, 1_000, 1_000_000, 1_000_000_000]))
def test_no_digit_of_a_time_is_lost(ns: int, grain: int) -> None:
    ns -= ns % grain
    assert times.nanoseconds(fields.moment(times.from_nanoseconds(ns))) == ns


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (fields.text, "x", [1, None, b"x"]),
        (fields.flag, True, [0, 1, None, "true"]),
        (fields.integer, -(1 << 63), [1 << 63, 1.0, True, None]),
        (fields.count, (1 << 64) - 1, [-1, 1 << 64, True]),
        (fields.octets, b"x", ["x", [1]]),
        (fields.link, Link(b"x"), [b"x", None]),
        (fields.json, {"a": [None, 1.5]}, [{"a": [b"x"]}, [Link(b"x")]]),
        (fields.json_map, {"a": 1}, [[], None]),
        (fields.word("a", "b"), "a", ["c", None, 1]),
        (fields.optional(fields.text), None, [1]),
        (fields.links_by_id, {"a": Link(b"x")}, [{"a": 1}, []]),
    ],
)
def test_a_check_keeps_what_is_right_and_refuses_the_rest(check: Any, good: Any, bad: list[Any]) -> None:
    assert check(good) == good
    for value in bad:
        assert not fields.passes(value, check)


def test_a_document_version_is_a_list_of_bytes() -> None:
    assert fields.passes([0, 255], fields.frontier)
    for wrong in (b"\0", [256], [True], "x"):
        assert not fields.passes(wrong, fields.frontier)


def test_an_array_becomes_a_tuple_and_names_nothing_inside() -> None:
    assert fields.array(fields.text)(["a", "b"]) == ("a", "b")
    with pytest.raises(RecordError):
        fields.array(fields.text)("ab")


def test_the_key_is_named_once_and_the_inner_one() -> None:
    def inner(value: Any) -> Any:
        return fields.field(value, "inner", fields.text)

    with pytest.raises(RecordError, match=r"^the key inner is no text$"):
        fields.field({"outer": {"inner": 1}}, "outer", inner)
    with pytest.raises(RecordError, match=r"^the key a is missing$"):
        fields.field({}, "a", fields.text)
    assert fields.field({}, "a", fields.optional(fields.text)) is None
