"""`pattern agents`: list and show agents."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from pattern_cli.cli.options import Group, Run
from pattern_cli.render import values
from pattern_cli.render.tables import Column, Layout, Line, Table

group = Group("agents", help="Agents: who they are and how they are configured.")

MARKS = {"active": "● active", "hibernated": "◐ hibernated", "archived": "○ archived"}
STYLES = {"active": "green", "hibernated": "yellow", "archived": "dim"}


class Status(StrEnum):
    """The statuses of an agent."""

    active = "active"
    hibernated = "hibernated"
    archived = "archived"


AGENTS = Table(
    columns=(
        Column("name", "NAME", style="bold"),
        Column(
            "status", "STATUS", show=lambda s: MARKS.get(s, str(s)), style=lambda row: STYLES.get(row.status, "red")
        ),
        Column("model", "MODEL", wide=True),
        Column("block_count", "BLOCKS", show=values.number, right=True),
        Column("message_count", "MESSAGES", show=values.number, right=True),
        Column("last_active", "LAST ACTIVE", show=values.ago),
        Column("id", "ID", style="dim", wide=True),
    ),
    empty="no agents yet → pattern import ARCHIVE brings some in",
)


def _groups(record: Any) -> str:
    return ", ".join(f"{m.group_name} ({role_words(m.role)})" for m in record.groups)


def role_words(role: Any) -> str:
    """A member's role: `specialist: memory_management`; an unset one counts as regular."""
    if not isinstance(role, dict) or "type" not in role:
        return "regular" if role is None else str(role)
    return f"{role['type']}: {role['domain']}" if "domain" in role else str(role["type"])


def nested(value: Any) -> str:
    """A JSON value over several lines; nothing for an empty one."""
    from pattern_cli.render.encode import pretty

    return pretty(value) if value not in (None, {}, []) else ""


AGENT = Layout(
    title=lambda record: record.name,
    lines=(
        Line("id", "id"),
        Line("status", "status", show=lambda s: MARKS.get(s, str(s))),
        Line("model", "model"),
        Line("description", "description"),
        Line("groups", "groups", of_row=_groups),
        Line("blocks", "memory", of_row=lambda r: ", ".join(r.blocks)),
        Line("enabled_tools", "tools", show=lambda t: ", ".join(map(str, t)) if isinstance(t, list) else str(t)),
        Line("message_count", "messages", of_row=lambda r: _messages(r)),
        Line("archival_count", "archival entries", show=values.number),
        Line("last_active", "last active", show=values.ago),
        Line("created_at", "created", show=values.local),
        Line("updated_at", "updated", show=values.local),
        Line("overrides", "config overrides", of_row=lambda r: ", ".join(r.overrides)),
    ),
    bodies=(
        ("system prompt", lambda r: r.system_prompt),
        ("tool rules", lambda r: nested(r.tool_rules)),
        ("config", lambda r: nested(r.config)),
    ),
)


def _messages(record: Any) -> str:
    archived = f", {values.number(record.archived_count)} archived" if record.archived_count else ""
    return f"{values.number(record.message_count)}{archived}"


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
def show_agent(run: Run, agent: Annotated[str, typer.Argument(help="Name, id, or the beginning of an id.")]) -> None:
    """Show one agent: model, prompt, tools, groups, memory, configuration."""
    with run.open() as constellation:
        from pattern_cli.agents.service import Agents

        run.show(Agents(constellation).show(agent))
