"""`pattern agents`: copy an agent with all it knows, delete one with all that hangs on it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, Any

import typer

from pattern_cli.cli.agents_group import AgentArgument, group
from pattern_cli.cli.options import DryRunOption, ForceOption, NoSnapshotOption, Run, YesOption
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line

# By what people ask for first.
_MANY = {
    "messages": ("message", "messages"),
    "memory_blocks": ("memory block", "memory blocks"),
    "memory_block_updates": ("update", "updates"),
    "memory_block_checkpoints": ("checkpoint", "checkpoints"),
    "archival_entries": ("archival entry", "archival entries"),
    "archive_summaries": ("summary of messages", "summaries of messages"),
    "agent_summaries": ("rolling summary", "rolling summaries"),
    "queued_messages": ("message in its mailbox", "messages in its mailbox"),
    "shared_block_agents": ("share", "shares"),
    "group_members": ("membership", "memberships"),
    "handoff_notes": ("note from or to it", "notes from or to it"),
    "folder_attachments": ("folder", "folders"),
    "agent_data_sources": ("subscription", "subscriptions"),
    "agent_atproto_endpoints": ("login", "logins"),
    "embeddings": ("vector", "vectors"),
    "tasks": ("task", "tasks"),
    "events": ("event", "events"),
    "coordination_tasks": ("task between agents", "tasks between agents"),
    "activity_events": ("activity event", "activity events"),
    "coordination_state": ("shared value", "shared values"),
    "notable_events": ("notable event", "notable events"),
}
_DETACHED = {"archival_entries": ("entry of another agent", "entries of other agents")}
_KEPT = {"queued_messages": ("message it sent", "messages it sent")}


def counted(rows: dict[str, int], names: dict[str, tuple[str, str]] = _MANY) -> str:
    """Rows by table in words, without the agent itself."""
    known = {**_MANY, **names}
    return ", ".join(values.plural(rows[table], *known[table]) for table in known if table in rows)


def _joined(names: Any) -> str:
    return ", ".join(map(values.plain, names))


def _size(record: Any) -> str:
    return values.size(record.size) if record.size else ""


def _deletion(goes: str) -> Layout:
    return Layout(
        title=lambda record: values.plain(record.name),
        lines=(
            Line("id", "id"),
            Line("removed", goes, show=lambda rows: counted(rows) or "the agent alone"),
            Line("size", "size", of_row=_size),
            Line(
                "pending",
                "undelivered",
                show=lambda count: f"{count} in its mailbox" if count else "",
            ),
            Line("groups", "leaves", show=_joined),
            Line("shared_with", "blocks lost by", show=_joined),
            Line("detached", "stays, without it", show=lambda rows: counted(rows, _DETACHED)),
            Line("kept", "stays, naming it", show=lambda rows: counted(rows, _KEPT)),
            Line("named_in", "goes on being named in", show=_joined),
            Line("snapshot", "snapshot"),
        ),
        record="pattern_cli.agents.deletion:Deletion",
    )


PLAN, DELETED = _deletion("goes"), _deletion("gone")
CLONED = Layout(
    title=lambda record: record.name,
    lines=(
        Line("id", "id"),
        Line("source", "copy of"),
        Line("rows", "with", show=lambda rows: counted(rows) or "nothing but its configuration"),
        Line("dry_run", "dry run", show=values.tried),
    ),
    record="pattern_cli.agents.cloning:Cloned",
)


@group.command(
    "clone",
    record=CLONED,
    examples=("pattern agents clone Juniper Marigold", "pattern agents clone Juniper Marigold --no-messages"),
    exits=(4, 5, 6, 7),
)
def clone_agent(
    run: Run,
    agent: AgentArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the copy.")],
    no_messages: Annotated[bool, typer.Option("--no-messages", help="Without messages; summaries come along.")] = False,
    groups: Annotated[
        bool, typer.Option("--groups", help="Put the copy into the same groups, in the same roles.")
    ] = False,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
) -> None:
    """Copy an agent with all it knows, under new ids.

    Blocks come with their whole history, archival entries with their chains, messages in whole batches at their places
    in time; shares are given and received as by the first. Mailbox, logins and tasks stay with the first.
    """
    counting = nullcontext() if dry_run else run.progress("clone", "rows")
    with run.open_to_change(dry_run) as constellation, counting as progress:
        from pattern_cli.agents.service import Agents

        how: dict[str, bool] = {"messages": not no_messages, "groups": groups, "force": force, "dry_run": dry_run}
        done = Agents(constellation).clone(agent, name, progress=progress, **how)
    run.show(done)
    run.tell(done.remarks)


@group.command(
    "delete",
    record=DELETED,
    examples=("pattern agents delete Juniper --dry-run", "pattern agents delete Juniper --yes"),
    exits=(4, 5, 6, 7),
)
def delete_agent(
    run: Run,
    agent: AgentArgument,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: NoSnapshotOption = False,
    force: ForceOption = False,
) -> None:
    """Delete an agent with all that hangs on it: memory, messages, mailbox, logins, shares, memberships.

    What belongs to others stays and is counted. A backup is made first. Refuses beside a running runtime, which would
    go on writing for the agent.
    """
    with run.open() as constellation:
        from pattern_cli.agents.service import Agents

        plan = Agents(constellation).plan_deletion(agent)
    if dry_run or (run.terminal and not yes):
        run.show(plan, PLAN)
        run.tell(plan.remarks)
    if dry_run:
        return
    run.confirm(f"delete {plan.name}", yes=yes)
    with run.open("write") as constellation, run.progress("delete", "rows") as progress:
        saver = run.saver("agents delete", no_snapshot)
        done = Agents(constellation).delete(plan.id, shown=plan, snapshot=saver, force=force, progress=progress)
    run.show(done)
    if yes:
        run.tell(done.remarks)
