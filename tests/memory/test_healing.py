"""Updates that build on a switched-off one become visible with the next edit, and what was undone stays undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pattern_cli.memory.editing import Terms
from pattern_cli.memory.history import history

ADMIN = Terms(as_admin=True, force_limit=True)


def switched_off_behind_the_runtime(block: Any) -> None:
    """What happens when somebody clears a flag while a runtime has the block cached (memory.md §7 M7)."""
    block.write("A")
    cached = block.document()
    for text in ("B", "C"):
        known = cached.version
        cached.append_text("content", text)
        block.agent(cached, known)
        if text == "B":
            clear = "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq = ?"
            last = block.constellation.value("SELECT last_seq FROM memory_blocks WHERE id = ?", (block.id,))
            block.constellation.connection.execute(clear, (block.id, last))


def test_the_next_edit_heals_what_waits(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    switched_off_behind_the_runtime(persona)
    assert persona.text == "A"
    done = persona.edit(lambda document: document.append_text("content", "!"))
    assert persona.text == "AC!"
    rows = {row.seq: row for row in history(persona.constellation, persona.id)}
    assert [rows[seq].state for seq in (done - 2, done)] == ["undone", "active"]


def test_two_switched_off_updates_are_brought_back_together(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    persona.write("A")
    cached = persona.document()
    seqs = []
    for text in ("B", "C", "D"):
        known = cached.version
        cached.append_text("content", text)
        seqs.append(persona.agent(cached, known))
    clear = "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq IN (?, ?)"
    persona.constellation.connection.execute(clear, (persona.id, *seqs[:2]))
    assert persona.text == "A"
    persona.edit(lambda document: document.append_text("content", "!"))
    assert persona.text == "AD!"


def test_undo_after_healing_takes_back_the_edit(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    switched_off_behind_the_runtime(persona)
    persona.edit(lambda document: document.append_text("content", "!"))
    persona.history.undo(persona.id, terms=ADMIN)
    assert "!" not in persona.text


def test_what_a_switched_off_update_only_repeats_is_not_reverted(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    persona.write("A")
    cached = persona.document()
    known = cached.version
    persona.edit(lambda document: document.append_text("content", "OURS"))
    sql = "SELECT update_blob FROM memory_block_updates WHERE block_id = ? ORDER BY seq DESC LIMIT 1"
    cached.merge(persona.constellation.value(sql, (persona.id,)))
    cached.append_text("content", "B")
    # The runtime exports from the version that it stored last, and so repeats our update (memory.md §4.7).
    repeating = persona.agent(cached, known)
    known = cached.version
    cached.append_text("content", "C")
    persona.agent(cached, known)
    clear = "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq = ?"
    persona.constellation.connection.execute(clear, (persona.id, repeating))
    assert persona.text == "AOURS"
    persona.edit(lambda document: document.append_text("content", "!"))
    assert persona.text == "AOURSC!"
