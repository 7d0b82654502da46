from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.search import ranking
from pattern_cli.search.indexes import Match
from pattern_cli.search.query import Query
from pattern_cli.search.ranking import best, merged, scores
from pattern_cli.search.sources import ARCHIVAL, MEMORY, MESSAGES, SOURCES


class Rows:
    """An index whose answers are given; it counts how many rows were read."""

    def __init__(self, **answers: list[Match]) -> None:
        self.answers = answers
        self.read = 0

    def matches(self, expression: str) -> Iterator[Match]:
        for match in self.answers[expression]:
            self.read += 1
            yield match

    def rarity(self, expressions: Iterable[str]) -> float:
        return 1.0


def ids(found: list[tuple[Match, bool]]) -> list[tuple[str, bool]]:
    return [(match[2], every) for match, every in found]


def test_texts_with_all_words_come_first_and_once() -> None:
    index = Rows(some=[(1, -9.0, "a"), (2, -5.0, "b"), (3, -1.0, "c")], all=[(2, -5.0, "b")])
    assert ids(best(index, Query("some", "all", ()), 9)) == [("b", True), ("a", False), ("c", False)]
    assert ids(best(index, Query("some", "all", ()), 2)) == [("b", True), ("a", False)]


def test_one_query_is_enough_where_it_fills_the_page() -> None:
    assert ids(best(Rows(all=[(1, -1.0, "a")]), Query("some", "all", ()), 1)) == [("a", True)]
    assert ids(best(Rows(some=[(1, -1.0, "a")]), Query("some", None, ()), 5)) == [("a", True)]


def test_equal_rows_are_chosen_by_id() -> None:
    rows = [(1, -2.0, "z"), (2, -1.0, "d"), (3, -1.0, "c"), (4, -1.0, "b"), (5, -0.5, "a")]
    index = Rows(some=rows)
    assert ids(best(index, Query("some", None, ()), 3)) == [("z", True), ("b", True), ("c", True)]


def test_reading_stops_with_the_last_equal_row() -> None:
    index = Rows(some=[(n, -1.0 if n < 10 else -0.5, str(n)) for n in range(1_000)])
    best(index, Query("some", None, ()), 5)
    assert index.read == 11
    endless = Rows(some=[(n, -1.0, str(n)) for n in range(10 * ranking.MOST_TIES)])
    best(endless, Query("some", None, ()), 5)
    assert endless.read == 6 + ranking.MOST_TIES


def test_sources_are_merged_by_the_part_of_what_each_could_reach() -> None:
    found = {
        MESSAGES: [((1, -2.0, "m"), True)],  # 2 of 2.2 × 10
        ARCHIVAL: [((1, -1.0, "x"), True)],  # 1 of 2.2 × 1
        MEMORY: [],
    }
    weights = {MESSAGES: 10.0, ARCHIVAL: 1.0}
    order = merged(found, weights.__getitem__, 9)
    assert [one.id for one in order] == ["x", "m"]
    assert order[0].strength == pytest.approx(1 / 2.2)
    assert [one.id for one in merged(found, weights.__getitem__, 1)] == ["x"]


def test_weights_are_not_asked_for_where_one_source_has_all_rows() -> None:
    found = {MESSAGES: [((1, -2.0, "m"), True)], MEMORY: [], ARCHIVAL: []}
    assert [one.strength for one in merged(found, {}.__getitem__, 9)] == [2.0]


def test_equal_strength_goes_by_kind_and_id() -> None:
    rows = [((1, -1.0, "b"), True), ((2, -1.0, "a"), True)]
    order = merged({source: rows for source in SOURCES.values()}, lambda source: 1.0, 9)
    assert [(one.source.kind, one.id) for one in order] == [
        ("message", "a"), ("message", "b"), ("memory", "a"), ("memory", "b"), ("archival", "a"), ("archival", "b"),
    ]  # fmt: skip


ROWS = st.lists(st.tuples(st.floats(-30, -1e-9), st.booleans()), max_size=12)


@given(ROWS, ROWS)
def test_scores_fall_from_one_and_tell_who_holds_all_words(
    messages: list[tuple[float, bool]], entries: list[tuple[float, bool]]
) -> None:
    found = {
        source: [((n, rank, str(n)), every) for n, (rank, every) in enumerate(rows)]
        for source, rows in ((MESSAGES, messages), (ARCHIVAL, entries))
    }
    order = merged(found, lambda source: 3.0, 99)
    given_scores = scores(order)
    assert given_scores == sorted(given_scores, reverse=True)
    assert all(0 <= score <= 1 for score in given_scores)
    if order:
        assert given_scores[0] == 1
    if any(one.all_words for one in order):
        assert [score > 0.5 for score in given_scores] == [one.all_words for one in order]


@given(ROWS, st.integers(1, 5))
def test_scores_do_not_depend_on_how_many_are_shown(rows: list[tuple[float, bool]], limit: int) -> None:
    every_first = sorted(rows, key=lambda row: (not row[1], row[0]))
    found = {MESSAGES: [((n, rank, str(n)), every) for n, (rank, every) in enumerate(every_first)]}
    few = merged(found, {}.__getitem__, limit)
    if len({one.all_words for one in few}) == len({every for _, every in rows}):
        assert scores(few) == scores(merged(found, {}.__getitem__, 99))[:limit]
