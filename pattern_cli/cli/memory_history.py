"""`pattern memory`: the history of a block, its differences, undo and redo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.memory_group import EXITS, AsAdminOption, Label, OwnerOrBlock, group, name, show_difference
from pattern_cli.cli.options import DryRunOption, LimitOption, Run
from pattern_cli.render import values
from pattern_cli.render.formats import Format
from pattern_cli.render.tables import Column, Layout, Line, Table

if TYPE_CHECKING:
    from pattern_cli.memory.comparing import Unit

StepsOption = Annotated[int, typer.Option("--steps", min=1, metavar="N", help="So many edits, newest first.")]
WordsOption = Annotated[bool, typer.Option("--words", help="Compare words, not lines.")]

_STATES = {"undone": "undone ↶", "off": "undone by the agent ↶", "active": ""}


def _change(row: Any) -> list[tuple[str, str]]:
    inserted = [(f"+{values.number(row.inserted)}", "green")] if row.inserted else []
    deleted = [(f"−{values.number(row.deleted)}", "red")] if row.deleted else []
    between = [(" ", "")] if inserted and deleted else []
    return [*inserted, *between, *deleted]


def _number_style(row: Any) -> str:
    return "bold" if row.state == "active" else "dim strike"


def _what(row: Any) -> str:
    state = _STATES[row.state]
    return f"{state}  {row.summary}" if state and row.summary else state or row.summary


HISTORY = Table(
    columns=(
        Column("seq", "UPDATE", show=lambda seq: f"#{seq}", style=_number_style, right=True),
        Column("created_at", "WHEN", show=values.ago),
        Column("source", "WHO"),
        Column("action", "DID", style="dim"),
        Column("inserted", "CHANGE", of_row=_change),
        Column("size", "SIZE", show=values.size, right=True),
        Column("summary", "ABOUT", of_row=_what, wide=True),
    ),
    empty="no updates: the block is as it was created or imported",
    record="pattern_cli.memory.history:HistoryRow",
)


@group.command(
    "history",
    rows=HISTORY,
    examples=(
        "pattern memory history Juniper persona",
        "pattern memory history Juniper/persona --limit 10",
        "pattern memory history mem_2b90d5 --json --fields seq,created_at,source,summary",
    ),
    exits=(3, 5),
)
def history_of_block(run: Run, owner: OwnerOrBlock, label: Label = None, limit: LimitOption = None) -> None:
    """List the updates of a block, newest first: who changed what when, and what was undone.

    The number of an update names the version after it in `memory show --at`, `memory diff` and `memory revert`.
    """
    with run.open() as constellation:
        from pattern_cli.memory.service import Memory

        run.rows(Memory(constellation).history(owner, label, limit=limit))


DIFFERENCE = Layout(
    title=lambda record: f"{record.owner}/{record.label}  #{record.from_seq}..#{record.to_seq}",
    record="pattern_cli.memory.past:Difference",
)


@group.command(
    "diff",
    record=DIFFERENCE,
    examples=(
        "pattern memory diff Juniper persona",
        "pattern memory diff Juniper persona 28..31 --words",
        "pattern memory diff Juniper persona yesterday..",
        "pattern memory diff Juniper/persona 30",
    ),
    exits=(3, 5),
)
def diff(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    between: Annotated[
        str, typer.Argument(metavar="[A..B]", help="Numbers of updates or times: A..B, A.., ..B, or one number.")
    ] = "",
    words: WordsOption = False,
) -> None:
    """Show what changed in a block between two versions; without any, what the newest update changed.

    A version is the number of an update (0 is before the first) or a time. A structured block is compared as
    `memory show` prints it.
    """
    label, between = _apart(label, between)
    with run.open() as constellation:
        from pattern_cli.memory.service import Memory

        unit: Unit = "words" if words else "lines"
        found = Memory(constellation).diff(between, owner, label, unit=unit)
    if run.fields or run.format is not Format.table:
        run.show(found)
        return
    from pattern_cli.render.differences import write_difference

    write_difference(found.pieces, unit, f"{found.owner}/{found.label}  #{found.from_seq}..#{found.to_seq}")


def _apart(label: str | None, between: str) -> tuple[str | None, str]:
    """A block named by one word leaves its place to the versions: `diff mem_2b90d5 28..31`."""
    looks = label is not None and not between and (".." in label or label.removeprefix("#").isdigit())
    return (None, label or "") if looks else (label, between)


BLAME = Table(
    columns=(
        Column("root", "PART", style="dim"),
        Column("place", "PLACE", right=True),
        Column("seq", "UPDATE", show=lambda seq: f"#{seq}" if seq else values.DASH, right=True),
        Column("source", "WHO"),
        Column("created_at", "WHEN", show=values.ago),
        Column("text", "TEXT", wide=True),
    ),
    empty="nothing is stored in this block",
    record="pattern_cli.memory.blame:BlameRow",
)


@group.command(
    "blame",
    rows=BLAME,
    examples=("pattern memory blame Juniper persona", "pattern memory blame Juniper/todo --json"),
    exits=(3, 5),
)
def blame_block(run: Run, owner: OwnerOrBlock, label: Label = None) -> None:
    """Show for every line, field and item of a block which update changed it last, by whom and when."""
    with run.open() as constellation:
        from pattern_cli.memory.service import Memory

        run.rows(Memory(constellation).blame(owner, label))


def _done(row: Any) -> str:
    would = "would be " if row.dry_run else ""
    return f"{would}{'undone' if row.action == 'undo' else 'redone'}"


REVERTED = Table(
    columns=(
        Column("label", "BLOCK", of_row=name),
        Column("action", "", of_row=_done),
        Column("of", "UPDATE", show=lambda seq: f"#{seq}", right=True),
        Column("source", "OF"),
        Column("created_at", "FROM", show=values.ago),
        Column("seq", "BY UPDATE", show=lambda seq: f"#{seq}" if seq else values.DASH, right=True),
        Column(
            "used", "CHARACTERS", of_row=lambda row: f"{values.number(row.used_before)} → {values.number(row.used)}"
        ),
    ),
    record="pattern_cli.memory.undoing:Reverted",
)


def _go(
    run: Run, word: str, owner: str, label: str | None, steps: int, seq: int | None, as_admin: bool, dry_run: bool
) -> None:
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.memory.editing import Terms
        from pattern_cli.memory.service import Memory

        going = getattr(Memory(constellation), word)
        done = going(owner, label, steps=steps, update=seq, terms=Terms(as_admin, dry_run=dry_run))
    run.rows(done)
    if run.terminal and not run.fields:
        show_difference(done[0].before, done[-1].after)


@group.command(
    "undo",
    rows=REVERTED,
    examples=(
        "pattern memory undo Juniper persona --dry-run",
        "pattern memory undo Juniper persona",
        "pattern memory undo Juniper persona --steps 3",
        "pattern memory undo Juniper persona --update 31",
    ),
    exits=EXITS,
)
def undo(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    steps: StepsOption = 1,
    update: Annotated[
        int | None, typer.Option("--update", min=1, metavar="N", help="This edit only; later ones stay.")
    ] = None,
    as_admin: AsAdminOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Undo the newest edit of a block, whoever made it; `memory redo` takes that back.

    An undo is an update of its own that reverts another one. A running runtime sees it, and what it writes meanwhile
    stays.
    """
    _go(run, "undo", owner, label, steps, update, as_admin, dry_run)


@group.command(
    "redo",
    rows=REVERTED,
    examples=("pattern memory redo Juniper persona", "pattern memory redo Juniper persona --steps 2 --dry-run"),
    exits=EXITS,
)
def redo(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    steps: StepsOption = 1,
    update: Annotated[
        int | None, typer.Option("--update", min=1, metavar="N", help="This one of several undone edits.")
    ] = None,
    as_admin: AsAdminOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Redo what was undone last, by this program or by an agent; of several abandoned branches the newest."""
    _go(run, "redo", owner, label, steps, update, as_admin, dry_run)


CHANGED = Layout(
    title=name,
    lines=(
        Line("seq", "update", show=lambda seq: f"#{seq}" if seq else ""),
        Line("used", "characters", of_row=lambda r: f"{values.number(r.used_before)} → {values.number(r.used)}"),
        Line("changed", "", show=lambda changed: "" if changed else "nothing was to be changed"),
        Line("dry_run", "", show=values.tried),
    ),
    record="pattern_cli.memory.editing:Edited",
)


@group.command(
    "revert",
    record=CHANGED,
    examples=(
        "pattern memory revert Juniper persona 28 --dry-run",
        "pattern memory revert Juniper persona yesterday",
        "pattern memory revert Juniper/persona 28",
    ),
    exits=EXITS,
)
def revert(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    to: Annotated[
        str, typer.Argument(metavar="TO", help="Number of an update, 0 for before the first, or a time.")
    ] = "",
    as_admin: AsAdminOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Make a block what it was after an update, or at a time; history stays, and `memory undo` takes it back."""
    from pattern_cli.errors import UsageError

    label, to = (None, label or "") if not to else (label, to)
    if not to:
        raise UsageError("the version to go back to is missing", "`pattern memory history` shows them")
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.memory.editing import Terms
        from pattern_cli.memory.service import Memory

        done = Memory(constellation).revert(to, owner, label, terms=Terms(as_admin, dry_run=dry_run))
    run.show(done)
    if run.terminal and not run.fields:
        show_difference(done.before, done.after)
