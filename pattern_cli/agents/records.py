"""One agent with everything that hangs on it (database.md §2.2 agents, §5.1 to §5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.agents.configuration import winning
from pattern_cli.agents.service import NEWEST_POSITION
from pattern_cli.groups.membership import remarks
from pattern_cli.models import Agent, AgentGroup, GroupMember, MemoryBlock, damage, present
from pattern_cli.models.fields import AsStored
from pattern_cli.store import snowflake
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage


@dataclass(frozen=True, slots=True)
class Membership:
    """A group an agent belongs to, with its role's JSON as stored."""

    group_id: str
    group_name: str
    role: Any
    capabilities: Any


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """One agent with everything that hangs on it.

    `overrides` names the columns that `config` overrides for the runtime (database.md §5.1 reading rule).
    """

    id: str
    name: str
    status: str
    model: str
    description: str | None
    model_provider: str
    model_name: str
    system_prompt: str
    enabled_tools: Any
    tool_rules: Any
    config: Any
    overrides: tuple[str, ...]
    groups: tuple[Membership, ...]
    blocks: tuple[str, ...]
    block_count: int
    message_count: int
    archived_count: int
    archival_count: int
    last_active: str | None
    created_at: str
    updated_at: str
    damage: tuple[str, ...]


def read(constellation: Constellation, agent_id: str) -> AgentRecord:
    """The record of the agent with that id, which must exist."""
    (agent,) = constellation.bind(Agent.select().where(Agent.id == agent_id))
    problems: Damage = [*damage(agent)]
    tools = agent.enabled_tools
    if not isinstance(tools, AsStored) and not (isinstance(tools, list) and all(isinstance(t, str) for t in tools)):
        problems.append("enabled_tools: no list of words, which the runtime cannot read")
    blocks = MemoryBlock.select(MemoryBlock.label).where(MemoryBlock.agent_id == agent_id, MemoryBlock.is_active == 1)
    return AgentRecord(
        id=agent.id,
        name=agent.name,
        status=agent.status,
        model=f"{agent.model_provider}/{agent.model_name}",
        description=agent.description,
        model_provider=agent.model_provider,
        model_name=agent.model_name,
        system_prompt=agent.system_prompt,
        enabled_tools=tools,
        tool_rules=agent.tool_rules,
        config=agent.config,
        overrides=_overrides(agent),
        groups=tuple(_memberships(constellation, agent_id, problems)),
        blocks=tuple(block.label for block in constellation.bind(blocks.order_by(MemoryBlock.label))),
        **_counts(constellation, agent_id),
        created_at=agent.created_at,
        updated_at=agent.updated_at,
        damage=tuple(problems),
    )


def _counts(constellation: Constellation, agent_id: str) -> dict[str, Any]:
    kept = "is_deleted = 0" if constellation.has_column("messages", "is_deleted") else "1"
    one = (agent_id,)
    position = constellation.value(f"SELECT {NEWEST_POSITION} FROM agents WHERE id = ?", one)
    of_messages = f"SELECT count(*) FROM messages WHERE agent_id = ? AND {kept}"
    return {
        "block_count": constellation.value(
            "SELECT count(*) FROM memory_blocks WHERE agent_id = ? AND is_active = 1", one
        ),
        "message_count": constellation.value(of_messages, one),
        "archived_count": constellation.value(f"{of_messages} AND is_archived = 1", one),
        "archival_count": constellation.value("SELECT count(*) FROM archival_entries WHERE agent_id = ?", one),
        "last_active": snowflake.rfc3339z_of(position) if position else None,
    }


def _memberships(constellation: Constellation, agent_id: str, problems: Damage) -> Iterator[Membership]:
    fields = present(constellation, GroupMember, "group", "role", "capabilities")
    query = GroupMember.select(*fields, AgentGroup.name.alias("group_name")).join(AgentGroup)
    query = query.where(GroupMember.agent == agent_id).order_by(AgentGroup.name)
    for member in constellation.bind(query.objects()):
        where = f"in {member.group_name}"
        # The default of the column, which came with version 0011.
        able = member.capabilities if "capabilities" in member.__data__ else []
        problems += [*damage(member, where), *remarks(member.role, able, where)]
        yield Membership(member.group_id, member.group_name, member.role, able)


def _overrides(agent: Agent) -> tuple[str, ...]:
    """The columns whose value the runtime takes from `config` instead."""
    return tuple(column for column, value in winning(agent.config).items() if value != getattr(agent, column))
