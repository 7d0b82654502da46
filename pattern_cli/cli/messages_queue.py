"""`pattern messages`: send a message to an agent, and see what waits in the mailboxes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pattern_cli.cli.messages_group import group
from pattern_cli.cli.options import DryRunOption, LimitOption, Run
from pattern_cli.errors import UsageError
from pattern_cli.render import values
from pattern_cli.render.tables import Column, Layout, Line, Table

_PREVIEW = 400


def _preview(text: Any) -> str:
    return " ".join(values.plain(text)[:_PREVIEW].split())


def _sender(record: Any) -> str:
    if record.source_agent_name:
        return str(record.source_agent_name)
    return str(record.metadata_json_full.get("user_id", ""))


def _delivery(record: Any) -> str:
    """When the agent gets it: only a runtime that runs looks into mailboxes, and only into those of loaded agents."""
    if record.blocked_by:
        return f"never, while the runtime cannot read {', '.join(record.blocked_by)}"
    after = f", after {values.plural(record.ahead, 'message')}" if record.ahead else ""
    if record.runtime:
        return f"within seconds{after}, if {record.runtime} has {record.agent_name} loaded"
    return f"when a runtime next runs {record.agent_name}{after}"


SENT = Layout(
    title=lambda record: f"to {record.agent_name}",
    lines=(
        Line("id", "id"),
        Line("source_agent_name", "from", of_row=_sender),
        Line("created_at", "sent", show=values.local),
        Line("ahead", "delivered", of_row=_delivery),
    ),
    bodies=(("", lambda record: record.content),),
    record="pattern_cli.messages.sending:Sent",
)


@group.command(
    "send",
    record=SENT,
    examples=(
        'pattern messages send Juniper "Please read the harbor notes"',
        "pattern messages send Juniper @letter.md --as ada",
        "git log -1 | pattern messages send Juniper - --from Marlow",
    ),
    exits=(3, 6, 7),
)
def send_message(
    run: Run,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Name, id, or the beginning of an id.")],
    text: Annotated[str, typer.Argument(metavar="TEXT|@FILE|-", help="What to say: a text, a file, standard input.")],
    user: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who says it, for the message's metadata.")
    ] = None,
    sender: Annotated[
        str | None, typer.Option("--from", metavar="AGENT", help="The agent that says it, instead of a person.")
    ] = None,
    metadata: Annotated[
        str | None, typer.Option("--metadata", metavar="JSON|@FILE", help="More keys for the message's metadata.")
    ] = None,
    dry_run: DryRunOption = False,
) -> None:
    """Send a message to an agent: it waits in the agent's mailbox until a running runtime delivers it.

    Safe beside a running runtime, which looks into the mailboxes of its loaded agents every second. What the agent
    sees is the text; who sent it is in the metadata of the message. `pattern messages queue` shows what waits.
    """
    from pattern_cli.cli.inputs import read_json, read_text

    content = read_text(text, "TEXT")
    more = None if metadata is None else read_json(metadata, "--metadata")
    if more is not None and not isinstance(more, dict):
        raise UsageError("--metadata must be a JSON object", 'for example \'{"channel_id": "harbor"}\'')
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.messages.sending import send

        sent = send(constellation, agent, content, sender=sender, user=user, metadata=more, dry_run=dry_run)
    run.show(sent)
    if sent.agent_status != "active":
        run.note(
            f"{sent.agent_name} is {sent.agent_status}; the runtime does not look at that and delivers all the same"
        )
    if sent.blocked_by:
        run.warn(
            f"the runtime cannot read {values.plural(len(sent.blocked_by), 'waiting message')} "
            f"({', '.join(sent.blocked_by)}) and delivers nothing to {sent.agent_name} while such a message waits"
        )


def _state(row: Any) -> str:
    return "waits" if row.processed_at is None else f"delivered {values.ago(row.processed_at)}"


QUEUE = Table(
    columns=(
        Column("created_at", "SENT", show=values.ago),
        Column("agent_name", "TO", of_row=lambda row: row.agent_name or row.target_agent_id, style="bold"),
        Column("sender", "FROM"),
        Column("content", "TEXT", show=_preview, wide=True),
        Column("processed_at", "STATE", of_row=_state, style=lambda row: "red" if row.unreadable else ""),
        Column("id", "ID", style="dim"),
    ),
    empty="nothing waits → --all shows what was delivered, pattern messages send AGENT TEXT sends something",
    record="pattern_cli.messages.queue:QueuedRow",
)


@group.command(
    "queue",
    rows=QUEUE,
    examples=(
        "pattern messages queue",
        "pattern messages queue Juniper --all",
        "pattern messages queue --json --fields id,agent_name,content",
    ),
    exits=(3, 6),
)
def list_queue(
    run: Run,
    agent: Annotated[
        str | None, typer.Argument(metavar="[AGENT]", help="Only this agent's: name, id, or the beginning of an id.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Delivered messages too.")] = False,
    limit: LimitOption = None,
) -> None:
    """Show the messages that wait in the agents' mailboxes, in the order in which they are delivered."""
    with run.open() as constellation:
        from pattern_cli.messages.queue import Queue

        run.rows(Queue(constellation).list(agent, processed=every, limit=limit))
