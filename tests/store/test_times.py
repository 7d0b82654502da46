"""Times: both column forms, offsets, nanoseconds, what the runtime refuses, what a person types (database.md §6.3)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import UsageError
from pattern_cli.store import times
from pattern_cli.store.times import NS

MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))
FRACTIONS = st.integers(0, NS - 1)
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXAMPLE = 1_767_898_938_123_456_789  # 2026-01-08T19:02:18.123456789Z


def exact(moment: datetime) -> int:
    """Unix nanoseconds of a `datetime`, without a float in between."""
    distance = moment - EPOCH
    return (distance.days * 86_400 + distance.seconds) * NS + distance.microseconds * 1000


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local clock with summer time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2026-01-08T19:02:18.123456789+00:00", EXAMPLE),
        ("2026-01-08T19:02:18.123456+00:00", EXAMPLE - 789),
        ("2026-01-08T19:02:18+00:00", EXAMPLE - 123_456_789),
        ("2026-01-08 19:02:18", EXAMPLE - 123_456_789),
        ("2026-01-08T19:02:18.123456789Z", EXAMPLE),
        ("2026-01-08t19:02:18.123456789z", EXAMPLE),
        ("2026-01-08T21:02:18.123456789+02:00", EXAMPLE),
        ("2026-01-08T13:32:18.123456789-05:30", EXAMPLE),
        ("2026-01-08 19:02", EXAMPLE - 18_123_456_789),
        ("2026-01-08T19:02Z", EXAMPLE - 18_123_456_789),
        ("2026-01-08 19:02:18.1", EXAMPLE - 23_456_789),
        ("2026-01-08T19:02:18.12345678999999+00:00", EXAMPLE),
        ("2026-01-08T19:02:18.12345678999999", EXAMPLE),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2016-12-31T23:59:60Z", 1_483_228_800 * NS),
        ("2016-12-31T23:59:60.5+00:00", 1_483_228_800 * NS + NS // 2),
    ],
)
def test_what_the_runtime_reads(text: str, ns: int) -> None:
    assert times.nanoseconds(text) == ns


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "2026-01-08", "20260108T190218Z", "1767898938", "19:02:18", "2026-01-08T", "2026-01-08T19",
        "2026-01-08T24:00:00+00:00", "2026-01-08 24:00:00", "2026-01-08T19:60:00Z", "2026-01-08T19:02:61Z",
        "2026-13-08T19:02:18Z", "2026-02-29T19:02:18Z", "0000-01-01T00:00:00Z", "2026-01-08T19:02:18.Z",
        "2026-01-08T19:02:18,5Z", "2026-01-08T19:02:18+24:00", "2026-01-08T19:02:18+00:60", "2026-01-08T19:02:18+99:99",
        "2026-W02-4T19:02:18", "2026-01-08T19:02:18Z\n", " 2026-01-08T19:02:18Z", "２０２６-01-08T19:02:18Z",
        "2026-01-08T19:02:18.１Z", "2026/01/08 19:02:18", "now", "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ],
)  # fmt: skip
def test_what_the_runtime_refuses(text: str) -> None:
    with pytest.raises(ValueError):
        times.nanoseconds(text)
    with pytest.raises(ValueError):
        times.rfc3339z(text)


@given(MOMENTS, FRACTIONS, st.sampled_from(["T", " "]), st.integers(0, 12))
def test_python_agrees(moment: datetime, fraction: int, separator: str, digits: int) -> None:
    kept = f"{fraction:09d}000"[:digits]
    text = moment.replace(microsecond=0).isoformat(separator) + (f".{kept}" if kept else "")
    expected = exact(moment.replace(microsecond=0, tzinfo=UTC)) + int(kept[:9].ljust(9, "0"))
    assert times.nanoseconds(text) == times.nanoseconds(f"{text}+00:00") == times.nanoseconds(f"{text}Z") == expected


@given(MOMENTS, OFFSETS)
def test_offsets_count(moment: datetime, minutes: int) -> None:
    local = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert times.nanoseconds(local.isoformat()) == exact(local)


@given(MOMENTS, FRACTIONS)
def test_no_nanosecond_is_lost(moment: datetime, fraction: int) -> None:
    ns = exact(moment.replace(microsecond=0, tzinfo=UTC)) + fraction
    shown, stored = times.from_nanoseconds(ns), times.column_time(ns)
    assert shown.endswith("Z")
    assert stored.endswith("+00:00")
    assert times.nanoseconds(shown) == times.nanoseconds(stored) == ns
    assert times.rfc3339z(stored) == shown
    assert times.column_time(shown) == stored


@given(MOMENTS, FRACTIONS)
def test_the_fewest_groups_of_three_digits(moment: datetime, fraction: int) -> None:
    text = times.column_time(exact(moment.replace(microsecond=0, tzinfo=UTC)) + fraction)
    digits = text[19:].removesuffix("+00:00").removeprefix(".")
    assert len(digits) in {0, 3, 6, 9}
    assert not digits or digits[-3:] != "000"


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_an_error(text: str) -> None:
    try:
        ns = times.nanoseconds(text)
    except ValueError:
        return
    assert times.nanoseconds(times.from_nanoseconds(ns)) == ns


@pytest.mark.parametrize("ns", [10**30, -(10**30), 253_402_300_800 * NS])
def test_times_beyond_the_calendar_are_errors(ns: int) -> None:
    with pytest.raises(ValueError):
        times.from_nanoseconds(ns)


def test_the_clock() -> None:
    before = time.time_ns()
    read, written = times.now_ns(), times.nanoseconds(times.now_column())
    assert before <= read <= written <= time.time_ns()


DAY = 86_400
NOW = 1_767_898_938 * NS  # 2026-01-08 19:02:18 UTC


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", 0), ("30s", 30), ("30 sec", 30), ("90 seconds ago", 90), ("5m", 300), ("5min", 300), ("5 minutes", 300),
        ("2h", 7200), ("2 hours ago", 7200), ("1.5h", 5400), ("3d", 3 * DAY), ("1 day", DAY), ("2w", 14 * DAY),
        ("1 week ago", 7 * DAY), ("1mo", 2_629_800), ("3 months", 3 * 2_629_800), ("1y", 31_557_600),
        ("2 years ago", 2 * 31_557_600), ("  2H  ", 7200),
    ],
)  # fmt: skip
def test_relative_times(text: str, seconds: int) -> None:
    assert times.parse_when(text, NOW) == NOW - seconds * NS


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("today", "2026-01-07T23:00:00Z"),
        ("yesterday", "2026-01-06T23:00:00Z"),
        ("2026-01-08", "2026-01-07T23:00:00Z"),
        ("2026-07-08", "2026-07-07T22:00:00Z"),
        ("2026-01-08 19:02", "2026-01-08T18:02:00Z"),
        ("2026-07-08T19:02:18.123456789", "2026-07-08T17:02:18.123456789Z"),
        ("2026-01-08T19:02:18Z", "2026-01-08T19:02:18Z"),
        ("2026-01-08 19:02+02:00", "2026-01-08T17:02:00Z"),
        ("2026-01-08 19:02:18.5 +0200", "2026-01-08T17:02:18.500Z"),
    ],
)
def test_absolute_times_are_local_without_a_zone(text: str, utc: str, berlin: None) -> None:
    assert times.from_nanoseconds(times.parse_when(text, NOW)) == utc


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-08", "2026-01-08T22:59:59.999999999Z"),
        ("2026-03-29", "2026-03-29T21:59:59.999999999Z"),  # a day of 23 hours
        ("2026-10-25", "2026-10-25T22:59:59.999999999Z"),  # a day of 25 hours
        ("9999-12-31", "9999-12-31T23:59:59.999999999Z"),
        (" yesterday ", "2026-01-07T22:59:59.999999999Z"),
        ("Today", "2026-01-08T22:59:59.999999999Z"),
        ("2026-01-08 19:02", "2026-01-08T18:02:00Z"),
        ("2026-01-08T19:02:18Z", "2026-01-08T19:02:18Z"),
    ],
)
def test_until_a_day_means_its_end(text: str, utc: str, berlin: None) -> None:
    assert times.from_nanoseconds(times.parse_until(text, NOW)) == utc


def test_until_anything_else_is_as_since() -> None:
    assert times.parse_until("2h", NOW) == times.parse_when("2h", NOW)
    with pytest.raises(UsageError):
        times.parse_until("2026-02-30", NOW)


@pytest.mark.parametrize(
    "text", ["", "soon", "5 sheep", "2x", "h", "-2h", "2026-13-01", "2026-02-30", "1767898938", "9" * 40 + "y", "٣d"]
)
def test_what_is_no_time_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        times.parse_when(text, NOW)
    assert f'"{text}" is not a time' in caught.value.message
    assert "2h" in str(caught.value.hint)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_time_or_a_usage_error(text: str) -> None:
    try:
        ns = times.parse_when(text, NOW)
    except UsageError:
        return
    assert times.nanoseconds(times.from_nanoseconds(ns)) == ns
