"""Remarks on standard error: errors, warnings, notes; as JSON objects when JSON was asked for."""

from __future__ import annotations

import os
import sys

from pattern_cli.errors import PatternError
from pattern_cli.render import safe
from pattern_cli.render.pasting import pasteable

_STYLES = {"error": "\x1b[1;31m", "warning": "\x1b[33m", "hint": "\x1b[2m", "note": "\x1b[2m"}


def say(word: str, text: str) -> None:
    """One remark on one line, its word in colour on a terminal."""
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    head = f"{_STYLES[word]}{word}:\x1b[0m" if coloured else f"{word}:"
    gap = " " * max(1, 6 - len(word))
    sys.stderr.write(f"{head}{gap}{safe.line(pasteable(text))}\n")


def report(error: PatternError, as_json: bool) -> None:
    """Print an error: one sentence and one hint, or one JSON object with `error`, `message`, `hint`."""
    if as_json:
        from pattern_cli.render.encode import compact

        hint = error.hint and pasteable(error.hint)
        sys.stderr.write(compact({"error": error.name, "message": error.message, "hint": hint}) + "\n")
        return
    say("error", error.message)
    if error.hint:
        say("hint", error.hint)
