"""`pattern memory`: list and show memory blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.memory_group import BlockType, Label, OwnerOrBlock, group, name
from pattern_cli.cli.options import Run
from pattern_cli.errors import IntegrityError, UsageError
from pattern_cli.render import values
from pattern_cli.render.formats import Format
from pattern_cli.render.tables import Column, Layout, Table

if TYPE_CHECKING:
    from pattern_cli.memory.blocks import TextAs

_NEARLY_FULL = 0.9
_NAMES = 2


def _bar(row: Any) -> str:
    if row.used is None:
        return "unreadable"
    return values.bar(row.used, row.char_limit if isinstance(row.char_limit, int) else 0)


def _fill(row: Any) -> str:
    used = values.DASH if row.used is None else values.number(row.used)
    return f"{used}/{values.number(row.char_limit)}{' preview' if row.preview_only else ''}"


def _fill_style(row: Any) -> str:
    if row.used is None or row.over_limit:
        return "red"
    limit = row.char_limit if isinstance(row.char_limit, int) else 0
    return "yellow" if row.used > _NEARLY_FULL * limit else ""


def _shared(row: Any) -> str:
    if row.shared_from:
        return f"← {row.shared_from}"
    names = [share.agent_name or share.agent_id for share in row.shared_with]
    more = f" +{len(names) - _NAMES}" if len(names) > _NAMES else ""
    return ", ".join(map(values.plain, names[:_NAMES])) + more or values.DASH


def _label_style(row: Any) -> str:
    return "bold" if row.is_active else "dim strike"


_OWNER = Column("owner", "OWNER", wide=True, least=8)
_COLUMNS = (
    Column("label", "LABEL", style=_label_style, wide=True, least=24),
    Column("pinned", "", show=lambda pinned: "📌" if pinned else ""),
    Column("block_type", "TYPE"),
    Column("used", "USED", of_row=_bar, style=_fill_style, leave_out=1),
    Column("char_limit", "/ LIMIT", of_row=_fill, style=_fill_style, right=True),
    Column("permission", "PERMISSION", of_row=lambda row: row.share_permission or row.permission),
    Column("updated_at", "UPDATED", show=values.ago, leave_out=3),
    Column("shared_with", "SHARED WITH", of_row=_shared, wide=True, least=12, leave_out=2),
)
_EMPTY = "no memory here → pattern memory list --all shows deleted blocks too"
OF_ONE = Table(columns=_COLUMNS, empty=_EMPTY, record="pattern_cli.memory.blocks:BlockRow")
_NONE = "no memory yet → pattern import ARCHIVE brings some in; --all shows deleted blocks too"
OF_ALL = Table(columns=(_OWNER, *_COLUMNS), empty=_NONE, record="pattern_cli.memory.blocks:BlockRow")
# Without a layout of its own: on a terminal a block is a header line and its content.
BLOCK = Layout(record="pattern_cli.memory.records:BlockRecord")


@group.command(
    "list",
    rows=OF_ALL,
    examples=(
        "pattern memory list",
        "pattern memory list Juniper",
        'pattern memory list "Harbor Crew" --type core',
        "pattern memory list --json --fields owner,label,used,char_limit",
    ),
    exits=(3,),
)
def list_blocks(
    run: Run,
    owner: Annotated[
        str | None,
        typer.Argument(metavar="[OWNER]", help="Agent, group or _constellation_: name, id, or the beginning of an id."),
    ] = None,
    block_type: Annotated[BlockType | None, typer.Option("--type", help="Only blocks of this type.")] = None,
    inactive: Annotated[bool, typer.Option("--all", "--inactive", "-a", help="Deleted blocks too.")] = False,
) -> None:
    """List memory blocks: how full they are, who may change them, with whom they are shared.

    One agent's list also has the blocks it receives by a share, with the permission of the share.
    """
    with run.open() as constellation:
        from pattern_cli.memory.blocks import Blocks

        rows = Blocks(constellation).list(owner, block_type=block_type, inactive=inactive)
        run.rows(rows, OF_ONE if owner else OF_ALL)


def _header(record: Any) -> str:
    used = values.DASH if record.used is None else values.number(record.used)
    parts = [
        name(record),
        record.block_type,
        record.schema_type,
        f"{used}/{values.number(record.char_limit)}{' over its limit' if record.over_limit else ''}",
        record.permission,
        "pinned" if record.pinned else "",
        "preview from the archive" if record.text_source == "preview" else "",
        f"updated {values.ago(record.updated_at)}",
        record.id,
    ]
    return " · ".join(str(part) for part in parts if part)


@group.command(
    "show",
    record=BLOCK,
    examples=(
        "pattern memory show Juniper persona",
        "pattern memory show mem_2b90d5",
        "pattern memory show Juniper persona --raw > persona.md",
        "pattern memory show Juniper todo --rendered",
        "pattern memory show Juniper persona --at 28",
        "pattern memory show Juniper persona --at yesterday",
        "pattern memory show Juniper todo --json --fields value,used,char_limit",
    ),
    exits=(3, 5),
)
def show_block(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="The text alone, into a pipe byte for byte; with --rendered that text instead."),
    ] = False,
    rendered: Annotated[
        bool, typer.Option("--rendered", help="What the runtime puts into an agent's context, defects included.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="N|WHEN", help="As it was after an update, 0 for before the first, or at a time."),
    ] = None,
) -> None:
    """Show one block: everything that is stored in it, without viewport and limits.

    What cannot be read is named in a warning and the rest is shown; the exit status is 5 when nothing of the document
    can be read and no preview is stored either, and with --raw and --rendered whenever a part is unreadable.
    """
    if at is not None and rendered:
        raise UsageError("--rendered is what agents see now, so it goes not with --at", "leave out one of them")
    with run.open() as constellation:
        from pattern_cli.memory.service import Memory

        text_as: TextAs = "rendered" if rendered else "raw" if raw else "whole"
        memory = Memory(constellation)
        record = memory.show(owner, label, text_as=text_as) if at is None else memory.at(at, owner, label, raw=raw)
    if not run.fields and (run.form is Format.table or (run.form is None and (raw or rendered or run.terminal))):
        _print(run, record, raw, rendered)
    else:
        run.show(record)
    if record.text_source is None:
        raise IntegrityError(
            f'the document of "{record.owner}/{record.label}" cannot be read',
            "`pattern backup list` shows backups that may still hold it",
        )


def _print(run: Run, record: Any, raw: bool, rendered: bool) -> None:
    from pattern_cli.render.output import write_document, write_text

    if raw or rendered:
        if record.text:
            write_text(record.text, raw=raw)
    else:
        write_document(_header(record), record.text)
        for remark in record.remarks:
            run.note(remark)
    if raw and record.text_source == "preview":
        run.note(f"{record.owner}/{record.label}: the document is empty; this is the stored preview")
    for problem in record.damage:
        run.warn(problem)


# Last, so that their commands follow these two in the help; the past of a block comes first of them.
from pattern_cli.cli import memory_history  # noqa: E402, F401

# isort: split
from pattern_cli.cli import (  # noqa: E402
    memory_blocks,  # noqa: F401
    memory_compaction,  # noqa: F401
    memory_edit,  # noqa: F401
    memory_fields,  # noqa: F401
    memory_items,  # noqa: F401
    memory_shares,  # noqa: F401
)
