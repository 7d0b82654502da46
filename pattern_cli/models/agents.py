"""Agents (database.md §2.2, §5.1 to §5.3)."""

from __future__ import annotations

from peewee import SQL

from pattern_cli.models import words
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import EnumField, JsonField, Text, TimeField, default


class Agent(BaseModel):
    """One agent."""

    id = Text(primary_key=True, null=True)
    name = Text(constraints=[SQL("UNIQUE")])
    description = Text(null=True)
    model_provider = Text()
    model_name = Text()
    system_prompt = Text()
    config = JsonField()
    enabled_tools = JsonField()
    tool_rules = JsonField(null=True)
    status = EnumField(words.AGENT_STATUSES, constraints=default("'active'"))
    created_at = TimeField()
    updated_at = TimeField()

    class Meta:
        table_name = "agents"
        indexes = (
            SQL("CREATE INDEX idx_agents_name ON agents (name)"),
            SQL("CREATE INDEX idx_agents_status ON agents (status)"),
        )
