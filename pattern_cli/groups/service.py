"""Groups as rows and records (database.md §2.2 agent_groups, §4.3, §5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.groups.membership import remarks
from pattern_cli.models import Agent, AgentGroup, GroupMember, MemoryBlock, damage, present
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage
from pattern_cli.store.ids import resolve


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
    """One group with its members, its pattern's configuration and the labels of the memory it owns."""

    id: str
    name: str
    pattern_type: str
    pattern_config: Any
    description: str | None
    member_count: int
    members: tuple[Member, ...]
    blocks: tuple[str, ...]
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

    def _record(self, group_id: str) -> GroupRecord:
        constellation = self._constellation
        (group,) = constellation.bind(AgentGroup.select().where(AgentGroup.id == group_id))
        problems: Damage = [*damage(group)]
        members = tuple(self._members(group_id, problems))
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
