from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.search.hits import Results


def ids(results: Results) -> list[str | None]:
    return [hit.id for hit in results.hits]


def test_short_ids_name_their_rows(find: Callable[..., Results], lab: Any) -> None:
    for id in ("msg_aaaaaaaaaaaa1", "msg_aaaaaaaaaaaa2", "msg_bbbbbbbbbbbbb", "x"):
        lab.message(id, "kettle")
    assert [hit.short_id for hit in find("kettle").hits] == [
        "msg_aaaaaaaaaaaa1",
        "msg_aaaaaaaaaaaa2",
        "msg_bbbbbb",
        "x",
    ]


def test_a_missing_index_is_replaced_by_the_rows(find: Callable[..., Results], lab: Any) -> None:
    for id, text in {"a": "slow kettle", "b": "kettle"}.items():
        lab.message(id, text)
    with_index = find("slow kettle")
    lab.sql("DROP TRIGGER messages_ai; DROP TABLE messages_fts")
    without = find("slow kettle")
    assert without.hits == with_index.hits
    assert without.remarks == (
        "the full-text index of messages cannot be used: it does not exist; the rows themselves were searched, which"
        " takes longer (`pattern migrate up` makes a new one)",
    )


STALE = """DROP TRIGGER messages_au;
    UPDATE messages SET content_preview = 'kettle' WHERE id = 'c';
    UPDATE messages SET content_preview = 'tea' WHERE id = 'a'"""


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("UPDATE messages_fts_data SET block = x'ffffffffffffffff' WHERE id > 10", "it is damaged"),
        ("DELETE FROM messages_fts_data WHERE id > 10", "it is damaged"),
        ("INSERT INTO messages_fts(messages_fts) VALUES ('delete-all')", "it holds 0 rows of 3"),
        (STALE, "it finds words in rows that do not hold them"),
    ],
    ids=["torn", "lost", "empty", "stale"],
)
def test_a_faulty_index_is_replaced_by_the_rows(fault: str, reason: str, find: Any, lab: Any) -> None:
    for id, text in {"a": "slow kettle", "b": "kettle", "c": "harbor"}.items():
        lab.message(id, text)
    lab.sql(fault)
    found = find("slow kettle", within=("messages",))
    held = {id for id, text in lab.sql("SELECT id, content_preview FROM messages") if re.search("slow|kettle", text)}
    assert set(ids(found)) == held
    assert len(found.remarks) == 1
    assert found.remarks[0].startswith(f"the full-text index of messages cannot be used: {reason}")
    assert "`pattern vacuum` makes a new one" in found.remarks[0]


def test_blocks_that_cannot_be_read_are_counted(find: Callable[..., Results], lab: Any) -> None:
    lab.block("whole", "kettle")
    lab.block("damaged", "", loro_snapshot=b"damaged", label="kettle")
    found = find("kettle")
    assert set(ids(found)) == {"whole", "damaged"}
    assert {hit.id for hit in found.hits if hit.damage} == {"damaged"}
    assert found.remarks == ("1 memory block could not be read completely; `pattern memory list` shows which",)


def test_times_that_are_none_are_shown_as_stored(find: Callable[..., Results], lab: Any) -> None:
    lab.message("a", "kettle", created_at="soon")
    hit = find("kettle").hits[0]
    assert (hit.created_at, hit.damage) == ("soon", ("created_at: not a time",))


def test_rows_without_id(find: Callable[..., Results], lab: Any) -> None:
    lab.message(None, "kettle")
    assert [(hit.id, hit.short_id) for hit in find("kettle").hits] == [(None, None)]
