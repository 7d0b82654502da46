"""What happened, and what became of it in summaries (database.md §2.2, §5.11)."""

from __future__ import annotations

from peewee import SQL

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import EnumField, Integer, JsonField, Reference, Text, TimeField


class ActivityEvent(BaseModel):
    """One event of the feed."""

    id = Text(primary_key=True, null=True)
    timestamp = TimeField()
    agent = Reference(Agent, on_delete="SET NULL", null=True)
    event_type = EnumField(words.ACTIVITY_TYPES)
    details = JsonField()
    importance = EnumField(words.IMPORTANCES, null=True)

    class Meta:
        table_name = "activity_events"
        indexes = (
            SQL("CREATE INDEX idx_activity_timestamp ON activity_events (timestamp DESC)"),
            SQL("CREATE INDEX idx_activity_agent ON activity_events (agent_id)"),
            SQL("CREATE INDEX idx_activity_type ON activity_events (event_type)"),
            SQL("CREATE INDEX idx_activity_importance ON activity_events (importance, timestamp DESC)"),
        )


class AgentSummary(BaseModel):
    """The rolling summary of an agent."""

    agent = Reference(Agent, on_delete="CASCADE", primary_key=True, null=True)
    summary = Text()
    messages_covered = Integer(null=True)
    generated_at = TimeField()
    last_active = TimeField()

    class Meta:
        table_name = "agent_summaries"


class ConstellationSummary(BaseModel):
    """What happened in a period."""

    id = Text(primary_key=True, null=True)
    period_start = TimeField()
    period_end = TimeField()
    summary = Text()
    key_decisions = JsonField(null=True)
    open_threads = JsonField(null=True)
    created_at = TimeField()

    class Meta:
        table_name = "constellation_summaries"
        indexes = (SQL("CREATE INDEX idx_constellation_summaries_period ON constellation_summaries (period_end DESC)"),)


class NotableEvent(BaseModel):
    """An event that is kept."""

    id = Text(primary_key=True, null=True)
    timestamp = TimeField()
    event_type = Text()
    description = Text()
    agents_involved = JsonField(null=True)
    importance = EnumField(words.IMPORTANCES)
    created_at = TimeField()

    class Meta:
        table_name = "notable_events"
        indexes = (
            SQL("CREATE INDEX idx_notable_timestamp ON notable_events (timestamp DESC)"),
            SQL("CREATE INDEX idx_notable_importance ON notable_events (importance)"),
        )
