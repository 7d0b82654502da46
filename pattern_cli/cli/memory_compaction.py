"""`pattern memory`: fold a block's updates into its snapshot."""

from __future__ import annotations

from typing import Any

from pattern_cli.cli.memory_group import group
from pattern_cli.cli.memory_history import Label, OwnerOrBlock
from pattern_cli.cli.options import DryRunOption, ForceOption, NoSnapshotOption, Run, YesOption
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line


def _sizes(record: Any) -> str:
    return f"{values.size(record.size_before)} → {values.size(record.size_after)}"


def _undone(count: int) -> str:
    return f"{values.plural(count, 'update')}, which can be redone until then" if count else ""


COMPACTION = Layout(
    title=lambda record: f"{record.owner}/{record.label}",
    lines=(
        Line("updates", "folded", show=lambda count: values.plural(count, "update")),
        Line("undone", "undone", show=_undone),
        Line("checkpoints", "checkpoints", show=lambda count: str(count) if count else ""),
        Line("size_after", "size", of_row=_sizes),
        Line("snapshot", "snapshot"),
        Line("dry_run", "", show=lambda dry: "nothing was written" if dry else ""),
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
    exits=(3, 4, 5, 6, 7),
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
    from pattern_cli.memory.compaction import Compactor
    from pattern_cli.memory.records import find

    with run.open() as constellation:
        plan = Compactor(constellation).plan(find(constellation, owner, label))
    if dry_run:
        run.show(plan)
        return
    name = f"{plan.owner}/{plan.label}"
    if run.terminal and not yes:
        run.note(f"{name} has {values.plural(plan.updates + plan.undone, 'update')}; its history and undo end here")
    run.confirm(f"compact {name}", yes=yes)
    with run.open("write") as constellation:
        saver = run.saver("memory compact", no_snapshot)
        run.show(Compactor(constellation).compact(plan.id, force=force, snapshot=saver))


@group.command(
    "checkpoint",
    record=COMPACTION,
    examples=(
        "pattern memory checkpoint Juniper persona --dry-run",
        "pattern memory checkpoint Juniper persona",
    ),
    exits=(3, 4, 5, 6, 7),
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
    from pattern_cli.memory.compaction import Compactor
    from pattern_cli.memory.records import find

    with run.open("read" if dry_run else "write") as constellation:
        if dry_run:
            run.show(Compactor(constellation).plan_checkpoint(find(constellation, owner, label)))
            return
        run.show(Compactor(constellation).checkpoint(find(constellation, owner, label), force=force))
