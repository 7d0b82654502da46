"""New update rows: what they repeat, what they are decided on, and what they are proven against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.errors import IntegrityError
from pattern_cli.memory.appending import Additions, Row, stamp, store
from pattern_cli.memory.documents import Document, extent_of

Make = Callable[..., Any]


def typed(text: str) -> Callable[[Any], None]:
    return lambda doc: doc.get_text("content").push_str(text)


def additions(block: Any) -> Additions:
    return Additions(block.constellation, block.id, "a/b", block.document)


def test_a_row_repeats_what_the_runtime_may_lack_and_nothing_else(make: Make) -> None:
    block = make({"Text": {}}, typed("A"), typed("B"))
    known = block.document.version
    made = additions(block)
    for text in ("C", "D"):
        made.document.append_text("content", text)
        made.document.commit("manual:append")
        made.add()
    made.prove()
    runtime = block.document
    runtime.merge(made.rows[1].blob)
    assert runtime.text("content") == "ABCD" and runtime.is_at(made.rows[1].version)
    before = runtime.version_before([extent_of(made.rows[1].blob)])
    assert block.document.is_at(before) and block.document.is_at(known)


def test_what_only_the_snapshot_has_is_not_repeated(make: Make, snapshot: Callable[..., bytes]) -> None:
    block = make({"Text": {}}, typed("A"))
    # An import puts another document under rows that stay (memory.md §6.2).
    block.set("loro_snapshot", snapshot(typed("NEW")))
    made = additions(block)
    made.document.append_text("content", "!")
    made.document.commit("manual:append")
    made.add()
    assert len(extent_of(made.rows[0].blob).spans) == 1
    made.prove()


def test_what_the_runtime_would_load_otherwise_is_refused(make: Make) -> None:
    block = make({"Text": {}}, typed("A"))
    made = additions(block)
    made.document.append_text("content", "!")
    made.document.commit("manual:append")
    made.add()
    made.document.append_text("content", "?")
    made.document.commit("manual:append")
    with pytest.raises(IntegrityError, match="a/b would not be read back"):
        made.prove()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ?1",
        "DELETE FROM memory_block_updates WHERE block_id = ?1 AND seq = 1",
        "UPDATE memory_blocks SET permission = 'read_only' WHERE id = ?1",
        "UPDATE memory_blocks SET metadata = '{}' WHERE id = ?1",
        "UPDATE memory_blocks SET loro_snapshot = zeroblob(1) WHERE id = ?1",
        "UPDATE memory_blocks SET is_active = 0 WHERE id = ?1",
        """INSERT INTO memory_block_updates (block_id, seq, update_blob, byte_size, created_at)
           VALUES (?1, 9, x'00', 1, '2026-01-08T19:02:18+00:00')""",
        """INSERT INTO memory_block_checkpoints (block_id, snapshot, created_at, updates_consolidated)
           VALUES (?1, x'00', '2026-01-08T19:02:18+00:00', 0)""",
        "UPDATE shared_block_agents SET permission = 'admin' WHERE block_id = ?1",
    ],
)
def test_a_stamp_tells_every_change_that_a_decision_rests_on(make: Make, change: str) -> None:
    block = make({"Text": {}}, typed("A"))
    block.share("Juniper", "append")
    receiver = block.constellation.value("SELECT id FROM agents WHERE name = 'Juniper'")
    before = stamp(block.constellation, block.id, receiver)
    assert stamp(block.constellation, block.id, receiver) == before
    block.constellation.connection.execute(change, (block.id,))
    assert stamp(block.constellation, block.id, receiver) != before


def test_rows_get_the_next_numbers_whatever_last_seq_says(make: Make) -> None:
    block = make({"Text": {}}, typed("A"), typed("B"), typed("C"))
    block.set("last_seq", 1)
    seqs, _ = store(block.constellation, block.id, "a/b", [Row(b"x", b"\0"), Row(b"y", b"\0")], "seen")
    assert seqs == [4, 5]
    sql = "SELECT last_seq, content_preview FROM memory_blocks WHERE id = ?"
    assert next(block.constellation.rows(sql, (block.id,))) == (5, "seen")


def test_rows_come_after_a_checkpoint_of_a_clock_that_was_wrong(make: Make) -> None:
    block = make({"Text": {}})
    sql = """INSERT INTO memory_block_checkpoints (block_id, snapshot, created_at, updates_consolidated)
             VALUES (?, ?, ?, 0)"""
    future = "2099-01-08T19:02:18.000000000+00:00"
    block.constellation.connection.execute(sql, (block.id, Document().snapshot(), future))
    store(block.constellation, block.id, "a/b", [Row(b"x", b"\0")], None)
    at = "SELECT created_at FROM memory_block_updates WHERE block_id = ?"
    assert block.constellation.value(at, (block.id,)) > future
    block.constellation.connection.execute("UPDATE memory_block_checkpoints SET created_at = '9999'")
    with pytest.raises((IntegrityError, ValueError)):
        store(block.constellation, block.id, "a/b", [Row(b"x", b"\0")], None)
