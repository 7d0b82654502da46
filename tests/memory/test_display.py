"""Values as the runtime writes them: numbers, nested values, lines."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.memory.display import lines, number, shown

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (2.0, "2.0"),
        (-2.5, "-2.5"),
        (100.0, "100.0"),
        (0.1, "0.1"),
        (0.00001, "0.00001"),
        (0.000012345, "0.000012345"),
        (0.000001, "1e-6"),
        (1.5e-7, "1.5e-7"),
        (1e15, "1000000000000000.0"),
        (1234567890123456.0, "1234567890123456.0"),
        (9999999999999998.0, "9999999999999998.0"),
        (1e16, "1e+16"),
        (1.25e17, "1.25e+17"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@given(FINITE)
def test_a_number_reads_back_as_itself(value: float) -> None:
    back = float(number(value))

    assert (back, math.copysign(1, back)) == (value, math.copysign(1, value))


@given(FINITE)
def test_a_number_is_as_short_as_can_be(value: float) -> None:
    digits = re.sub(r"e.*|[-.]", "", number(value)).strip("0")

    assert len(digits) == len(re.sub(r"e.*|[-.]", "", repr(value)).strip("0"))


@given(FINITE.filter(lambda value: value != 0))
def test_notation_follows_the_decimal_exponent(value: float) -> None:
    exponent = int(f"{abs(value):.17e}".partition("e")[2])
    scientific = re.fullmatch(r"-?\d(\.\d+)?e[+-][1-9]\d*", number(value))
    fixed = re.fullmatch(r"-?\d+\.\d+", number(value))

    # 17 digits may round up to the next power of ten, so the borders are left to the examples above.
    if -5 <= exponent < 15:
        assert fixed
    elif exponent > 15 or exponent < -6:
        assert scientific


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (9223372036854775807, "9223372036854775807"),
        ("as it is\n", "as it is\n"),
        ([], "[]"),
        ({}, "{}"),
        ([1, "two", [3.0], {"a": None}], "[1, two, [3.0], {a: null}]"),
        ({"b": 1, "a": [True]}, "{b: 1, a: [true]}"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (b"\x01\xff", "<2 bytes: 01ff>"),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\n\n", ["a", ""]),
        ("\n", [""]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\r\r\nb", ["a\r", "b"]),
        ("a\rb", ["a\rb"]),
        ("a\n\r\nbaz\r", ["a", "", "baz\r"]),
        ("a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g", ["a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g"]),
    ],
)
def test_lines(text: str, found: list[str]) -> None:
    assert lines(text) == found


@given(st.text(st.sampled_from("ab\r\n\x85\u2028")))
def test_lines_split_at_line_feeds_alone(text: str) -> None:
    found = lines(text)

    assert len(found) == text.count("\n") + (not text.endswith("\n") and text != "")
    assert "".join(found) == "".join(re.split(r"\r?\n", text))
