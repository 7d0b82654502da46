"""Output that goes on: every row reaches its reader at once, and ends when the reader is gone."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pattern_cli.render import safe, values
from pattern_cli.render.output import Counted

Lines = Callable[[Any], list[list[tuple[str, str]]]]


def at_once(rows: Iterable[Any]) -> Iterator[Any]:
    """The same rows; each is written out before the next one is waited for."""
    for row in rows:
        yield row
        sys.stdout.flush()


def print_lines(rows: Iterable[Any], lines: Lines, empty: str) -> Counted:
    """Print the lines of every row, each made of pieces of text and their Rich styles; a terminal's width cuts them.

    `empty` is said on standard error when there are no rows.
    """
    from rich.text import Text

    from pattern_cli.render.terminal import console, say_empty

    counted = Counted(rows)
    target = console()
    whole = not sys.stdout.isatty()
    for row in at_once(counted):
        for pieces in lines(row):
            line = Text.assemble(*((safe.line(values.plain(text)), style) for text, style in pieces))
            line.rstrip()
            target.print(line, no_wrap=True, overflow="ignore" if whole else "ellipsis", crop=not whole)
    if not counted.count:
        say_empty(empty)
    return counted


def reader_watch() -> Callable[[float], None]:
    """A function that waits for some seconds and raises BrokenPipeError when nobody reads standard output any more.

    Without it a program that has nothing to say would never learn that its reader is gone.
    """
    try:
        output = sys.stdout.fileno()
        mode = os.fstat(output).st_mode
        import select

        poll = select.poll()
    except (OSError, AttributeError):
        return time.sleep
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return time.sleep
    # No event is asked for: errors and a closed other end are reported all the same.
    poll.register(output, 0)

    def wait(seconds: float) -> None:
        if poll.poll(seconds * 1000):
            raise BrokenPipeError

    return wait
