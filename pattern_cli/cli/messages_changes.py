"""`pattern messages`: archive, delete and purge messages, and take the first two back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pattern_cli.cli.filters import Fitting
from pattern_cli.cli.messages_group import group
from pattern_cli.cli.options import DryRunOption, ForceOption, NoSnapshotOption, Run, YesOption
from pattern_cli.errors import UsageError
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line

if TYPE_CHECKING:
    from pattern_cli.messages.marking import Marking
    from pattern_cli.messages.purging import Purging
    from pattern_cli.messages.selection import Choice
    from pattern_cli.store.constellation import Constellation

    Action = Literal["archive", "unarchive", "delete", "undelete", "purge"]

_EXITS = (3, 4, 6, 7)
_TEXT = 60
_ID = 16
DONE = {
    "archive": "archived",
    "unarchive": "brought back from the archive",
    "delete": "marked as deleted",
    "undelete": "brought back",
    "purge": "removed for good",
}
_UNCHANGED = {
    "archive": "archived or deleted already",
    "unarchive": "not archived, or deleted",
    "delete": "deleted already",
    "undelete": "not deleted",
    "purge": "not deleted: delete comes first",
}

IdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of messages, or their beginnings.")
]
AgentOption = Annotated[
    str | None, typer.Option("--agent", metavar="AGENT", help="Only this agent's: name, id, or the beginning of an id.")
]
EverythingOption = Annotated[bool, typer.Option("--everything", help="All messages of all agents.")]
ExactOption = Annotated[bool, typer.Option("--exact", help="Only these messages, not the rest of their batches.")]


class Chosen(Fitting):
    """Which messages a change is made to."""

    agent: AgentOption = None
    everything: EverythingOption = False
    exact: ExactOption = False

    def choice(self, constellation: Constellation, ids: list[str], archived: bool) -> Choice:
        """What was chosen. Raises UsageError when it is nothing, or two things that exclude each other."""
        from pattern_cli.messages.selection import Choice
        from pattern_cli.messages.service import Messages

        given = (self.agent, self.role, self.batch, self.source, self.since, self.until)
        fits = any(value is not None for value in given)
        if self.everything and (fits or ids):
            raise UsageError("--everything and a choice of messages exclude each other", "leave out one of them")
        if not fits and not self.everything:
            return Choice(tuple(ids), exact=self.exact)
        fitting = self.fitting(Messages(constellation), self.agent, archived or self.everything)
        return Choice(tuple(ids), fitting, self.exact)


def _title(change: Any) -> str:
    count = values.plural(change.changed, "message")
    if change.dry_run:
        return f"{count} would be {DONE[change.action]}"
    return f"{count} {DONE[change.action]}"


def _chosen(change: Any) -> str:
    named = f"{values.number(change.chosen)} chosen"
    return f"{named}, {values.number(change.added)} more of the same batches" if change.added else named


def _batches(change: Any) -> str:
    cut = f", {values.number(change.cut)} of them in part only" if change.cut else ""
    return f"{values.number(change.batches)}{cut}"


def _unchanged(change: Any) -> str:
    return f"{values.number(change.unchanged)} {_UNCHANGED[change.action]}" if change.unchanged else ""


def _counts(change: Any) -> str:
    agents: dict[str, list[str]] = {}
    for row in change.counts:
        agents.setdefault(row.agent_name, []).append(f"{values.number(row.count)} {row.role}")
    return "; ".join(f"{name}: {', '.join(counts)}" for name, counts in agents.items())


def _glimpses(change: Any) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    between = change.changed - len(change.first) - len(change.last)
    for number, row in enumerate((*change.first, *change.last)):
        if number == len(change.first) and between:
            pieces.append((f"… {values.number(between)} more …\n", "dim"))
        pieces += [
            (f"{values.local(row.created_at)}  ", "dim"),
            (f"{row.agent_name}  ", "bold"),
            (f"{row.role}  ", ""),
            (row.text if len(row.text) <= _TEXT else f"{row.text[:_TEXT]}…", ""),
            (f"  {values.plain(row.id)[:_ID]}\n", "dim"),
        ]
    return pieces


_LINES = (
    Line("chosen", "messages", of_row=_chosen),
    Line("batches", "batches", of_row=_batches),
    Line("unchanged", "left alone", of_row=_unchanged),
    Line("counts", "of", of_row=_counts),
    Line("snapshot", "snapshot"),
    Line("rebuilt", "rebuilt", show=lambda names: ", ".join(names)),
)
PLAN = Layout(title=_title, lines=_LINES, bodies=(("", _glimpses),), record="pattern_cli.messages.marking:Change")
RESULT = Layout(title=_title, lines=_LINES, record="pattern_cli.messages.marking:Change")


def _change(
    run: Run,
    action: Action,
    ids: list[str] | None,
    chosen: Chosen,
    *,
    dry_run: bool,
    yes: bool,
    force: bool,
    archived: bool = False,
    snapshot: bool = False,
) -> None:
    """Show what would be changed, ask, and change it."""
    with run.open_to_change(dry_run) as constellation:
        changing = _service(constellation, action, chosen.choice(constellation, ids or [], archived))
        plan = changing.plan()
        if dry_run:
            run.show(plan, PLAN)
            return
        if plan.changed:
            if run.terminal and not yes:
                run.show(plan, PLAN)
            run.confirm(f"{action} {values.plural(plan.changed, 'message')}", yes=yes)
        done = changing.run(run.saver(f"messages {action}", not snapshot), force)
        has_vectors = action == "purge" and bool(done.changed) and constellation.has_table("embeddings")
    run.show(done, RESULT)
    if not done.changed:
        run.note("there is nothing to change")
    if done.cut:
        cut = values.plural(done.cut, "batch", "batches")
        run.warn(f"{cut} changed in part only: a tool call may be without its response")
    if has_vectors:
        run.note("the runtime's own vectors of these messages are still in the table embeddings")
    for index in done.rebuilt:
        run.warn(f"full-text index {index} did not match its table and was rebuilt")


def _service(constellation: Constellation, action: Action, choice: Choice) -> Marking | Purging:
    if action == "purge":
        from pattern_cli.messages.purging import Purging

        return Purging(constellation, choice)
    from pattern_cli.messages.marking import Marking

    return Marking(constellation, action, choice)


@group.command(
    "archive",
    record=RESULT,
    examples=(
        "pattern messages archive --agent Juniper --until 30d --dry-run",
        "pattern messages archive --agent Juniper --until 2026-01-01 --yes",
        "pattern messages archive msg_a895c0",
    ),
    exits=_EXITS,
)
def archive_messages(
    run: Run,
    ids: IdsArgument = None,
    *,
    chosen: Chosen,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    force: ForceOption = False,
) -> None:
    """Take messages out of the agents' context; they stay in the history and can be searched.

    Batches are archived whole: a tool call keeps its response. A running runtime leaves them out from the next turn on.
    """
    _change(run, "archive", ids, chosen, dry_run=dry_run, yes=yes, force=force)


@group.command(
    "unarchive",
    record=RESULT,
    examples=("pattern messages unarchive --agent Juniper --since 7d", "pattern messages unarchive msg_a895c0 --yes"),
    exits=_EXITS,
)
def unarchive_messages(
    run: Run,
    ids: IdsArgument = None,
    *,
    chosen: Chosen,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    force: ForceOption = False,
) -> None:
    """Bring archived messages back into the agents' context, whole batches of them."""
    _change(run, "unarchive", ids, chosen, dry_run=dry_run, yes=yes, force=force)


@group.command(
    "delete",
    record=RESULT,
    examples=(
        "pattern messages delete --batch 31058928949198848 --dry-run",
        "pattern messages delete --agent Juniper --since 1h",
        "pattern messages delete msg_a895c0 --exact --yes",
    ),
    exits=_EXITS,
)
def delete_messages(
    run: Run,
    ids: IdsArgument = None,
    *,
    chosen: Chosen,
    archived: Annotated[bool, typer.Option("--archived", help="Archived messages too.")] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: NoSnapshotOption = False,
    force: ForceOption = False,
) -> None:
    """Mark messages as deleted: no agent and no list shows them any more; undelete brings them back.

    Batches are deleted whole, also parts of them that are archived: a tool call keeps its response. They stay in the
    file until they are purged.
    """
    _change(
        run,
        "delete",
        ids,
        chosen,
        dry_run=dry_run,
        yes=yes,
        force=force,
        archived=archived,
        snapshot=not no_snapshot,
    )


@group.command(
    "undelete",
    record=RESULT,
    examples=("pattern messages undelete msg_a895c0", "pattern messages undelete --agent Juniper --since 1d --yes"),
    exits=_EXITS,
)
def undelete_messages(
    run: Run,
    ids: IdsArgument = None,
    *,
    chosen: Chosen,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    force: ForceOption = False,
) -> None:
    """Bring back messages that are marked as deleted, whole batches of them."""
    _change(run, "undelete", ids, chosen, dry_run=dry_run, yes=yes, force=force)


@group.command(
    "purge",
    record=RESULT,
    examples=(
        "pattern messages purge --until 90d --dry-run",
        "pattern messages purge --agent Juniper --yes",
        "pattern messages purge --everything --yes --no-snapshot",
    ),
    exits=(*_EXITS, 5),
)
def purge_messages(
    run: Run,
    ids: IdsArgument = None,
    *,
    chosen: Chosen,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: NoSnapshotOption = False,
    force: ForceOption = False,
) -> None:
    """Remove messages for good that are marked as deleted; all others stay, whatever is chosen.

    `pattern vacuum` then gives the space back to the disk.
    """
    _change(run, "purge", ids, chosen, dry_run=dry_run, yes=yes, force=force, snapshot=not no_snapshot)
