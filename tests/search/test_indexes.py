from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.search.indexes import (
    BuiltIndex,
    Index,
    StoredIndex,
    UnusableIndexError,
    check,
    columns_of,
    refusal,
    rows_indexed,
)
from pattern_cli.search.sources import ARCHIVAL, MEMORY, MESSAGES, SOURCES
from pattern_cli.store.constellation import Constellation

Opened = Callable[[Path], Constellation]
ROWS = [("a", "slow kettle"), ("b", "slow slow slow"), ("c", "kettle"), ("d", "tea"), ("e", "more"), ("f", "others")]


def found(index: Index, expression: str) -> list[str]:
    return [id for _, _, id in index.matches(expression)]


def reason(constellation: Constellation, source: Any = MESSAGES) -> str:
    with pytest.raises(UnusableIndexError) as raised:
        check(constellation, source)
    assert raised.value.source is source
    return raised.value.reason


@pytest.fixture
def filled(lab: Any) -> Any:
    for id, text in ROWS:
        lab.message(id, text)
    return lab


def stored(constellation: Constellation) -> StoredIndex:
    return StoredIndex(constellation, MESSAGES, "1", [])


def built(constellation: Constellation) -> BuiltIndex:
    rows: Iterable[Any] = constellation.rows("SELECT rowid, content_preview FROM messages")
    return BuiltIndex(constellation, MESSAGES, ((rowid, [text]) for rowid, text in rows))


def test_a_built_index_finds_what_the_stored_one_finds(filled: Any, opened: Opened) -> None:
    constellation = opened(filled.path)
    for expression in ("slow", "kettle OR tea", "slow AND kettle", '"slow slow"', "ket*", "nothing"):
        assert list(built(constellation).matches(expression)) == list(stored(constellation).matches(expression))
        words = expression.replace("AND", "OR").split(" OR ")
        assert built(constellation).rarity(words) == stored(constellation).rarity(words)
    assert found(stored(constellation), "slow OR kettle OR tea")[-1] in {"a", "c", "d"}


def test_conditions_hold_for_the_stored_index(filled: Any, opened: Opened) -> None:
    index = StoredIndex(opened(filled.path), MESSAGES, "t.id <> ?", ["a"])
    assert found(index, "slow OR kettle") == ["b", "c"]


def test_reading_in_rank_order_needs_no_sorting(filled: Any, opened: Opened) -> None:
    constellation = opened(filled.path)
    plan = [row[3] for row in constellation.rows(f"EXPLAIN QUERY PLAN {stored(constellation)._sql}", ("slow",))]
    assert len(plan) == 2
    assert "VIRTUAL TABLE" in plan[0]
    assert not any("TEMP B-TREE" in step for step in plan)


def test_rarity_is_what_bm25_uses(filled: Any, opened: Opened) -> None:
    constellation = opened(filled.path)
    index = stored(constellation)
    assert index.rarity(['"tea"']) > index.rarity(['"slow"']) > 0
    assert index.rarity(['"tea"', '"slow"']) == index.rarity(['"tea"']) + index.rarity(['"slow"'])
    # One word in a text of average length with nothing else to tell: the factor is 1 there, and below 2.2 anywhere.
    for expression in ('"tea"', '"slow"', '"kettle"'):
        ranks = [-rank for _, rank, _ in index.matches(expression)]
        assert all(0 < rank < 2.2 * index.rarity([expression]) for rank in ranks)


def test_sound_indexes_pass_the_check(read_only: Callable[[str], Path], opened: Opened) -> None:
    for name in ("constellations/small.db", "constellations/medium.db", "versions/0006.db", "wal/live.db"):
        for source in SOURCES.values():
            check(opened(read_only(name)), source)


def test_gaps_left_by_deleted_rows_are_no_fault(filled: Any, opened: Opened) -> None:
    filled.sql("DELETE FROM messages WHERE id IN ('a', 'c', 'f')")
    check(opened(filled.path), MESSAGES)


def test_an_empty_table_is_no_fault(lab: Any, opened: Opened) -> None:
    for source in SOURCES.values():
        check(opened(lab.path), source)


def test_a_missing_index(filled: Any, opened: Opened) -> None:
    filled.sql("DROP TABLE messages_fts")
    assert reason(opened(filled.path)) == "it does not exist"


def test_an_index_from_before_its_columns(read_only: Callable[[str], Path], opened: Opened) -> None:
    assert reason(opened(read_only("versions/0002.db")), ARCHIVAL) == "it lacks metadata"
    assert reason(opened(read_only("versions/0005.db")), MEMORY) == "it lacks description, label"


def test_rows_that_were_never_indexed(filled: Any, opened: Opened) -> None:
    filled.sql("DROP TRIGGER messages_ai")
    filled.message("g", "unseen")
    assert reason(opened(filled.path)) == "it holds 6 rows of 7"


def test_dead_rows_left_by_replace_find_nothing(filled: Any, opened: Opened) -> None:
    filled.sql("REPLACE INTO messages SELECT * FROM messages WHERE id = 'b'")
    constellation = opened(filled.path)
    check(constellation, MESSAGES)
    assert found(stored(constellation), "slow") == ["b", "a"]


def test_dead_rows_whose_rowids_are_used_again(filled: Any, opened: Opened) -> None:
    filled.sql("DROP TRIGGER messages_ad; DELETE FROM messages WHERE id = 'f'")
    filled.message("g", "another")
    assert reason(opened(filled.path)) == "it holds 7 rows of 6"


def test_other_rows_of_the_same_number(filled: Any, opened: Opened) -> None:
    filled.sql("DROP TRIGGER messages_au")
    filled.sql("UPDATE messages SET rowid = 99 WHERE id = 'f'")
    assert reason(opened(filled.path)) == "it holds other rows than the table"


def test_lost_parts_of_an_index(filled: Any, opened: Opened) -> None:
    filled.sql("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'messages_fts_data'")
    assert reason(opened(filled.path)).startswith("it is damaged (no such table")


def test_a_damaged_index_says_so_while_it_is_read(filled: Any, opened: Opened) -> None:
    filled.sql("UPDATE messages_fts_data SET block = x'ffffffffffffffff' WHERE id > 10")
    index = stored(opened(filled.path))
    for use in (lambda: list(index.matches("slow")), lambda: index.rarity(["slow"])):
        with pytest.raises(UnusableIndexError, match="it is damaged"):
            use()


def test_the_number_of_indexed_rows(filled: Any, opened: Opened) -> None:
    assert rows_indexed(opened(filled.path).connection, "messages_fts") == 6
    for number in range(300):
        filled.message(f"m{number}", "x")
    assert rows_indexed(opened(filled.path).connection, "messages_fts") == 306


def test_columns(filled: Any, opened: Opened) -> None:
    connection = opened(filled.path).connection
    assert columns_of(connection, "memory_blocks_fts") == ("label", "description", "content_preview")
    assert columns_of(connection, "nothing") == ()


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("slow", None),
        ("label : slow", None),
        ("slow AND", 'syntax error near ""'),
        ('"slow', "unterminated string"),
        ("who : slow", "no such column: who"),
        ("what's", 'syntax error near "\'"'),
    ],
)
def test_what_fts5_says_against_an_expression(expression: str, said: str | None) -> None:
    assert refusal(expression, MEMORY.columns) == said


def test_texts_that_are_no_utf8_are_indexed_as_stored(lab: Any, opened: Opened) -> None:
    lab.message("x", "slow")
    lab.sql("UPDATE messages SET content_preview = CAST(x'ff20736c6f77c328206b6574746c65' AS TEXT)")
    constellation = opened(lab.path)
    index = BuiltIndex(constellation, MESSAGES, [(1, ["\udcff slow\udcc3( kettle"])])
    for word in ("slow", "kettle"):
        assert found(index, word) == found(stored(constellation), word) == ["x"]
