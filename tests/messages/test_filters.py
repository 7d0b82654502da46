from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.messages.filters import Filter, teach
from pattern_cli.messages.service import Messages
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation

Message = Callable[..., dict[str, Any]]
MOMENT = times.nanoseconds("2026-01-08T19:02:18.5Z")


def previews(constellation: Constellation, chosen: Filter) -> list[str | None]:
    return [row.content_preview for row in Messages(constellation).list(chosen)]


def test_archived_and_deleted_are_hidden_unless_asked_for(
    opened: Callable[..., Constellation], message: Message
) -> None:
    constellation = opened(
        message(1), message(2, is_archived=1), message(3, is_deleted=1), message(4, is_archived=1, is_deleted=1)
    )
    assert previews(constellation, Filter()) == ["message 1"]
    assert previews(constellation, Filter(archived=True)) == ["message 1", "message 2"]
    assert previews(constellation, Filter(deleted=True)) == ["message 1", "message 3"]
    assert len(previews(constellation, Filter(archived=True, deleted=True))) == 4


@pytest.mark.parametrize("stored", ["true", None, 0, "0"])
def test_a_flag_that_reads_as_false_hides_nothing(
    opened: Callable[..., Constellation], message: Message, stored: Any
) -> None:
    constellation = opened(message(1, is_archived=0 if stored is None else stored))
    assert previews(constellation, Filter()) == ["message 1"]


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (Filter(role="tool"), [2]),
        (Filter(source="discord"), [3]),
        (Filter(batch_id="77"), [4]),
        (Filter(agent_id="other"), [5]),
        (Filter(agent_id="other", role="tool"), []),
    ],
)
def test_columns_narrow_the_list(
    opened: Callable[..., Constellation], message: Message, chosen: Filter, numbers: list[int]
) -> None:
    constellation = opened(
        message(1),
        message(2, role="tool"),
        message(3, source="discord"),
        message(4, batch_id="77"),
        message(5, agent_id="other"),
    )
    assert previews(constellation, chosen) == [f"message {number}" for number in numbers]


WRITTEN = {
    "before": [
        "2026-01-08T19:02:18.499999999+00:00",
        "2026-01-08T19:02:18+00:00",
        "2026-01-08 19:02:18",
        "2026-01-08T19:02:18Z",
    ],
    "at": [
        "2026-01-08T19:02:18.5+00:00",
        "2026-01-08T19:02:18.500000000+00:00",
        "2026-01-08T20:02:18.5+01:00",
        "2026-01-08T19:02:18.500Z",
    ],
    "after": [
        "2026-01-08T19:02:18.500000001+00:00",
        "2026-01-08 19:02:19",
        "2026-01-08T19:03+00:00",
        "2026-01-08T18:02:19-01:00",
    ],
    "unknown": ["", "1764000000", "2026-01-08", "no time"],
}


@pytest.mark.parametrize(("when", "stamp"), [(when, stamp) for when, stamps in WRITTEN.items() for stamp in stamps])
def test_instants_are_compared_and_not_texts(
    opened: Callable[..., Constellation], message: Message, when: str, stamp: str
) -> None:
    constellation = opened(message(1, created_at=stamp))
    assert bool(previews(constellation, Filter(since=MOMENT))) is (when in {"at", "after"})
    assert bool(previews(constellation, Filter(until=MOMENT))) is (when in {"before", "at"})
    assert bool(previews(constellation, Filter(since=MOMENT, until=MOMENT))) is (when == "at")
    assert previews(constellation, Filter()) == ["message 1"], "without a bound no time hides a message"


@given(
    st.integers(0, 4_000_000_000 * times.NS),
    st.sampled_from([0, 1, 10, 1000, 10**6, 10**9, -1, -10, -1000, -(10**6), -(10**9)]),
)
def test_bounds_are_exact_to_the_nanosecond(ns: int, away: int) -> None:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE messages (created_at TEXT)")
    stamp = times.column_time(ns)
    connection.execute("INSERT INTO messages VALUES (?)", (stamp,))
    bound = max(ns + away, 0)

    class Memory(Constellation):
        def __init__(self) -> None:
            self.connection = connection

        def has_column(self, table: str, column: str) -> bool:
            return False

    constellation = Memory()
    teach(constellation)

    def fits(chosen: Filter) -> bool:
        where, params = chosen.where(constellation)
        return bool(connection.execute(f"SELECT 1 FROM messages AS m WHERE {where}", params).fetchall())

    assert fits(Filter(archived=True, since=bound)) is (ns >= bound)
    assert fits(Filter(archived=True, until=bound)) is (ns <= bound)
