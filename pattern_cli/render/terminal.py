"""Tables and records on a terminal, drawn by Rich."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from pattern_cli.render import safe, values
from pattern_cli.render.encode import mapping
from pattern_cli.render.fitting import GAP, fitted
from pattern_cli.render.output import paged
from pattern_cli.render.pasting import pasteable
from pattern_cli.render.tables import Column, Layout, Line

_PIPE_WIDTH = 200
# Blanks at the end of a line, before the codes that end its style.
_END = r" +((?:\x1b\[[\d;]*m)*)$"


def console(stderr: bool = False) -> Console:
    """A console that honours NO_COLOR and COLUMNS and never interprets markup in text."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def print_table(rows: Iterable[Any], columns: tuple[Column, ...], empty: str) -> None:
    """Print rows as a borderless table, or say on standard error what an empty one means."""
    drawn = [[_cell(row, column) for column in columns] for row in rows]
    if not drawn:
        say_empty(empty)
        return
    for at, column in enumerate(columns):
        if column.ids:
            cells = [cells[at] for cells in drawn]
            for cell, short in zip(cells, values.short_ids([cell.plain for cell in cells], column.ids), strict=True):
                cell.right_crop(len(cell) - len(short))
    widths = [max(len(column.header), *(cells[at].cell_len for cells in drawn)) for at, column in enumerate(columns)]
    found = fitted(columns, widths, console().width)
    table = RichTable(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold", show_edge=False)
    kept = [at for at, width in enumerate(found) if width]
    for at in kept:
        table.add_column(
            Text(columns[at].header, no_wrap=True),
            justify="right" if columns[at].right else "left",
            overflow="ellipsis",
            width=found[at],
        )
    for cells in drawn:
        table.add_row(*(cells[at] for at in kept))
    _print(table)


def say_empty(text: str) -> None:
    """Say on standard error what an empty list means, and what to do next."""
    console(stderr=True).print(pasteable(text), soft_wrap=True)


def _cell(row: Any, column: Column) -> Text:
    value = mapping(row).get(column.key)
    shown: Any
    if column.of_row:
        shown = column.of_row(row)
    elif column.show:
        shown = column.show(value)
    else:
        shown = values.plain(value)
    style = column.style(row) if callable(column.style) else column.style
    return Text.assemble(*((safe.line(piece), own) for piece, own in _pieces(shown)), style=style, no_wrap=True)


def _pieces(shown: Any) -> Iterator[tuple[str, str]]:
    """Text and style of every piece; a damaged column gives something else than text now and then."""
    whole = not (isinstance(shown, list) and all(isinstance(piece, tuple) for piece in shown))
    for piece, style in [(shown, "")] if whole else shown:
        yield values.plain(piece), style


def print_record(record: Any, layout: Layout) -> None:
    """Print a record: bold title, labelled lines, then its texts."""
    whole = mapping(record)
    parts: list[Any] = []
    if layout.title:
        parts.append(Text(safe.line(values.plain(layout.title(record))), style="bold"))
    shown = ((line, line.of_row(record) if line.of_row else _shown(line, whole)) for line in layout.lines)
    parts.append(_labelled((line.label, safe.line(values.plain(text)), line.style) for line, text in shown if text))
    for heading, body in layout.bodies:
        if content := body(record):
            parts += [Text(""), *([Text(heading, style="dim")] if heading else []), _body(content)]
    _print(*parts)


def _body(shown: Any) -> Text:
    body = Text.assemble(*((safe.text(piece), style) for piece, style in _pieces(shown)))
    body.rstrip()
    return body


def print_fields(picked: Mapping[str, Any]) -> None:
    """Print chosen fields of a record, one a line."""
    _print(_labelled((name, safe.line(values.plain(value)), "") for name, value in picked.items()))


def _shown(line: Line, whole: Mapping[str, Any]) -> str:
    return (line.show or values.plain)(whole.get(line.key))


def _labelled(lines: Iterable[tuple[str, str, str]]) -> RichTable:
    """Labels and values side by side; what is too long goes on below where it began."""
    grid = RichTable.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value, style in lines:
        grid.add_row(label, Text(value, style=style))
    return grid


def _print(*parts: Any) -> None:
    target = console()
    with target.capture() as captured:
        for part in parts:
            target.print(part)
    # Rich pads table cells to the full width; a copied line should end where its text ends.
    paged(re.sub(_END, r"\1", captured.get(), flags=re.MULTILINE))
