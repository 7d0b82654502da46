"""The user's tasks (database.md §2.2, §7.5)."""

from __future__ import annotations

from peewee import SQL

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import EnumField, Integer, JsonField, Reference, Text, TimeField, default


class Task(BaseModel):
    """One task, of an agent or of the whole constellation."""

    id = Text(primary_key=True, null=True)
    agent = Reference(Agent, on_delete="SET NULL", null=True)
    title = Text()
    description = Text(null=True)
    status = EnumField(words.TASK_STATUSES, constraints=default("'pending'"))
    priority = EnumField(words.TASK_PRIORITIES, constraints=default("'medium'"))
    due_at = TimeField(null=True)
    scheduled_at = TimeField(null=True)
    completed_at = TimeField(null=True)
    parent_task = Reference("self", on_delete="CASCADE", null=True)
    created_at = TimeField()
    updated_at = TimeField()
    tags = JsonField(null=True)
    estimated_minutes = Integer(null=True)
    actual_minutes = Integer(null=True)
    notes = Text(null=True)

    class Meta:
        table_name = "tasks"
        indexes = (
            SQL("CREATE INDEX idx_tasks_agent ON tasks (agent_id, status)"),
            SQL("CREATE INDEX idx_tasks_due ON tasks (due_at) WHERE due_at IS NOT NULL"),
            SQL("CREATE INDEX idx_tasks_parent ON tasks (parent_task_id)"),
        )
