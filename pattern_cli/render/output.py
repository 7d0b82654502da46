"""Writes rows and records to standard output in the format that was asked for (architecture.md §6)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pattern_cli.errors import UsageError
from pattern_cli.render import safe, values
from pattern_cli.render.encode import compact, mapping, pretty
from pattern_cli.render.formats import Format
from pattern_cli.render.tables import Column, Layout, Table, fields_of

_NAMED = 3
# What stands between two finished JSON objects.
BETWEEN = {Format.ndjson: "\n", Format.json: ",\n  "}


def choose(names: Iterable[str], fields: tuple[str, ...]) -> None:
    """Raise UsageError when a field is asked for that the rows do not have."""
    known = list(names)
    for name in fields:
        if name not in known:
            raise UsageError(f'there is no field "{name}"', f"fields: {', '.join(known)}")


class Counted:
    """Passes rows on and counts those that could not be read completely; `names` are the ids of the first few."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._rows = rows
        self.count = 0
        self.damaged = 0
        self.names: list[str] = []

    def __iter__(self) -> Iterator[Any]:
        for row in self._rows:
            self.count += 1
            self.look(row)
            yield row

    def look(self, row: Any) -> None:
        """Note whether this row could be read."""
        if _field(row, "damage"):
            self.damaged += 1
            if len(self.names) < _NAMED and (id := _field(row, "id")) is not None:
                self.names.append(values.plain(id))


def _field(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)


def write_rows(rows: Iterable[Any], table: Table, form: Format, fields: tuple[str, ...]) -> Counted:
    """Write a list; rows are streamed in every format but `table`. Returns the counts for a closing remark."""
    if fields and (known := fields_of(table)) is not None:
        choose(known, fields)
    counted = Counted(rows)
    columns = _columns(table, fields)
    if form is Format.json:
        _write_array(counted, fields)
    elif form is Format.ndjson:
        for row in counted:
            _put(compact(_picked(row, fields)))
    elif form is Format.csv:
        _write_csv(counted, columns, fields)
    elif form is Format.tsv:
        for row in counted:
            picked = _picked(row, tuple(column.key for column in columns), checked=bool(fields))
            _put("\t".join(safe.tsv(values.plain(value)) for value in picked.values()))
    elif form is Format.markdown:
        _write_markdown(counted, columns, bool(fields))
    else:
        from pattern_cli.render.terminal import print_table

        print_table(counted, columns if fields else table.drawn, table.empty)
    return counted


def write_record(record: Any, layout: Layout, form: Format, fields: tuple[str, ...]) -> None:
    """Write one object: JSON as one object, a table as labelled lines, the others as field and value."""
    whole = mapping(record)
    choose(whole, fields)
    picked = {name: whole[name] for name in fields} if fields else whole
    if form is Format.json:
        _put(pretty(picked))
    elif form is Format.ndjson:
        _put(compact(picked))
    elif form is Format.tsv:
        for name, value in picked.items():
            _put(f"{name}\t{safe.tsv(values.plain(value))}")
    elif form is Format.csv:
        _csv_line(picked.keys())
        _csv_line(values.plain(value) for value in picked.values())
    elif form is Format.markdown:
        _put("| field | value |\n| --- | --- |")
        for name, value in picked.items():
            _put(f"| {_cell(name)} | {_cell(values.plain(value))} |")
    else:
        from pattern_cli.render.terminal import print_fields, print_record

        if fields:
            print_fields(picked)
        else:
            print_record(record, layout)


def write_lines(lines: Iterable[Any], form: Format, fields: tuple[str, ...]) -> Counted:
    """Write JSON objects as `ndjson` or as one `json` array: bytes are finished objects, anything else is a row.

    Bytes hold one or more objects with `BETWEEN[form]` between them. `fields` are picked from rows; finished objects
    have them already. Returns the count of rows that could not be read completely.
    """
    counted = Counted(())
    ndjson = form is Format.ndjson
    between, end = BETWEEN[form].encode(), b"\n" if ndjson else b""
    head = b"" if ndjson else b"[\n  "
    write = _byte_writer()
    empty = True
    for line in lines:
        if isinstance(line, bytes):
            objects = safe.json_bytes(line)
        else:
            counted.look(line)
            objects = compact(_picked(line, fields)).encode()
        write(head + objects + end)
        head = b"" if ndjson else between
        empty = False
    if not ndjson:
        write(b"[]\n" if empty else b"\n]\n")
    return counted


def _byte_writer() -> Callable[[bytes], object]:
    """Where UTF-8 goes: past the text layer when that would only decode and encode it again."""
    stream = sys.stdout
    if hasattr(stream, "buffer") and stream.encoding.lower() in ("utf-8", "utf8"):
        stream.flush()
        return stream.buffer.write
    return lambda data: stream.write(data.decode())


def write_text(text: str, *, raw: bool = False) -> None:
    """Write a document: byte for byte into a pipe when `raw`, else harmless, and paged on a terminal when long."""
    stream = sys.stdout
    if raw and not stream.isatty() and hasattr(stream, "buffer"):
        stream.flush()
        # Bytes that are no UTF-8 were read as surrogates and become themselves again.
        stream.buffer.write(text.encode("utf-8", "surrogateescape"))
        return
    shown = safe.text(text)
    paged(shown if shown.endswith("\n") else f"{shown}\n")


def write_document(header: str, text: str) -> None:
    """Write a text under a header line (dim on a terminal), harmful characters made visible; long ones are paged."""
    dim = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    head = f"\x1b[2m{safe.line(header)}\x1b[0m" if dim else safe.line(header)
    shown = safe.text(text)
    paged(f"{head}\n{shown if shown.endswith(chr(10)) or not shown else shown + chr(10)}")


def _put(line: str) -> None:
    sys.stdout.write(line + "\n")


def _columns(table: Table, fields: tuple[str, ...]) -> tuple[Column, ...]:
    if not fields:
        return table.columns
    known = {column.key: column for column in table.columns}
    return tuple(known.get(name, Column(name, name.upper().replace("_", " "))) for name in fields)


def _picked(row: Any, keys: tuple[str, ...], checked: bool = True) -> Mapping[str, Any]:
    whole = mapping(row)
    if not keys:
        return whole
    if checked:
        choose(whole, keys)
    return {key: whole.get(key) for key in keys}


def _write_array(rows: Iterable[Any], fields: tuple[str, ...]) -> None:
    empty = True
    for row in rows:
        shown = pretty(_picked(row, fields)).replace("\n", "\n  ")
        sys.stdout.write(("[\n  " if empty else ",\n  ") + shown)
        empty = False
    _put("[]" if empty else "\n]")


def _csv_line(cells: Iterable[str]) -> None:
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow([safe.text(cell) for cell in cells])
    sys.stdout.write(buffer.getvalue())


def _write_csv(rows: Iterable[Any], columns: tuple[Column, ...], fields: tuple[str, ...]) -> None:
    _csv_line(column.key for column in columns)
    for row in rows:
        picked = _picked(row, tuple(column.key for column in columns), checked=bool(fields))
        _csv_line(values.plain(value) for value in picked.values())


def _cell(value: str) -> str:
    """A text that Markdown shows as it is."""
    import re

    return re.sub(r"([\\`*<\[|~])", r"\\\1", safe.line(value))


def _write_markdown(rows: Iterable[Any], columns: tuple[Column, ...], checked: bool) -> None:
    _put("| " + " | ".join(column.key for column in columns) + " |")
    _put("| " + " | ".join("---:" if column.right else "---" for column in columns) + " |")
    for row in rows:
        picked = _picked(row, tuple(column.key for column in columns), checked=checked)
        _put("| " + " | ".join(_cell(values.plain(value)) for value in picked.values()) + " |")


def paged(text: str) -> None:
    """Print text, through the person's pager when it is longer than the terminal (PAGER, else less)."""
    pager = os.environ.get("PAGER", "less")
    lines = text.count("\n")
    if not sys.stdout.isatty() or not pager.strip() or lines < os.get_terminal_size(sys.stdout.fileno()).lines:
        sys.stdout.write(text)
        return
    import shlex
    import subprocess

    try:
        process = subprocess.Popen(
            shlex.split(pager),
            stdin=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            env={"LESS": "FRX", **os.environ},
        )
    except (OSError, ValueError):  # no such program, or quotes that do not end
        sys.stdout.write(text)
        return
    try:
        process.communicate(text)
    except (BrokenPipeError, KeyboardInterrupt):
        process.wait()
