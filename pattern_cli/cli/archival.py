"""`pattern archival`: list and show archival entries."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pattern_cli.cli.options import Group, LimitOption, Run, SinceOption, UntilOption
from pattern_cli.render import values
from pattern_cli.render.tables import Column, Layout, Line, Table

group = Group("archival", help="Archival entries: long-term notes of an agent.")


def _mark(row: Any) -> str:
    """Which part of how many; nothing for a note that is whole."""
    return f"{_number(row)}/{row.chunk_count}" if row.chunk_count > 1 else ""


def _number(chunk: Any) -> str:
    return str(chunk.chunk_index + 1) if isinstance(chunk.chunk_index, int) else str(chunk.chunk_index)


_OWNER = Column("owner", "OWNER")
_COLUMNS = (
    Column("id", "ID", style="dim", ids=16),
    Column("created_at", "CREATED", show=values.ago),
    Column("chunk_index", "PART", of_row=_mark),
    Column("preview", "CONTENT", wide=True),
)
_EMPTY = "no archival entries here → pattern archival list shows those of all owners"
OF_ONE = Table(columns=_COLUMNS, empty=_EMPTY)
OF_ALL = Table(columns=(_OWNER, *_COLUMNS), empty="no archival entries yet → pattern import ARCHIVE brings some in")


def _chain(record: Any) -> str:
    return "\n".join(
        f"{_number(chunk)}  {chunk.id}{'  ← this one' if chunk.id == record.id else ''}" for chunk in record.chain
    )


def _parent(record: Any) -> str:
    missing = " (not stored)" if record.parent_missing else ""
    return f"{record.parent_entry_id}{missing}" if record.parent_entry_id else ""


def _metadata(record: Any) -> str:
    from pattern_cli.render.encode import pretty

    return "" if record.metadata is None else pretty(record.metadata)


ENTRY = Layout(
    title=lambda record: record.id,
    lines=(
        Line("owner", "owner"),
        Line("created_at", "created", show=values.local),
        Line("parent_entry_id", "part of", of_row=_parent),
    ),
    bodies=(
        ("parts", _chain),
        ("metadata", _metadata),
        ("content", lambda record: record.content if isinstance(record.content, str) else values.plain(record.content)),
    ),
)


@group.command(
    "list",
    rows=OF_ALL,
    examples=(
        "pattern archival list Juniper",
        "pattern archival list --since 7d --limit 20",
        "pattern archival list Juniper --json --fields id,content,metadata",
    ),
)
def list_entries(
    run: Run,
    owner: Annotated[
        str | None,
        typer.Argument(
            metavar="[AGENT]",
            help="Name, id, or the beginning of an id; also a group, _constellation_, or an owner that is gone, by id.",
        ),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
) -> None:
    """List the archival entries of an agent, or of all, newest first."""
    from pattern_cli.store.times import parse_when

    bounds = {name: parse_when(text) for name, text in (("since", since), ("until", until)) if text}
    with run.open() as constellation:
        from pattern_cli.memory.archival import Archival

        run.rows(Archival(constellation).list(owner, limit=limit, **bounds), OF_ONE if owner else OF_ALL)


@group.command(
    "show",
    record=ENTRY,
    examples=("pattern archival show arch_017cf4", "pattern archival show arch_017cf4 --raw > note.md"),
)
def show_entry(
    run: Run,
    entry: Annotated[str, typer.Argument(metavar="ID", help="Id of the entry, or the beginning of it.")],
    raw: Annotated[bool, typer.Option("--raw", help="The content alone, into a pipe byte for byte.")] = False,
) -> None:
    """Show one archival entry: its content, its metadata, and the other parts of a note in several parts."""
    with run.open() as constellation:
        from pattern_cli.memory.archival import Archival

        record = Archival(constellation).show(entry)
    if raw and run.form is None and not run.fields and isinstance(record.content, str):
        from pattern_cli.render.output import write_text

        write_text(record.content, raw=True)
        for problem in record.damage:
            run.warn(problem)
    else:
        run.show(record)
