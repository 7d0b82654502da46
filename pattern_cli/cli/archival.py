"""`pattern archival`: list and show archival entries."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pattern_cli.cli.archival_group import group
from pattern_cli.cli.options import LimitOption, Run, SinceOption, UntilOption
from pattern_cli.render import values
from pattern_cli.render.tables import Column, Layout, Line, Table


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
OF_ONE = Table(columns=_COLUMNS, empty=_EMPTY, record="pattern_cli.memory.archival:ArchivalRow")
OF_ALL = Table(
    columns=(_OWNER, *_COLUMNS),
    empty="no archival entries yet → pattern import ARCHIVE brings some in",
    record="pattern_cli.memory.archival:ArchivalRow",
)


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
    record="pattern_cli.memory.archival:ArchivalRecord",
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
    first, last = _bounds(since, until)
    with run.open() as constellation:
        from pattern_cli.memory.archival import Archival

        rows = Archival(constellation).list(owner, since=first, until=last, limit=limit)
        run.rows(rows, OF_ONE if owner else OF_ALL)


def _bounds(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    from pattern_cli.store.times import parse_until, parse_when

    return None if since is None else parse_when(since), None if until is None else parse_until(until)


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
    if raw:
        run.text_alone("--raw")
    with run.open() as constellation:
        from pattern_cli.memory.archival import Archival

        record = Archival(constellation).show(entry)
    if raw and isinstance(record.content, str):
        from pattern_cli.render.output import write_text

        write_text(record.content, raw=True)
        for problem in record.damage:
            run.warn(problem)
    else:
        run.show(record)


FOUND = Table(
    columns=(
        _OWNER,
        *_COLUMNS[:-1],
        Column("metadata", "METADATA", show=values.plain),
        Column("preview", "CONTENT", wide=True),
    ),
    empty="no entry has such metadata → pattern archival list --json --fields id,metadata shows what there is",
    record="pattern_cli.memory.archival:ArchivalRow",
)


@group.command(
    "search-by-metadata",
    rows=FOUND,
    examples=(
        "pattern archival search-by-metadata topic",
        "pattern archival search-by-metadata topic=harbor score=5 --agent Juniper",
        "pattern archival search-by-metadata source.page=3 tags=boat --json",
    ),
    exits=(3,),
)
def search_by_metadata(
    run: Run,
    conditions: Annotated[
        list[str], typer.Argument(metavar="KEY[=VALUE]...", help="A key that is there, or a value that it has.")
    ],
    owner: Annotated[
        str | None, typer.Option("--agent", metavar="AGENT", help="Only this owner's, named as for list.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
) -> None:
    """Find archival entries by their metadata: those for which all conditions hold, newest first.

    Dots lead into objects and lists (source.page, tags.0), a backslash takes the character after it as it is, and a dot
    alone is the whole metadata. A value that is JSON is compared as such and as a text: 3 finds 3 and "3". A list has
    a value that is one of its items.
    """
    first, last = _bounds(since, until)
    with run.open() as constellation:
        from pattern_cli.memory.archival import Archival
        from pattern_cli.memory.archival_metadata import MetadataSearch

        search = MetadataSearch(Archival(constellation), conditions)
        run.rows(search.find(owner, since=first, until=last, limit=limit))
    if search.unreadable:
        passed = values.plural(search.unreadable, "entry", "entries")
        run.warn(f"{passed} passed over, whose metadata cannot be decoded; pattern archival list shows them")


# Last, so that their commands follow these in the help.
from pattern_cli.cli import archival_changes  # noqa: E402, F401
