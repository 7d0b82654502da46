"""Differences for people."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

import pytest

from pattern_cli.render.differences import write_difference


@dataclass
class Piece:
    sign: str
    text: str


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


PIECES = [Piece("@", "@@ line 1 @@"), Piece(" ", "the "), Piece("-", "slow"), Piece("+", "quick"), Piece(" ", " one\n")]


def test_words_are_marked_where_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    write_difference(PIECES, "words")
    assert capsys.readouterr().out == "@@ line 1 @@\nthe [-slow-]{+quick+} one\n"


def test_lines_have_signs(capsys: pytest.CaptureFixture[str]) -> None:
    write_difference([Piece(" ", "a"), Piece("-", "b"), Piece("+", "c")], "lines", "Juniper/persona")
    assert capsys.readouterr().out == "Juniper/persona\n a\n-b\n+c\n"


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("PAGER", "")
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    write_difference(PIECES[2:4], "words")
    assert screen.getvalue() == "\x1b[31m[-slow-]\x1b[0m\x1b[32m{+quick+}\x1b[0m\n"


def test_what_was_stored_does_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    write_difference([Piece("+", "\x1b[2Jgone")], "lines")
    assert "\x1b" not in capsys.readouterr().out
