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
