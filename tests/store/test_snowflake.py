"""Positions: the layout of database.md §6.2, both texts, values that carry no time, a rising sequence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.store import snowflake

# 2026-01-08T19:02:18.123Z, sequence 0
MILLISECONDS = 1_767_898_938_123
POSITION = 31_395_935_909_707_776
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def base32(value: int) -> str:
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(60, -1, -5))


def test_the_example_of_the_reference() -> None:
    assert snowflake.make(MILLISECONDS) == POSITION
    assert snowflake.milliseconds(POSITION) == MILLISECONDS
    assert snowflake.parse("31395935909707776") == snowflake.parse("00VWADZVMM000") == POSITION
    assert snowflake.rfc3339z_of("31395935909707776") == "2026-01-08T19:02:18.123Z"


def test_the_epoch_is_twitters() -> None:
    assert snowflake.milliseconds(0) == 1_288_834_974_657


@given(st.integers(0, (1 << 64) - 1))
def test_both_texts_give_the_number(value: int) -> None:
    assert snowflake.parse(base32(value)) == value
    assert snowflake.parse(base32(value).lower()) == value
    decimal = str(value)
    if len(decimal) != 13:
        assert snowflake.parse(decimal) == value


@given(st.integers(1_288_834_974_657, 1_288_834_974_657 + (1 << 48) - 1), st.integers(0, 65_535))
def test_make_and_milliseconds_are_inverse(ms: int, sequence: int) -> None:
    position = snowflake.make(ms, sequence)
    assert position < 1 << 64
    assert snowflake.milliseconds(position) == ms
    assert position & 0xFFFF == sequence


def test_letters_that_look_like_digits() -> None:
    assert snowflake.parse("OOVWADZVMMOOO") == POSITION
    assert snowflake.parse("000000000000I") == snowflake.parse("000000000000l") == 1


def test_thirteen_digits_are_base32_as_for_the_runtime() -> None:
    assert snowflake.parse("1234567890123") == int("1234567890123", 32)


def test_base32_beyond_64_bits_is_tried_as_decimal() -> None:
    assert snowflake.parse("9" * 13) == int("9" * 13, 32)
    with pytest.raises(ValueError):
        snowflake.parse("G000000000000")


@pytest.mark.parametrize(
    "text",
    ["", "letta-import-1767898938", "msg_" + "0" * 32, "0" * 31 + "x", str(1 << 64), "-5", "1.5", "٣", "00VWADZVMM00U"],
)
def test_what_is_no_position(text: str) -> None:
    with pytest.raises(ValueError):
        snowflake.parse(text)
    assert snowflake.rfc3339z_of(text) is None


@pytest.mark.parametrize("text", ["00000000000000000005", "0", "00000000000000000000099999"])
def test_a_padded_counter_carries_no_time(text: str) -> None:
    assert snowflake.parse(text) == int(text)
    assert snowflake.rfc3339z_of(text) is None


def test_a_position_beyond_the_calendar_carries_no_time() -> None:
    assert snowflake.rfc3339z_of(str((1 << 64) - 1)) is None


@given(st.text(max_size=30))
def test_any_text_has_a_time_or_none(text: str) -> None:
    found = snowflake.rfc3339z_of(text)
    assert found is None or found.endswith("Z")


def test_drawn_positions_rise_and_tell_the_time() -> None:
    minter = snowflake.Minter(clock=lambda: MILLISECONDS * 1_000_000)
    drawn = [minter.draw() for _ in range(1000)]

    assert drawn == sorted(set(drawn))
    assert {snowflake.milliseconds(position) for position in drawn} == {MILLISECONDS}


def test_drawn_positions_rise_when_the_clock_goes_back() -> None:
    clock = iter([MILLISECONDS * 1_000_000, (MILLISECONDS - 50_000) * 1_000_000])
    minter = snowflake.Minter(clock=lambda: next(clock))

    assert minter.draw() < minter.draw()


def test_a_runtime_that_draws_in_the_same_millisecond_gets_no_position_of_ours() -> None:
    minter = snowflake.Minter(clock=lambda: MILLISECONDS * 1_000_000)

    assert all(minter.draw() & 0xFFFF >= 0x8000 for _ in range(1000))


def test_a_position_that_is_taken_is_not_drawn() -> None:
    taken: set[int] = set()

    def is_taken(position: int) -> bool:
        # The first three that are tried belong to somebody.
        if len(taken) < 3:
            taken.add(position)
        return position in taken

    assert snowflake.Minter(is_taken).draw() == max(taken) + 1
