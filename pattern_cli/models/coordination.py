"""What agents agree on (database.md §2.2, §7.5)."""

from __future__ import annotations

from peewee import SQL

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import EnumField, JsonField, Reference, Text, TimeField, default


class CoordinationState(BaseModel):
    """A value under a key."""

    key = Text(primary_key=True, null=True)
    value = JsonField()
    updated_at = TimeField()
    updated_by = Text(null=True)

    class Meta:
        table_name = "coordination_state"


class CoordinationTask(BaseModel):
    """Work that one agent does for others."""

    id = Text(primary_key=True, null=True)
    description = Text()
    assigned_to = Reference(Agent, on_delete="SET NULL", column_name="assigned_to", null=True)
    status = EnumField(words.COORDINATION_STATUSES, constraints=default("'pending'"))
    priority = EnumField(words.COORDINATION_PRIORITIES, constraints=default("'medium'"))
    created_at = TimeField()
    updated_at = TimeField()

    class Meta:
        table_name = "coordination_tasks"
        indexes = (
            SQL("CREATE INDEX idx_tasks_status ON coordination_tasks (status, priority DESC)"),
            SQL("CREATE INDEX idx_tasks_assigned ON coordination_tasks (assigned_to)"),
        )


class HandoffNote(BaseModel):
    """A note from an agent to another, or to whoever reads it first."""

    id = Text(primary_key=True, null=True)
    from_agent = Reference(Agent, on_delete="CASCADE", column_name="from_agent")
    to_agent = Reference(Agent, on_delete="SET NULL", column_name="to_agent", null=True)
    content = Text()
    created_at = TimeField()
    read_at = TimeField(null=True)

    class Meta:
        table_name = "handoff_notes"
        indexes = (
            SQL("CREATE INDEX idx_handoff_to ON handoff_notes (to_agent, read_at)"),
            SQL("CREATE INDEX idx_handoff_unread ON handoff_notes (to_agent) WHERE read_at IS NULL"),
        )
