"""`pattern groups`: list and show groups."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pattern_cli.cli.agents import nested, role_words, words
from pattern_cli.cli.groups_group import group
from pattern_cli.cli.options import Run
from pattern_cli.render import values
from pattern_cli.render.tables import Column, Layout, Line, Table

GROUPS = Table(
    columns=(
        Column("name", "NAME", style="bold"),
        Column("pattern_type", "PATTERN"),
        Column("member_count", "MEMBERS", show=values.number, right=True),
        Column("members", "AGENTS", show=words, wide=True),
        Column("id", "ID", style="dim", ids=12, leave_out=1),
    ),
    empty="no groups yet → pattern import ARCHIVE brings some in",
    record="pattern_cli.groups.service:GroupRow",
)


def _members(record: Any) -> str:
    names = values.padded([values.plain(member.agent_name or member.agent_id) for member in record.members])
    return "\n".join(
        f"{name}  {role_words(member.role)}" + (f"  can {words(able)}" if (able := member.capabilities) else "")
        for name, member in zip(names, record.members, strict=True)
    )


GROUP = Layout(
    title=lambda record: record.name,
    lines=(
        Line("id", "id"),
        Line("pattern_type", "pattern"),
        Line("description", "description"),
        Line("blocks", "memory", show=words),
        Line("created_at", "created", show=values.local),
        Line("updated_at", "updated", show=values.local),
    ),
    bodies=(
        ("members", _members),
        ("pattern config", lambda record: nested(record.pattern_config)),
    ),
    record="pattern_cli.groups.service:GroupRecord",
)


@group.command("list", rows=GROUPS, examples=("pattern groups list", "pattern groups list --json"))
def list_groups(run: Run) -> None:
    """List the groups with their coordination pattern and members."""
    with run.open() as constellation:
        from pattern_cli.groups.service import Groups

        run.rows(Groups(constellation).list())


@group.command("show", record=GROUP, examples=('pattern groups show "Harbor Crew"',))
def show_group(
    run: Run, name: Annotated[str, typer.Argument(metavar="GROUP", help="Name, id, or the beginning of an id.")]
) -> None:
    """Show one group: pattern, members with roles and capabilities, configuration, memory."""
    with run.open() as constellation:
        from pattern_cli.groups.service import Groups

        record = Groups(constellation).show(name)
    run.show(record)
    for remark in record.remarks:
        run.note(remark)


# Last, so that their commands follow these two in the help.
from pattern_cli.cli import groups_edit, groups_members  # noqa: E402, F401
