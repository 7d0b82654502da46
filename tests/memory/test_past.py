"""Older versions, by number and by time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.errors import NotFoundError, UsageError
from pattern_cli.memory.past import at, difference


def test_a_version_is_shown_by_its_number(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    first = persona.write("first ☕")
    persona.write("second")
    record = at(persona.constellation, persona.id, f"#{first}")
    assert (record.text, record.used, record.remarks) == ("first ☕", 7, (f"as it was after update {first}",))


def test_a_version_is_shown_by_a_time(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    before = persona.text
    persona.write("now")
    assert at(persona.constellation, persona.id, "2026-11-23T23:00:00Z").text == before
    assert at(persona.constellation, persona.id, "now").text == "now"
    assert at(persona.constellation, persona.id, "2001-01-01").text == ""


def test_an_undone_version_can_be_seen(block: Callable[[str], Any]) -> None:
    found = block("undo_two")
    assert "[E]" in at(found.constellation, found.id, "4").text and "[E]" not in found.text


@pytest.mark.parametrize("between", ["{a}..{b}", "#{a}..#{b}"])
def test_two_versions_are_compared(block: Callable[[str], Any], between: str) -> None:
    persona = block("persona")
    a, b = persona.write("the slow kettle\n"), persona.write("the quick kettle\n")
    found = difference(persona.constellation, persona.id, between.format(a=a, b=b), "words")
    assert [(piece.sign, piece.text) for piece in found.pieces if piece.sign in "+-"] == [("-", "slow"), ("+", "quick")]
    assert (found.from_seq, found.to_seq, found.inserted, found.deleted) == (a, b, 5, 4)


def test_open_ends_reach_to_the_beginning_and_to_now(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    a, b = persona.write("one"), persona.write("two")
    compared = {
        between: difference(persona.constellation, persona.id, between) for between in ("..", f"{a}..", f"..{a}")
    }
    assert [(one.from_seq, one.to_seq) for one in compared.values()] == [(0, b), (a, b), (0, a)]
    single = difference(persona.constellation, persona.id, "")
    assert (single.from_seq, single.to_seq) == (a, b)


def test_versions_that_do_not_exist_are_named(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    with pytest.raises(NotFoundError, match=r"there is no update 9999 in Juniper/persona; the newest is \d+"):
        at(persona.constellation, persona.id, "9999")
    with pytest.raises(UsageError, match='"soon" is neither'):
        at(persona.constellation, persona.id, "soon")
