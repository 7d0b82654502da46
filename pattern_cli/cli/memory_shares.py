"""`pattern memory`: share blocks with agents, and who receives what from whom."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pattern_cli.cli.memory_group import group, name, say
from pattern_cli.cli.options import DryRunOption, Run
from pattern_cli.render import values
from pattern_cli.render.tables import Column, Layout, Line, Table

OwnerArgument = Annotated[
    str, typer.Argument(metavar="OWNER", help="Agent, group or _constellation_ that owns the block.")
]
LabelArgument = Annotated[str, typer.Argument(metavar="LABEL", help="Label of the block.")]
ReceiversArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[AGENT]...", help="Agents: name, id, or the beginning of an id.")
]
MembersOption = Annotated[bool, typer.Option("--members", help="All members of the group that owns the block.")]
GroupOption = Annotated[str | None, typer.Option("--group", metavar="GROUP", help="All members of this group.")]


def _grants(grants: Any) -> str:
    return "; ".join(map(_grant, grants)) or "nobody received it"


def _grant(one: Any) -> str:
    name = values.plain(one.agent_name)
    if one.after is None:
        return f"{name} (was {one.before})"
    if one.before == one.after:
        return f"{name}: {one.after} as before"
    return f"{name}: {one.after}" + (f" (was {one.before})" if one.before else "")


SHARED = Layout(
    title=name,
    lines=(
        Line("grants", "agents", show=_grants),
        Line("shared_with", "shared with", show=lambda count: values.plural(count, "agent")),
        Line("dry_run", "dry run", show=values.tried),
    ),
    record="pattern_cli.memory.granting:Shared",
)


@group.command(
    "share",
    record=SHARED,
    examples=(
        "pattern memory share Juniper persona Marlow",
        "pattern memory share Juniper notes Marlow --permission append",
        'pattern memory share "Harbor Crew" crew_board --members --permission read_write',
        'pattern memory share _constellation_ commons --group "Night Watch" --dry-run',
    ),
    exits=(3, 4, 6, 7),
)
def share_block(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    agents: ReceiversArgument = None,
    permission: Annotated[
        str | None,
        typer.Option(
            "--permission",
            metavar="PERMISSION",
            help="What they may do with it, whatever the block's own permission says. Default: read_only, and as it "
            "is for who receives it already.",
        ),
    ] = None,
    members: MembersOption = False,
    of_group: GroupOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Share a block with agents, or change what they may do with it.

    They see it in their context if its type is core or working. A running runtime sees it at its next access. Who
    joins a group later does not receive what was shared with its members before.
    """
    from pattern_cli.memory.granting import Grants

    with run.open_to_change(dry_run) as constellation:
        shared = Grants(constellation).share(
            owner, label, agents or (), permission=permission, members=members, group=of_group, dry_run=dry_run
        )
        say(run, shared)


@group.command(
    "unshare",
    record=SHARED,
    examples=(
        "pattern memory unshare Juniper notes Marlow",
        'pattern memory unshare "Harbor Crew" crew_board --members',
        "pattern memory unshare _constellation_ commons --all",
    ),
    exits=(3, 4, 6, 7),
)
def unshare_block(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    agents: ReceiversArgument = None,
    members: MembersOption = False,
    of_group: GroupOption = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody who receives it.")] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Share a block no longer. What the agents wrote into it stays."""
    from pattern_cli.memory.granting import Grants

    with run.open_to_change(dry_run) as constellation:
        left = Grants(constellation).unshare(
            owner, label, agents or (), members=members, group=of_group, everybody=everybody, dry_run=dry_run
        )
        say(run, left)


def _block_style(row: Any) -> str:
    return "bold" if row.is_active else "dim strike"


def _in_context(row: Any) -> str:
    return "" if row.in_context else "deleted" if not row.is_active else f"no: {values.plain(row.block_type)}"


SHARES = Table(
    columns=(
        Column("owner", "OWNER", wide=True, least=8),
        Column("label", "LABEL", style=_block_style, wide=True, least=16),
        Column("receiver", "RECEIVED BY", wide=True, least=8),
        Column("permission", "PERMISSION"),
        Column("in_context", "IN CONTEXT", of_row=_in_context, leave_out=2),
        Column("attached_at", "SINCE", show=values.ago, leave_out=1),
    ),
    empty="nothing is shared → pattern memory share OWNER LABEL AGENT",
    record="pattern_cli.memory.recipients:ShareRow",
)


@group.command(
    "shared",
    rows=SHARES,
    examples=(
        "pattern memory shared",
        "pattern memory shared Marlow",
        'pattern memory shared "Harbor Crew" --json --fields label,receiver,permission',
    ),
    exits=(3,),
)
def list_shares(
    run: Run,
    who: Annotated[
        str | None,
        typer.Argument(metavar="[OWNER]", help="Only what this agent, group or _constellation_ gives or receives."),
    ] = None,
) -> None:
    """List who receives which block from whom, and what they may do with it."""
    from pattern_cli.memory.recipients import shared

    with run.open() as constellation:
        run.rows(shared(constellation, who))
