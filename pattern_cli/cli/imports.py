"""`pattern import`: bring in an archive."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.options import DryRunOption, ForceOption, Group, Run, YesOption
from pattern_cli.errors import UsageError
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line

if TYPE_CHECKING:
    from pathlib import Path

    from pattern_cli.archives.archive import Archive
    from pattern_cli.archives.plans import ImportPlan
    from pattern_cli.archives.service import Import
    from pattern_cli.store.constellation import Constellation

group = Group("import", help="Import an archive.", alone=True)

# The order in which rows are told, and what one and many of them are called.
_WORDS = {
    "agent_groups": ("group", "groups"),
    "agents": ("agent", "agents"),
    "group_members": ("membership", "memberships"),
    "memory_blocks": ("block", "blocks"),
    "memory_block_updates": ("update", "updates"),
    "memory_block_checkpoints": ("checkpoint", "checkpoints"),
    "archival_entries": ("archival entry", "archival entries"),
    "messages": ("message", "messages"),
    "archive_summaries": ("summary", "summaries"),
    "shared_block_agents": ("share", "shares"),
}
_NAMED = 4
_CONFLICTS_SHOWN = 20
_DONE = {
    "fail": "fails",
    "skip": "is left out",
    "replace": "is replaced",
    "rename": "comes under a new id",
}


class OnConflict(Enum):
    """What to do about names, labels and ids that are there already."""

    fail = "fail"
    rename = "rename"
    skip = "skip"
    replace = "replace"


def _about(plan: Any) -> str:
    sections = values.plural(plan.sections, "block")
    exported = plan.exported_at[:10]
    return f"v{plan.version} {plan.kind} · {values.size(plan.size)} · {sections}, all hashes good · exported {exported}"


def _counted(counts: dict[str, int], plan: Any = None) -> str:
    parts = []
    for table, (one, many) in _WORDS.items():
        count = counts.get(table, 0)
        if not count or (plan and table == "memory_block_updates"):
            continue
        said = values.plural(count, one, many)
        if plan and table == "messages" and plan.batches:
            said += f" in {values.plural(plan.batches, 'batch', 'batches')}"
        if plan and table in ("agents", "agent_groups"):
            said += _names(plan, "agent" if table == "agents" else "group")
        parts.append(said)
    return ", ".join(parts) or "nothing"


def _names(plan: Any, kind: str) -> str:
    names = [arrival.name for arrival in plan.arrivals if arrival.kind == kind and arrival.id is not None]
    return f" ({', '.join(names)})" if 0 < len(names) <= _NAMED else ""


def _rescued(plan: Any) -> str:
    if not plan.rescued:
        return ""
    whose = "block has its text" if plan.rescued == 1 else "blocks have their text"
    return f"{values.number(plan.rescued)} {whose} from the preview, which may be older than an undo"


def _kept(plan: Any) -> str:
    if not plan.previews_kept:
        return ""
    keep = "block keeps a preview" if plan.previews_kept == 1 else "blocks keep a preview"
    return f"{values.number(plan.previews_kept)} {keep} that shows something else than its document"


def _conflict(conflict: Any) -> str:
    many = f" and {values.number(conflict.count - 1)} more" if conflict.count > 1 else ""
    became = f'comes as "{conflict.new_name}"' if conflict.new_name else _DONE[conflict.action]
    of = f" of {conflict.owner}" if conflict.owner else ""
    return f'{conflict.kind} "{conflict.name}"{of}{many} exists (same {conflict.on}): {became}'


def _conflicts(plan: Any) -> str:
    shown = [_conflict(conflict) for conflict in plan.conflicts[:_CONFLICTS_SHOWN]]
    more = len(plan.conflicts) - len(shown)
    return "\n".join([*shown, f"… and {more} more"] if more else shown)


def _layout(adds: str, removes: str, *more: Line) -> Layout:
    return Layout(
        title=lambda plan: plan.archive,
        lines=(
            Line("kind", "archive", of_row=_about),
            Line("adds", adds, of_row=lambda plan: _counted(plan.adds, plan)),
            Line("removes", removes, show=lambda counts: _counted(counts) if counts else ""),
            Line("rescued", "memory", of_row=_rescued),
            Line("previews_kept", "previews", of_row=_kept),
            Line(
                "damaged_documents",
                "damaged",
                show=lambda count: (
                    f"{values.plural(count, 'document')} cannot be read and come as they are" if count else ""
                ),
            ),
            *more,
        ),
        bodies=(("conflicts", _conflicts),),
        record="pattern_cli.archives.plans:ImportResult",
    )


PLAN = _layout("will add", "will delete")
DONE = _layout(
    "added",
    "deleted",
    Line("database", "into"),
    Line("snapshot", "snapshot"),
    Line("seconds", "took", of_row=lambda done: f"{done.seconds:.1f} s{_rate(done)}"),
)


def _rate(done: Any) -> str:
    return f" · {values.size(done.size / done.seconds)}/s" if done.seconds >= 0.1 else ""


@group.command(
    "import",
    record=DONE,
    examples=(
        "pattern import crew.car --dry-run",
        "pattern import crew.car",
        "pattern import agent.car --rename Juniper-2",
        "pattern import crew.car --on-conflict replace --yes",
        "zstd -dc archive.car.zst | pattern import - --db ./lab/constellation.db --create",
    ),
    exits=(3, 4, 5, 6, 7),
)
def import_archive(
    run: Run,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="An archive; - reads standard input.")],
    keep_ids: Annotated[
        bool, typer.Option("--keep-ids", help="Keep the ids of the archive. Default: new ones.")
    ] = False,
    rename: Annotated[
        str | None,
        typer.Option("--rename", metavar="NAME", help="Name of the agent, or of the group of a group archive."),
    ] = None,
    on_conflict: Annotated[
        OnConflict,
        typer.Option("--on-conflict", help="What happens where a name, a label or (with --keep-ids) an id exists."),
    ] = OnConflict.fail,
    no_messages: Annotated[
        bool, typer.Option("--no-messages", help="Leave the messages out; summaries of archived ones come.")
    ] = False,
    no_archival: Annotated[bool, typer.Option("--no-archival", help="Leave the archival entries out.")] = False,
    create: Annotated[bool, typer.Option("--create", help="Create the database; it must not exist.")] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: Annotated[
        bool, typer.Option("--no-snapshot", help="Do not make a backup first when something is replaced.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Import an archive: an agent, a group, or a whole constellation.

    Every hash is checked, everything comes in one transaction, and after an error nothing has changed. Text that the
    archive holds only in previews becomes the content of its block. With --dry-run a plan that would fail is shown all
    the same, and ends with status 4.
    """
    from pattern_cli.archives.plans import ImportOptions

    policy: Any = on_conflict.value
    options = ImportOptions(keep_ids, rename, policy, not no_messages, not no_archival)
    _require_place(run, create)
    with _opened(run, file) as archive:
        from pattern_cli.archives.service import Import, refusal

        if dry_run:
            with _rehearsal(run, create) as target, run.progress("plan", "bytes") as progress:
                plan = Import(target, archive, options).plan(progress)
            _show(run, plan, PLAN)
            problem = refusal(plan)
            if problem:
                raise problem
            run.note("nothing was written")
            return
        with _target(run, create) as target:
            importing = Import(target, archive, options)
            if on_conflict is OnConflict.replace and not create:
                _confirm(run, importing, yes)
            with run.progress("import", "bytes") as progress:
                done = importing.run(take_snapshot=not no_snapshot, force=force, progress=progress)
    _show(run, done, DONE)


def _place(run: Run) -> Path:
    from pattern_cli.store.locate import locate

    return locate(run.db)


def _require_place(run: Run, create: bool) -> None:
    """Find out what is wrong with the target before an archive of any length is read."""
    if create:
        from pattern_cli.archives.creating import require_free

        require_free(_place(run))
        return
    with run.open() as constellation:
        constellation.require_newest()


@contextmanager
def _opened(run: Run, file: str) -> Iterator[Archive]:
    from pathlib import Path

    from pattern_cli.archives.archive import Archive

    if file == "-" and sys.stdin.isatty():
        raise UsageError("standard input is a terminal", "name a file, or pipe an archive into it")
    source = sys.stdin.buffer if file == "-" else Path(file).expanduser()
    with run.progress("verify", "bytes") as progress:
        archive = Archive.open(source, progress)
    with archive:
        yield archive


@contextmanager
def _target(run: Run, create: bool) -> Iterator[Constellation]:
    if not create:
        with run.open("write") as constellation:
            yield constellation
        return
    from pattern_cli.archives.creating import new_constellation

    with new_constellation(_place(run)) as constellation:
        yield constellation


@contextmanager
def _rehearsal(run: Run, create: bool) -> Iterator[Constellation]:
    if not create:
        with run.open() as constellation:
            yield constellation
        return
    from pattern_cli.archives.creating import rehearsal

    with rehearsal(_place(run)) as constellation:
        yield constellation


def _confirm(run: Run, importing: Import, yes: bool) -> None:
    """Show what would be deleted, and ask."""
    with run.progress("plan", "bytes") as progress:
        plan = importing.plan(progress)
    if not plan.removes:
        return
    if run.terminal and not yes:
        run.show(plan, PLAN)
    run.confirm(f"import {plan.archive} and delete {_counted(plan.removes)}", yes=yes)


def _show(run: Run, plan: ImportPlan, layout: Layout) -> None:
    run.show(plan, layout)
    for remark in plan.remarks:
        run.note(remark)
