"""What a command's output looks like, as data: columns of a list, lines of a record.

Plain classes: building dataclasses would cost every start of the program several milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Show = Callable[[Any], str]
Body = Callable[[Any], str | list[tuple[str, str]]]


class Column:
    """One column: the row's key, the heading, how a value is shown on a terminal, and its style.

    `show` gets the value and returns plain text; `of_row` (instead) gets the whole row and returns plain text or a list
    of pieces and their Rich styles. `style` is a Rich style or a function of the row. `right` aligns numbers; `wide`
    may take the rest of the line and is cut there, though not below `least` characters as long as there is another
    way. `leave_out` numbers the columns that a terminal too narrow for all does without, the first one first. `ids`
    shows only the beginnings of ids that tell them apart, of so many characters at least. `told` says that another
    column tells it on a terminal already: it is for pipes, and for who names it in `--fields`.
    """

    __slots__ = ("header", "ids", "key", "least", "leave_out", "of_row", "right", "show", "style", "told", "wide")

    def __init__(
        self,
        key: str,
        header: str,
        show: Show | None = None,
        of_row: Body | None = None,
        style: str | Callable[[Any], str] = "",
        right: bool = False,
        wide: bool = False,
        least: int = 5,
        leave_out: int = 0,
        ids: int = 0,
        told: bool = False,
    ) -> None:
        self.key = key
        self.header = header
        self.show = show
        self.of_row = of_row
        self.style = style
        self.right = right
        self.wide = wide
        self.least = least
        self.leave_out = leave_out
        self.ids = ids
        self.told = told


class Table:
    """A list's columns. `empty` is said on a terminal when there are no rows: what to do next.

    `record` is the dataclass of a row, or where it is: "module:Class", or the names of its fields. By it names in
    `--fields` are checked before anything is read or written.
    """

    __slots__ = ("columns", "empty", "record")

    def __init__(self, columns: tuple[Column, ...], empty: str = "nothing found", record: Any = None) -> None:
        self.columns = columns
        self.empty = empty
        self.record = record

    @property
    def drawn(self) -> tuple[Column, ...]:
        """The columns on a terminal."""
        return tuple(column for column in self.columns if not column.told)


class Line:
    """One line of a record on a terminal: label, key, how its value is shown; absent values are left out."""

    __slots__ = ("key", "label", "of_row", "show", "style")

    def __init__(
        self, key: str, label: str, show: Show | None = None, of_row: Show | None = None, style: str = ""
    ) -> None:
        self.key = key
        self.label = label
        self.show = show
        self.of_row = of_row
        self.style = style


class Layout:
    """A record on a terminal: a title from the record, labelled lines, then text bodies under headings.

    A body is a text, or a list of pieces and their Rich styles; its heading may be empty. `record` is as in `Table`.
    """

    __slots__ = ("bodies", "lines", "record", "title")

    def __init__(
        self,
        title: Show | None = None,
        lines: tuple[Line, ...] = (),
        bodies: tuple[tuple[str, Body], ...] = (),
        record: Any = None,
    ) -> None:
        self.title = title
        self.lines = lines
        self.bodies = bodies
        self.record = record


def fields_of(view: Table | Layout) -> tuple[str, ...] | None:
    """The names of the fields of what a view shows, as far as it says whose they are."""
    record: Any = view.record
    if isinstance(record, str):
        import importlib

        module, _, name = record.partition(":")
        record = getattr(importlib.import_module(module), name)
    return record if record is None or isinstance(record, tuple) else tuple(record.__dataclass_fields__)
