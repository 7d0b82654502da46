"""`pattern db`: facts about the database file, and counts of what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from pattern_cli.cli.options import Group, Run
from pattern_cli.render import safe, values
from pattern_cli.render.tables import Layout, Line

group = Group("db", help="The database file: facts and counts.")


def _size(record: Any) -> str:
    log = f" and {values.size(record.wal_size)} in its log" if record.wal_size else ""
    return f"{values.size(record.size)}{log}"


def _schema(record: Any) -> str:
    if record.version is None:
        return "no ledger"
    newer = f" (newest known: {record.newest_version:04d})" if record.version != record.newest_version else ""
    return f"{record.version:04d}{newer}"


def _pages(record: Any) -> str:
    unused = f", {values.number(record.freelist_count)} unused" if record.freelist_count else ""
    return f"{values.number(record.page_count)} of {record.page_size} bytes{unused}"


def _holders(record: Any) -> str:
    return ", ".join(map(_holder, record.holders)) or "nobody else"


def _holder(holder: Any) -> str:
    if holder.pid is None:
        return "somebody (this system cannot tell who)"
    return f"{holder.command or 'a process'} (pid {holder.pid}{', a run of this program' if holder.is_ours else ''})"


INFO = Layout(
    title=lambda record: record.path,
    lines=(
        Line("location", "named by"),
        Line("size", "size", of_row=_size),
        Line("version", "schema", of_row=_schema),
        Line("holders", "in use by", of_row=_holders),
        Line("modified_at", "modified", show=values.ago),
        Line("permissions", "permissions"),
        Line("page_count", "pages", of_row=_pages),
        Line("journal_mode", "journal mode"),
        Line("encoding", "encoding"),
        Line(
            "side_files",
            "side files",
            show=lambda files: ", ".join(f"{file.name} {values.size(file.size)}" for file in files),
        ),
        Line("read_from_copy", "read from", show=lambda copied: "a private copy, log included" if copied else ""),
        Line("sqlite", "sqlite", show=lambda version: f"{version} (of this program)"),
    ),
    record="pattern_cli.health.info:DatabaseInfo",
)


def _messages(record: Any) -> str:
    archived = f", {values.number(record.archived_messages)} archived" if record.archived_messages else ""
    return f"{values.number(record.messages)}{_besides(record.deleted_messages, 'deleted')}{archived}"


def _blocks(record: Any) -> str:
    return f"{values.number(record.blocks)}{_besides(record.inactive_blocks, 'inactive')}"


def _updates(record: Any) -> str:
    return f"{values.number(record.updates)}{_besides(record.undone_updates, 'undone')}"


def _besides(count: int, word: str) -> str:
    """What the number before it leaves out."""
    return f" (+{values.number(count)} {word})" if count else ""


def _embeddings(embeddings: Any) -> str:
    if embeddings is None:
        return ""
    size = "" if embeddings.dimension is None else f" of {embeddings.dimension} numbers"
    return f"{values.plural(embeddings.rows, 'vector')}{size}"


def _lines(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as aligned text: the first column left, the others right."""
    from rich.cells import cell_len

    shown = [tuple(safe.line(values.plain(cell)) for cell in row) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    lines = []
    for row in shown:
        gaps = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = [row[0] + gaps[0], *(gap + cell for gap, cell in zip(gaps[1:], row[1:], strict=True))]
        lines.append("  ".join(cells))
    return "\n".join(lines)


def _agents(record: Any) -> str:
    rows = [(a.name, values.number(a.message_count), _archived(a.archived_count)) for a in record.top_agents]
    return _lines(rows)


def _archived(count: int) -> str:
    return f"{values.number(count)} archived" if count else ""


def _full_text(record: Any) -> str:
    return _lines([_coverage(index) for index in record.full_text])


def _coverage(index: Any) -> tuple[str, ...]:
    share = f"{values.number(index.indexed)} of {values.number(index.rows)}"
    return index.name, share, "" if index.indexed == index.rows else "incomplete"


def _tables(record: Any) -> str:
    return _lines(
        [
            (table.name, values.number(table.rows), "" if table.size is None else values.size(table.size))
            for table in record.tables
            if table.rows
        ]
    )


STATS = Layout(
    title=lambda record: record.path,
    lines=(
        Line("agents", "agents", show=values.number),
        Line("groups", "groups", show=values.number),
        Line("blocks", "memory blocks", of_row=_blocks),
        Line("updates", "memory updates", of_row=_updates),
        Line("archival_entries", "archival entries", show=values.number),
        Line("messages", "messages", of_row=_messages),
        Line("queued_messages", "queued messages", show=lambda count: values.number(count) if count else ""),
        Line("embeddings", "embeddings", show=_embeddings),
    ),
    bodies=(
        ("most active agents", _agents),
        ("full-text indexes: rows", _full_text),
        ("tables: rows and size with indexes", _tables),
    ),
    record="pattern_cli.health.stats:DatabaseStats",
)


@group.command("info", record=INFO, examples=("pattern db info", "pattern db info --json --fields path,holders"))
def show_info(run: Run) -> None:
    """Show where the database is, why that one, its size, schema and who has it open."""
    from pattern_cli.store.locate import where

    with run.open() as constellation:
        from pattern_cli.health.info import info

        run.show(info(constellation, where(run.db).source))


@group.command("stats", record=STATS, examples=("pattern db stats", "pattern db stats --top 20 --sizes"))
def show_stats(
    run: Run,
    top: Annotated[int, typer.Option("--top", min=0, metavar="N", help="How many of the most active agents.")] = 5,
    sizes: Annotated[
        bool | None,
        typer.Option("--sizes/--no-sizes", help="Measure every table, which reads the whole file. Default: to 256 MB."),
    ] = None,
) -> None:
    """Count what the database holds, and show what takes its space."""
    with run.open() as constellation:
        from pattern_cli.health.stats import Stats

        run.show(Stats(constellation).read(top, sizes))
