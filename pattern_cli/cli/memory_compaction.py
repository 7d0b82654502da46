"""`pattern memory`: fold a block's updates into its snapshot."""

from __future__ import annotations

from typing import Any

from pattern_cli.cli.memory_group import EXITS, Label, OwnerOrBlock, group, name
from pattern_cli.cli.options import DryRunOption, ForceOption, NoSnapshotOption, Run, YesOption
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line


def _sizes(record: Any) -> str:
    return f"{values.size(record.size_before)} → {values.size(record.size_after)}"


def _undone(count: int) -> str:
    return f"{values.plural(count, 'update')}, which can be redone until then" if count else ""


COMPACTION = Layout(
    title=name,
    lines=(
        Line("updates", "folded", show=lambda count: values.plural(count, "update")),
        Line("undone", "undone", show=_undone),
        Line("checkpoints", "checkpoints", show=lambda count: str(count) if count else ""),
        Line("size_after", "size", of_row=_sizes),
        Line("snapshot", "snapshot"),
        Line("dry_run", "", show=values.tried),
    ),
    record="pattern_cli.memory.compaction:Compaction",
)


@group.command(
    "compact",
    record=COMPACTION,
    examples=(
        "pattern memory compact Juniper persona --dry-run",
        "pattern memory compact Juniper persona --yes",
    ),
    exits=EXITS,
)
def compact(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: NoSnapshotOption = False,
    force: ForceOption = False,
) -> None:
    """Put the whole document of a block into its snapshot and delete its updates.

    The content is proven equal before anything is stored. History, undo and what was undone end here; a backup is made
    first. Refuses while another process has the file open.
    """
    from pattern_cli.memory.service import Memory

    with run.open() as constellation:
        plan = Memory(constellation).compact(owner, label, dry_run=True)
    if dry_run:
        run.show(plan)
        return
    if run.terminal and not yes:
        run.note(
            f"{name(plan)} has {values.plural(plan.updates + plan.undone, 'update')}; its history and undo end here"
        )
    run.confirm(f"compact {name(plan)}", yes=yes)
    with run.open("write") as constellation:
        saver = run.saver("memory compact", no_snapshot)
        run.show(Memory(constellation).compact(plan.id, force=force, snapshot=saver))


@group.command(
    "checkpoint",
    record=COMPACTION,
    examples=(
        "pattern memory checkpoint Juniper persona --dry-run",
        "pattern memory checkpoint Juniper persona",
    ),
    exits=EXITS,
)
def checkpoint(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
) -> None:
    """Store the whole document of a block as a checkpoint, from which loading starts.

    All updates stay, and with them history and `memory undo`; an agent's own undo no longer reaches behind the
    checkpoint. Refuses while another process has the file open.
    """
    from pattern_cli.memory.service import Memory

    with run.open_to_change(dry_run) as constellation:
        run.show(Memory(constellation).checkpoint(owner, label, force=force, dry_run=dry_run))
