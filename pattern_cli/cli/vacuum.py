"""`pattern vacuum`: give unused space back to the disk."""

from __future__ import annotations

from typing import Any

from pattern_cli.cli.options import DryRunOption, ForceOption, Group, NoSnapshotOption, Run, YesOption
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line

group = Group("vacuum", help="Give unused space back to the disk.", alone=True)


def _shrinking(record: Any) -> str:
    return f"{values.size(record.size_before)} → {values.size(record.size_after)}"


def _freed(record: Any) -> str:
    more = "" if record.shrunk else " so far; the file shrinks at the next checkpoint of who has it open"
    return f"{values.size(max(record.freed, 0))}{more}"


PLAN = Layout(
    title=lambda record: record.path,
    lines=(
        Line("size", "size", show=values.size),
        Line("wal_size", "log", show=lambda size: values.size(size) if size else ""),
        Line("free_size", "unused", show=lambda size: f"{values.size(size)}, which is the least that comes back"),
        Line("space_needed", "needs", show=lambda size: f"{values.size(size)} of free space meanwhile"),
        Line("holders", "in use by", show=lambda names: f"{', '.join(names)}: refused until it ends" if names else ""),
    ),
)

DONE = Layout(
    title=lambda record: record.path,
    lines=(
        Line("size_after", "size", of_row=_shrinking),
        Line("freed", "freed", of_row=_freed),
        Line(
            "rows",
            "proven",
            of_row=lambda r: f"{values.plural(r.rows, 'row')} in {values.plural(r.tables, 'table')} are the same",
        ),
        Line("rebuilt", "rebuilt", show=lambda names: ", ".join(names)),
        Line("snapshot", "snapshot"),
        Line("seconds", "took", show=lambda seconds: f"{seconds:.1f} s"),
    ),
    record="pattern_cli.backups.vacuum:Vacuumed",
)


@group.command(
    "vacuum",
    record=DONE,
    examples=("pattern vacuum --dry-run", "pattern vacuum --yes", "pattern vacuum --yes --no-snapshot"),
    exits=(4, 5, 6, 7),
)
def vacuum(
    run: Run,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: NoSnapshotOption = False,
    force: ForceOption = False,
) -> None:
    """Give unused space back to the disk.

    The packed copy is proven equal, row by row, before it replaces the content of the same file in one transaction.
    Refuses while another process has the file open.
    """
    with run.open() as constellation:
        from pattern_cli.backups.vacuum import Vacuum

        plan = Vacuum(constellation).plan(take_snapshot=not no_snapshot)
        if dry_run:
            run.show(plan, PLAN)
            return
    if run.terminal and not yes:
        first = "" if no_snapshot else "; a snapshot is made first"
        run.note(f"{plan.path} has {values.size(plan.size)}, at least {values.size(plan.free_size)} unused{first}")
    run.confirm(f"vacuum {plan.path}", yes=yes)
    with run.open("write", any_schema=True) as constellation:
        vacuuming = Vacuum(constellation)
        vacuuming.require_ready(force)
        with run.progress("vacuum", "bytes") as progress:
            done = vacuuming.run(take_snapshot=not no_snapshot, force=force, progress=progress)
    run.show(done)
    for index in done.rebuilt:
        run.warn(f"full-text index {index} did not match its table and was rebuilt")
