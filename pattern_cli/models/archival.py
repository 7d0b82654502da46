"""Archival entries: long-term notes of an agent (database.md §2.2, §7.3)."""

from __future__ import annotations

from peewee import SQL

from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import Integer, JsonField, Reference, Text, TimeField, default


class ArchivalEntry(BaseModel):
    """One note; a chunk of a split one names the first chunk as its parent."""

    id = Text(primary_key=True, null=True)
    agent_id = Text()
    content = Text()
    metadata = JsonField(null=True)
    chunk_index = Integer(null=True, constraints=default("0"))
    parent_entry = Reference("self", on_delete="CASCADE", null=True)
    created_at = TimeField()

    class Meta:
        table_name = "archival_entries"
        indexes = (
            SQL("CREATE INDEX idx_archival_agent ON archival_entries (agent_id, created_at DESC)"),
            SQL("CREATE INDEX idx_archival_parent ON archival_entries (parent_entry_id)"),
        )
