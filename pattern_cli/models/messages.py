"""Messages and the summaries of archived ones (database.md §2.2, §5.7 to §5.9, §7.1)."""

from __future__ import annotations

from peewee import SQL

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import EnumField, Flag, Integer, JsonField, Reference, Text, TimeField, default


class Message(BaseModel):
    """One message of a conversation, ordered by `position`."""

    id = Text(primary_key=True, null=True)
    agent = Reference(Agent, on_delete="CASCADE")
    position = Text()
    batch_id = Text(null=True)
    sequence_in_batch = Integer(null=True)
    role = EnumField(words.ROLES)
    content_json = JsonField()
    content_preview = Text(null=True)
    batch_type = EnumField(words.BATCH_TYPES, null=True)
    source = Text(null=True)
    source_metadata = JsonField(null=True)
    is_archived = Flag(constraints=default("0"))
    created_at = TimeField()
    is_deleted = Flag(constraints=default("0"))

    class Meta:
        table_name = "messages"
        indexes = (
            SQL("CREATE INDEX idx_messages_agent_position ON messages (agent_id, position DESC)"),
            SQL("CREATE INDEX idx_messages_agent_batch ON messages (agent_id, batch_id)"),
            SQL("CREATE INDEX idx_messages_archived ON messages (agent_id, is_archived, position DESC)"),
            SQL("CREATE INDEX idx_messages_deleted ON messages (agent_id, is_deleted, position DESC)"),
        )


class ArchiveSummary(BaseModel):
    """What stands for a range of archived messages, or of other summaries."""

    id = Text(primary_key=True, null=True)
    agent = Reference(Agent, on_delete="CASCADE")
    summary = Text()
    start_position = Text()
    end_position = Text()
    message_count = Integer()
    previous_summary = Reference("self", on_delete="SET NULL", null=True)
    depth = Integer(constraints=default("0"))
    created_at = TimeField()

    class Meta:
        table_name = "archive_summaries"
        indexes = (
            SQL("CREATE INDEX idx_archive_summaries_agent ON archive_summaries (agent_id, start_position)"),
            SQL("CREATE INDEX idx_archive_summaries_chain ON archive_summaries (previous_summary_id)"),
        )
