"""Differences of texts for people: colours on a terminal, signs everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, Literal

from pattern_cli.render import safe
from pattern_cli.render.output import paged

_COLOURS = {"+": "32", "-": "31", "@": "36"}
_MARKS = {"+": ("{+", "+}"), "-": ("[-", "-]")}


def write_difference(pieces: Iterable[Any], unit: Literal["lines", "words"], header: str = "") -> None:
    """Write pieces with `sign` and `text`: lines with their sign before them, words marked where they are."""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    shown = _line if unit == "lines" else _stretch
    text = "".join(shown(piece.sign, safe.text(piece.text), colour) for piece in pieces)
    head = f"{safe.line(header)}\n" if header else ""
    paged(head + text + ("" if not text or text.endswith("\n") else "\n"))


def _line(sign: str, text: str, colour: bool) -> str:
    return _coloured(text if sign == "@" else sign + text, sign, colour) + "\n"


def _stretch(sign: str, text: str, colour: bool) -> str:
    if sign == "@":
        return _line(sign, text, colour)
    # The marks stay beside colours: red and green look alike to many people.
    before, after = _MARKS.get(sign, ("", ""))
    return _coloured(f"{before}{text}{after}", sign, colour)


def _coloured(text: str, sign: str, colour: bool) -> str:
    code = _COLOURS.get(sign)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text
