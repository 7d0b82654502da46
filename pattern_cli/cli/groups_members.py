"""`pattern groups`: who belongs to a group, in which role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.agents import role_words, words
from pattern_cli.cli.groups_edit import GroupArgument
from pattern_cli.cli.groups_group import EXITS, group, show_change
from pattern_cli.cli.options import DryRunOption, Run
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line

if TYPE_CHECKING:
    pass

MemberArgument = Annotated[
    str, typer.Argument(metavar="MEMBER", help="Agent in the group: name, id, or the beginning of an id.")
]
DomainOption = Annotated[
    str | None,
    typer.Option(
        "--domain",
        metavar="DOMAIN",
        help="What a specialist is for; memory_management and system_integrity mean something to the runtime.",
    ),
]
CapabilityOption = Annotated[
    list[str] | None,
    typer.Option("--capability", metavar="WORD", help="What a specialist can do, for example memory; repeat it."),
]


def _title(record: Any) -> str:
    would = "would be " if record.dry_run and record.action != "unchanged" else ""
    return f"{record.agent_name or record.agent_id} in {record.group_name}: {would}{record.action}"


def _shares(record: Any) -> str:
    labels = ", ".join(f"{values.plain(share.label)} ({share.permission})" for share in record.shared)
    return f"{labels}: not shared any more" if labels and record.action == "removed" else labels


MEMBER = Layout(
    title=_title,
    lines=(
        Line("role", "role", show=role_words),
        Line("capabilities", "can", show=words),
        Line("joined_at", "joined", show=values.local),
        Line("shared", "memory", of_row=_shares),
    ),
    record="pattern_cli.groups.members:Changed",
)


@group.command(
    "add-member",
    record=MEMBER,
    examples=(
        'pattern groups add-member "Night Watch" Marlow',
        "pattern groups add-member Crew Marlow --role specialist --domain memory_management --capability memory",
        'pattern groups add-member "Harbor Crew" Marlow --share-memory read_write',
    ),
    exits=EXITS,
)
def add_member(
    run: Run,
    name: GroupArgument,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Name, id, or the beginning of an id.")],
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="regular, supervisor, observer or specialist.")
    ] = "regular",
    domain: DomainOption = None,
    capability: CapabilityOption = None,
    share_memory: Annotated[
        str | None,
        typer.Option(
            "--share-memory",
            metavar="PERMISSION",
            help="Share the group's memory too: read_only, partner, human, append, read_write or admin.",
        ),
    ] = None,
    dry_run: DryRunOption = False,
) -> None:
    """Add an agent to a group.

    Memory of a group is shared with each agent by itself: a new member does not get it without --share-memory.
    """
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.groups.members import check_role
        from pattern_cli.groups.service import Groups

        changed = Groups(constellation).add_member(
            name, agent, check_role(role, domain), capability or (), share_memory, dry_run=dry_run
        )
    show_change(run, changed, "the membership")
    if changed.unshared and not share_memory:
        run.note(
            f"memory of {changed.group_name} that {changed.agent_name} does not get: {', '.join(changed.unshared)}; "
            "--share-memory, or `pattern memory share`, shares it"
        )


@group.command(
    "remove-member",
    record=MEMBER,
    examples=(
        'pattern groups remove-member "Night Watch" Marlow',
        'pattern groups remove-member "Harbor Crew" Marlow --unshare-memory',
    ),
    exits=EXITS,
)
def remove_member(
    run: Run,
    name: GroupArgument,
    member: MemberArgument,
    unshare_memory: Annotated[
        bool, typer.Option("--unshare-memory", help="End the shares of the group's memory with it too.")
    ] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take an agent out of a group; what the membership was is shown."""
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.groups.service import Groups

        changed = Groups(constellation).remove_member(name, member, unshare=unshare_memory, dry_run=dry_run)
    show_change(run, changed, "the membership")
    if changed.kept:
        run.note(
            f"{changed.agent_name or changed.agent_id} still gets {', '.join(changed.kept)} of {changed.group_name}"
        )


@group.command(
    "set-role",
    record=MEMBER,
    examples=(
        'pattern groups set-role "Harbor Crew" Marlow observer',
        'pattern groups set-role "Harbor Crew" Marlow specialist --domain memory_management --capability memory',
        'pattern groups set-role "Harbor Crew" Marlow --no-capabilities',
    ),
    exits=EXITS,
)
def set_role(
    run: Run,
    name: GroupArgument,
    member: MemberArgument,
    role: Annotated[
        str | None, typer.Argument(metavar="[ROLE]", help="regular, supervisor, observer or specialist.")
    ] = None,
    domain: DomainOption = None,
    capability: CapabilityOption = None,
    no_capabilities: Annotated[bool, typer.Option("--no-capabilities", help="Take all capabilities away.")] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Give a member another role, or other capabilities instead of those it has.

    Capabilities count only for specialists; without --capability they stay as they are.
    """
    from pattern_cli.errors import UsageError
    from pattern_cli.groups.members import check_role

    if capability and no_capabilities:
        raise UsageError("--capability and --no-capabilities say different things", "leave out one of them")
    if role is None and domain is not None:
        raise UsageError("--domain belongs to the role specialist", "pattern groups set-role GROUP MEMBER specialist …")
    new = None if role is None else check_role(role, domain)
    able = [] if no_capabilities else capability or None
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.groups.service import Groups

        changed = Groups(constellation).set_role(name, member, new, able, dry_run=dry_run)
    show_change(run, changed, "the membership")
