"""The mailbox between agents (database.md §2.2, §5.10, §7.4)."""

from __future__ import annotations

from peewee import SQL

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import EnumField, Integer, JsonText, Reference, Text, TimeField, default


class QueuedMessage(BaseModel):
    """A message that waits for its agent until `processed_at` is set."""

    id = Text(primary_key=True)
    target_agent = Reference(Agent)
    source_agent_id = Text(null=True)
    content = Text()
    origin_json = JsonText(null=True)
    metadata_json = JsonText(null=True)
    priority = Integer(constraints=default("0"))
    created_at = TimeField(constraints=default("(datetime('now'))"))
    processed_at = TimeField(null=True)
    content_json = JsonText(null=True)
    metadata_json_full = JsonText(null=True)
    batch_id = Text(null=True)
    role = EnumField(words.ROLES, free=True, constraints=default("'user'"))

    class Meta:
        table_name = "queued_messages"
        indexes = (
            SQL("CREATE INDEX idx_queued_messages_target ON queued_messages (target_agent_id, processed_at)"),
            SQL("CREATE INDEX idx_queued_messages_priority ON queued_messages (priority DESC, created_at)"),
            SQL("CREATE INDEX idx_queued_messages_batch ON queued_messages (batch_id)"),
        )
