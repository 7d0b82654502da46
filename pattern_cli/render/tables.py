"""What a command's output looks like, as data: columns of a list, lines of a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Show = Callable[[Any], str]


@dataclass(frozen=True)
class Column:
    """One column: the row's key, the heading, how a value is shown on a terminal, and its style.

    `show` gets the value, `of_row` (instead) the whole row; both return plain text. `style` is a Rich style or a
    function of the row. `right` aligns numbers; `wide` may take the rest of the line and is cut there.
    """

    key: str
    header: str
    show: Show | None = None
    of_row: Show | None = None
    style: str | Callable[[Any], str] = ""
    right: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Table:
    """A list's columns. `empty` is said on a terminal when there are no rows: what to do next."""

    columns: tuple[Column, ...]
    empty: str = "nothing found"
    record: type | None = None


@dataclass(frozen=True)
class Line:
    """One line of a record on a terminal: label, key, how its value is shown; absent values are left out."""

    key: str
    label: str
    show: Show | None = None
    of_row: Show | None = None
    style: str = ""


@dataclass(frozen=True)
class Layout:
    """A record on a terminal: a title from the record, labelled lines, then text bodies under headings."""

    title: Show | None = None
    lines: tuple[Line, ...] = ()
    bodies: tuple[tuple[str, Show], ...] = field(default=())
