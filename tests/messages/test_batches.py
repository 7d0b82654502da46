from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.messages.batches import BatchCount, Batches, SameBatches, number_of
from pattern_cli.schema import create_constellation
from pattern_cli.store import snowflake

BASE = 31_395_935_909_707_776
HEX = "0123456789abcdef0123456789abcdef"


class Target:
    """An open database with one agent; `import_message` is what an import does with a new batch id."""

    def __init__(self, path: Path) -> None:
        self.connection = apsw.Connection(str(path))
        self.connection.execute(
            "INSERT INTO agents VALUES ('a', 'a', NULL, 'p', 'm', '', '{}', '[]', NULL, 'active', 't', 't')"
        )
        self._count = 0

    def import_message(self, batch: str) -> None:
        self._count += 1
        self.connection.execute(
            "INSERT INTO messages(id, agent_id, position, batch_id, role, content_json, created_at)"
            " VALUES (?, 'a', '1', ?, 'user', '{}', 't')",
            (f"m{self._count}", batch),
        )


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    create_constellation(tmp_path / "target.db").close()
    target = Target(tmp_path / "target.db")
    yield target
    target.connection.close()


@pytest.fixture
def mapping(target: Target) -> Callable[..., Callable[[str], str]]:
    """Maps archived batch ids one after another, writing a message after each, as an import does."""

    def start(places: Any = (), *, keep: bool = False, chunk: int = 1) -> Callable[[str], str]:
        batches = Batches(target.connection, lambda: places, keep=keep)
        waiting: list[str] = []

        def give(old: str) -> str:
            new = batches.new(old)
            waiting.append(new)
            if len(waiting) >= chunk:
                for batch in waiting:
                    target.import_message(batch)
                waiting.clear()
                batches.written()
            return new

        return give

    return start


def test_a_batch_moves_one_step_within_its_millisecond(mapping: Any) -> None:
    new = mapping()
    assert new(str(BASE)) == str(BASE + 1)
    assert new(str(BASE + 65_535)) == str(BASE)
    assert snowflake.milliseconds(BASE) == snowflake.milliseconds(BASE + 65_535)


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_one_batch_becomes_one_batch_however_often_it_occurs(chunk: int, mapping: Any) -> None:
    new = mapping(chunk=chunk)
    olds = [str(BASE + (n % 7)) for n in range(50)]
    given = [new(old) for old in olds]
    assert len(set(zip(olds, given, strict=True))) == len(set(olds)) == len(set(given)) == 7


def test_an_id_that_the_target_has_is_passed_over_and_stays_passed_over(target: Target, mapping: Any) -> None:
    target.import_message(str(BASE + 1))
    new = mapping()
    assert new(str(BASE)) == str(BASE + 2)
    # The next one would have become what the first became.
    assert new(str(BASE + 1)) == str(BASE + 3)
    assert (new(str(BASE)), new(str(BASE + 1))) == (str(BASE + 2), str(BASE + 3))


def test_an_id_in_the_queue_is_passed_over(target: Target, mapping: Any) -> None:
    target.connection.execute(
        "INSERT INTO queued_messages(id, target_agent_id, content, batch_id) VALUES ('q', 'a', '', ?)", (str(BASE + 1),)
    )
    assert mapping()(str(BASE)) == str(BASE + 2)


@pytest.mark.parametrize("chunk", [1, 100])
def test_an_id_that_is_no_snowflake_becomes_its_first_position(chunk: int, mapping: Any) -> None:
    places = [(HEX, str(BASE + 20), "t"), (HEX, str(BASE + 10), "t"), ("other", str(BASE + 5), "t")]
    new = mapping(places, chunk=chunk)
    assert new(HEX) == new(HEX) == str(BASE + 10)
    # The batch whose next step that would be goes on.
    assert new(str(BASE + 9)) == str(BASE + 11)
    assert new(str(BASE + 10)) == str(BASE + 12)


@pytest.mark.parametrize("chunk", [1, 100])
def test_a_first_position_that_a_batch_was_moved_to_is_passed_over(chunk: int, mapping: Any) -> None:
    new = mapping([(HEX, str(BASE + 1), "t")], chunk=chunk)
    assert new(str(BASE)) == str(BASE + 1)
    assert new(HEX) == str(BASE + 2)


def test_without_a_readable_position_the_time_counts(mapping: Any) -> None:
    new = mapping([(HEX, "", "2026-01-08T19:02:18.123+00:00")])
    assert new(HEX) == "31395935909707776"


def test_another_spelling_of_a_number_is_another_batch(mapping: Any) -> None:
    new = mapping()
    assert len({new("7"), new("007"), new("0007")}) == 3


def test_kept_ids_stay_unless_the_target_has_them(target: Target, mapping: Any) -> None:
    target.import_message(str(BASE))
    new = mapping([(HEX, str(BASE), "t")], keep=True)
    assert new(HEX) == HEX
    assert new(str(BASE + 1)) == str(BASE + 1)
    assert new(str(BASE)) == str(BASE + 2) == new(str(BASE))


def test_unchanged_ids_for_everything_else() -> None:
    batches = SameBatches()
    assert batches.new(HEX) == HEX
    batches.written()


def test_different_batches_are_counted_once() -> None:
    count = BatchCount(SameBatches())
    for n in range(10_000):
        batch = str(BASE + n % 5_000)
        assert (count.new(batch), count.new(HEX)) == (batch, HEX)
    assert (count.finish(), count.unreadable) == (5_001, 1)


def test_batches_are_counted_under_the_ids_that_they_get(target: Target) -> None:
    with Batches(target.connection, lambda: [(HEX, str(BASE + 10), "t")]) as batches:
        count = BatchCount(batches)
        assert [count.new(old) for old in (str(BASE), HEX, str(BASE))] == [str(BASE + n) for n in (1, 10, 1)]
        assert (count.finish(), count.unreadable) == (2, 0)


@pytest.mark.parametrize(
    ("text", "number"),
    [("31395935909707776", BASE), ("00VWADZVMM000", BASE), (HEX, None), ("", None), (str(1 << 63), None), ("-1", None)],
)
def test_numbers_of_batch_ids(text: str, number: int | None) -> None:
    assert number_of(text) == number


def test_a_damaged_id_in_the_target_is_nobodys(target: Target, mapping: Any) -> None:
    target.import_message(str(BASE + 1))
    target.connection.execute(
        "INSERT INTO messages(id, agent_id, position, batch_id, role, content_json, created_at)"
        " VALUES ('m0', 'a', '1', CAST(x'ff' AS TEXT), 'user', '{}', 't')"
    )
    assert mapping()(str(BASE)) == str(BASE + 2)
