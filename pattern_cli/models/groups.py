"""Groups of agents and their members (database.md §2.2, §4.3, §5.4)."""

from __future__ import annotations

from peewee import SQL, CompositeKey

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import EnumField, JsonField, Reference, Text, TimeField, default


class AgentGroup(BaseModel):
    """Agents that work together in a coordination pattern."""

    id = Text(primary_key=True, null=True)
    name = Text(constraints=[SQL("UNIQUE")])
    description = Text(null=True)
    pattern_type = EnumField(words.PATTERN_TYPES)
    pattern_config = JsonField()
    created_at = TimeField()
    updated_at = TimeField()

    class Meta:
        table_name = "agent_groups"


class GroupMember(BaseModel):
    """An agent in a group; `role` was declared TEXT in databases of the first days (§2.6)."""

    group = Reference(AgentGroup, on_delete="CASCADE")
    agent = Reference(Agent, on_delete="CASCADE")
    role = JsonField(null=True)
    joined_at = TimeField()
    capabilities = JsonField(null=True, constraints=default("'[]'"))

    class Meta:
        table_name = "group_members"
        primary_key = CompositeKey("group", "agent")
