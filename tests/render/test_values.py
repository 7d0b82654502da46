"""Single values for people: how long ago, local times, sizes, counts, bars, sparklines, plain values for pipes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.render import values

NOW = 1_767_898_938.0  # 2026-01-08T19:02:18Z
DAY = 86_400


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("distance", "shown"),
    [
        (0, "now"), (1, "1 s ago"), (59, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "1 h ago"),
        (DAY - 1, "23 h ago"), (DAY, "yesterday"), (2 * DAY - 1, "yesterday"), (2 * DAY, "2 d ago"),
        (29 * DAY, "29 d ago"),
        (31 * DAY, "1 mo ago"), (364 * DAY, "11 mo ago"), (366 * DAY, "1 y ago"), (-1, "in 1 s"), (-7200, "in 2 h"),
        (-DAY, "in 1 d"),
    ],
)  # fmt: skip
def test_ago(distance: int, shown: str) -> None:
    assert values.ago(stamp(NOW - distance), NOW) == shown


def test_ago_takes_nanoseconds_and_the_clock() -> None:
    assert values.ago("2026-01-08T19:02:16.123456789Z", NOW) == "1 s ago"
    assert values.ago(stamp(time.time() - 3 * DAY - 60)) == "3 d ago"


def test_times_on_the_readers_clock(berlin: None) -> None:
    assert values.local("2026-01-08T19:02:18.999999999Z") == "2026-01-08 20:02:18"
    assert values.local("2026-07-08T19:02:18Z") == "2026-07-08 21:02:18"
    assert values.clock("2026-01-08T19:02:18Z") == "2026-01-08 20:02:18"
    today = stamp(time.time())
    assert values.clock(today) == values.local(today)[11:]


@pytest.mark.parametrize("show", [values.ago, values.local, values.clock])
def test_what_is_no_time_is_shown_as_it_is(show: Any) -> None:
    assert show(None) == show("") == "–"
    assert show("not a time\x1b") == "not a time\\x1b"
    assert show(5) == "5"
    assert show(b"\xff") == "b'\\xff'"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_ends_of_the_calendar(zone: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert values.local(text)[:4] in {"0001", "9999"}
        assert values.ago(text).endswith(" y ago") or values.ago(text).startswith("in ")
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_949, "99.9 kB"), (99_950, "100 kB"), (729_088, "729 kB"),
        (999_499, "999 kB"), (999_500, "1.0 MB"), (42_229_760, "42.2 MB"), (10**9, "1.0 GB"), (10**12, "1.0 TB"),
        (5 * 10**15, "5 PB"), (None, "–"), ("x", "–"),
    ],
)  # fmt: skip
def test_size(count: Any, shown: str) -> None:
    assert values.size(count) == shown


@given(st.integers(0, 999 * 10**12))
def test_size_is_short_and_right(count: int) -> None:
    number, unit = values.size(count).split(" ")
    assert len(number) <= 4
    scale = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}[unit]
    assert abs(float(number) * scale - count) <= 0.06 * count + 0.5


def test_counts() -> None:
    assert [values.number(n) for n in (0, 999, 1000, 19_979, -1_234_567)] == [
        "0",
        "999",
        "1 000",
        "19 979",
        "-1 234 567",
    ]
    assert values.number(None) == "–"
    assert values.number("odd\x1b") == "odd\\x1b"
    assert values.plural(1, "agent") == "1 agent"
    assert values.plural(2000, "agent") == "2 000 agents"
    assert values.plural(2, "entry", "entries") == "2 entries"
    assert values.plural(0, "entry", "entries") == "0 entries"
    assert [values.yes(v) for v in (True, 1, False, None)] == ["yes", "yes", "–", "–"]


@pytest.mark.parametrize(
    ("used", "limit", "shown"),
    [
        (0, 100, "░░░░░░░░░░"), (1754, 2000, "████████▊░"), (50, 100, "█████░░░░░"), (100, 100, "██████████"),
        (500, 100, "██████████"), (5, 0, "░░░░░░░░░░"), (5, -1, "░░░░░░░░░░"), (1, 10**9, "░░░░░░░░░░"),
    ],
)  # fmt: skip
def test_bar(used: int, limit: int, shown: str) -> None:
    assert values.bar(used, limit) == shown


@given(st.integers(0, 10_000), st.integers(-1, 10_000), st.integers(1, 40))
def test_a_bar_is_always_as_wide(used: int, limit: int, width: int) -> None:
    assert len(values.bar(used, limit, width)) == width


def test_sparkline() -> None:
    assert values.sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert values.sparkline([0, 0]) == "▁▁"
    assert values.sparkline([]) == ""
    assert values.sparkline([1, 1_000_000]) == "▂█"


@given(st.lists(st.integers(0, 10**9)))
def test_a_sparkline_keeps_the_order(counts: list[int]) -> None:
    line = values.sparkline(counts)
    assert len(line) == len(counts)
    for (a, x), (b, y) in zip(zip(counts, line, strict=True), list(zip(counts, line, strict=True))[1:], strict=False):
        assert (a <= b) <= (x <= y)
        assert (a == 0 or max(counts) == 0) == (x == "▁") or a == 0


def test_padded() -> None:
    assert values.padded(["ab", "ツ", "e\u0301x", "long\n"]) == ["ab    ", "ツ    ", "e\u0301x    ", "long\\n"]
    assert values.padded([]) == []


def test_short_ids() -> None:
    first, second = "ea0f0a49523a4b939139570e2791c66a", "ea0f0a49523a4b93a139570e2791c66a"
    assert values.short_ids([first, "0629388bdbd44789852cbfb8b9309a58"], 12) == ["ea0f0a49523a", "0629388bdbd4"]
    assert values.short_ids([first, second, "agt_1"], 12) == [first[:17], second[:17], "agt_1"]
    assert values.short_ids([first, first, ""], 12) == [first[:12], first[:12], ""]
    assert values.short_ids([first, first[:20], f"{first}0"], 12) == [first, first[:20], f"{first}0"]
    assert values.short_ids([], 12) == []


@given(st.lists(st.text("ab", max_size=20), unique=True), st.integers(1, 8))
def test_short_ids_tell_their_ids_apart(ids: list[str], least: int) -> None:
    shown = values.short_ids(ids, least)
    assert len(set(shown)) == len(ids)
    for id, short in zip(ids, shown, strict=True):
        assert id.startswith(short)
        assert len(short) >= min(least, len(id))
        assert short == id or not [other for other in ids if other != id and other.startswith(short)]


def test_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("USERPROFILE", "/home/ann")
    assert values.place(os.path.join("/home/ann", "lab", "a.db")) == os.path.join("~", "lab", "a.db")
    for path in ("/home/anna/a.db", "/home/ann", "lab/a.db", "/srv/home/ann/a.db"):
        assert values.place(path) == path
    monkeypatch.setenv("HOME", "/")
    assert values.place("/a.db") == "/a.db"


def test_plain_values_for_pipes() -> None:
    assert [values.plain(v) for v in (None, True, False, 5, 1.5, "a b", "", [1, {"k": None}], {"a": "é"}, b"\xff")] == [
        "", "true", "false", "5", "1.5", "a b", "", '[1,{"k":null}]', '{"a":"é"}', '"/w=="',
    ]  # fmt: skip


def test_a_dry_run_says_that_nothing_was_written() -> None:
    assert (values.tried(True), values.tried(False)) == ("nothing was written", "")
