"""`pattern agents`: list and show agents; the other commands are declared in agent_changes and agent_lives."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pattern_cli.cli.agents_group import AgentArgument, Status, group
from pattern_cli.cli.options import Run
from pattern_cli.render import values
from pattern_cli.render.tables import Column, Layout, Line, Table

MARKS = {"active": "● active", "hibernated": "◐ hibernated", "archived": "○ archived"}
STYLES = {"active": "green", "hibernated": "yellow", "archived": "dim"}


AGENTS = Table(
    columns=(
        Column("name", "NAME", style="bold"),
        Column(
            "status", "STATUS", show=lambda s: MARKS.get(s, str(s)), style=lambda row: STYLES.get(row.status, "red")
        ),
        Column("model", "MODEL", wide=True, least=8),
        Column("block_count", "BLOCKS", show=values.number, right=True),
        Column("message_count", "MESSAGES", show=values.number, right=True),
        Column("last_active", "LAST ACTIVE", show=values.ago, leave_out=2),
        Column("id", "ID", style="dim", ids=12, leave_out=1),
    ),
    empty="no agents yet → pattern import ARCHIVE brings some in",
    record="pattern_cli.agents.service:AgentRow",
)


def _groups(record: Any) -> str:
    return ", ".join(f"{m.group_name} ({role_words(m.role)})" for m in record.groups)


def role_words(role: Any) -> str:
    """A member's role: `specialist: memory_management`; an unset one counts as regular."""
    if not isinstance(role, dict) or "type" not in role:
        return "regular" if role is None else values.plain(role)
    return f"{role['type']}: {role['domain']}" if "domain" in role else str(role["type"])


def words(value: Any) -> str:
    """A list of words as people write it; anything else as it is."""
    return ", ".join(map(values.plain, value)) if isinstance(value, list | tuple) else values.plain(value)


def nested(value: Any) -> str:
    """A JSON value over several lines; nothing for an empty one."""
    from pattern_cli.render.encode import pretty

    return pretty(value) if value not in (None, {}, []) else ""


def _messages(record: Any) -> str:
    archived = f", {values.number(record.archived_count)} archived" if record.archived_count else ""
    return f"{values.number(record.message_count)}{archived}"


AGENT = Layout(
    title=lambda record: record.name,
    lines=(
        Line("id", "id"),
        Line("status", "status", show=lambda s: MARKS.get(s, str(s))),
        Line("model", "model"),
        Line("description", "description"),
        Line("groups", "groups", of_row=_groups),
        Line("blocks", "memory", show=words),
        Line("enabled_tools", "tools", show=words),
        Line("message_count", "messages", of_row=_messages),
        Line("archival_count", "archival entries", show=values.number),
        Line("last_active", "last active", show=values.ago),
        Line("created_at", "created", show=values.local),
        Line("updated_at", "updated", show=values.local),
        Line("overrides", "config overrides", show=words),
    ),
    bodies=(
        ("system prompt", lambda r: r.system_prompt),
        ("tool rules", lambda r: nested(r.tool_rules)),
        ("config", lambda r: nested(r.config)),
    ),
    record="pattern_cli.agents.records:AgentRecord",
)


@group.command(
    "list",
    rows=AGENTS,
    examples=("pattern agents list", "pattern agents list --status active --json"),
)
def list_agents(
    run: Run,
    status: Annotated[Status | None, typer.Option("--status", help="Only agents of this status.")] = None,
) -> None:
    """List the agents with their model, counts and last activity."""
    with run.open() as constellation:
        from pattern_cli.agents.service import Agents

        run.rows(Agents(constellation).list(status))


@group.command(
    "show",
    record=AGENT,
    examples=("pattern agents show Juniper", "pattern agents show Juniper --json --fields model,config"),
)
def show_agent(run: Run, agent: AgentArgument) -> None:
    """Show one agent: model, prompt, tools, groups, memory, configuration."""
    with run.open() as constellation:
        from pattern_cli.agents.service import Agents

        run.show(Agents(constellation).show(agent))


# Last, so that their commands follow these two in the help.
from pattern_cli.cli import agent_changes, agent_lives  # noqa: E402, F401
