"""Groups as rows and records (database.md §2.2 agent_groups, §4.3, §5.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pattern_cli.groups.membership import remarks
from pattern_cli.groups.references import Roster, said
from pattern_cli.models import Agent, AgentGroup, GroupMember, MemoryBlock, damage, present
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage
from pattern_cli.store.ids import resolve

if TYPE_CHECKING:
    from pattern_cli.groups.changing import Edit
    from pattern_cli.groups.configuring import Settings
    from pattern_cli.groups.creation import Group
    from pattern_cli.groups.deletion import Deletion
    from pattern_cli.groups.members import Changed, Role


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group in a list; `members` are the names of its agents, in the runtime's order (by agent id)."""

    id: str
    name: str
    pattern_type: str
    member_count: int
    members: tuple[str, ...]
    description: str | None
    created_at: str
    updated_at: str
    damage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """An agent in a group: its role's JSON as stored (null counts as regular) and its capabilities."""

    agent_id: str
    agent_name: str | None
    role: Any
    capabilities: Any
    joined_at: str


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One group with its members, its pattern's configuration and the labels of the memory it owns.

    `remarks` are worth knowing and no damage: agents that the configuration names and that are no members.
    """

    id: str
    name: str
    pattern_type: str
    pattern_config: Any
    description: str | None
    member_count: int
    members: tuple[Member, ...]
    blocks: tuple[str, ...]
    remarks: tuple[str, ...]
    created_at: str
    updated_at: str
    damage: tuple[str, ...]


_LEFT = "LEFT OUTER JOIN"
_LISTED = ("id", "name", "pattern_type", "description", "created_at", "updated_at")


class Groups:
    """The groups of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def list(self) -> Iterator[GroupRow]:
        """All groups by name."""
        constellation = self._constellation
        names: dict[str, list[str]] = {}
        query = GroupMember.select(GroupMember.group, GroupMember.agent, Agent.name)
        query = query.join(Agent, _LEFT).order_by(GroupMember.group, GroupMember.agent)
        for group_id, agent_id, name in constellation.bind(query.tuples()):
            names.setdefault(group_id, []).append(agent_id if name is None else name)
        groups = AgentGroup.select(*(AgentGroup._meta.fields[name] for name in _LISTED)).order_by(AgentGroup.name)
        for group in constellation.bind(groups):
            members = tuple(names.get(group.id, ()))
            yield GroupRow(
                id=group.id,
                name=group.name,
                pattern_type=group.pattern_type,
                member_count=len(members),
                members=members,
                description=group.description,
                created_at=group.created_at,
                updated_at=group.updated_at,
                damage=damage(group),
            )

    def show(self, ref: str) -> GroupRecord:
        """One group by id, name or unique id prefix. Raises NotFoundError or AmbiguousError."""
        with self._constellation.one_moment():
            return self._record(resolve(self._constellation, "group", ref))

    def create(
        self,
        name: str,
        pattern: str,
        settings: Settings | None = None,
        *,
        description: str | None = None,
        members: Iterable[str] = (),
        dry_run: bool = False,
    ) -> Group:
        """A new group; see `creation.create`."""
        from pattern_cli.groups.creation import create

        return create(
            self._constellation, name, pattern, settings, description=description, members=members, dry_run=dry_run
        )

    def edit(self, group: str, change: Edit, *, dry_run: bool = False) -> Group:
        """Change what is named and nothing else; see `changing.edit`."""
        from pattern_cli.groups.changing import edit

        return edit(self._constellation, group, change, dry_run=dry_run)

    def rename(self, group: str, name: str, *, dry_run: bool = False) -> Group:
        """Give a group another name; see `changing.rename`."""
        from pattern_cli.groups.changing import rename

        return rename(self._constellation, group, name, dry_run=dry_run)

    def plan_deletion(self, group: str, give_memory: str | None = None) -> Deletion:
        """What `delete` would do; see `deletion.plan`."""
        from pattern_cli.groups.deletion import plan

        return plan(self._constellation, group, give_memory)

    def delete(
        self,
        group: str,
        give_memory: str | None = None,
        *,
        snapshot: Callable[[Constellation], str] | None = None,
        force: bool = False,
        shown: Deletion | None = None,
    ) -> Deletion:
        """Delete a group with what is its own; see `deletion.delete`."""
        from pattern_cli.groups.deletion import delete

        return delete(self._constellation, group, give_memory, snapshot=snapshot, force=force, shown=shown)

    def add_member(
        self,
        group: str,
        agent: str,
        role: Role | None = None,
        capabilities: Iterable[str] = (),
        share: str | None = None,
        *,
        dry_run: bool = False,
    ) -> Changed:
        """Add an agent to a group; see `members.add_member`."""
        from pattern_cli.groups.members import add_member

        return add_member(self._constellation, group, agent, role, capabilities, share, dry_run=dry_run)

    def remove_member(self, group: str, member: str, *, unshare: bool = False, dry_run: bool = False) -> Changed:
        """Take an agent out of a group; see `members.remove_member`."""
        from pattern_cli.groups.members import remove_member

        return remove_member(self._constellation, group, member, unshare=unshare, dry_run=dry_run)

    def set_role(
        self,
        group: str,
        member: str,
        role: Role | None = None,
        capabilities: Iterable[str] | None = None,
        *,
        dry_run: bool = False,
    ) -> Changed:
        """Give a member another role or other capabilities; see `members.set_role`."""
        from pattern_cli.groups.members import set_role

        return set_role(self._constellation, group, member, role, capabilities, dry_run=dry_run)

    def _record(self, group_id: str) -> GroupRecord:
        constellation = self._constellation
        (group,) = constellation.bind(AgentGroup.select().where(AgentGroup.id == group_id))
        problems: Damage = [*damage(group)]
        members = tuple(self._members(group_id, problems))
        roster = Roster(group.name, {one.agent_id: one.agent_name or one.agent_id for one in members})
        blocks = MemoryBlock.select(MemoryBlock.label).where(
            MemoryBlock.agent_id == group_id, MemoryBlock.is_active == 1
        )
        return GroupRecord(
            id=group.id,
            name=group.name,
            pattern_type=group.pattern_type,
            pattern_config=group.pattern_config,
            description=group.description,
            member_count=len(members),
            members=members,
            blocks=tuple(block.label for block in constellation.bind(blocks.order_by(MemoryBlock.label))),
            remarks=tuple(said(roster.strangers(group.pattern_config))),
            created_at=group.created_at,
            updated_at=group.updated_at,
            damage=tuple(problems),
        )

    def _members(self, group_id: str, problems: Damage) -> Iterator[Member]:
        fields = present(self._constellation, GroupMember)
        query = GroupMember.select(*fields, Agent.name.alias("agent_name")).join(Agent, _LEFT)
        query = query.where(GroupMember.group == group_id).order_by(GroupMember.agent)
        for member in self._constellation.bind(query.objects()):
            where = f"of {member.agent_name or member.agent_id}"
            # The default of the column, which came with version 0011.
            able = member.capabilities if "capabilities" in member.__data__ else []
            problems += [*damage(member, where), *remarks(member.role, able, where)]
            yield Member(member.agent_id, member.agent_name, member.role, able, member.joined_at)
