"""What undo and redo mean, read from stored rows alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.memory.timeline import Timeline, action_of
from pattern_cli.memory.versions import Versions


@pytest.mark.parametrize(
    ("messages", "action"),
    [
        ((), ("edit", None)),
        (("agent:abc:append",), ("edit", None)),
        (("manual:set",), ("set", None)),
        (("manual:undo:31",), ("undo", 31)),
        (("manual:undo:x",), ("undo", None)),
        (("manual:heal:3", "manual:append"), ("append", None)),
        (("manual:heal:3",), ("edit", None)),
        (("manual:append", "manual:revert:3"), ("revert", 3)),
    ],
)
def test_a_message_says_what_was_done(messages: tuple[str, ...], action: tuple[str, int | None]) -> None:
    assert action_of(messages) == action


def timeline(block: Any) -> Timeline:
    return Timeline(Versions(block.constellation, block.id))


def test_an_undone_edit_is_on_the_other_stack(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    first, second = persona.write("x"), persona.write("y")
    persona.history.undo(persona.id)
    found = timeline(persona)
    assert found.undoable[-1].name == first and [one.name for one in found.redoable] == [second]
    assert (found.states[second], found.done[second + 1]) == ("undone", ("undo", second))


def test_updates_that_changed_nothing_are_nothing_to_undo(block: Callable[[str], Any]) -> None:
    human = block("human")
    found = timeline(human)
    still = {one.update.seq for one in found.versions.applied if not one.moved}
    assert still and not still & {one.name for one in found.undoable}


def test_the_runtimes_branches_are_told_apart(block: Callable[[str], Any]) -> None:
    assert [update.seq for update in timeline(block("undo_two")).next_off()] == [3]
    assert timeline(block("undo_branch")).next_off() == ()


def switch_off(block: Any, *seqs: int) -> None:
    """What the runtime's undo does."""
    for seq in seqs:
        sql = "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq = ?"
        block.constellation.connection.execute(sql, (block.id, seq))


def add(block: Any, document: Any, text: str, since: bytes | None = None) -> int:
    """What an agent appends, stored from a version or the one before it."""
    known = since or document.version
    document.append_text("content", text)
    return int(block.agent(document, known))


def test_an_undone_update_without_operations_never_comes_back_by_itself(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    cached = persona.document()
    first, second, still = (add(persona, cached, text) for text in ("A", "B", ""))
    switch_off(persona, still)
    found = timeline(persona)
    assert [one.name for one in found.undoable[-2:]] == [first, second]
    assert found.states[still] == "off" and found.next_off() == ()
    switch_off(persona, second)
    assert [update.seq for update in timeline(persona).next_off()] == [second]


def test_an_update_that_repeats_ours_is_not_what_we_did(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    persona.write("A")
    cached = persona.document()
    known = cached.version
    ours = persona.edit(lambda document: document.append_text("content", "B"))
    cached = persona.document()
    repeated = add(persona, cached, "", known)
    switch_off(persona, repeated)
    found = timeline(persona)
    assert found.undoable[-1].name == ours and found.states[repeated] == "off"


def test_what_repeats_an_undone_update_comes_after_it(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    persona.write("A")
    second = persona.write("AB")
    cached = persona.document()
    known = cached.version
    persona.history.undo(persona.id)
    cached = persona.document()
    repeating = add(persona, cached, "C", known)
    assert persona.text == "AC"
    switch_off(persona, repeating, repeating - 1)
    assert persona.text == "AB"
    (first,) = persona.history.redo(persona.id)
    assert (first.of, persona.text) == (repeating - 1, "A")
    (second_undone,) = persona.history.redo(persona.id)
    assert (second_undone.of, persona.text) == (second, "AB")
    (last,) = persona.history.redo(persona.id)
    assert last.of == repeating and persona.text in {"ABC", "ACB"}


def test_an_edit_of_ours_that_the_runtime_undid_is_redone_under_its_own_number(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    ours = persona.write("ours")
    switch_off(persona, ours)
    (redone,) = persona.history.redo(persona.id)
    found = timeline(persona)
    assert found.undoable[-1].name == ours and found.done[redone.seq] == ("redo", ours)
