from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.messages.filters import Filter
from pattern_cli.messages.pages import newest, order
from pattern_cli.messages.service import Messages
from pattern_cli.store.constellation import Constellation

Message = Callable[..., dict[str, Any]]
EVERYTHING = Filter(archived=True, deleted=True)


def previews(constellation: Constellation, limit: int | None = None, chosen: Filter = EVERYTHING) -> list[str | None]:
    return [row.content_preview for row in Messages(constellation).list(chosen, limit)]


def test_positions_order_as_numbers(opened: Callable[..., Constellation], message: Message) -> None:
    constellation = opened(
        message(3, position="31395935909707776"),
        message(1, position="00000000000000000010"),
        message(0, position="00000000000000000009"),
        message(4, position="31395935909707777"),
        message(2, position="9999999999999999"),
        message(5, position="131395935909707776"),
    )
    assert previews(constellation) == [f"message {number}" for number in range(6)]
    assert previews(constellation, 3) == ["message 3", "message 4", "message 5"]
    assert previews(constellation, 5)[0] == "message 1"


def test_a_base32_position_is_the_number_it_stands_for(opened: Callable[..., Constellation], message: Message) -> None:
    # 00VWADZVMM000 is 31395935909707776 (database.md §6.2).
    constellation = opened(
        message(2, position="31395935909707777"),
        message(1, position="00VWADZVMM000"),
        message(0, position="31395935909707775"),
    )
    assert previews(constellation) == ["message 0", "message 1", "message 2"]


def test_a_position_that_is_none_counts_as_drawn_when_the_message_was_created(
    opened: Callable[..., Constellation], message: Message
) -> None:
    constellation = opened(
        message(1, position="31395935909707776", created_at="2026-01-08T19:02:18.123+00:00"),
        message(3, position="msg_3", created_at="2026-01-08T19:02:20+00:00"),
        message(0, position="", created_at="2026-01-08T19:02:17+00:00"),
        message(2, position="31395935975243776", created_at="2020-01-01T00:00:00+00:00"),
    )
    assert previews(constellation) == [f"message {number}" for number in range(4)]
    assert previews(constellation, 2) == ["message 2", "message 3"]


def test_equal_positions_keep_the_order_of_storing(opened: Callable[..., Constellation], message: Message) -> None:
    constellation = opened(*(message(number, position="31395935909707776") for number in range(5)))
    assert previews(constellation) == [f"message {number}" for number in range(5)]
    assert previews(constellation, 2) == ["message 3", "message 4"]


def test_the_newest_of_all_agents_are_found(opened: Callable[..., Constellation], message: Message) -> None:
    constellation = opened(*(message(number, agent_id=f"agent {number % 3}") for number in range(30)))
    assert previews(constellation, 4) == [f"message {number}" for number in range(26, 30)]
    chosen = Filter(agent_id="agent 1")
    assert previews(constellation, 2, chosen) == ["message 25", "message 28"]
    assert previews(constellation, 100, chosen) == [f"message {number}" for number in range(1, 30, 3)]


def test_an_empty_table_has_no_page(opened: Callable[..., Constellation]) -> None:
    constellation = opened()
    assert previews(constellation) == previews(constellation, 5) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    positions=st.lists(
        st.one_of(
            st.integers(0, 2**63 - 1).map(str),
            st.integers(10**16, 10**17 - 1).map(str),
            st.integers(0, 999).map(lambda number: f"{number:020d}"),
            st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=13, max_size=13),
            st.text(max_size=5),
        ),
        max_size=12,
    ),
    limit=st.integers(1, 14),
)
def test_the_newest_are_the_end_of_all(
    make: Callable[..., Path], message: Message, positions: list[str], limit: int
) -> None:
    path = make(
        *(message(n, position=p, agent_id=f"a{n % 2}") for n, p in enumerate(positions)), name=f"{id(positions)}.db"
    )
    with Constellation.open(path) as constellation:
        Messages(constellation)
        everything = list(order(constellation, EVERYTHING, None).rows)
        assert newest(constellation, EVERYTHING, limit) == everything[-limit:]
    path.unlink()


@pytest.mark.parametrize(
    "name", ["constellations/small.db", "constellations/medium.db", "imported/over-original-new-renamed.db"]
)
def test_the_newest_are_the_end_of_all_on_real_databases(database: Callable[[str], Path], name: str) -> None:
    with Constellation.open(database(name)) as constellation:
        Messages(constellation)
        everything = list(order(constellation, Filter(), None).rows)
        for limit in (1, 50, 1000):
            assert newest(constellation, Filter(), limit) == everything[-limit:]


def test_one_moment_hides_what_is_committed_meanwhile(
    make: Callable[..., Path], message: Message, writer: Callable[[Path], Any]
) -> None:
    path = make(message(1))
    writing = writer(path)
    with Constellation.open(path) as constellation:
        with constellation.one_moment():
            assert len(previews(constellation)) == 1
            writing.say(2)
            assert len(previews(constellation)) == 1
        assert len(previews(constellation)) == 2
        assert not constellation.connection.in_transaction
