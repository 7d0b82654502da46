"""Data sources and who listens to them (database.md §2.2, §5.12)."""

from __future__ import annotations

from peewee import SQL, CompositeKey

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import EnumField, Flag, JsonField, Reference, Text, TimeField, default


class DataSource(BaseModel):
    """A source outside the constellation."""

    id = Text(primary_key=True, null=True)
    name = Text(constraints=[SQL("UNIQUE")])
    source_type = EnumField(words.SOURCE_TYPES)
    config = JsonField()
    last_sync_at = TimeField(null=True)
    sync_cursor = Text(null=True)
    enabled = Flag(constraints=default("1"))
    created_at = TimeField()
    updated_at = TimeField()

    class Meta:
        table_name = "data_sources"


class AgentDataSource(BaseModel):
    """The subscription of an agent to a source."""

    agent = Reference(Agent, on_delete="CASCADE")
    source = Reference(DataSource, on_delete="CASCADE")
    notification_template = Text(null=True)

    class Meta:
        table_name = "agent_data_sources"
        primary_key = CompositeKey("agent", "source")
