"""The history of a block as a list: who, when, how much, about what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.memory.documents import RootChange
from pattern_cli.memory.history import Contents, history
from pattern_cli.store.constellation import Constellation


def test_every_stored_update_has_a_row_newest_first(small: Constellation) -> None:
    for (id,) in list(small.rows("SELECT id FROM memory_blocks")):
        sql = "SELECT seq, length(update_blob), source FROM memory_block_updates WHERE block_id = ? ORDER BY seq DESC"
        assert [(row.seq, row.size, row.source) for row in history(small, id)] == list(small.rows(sql, (id,)))


def test_characters_add_up_to_the_text(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    rows = history(persona.constellation, persona.id)
    assert sum(row.inserted - row.deleted for row in rows) == len(persona.text)


def test_a_change_of_ours_says_what_it_was(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    seq = persona.write("plain words\n\nand more")
    persona.history.undo(persona.id)
    undo, edit = history(persona.constellation, persona.id, 2)
    assert (edit.seq, edit.action, edit.source, edit.state, edit.summary) == (
        seq,
        "set",
        "manual",
        "undone",
        "plain words",
    )
    assert (undo.action, undo.of, undo.state, undo.summary) == ("undo", seq, "active", f"undo #{seq}")


def test_a_switched_off_update_tells_what_it_had_done(block: Callable[[str], Any]) -> None:
    found = block("undo_two")
    row = history(found.constellation, found.id)[0]
    assert (row.state, row.summary, row.inserted > 0) == ("off", "[E] Under carries.", True)


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ([("text", [("insert", "a\nmorning plan")]), ("text", [("keep", 3), ("delete", 2), ("insert", "☕")])], (1, 2)),
        ([("list", [("insert", ["abc", 12])]), ("list", [("keep", 1), ("delete", 1)])], (0, 2)),
        ([("map", [("set", ("mood", "calm"))]), ("map", [("set", ("mood", "wild!"))])], (5, 4)),
        ([("map", [("set", ("mood", "calm"))]), ("map", [("remove", "mood")])], (0, 4)),
        ([("counter", [("count", 3.0)])], (0, 0)),
    ],
)
def test_lengths_of_what_came_and_went(changes: list[tuple[str, Any]], effect: tuple[int, int]) -> None:
    contents = Contents({})
    for kind, steps in changes:
        last = contents.take(RootChange("root", kind, tuple(steps)))
    assert (last.inserted, last.deleted) == effect


def test_a_small_edit_shows_its_line() -> None:
    contents = Contents({})
    contents.take(RootChange("content", "text", (("insert", "first\nVersion 25 of the plan\nlast"),)))
    effect = contents.take(RootChange("content", "text", (("keep", 15), ("delete", 1), ("insert", "6"))))
    assert effect.parts == ("Version 26 of the plan",)


def test_what_the_snapshot_held_counts_as_there_before(
    block: Callable[[str], Any], snapshot: Callable[..., bytes], type_text: Callable[[str], Any]
) -> None:
    persona = block("persona")
    connection = persona.constellation.connection
    connection.execute("DELETE FROM memory_block_updates WHERE block_id = ?", (persona.id,))
    sql = "UPDATE memory_blocks SET loro_snapshot = ? WHERE id = ?"
    write = lambda doc: (doc.get_text("content").insert(0, "one\ntwo three"), doc.get_list("items").push("abcd"))  # noqa: E731
    connection.execute(sql, (snapshot(write), persona.id))
    persona.edit(lambda document: document.splice("content", 4, 3, "2"))
    persona.edit(lambda document: document.remove_items("items", 0))
    newest, first = history(persona.constellation, persona.id)
    assert (first.summary, first.inserted, first.deleted) == ("2 three", 1, 3)
    assert (newest.summary, newest.deleted) == ("1 removed", 4)
    switch_off = "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ?"
    connection.execute(switch_off, (persona.id,))
    newest, first = history(persona.constellation, persona.id)
    assert (first.state, first.summary) == ("off", "2 three") and newest.deleted == 4
