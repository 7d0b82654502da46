"""Events and their occurrences (database.md §2.2, §7.5)."""

from __future__ import annotations

from peewee import SQL

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import EnumField, Flag, Integer, Reference, Text, TimeField, default


class Event(BaseModel):
    """An event; `rrule` says how it recurs."""

    id = Text(primary_key=True, null=True)
    agent = Reference(Agent, on_delete="SET NULL", null=True)
    title = Text()
    description = Text(null=True)
    starts_at = TimeField()
    ends_at = TimeField(null=True)
    rrule = Text(null=True)
    reminder_minutes = Integer(null=True)
    created_at = TimeField()
    updated_at = TimeField()
    all_day = Flag(constraints=default("0"))
    location = Text(null=True)
    external_id = Text(null=True)
    external_source = Text(null=True)

    class Meta:
        table_name = "events"
        indexes = (
            SQL("CREATE INDEX idx_events_starts ON events (starts_at)"),
            SQL("CREATE INDEX idx_events_agent ON events (agent_id)"),
        )


class EventOccurrence(BaseModel):
    """One time at which an event takes place."""

    id = Text(primary_key=True, null=True)
    event = Reference(Event, on_delete="CASCADE")
    starts_at = TimeField()
    ends_at = TimeField(null=True)
    status = EnumField(words.OCCURRENCE_STATUSES, constraints=default("'scheduled'"))
    notes = Text(null=True)
    created_at = TimeField()

    class Meta:
        table_name = "event_occurrences"
        indexes = (
            SQL("CREATE INDEX idx_occurrences_event ON event_occurrences (event_id)"),
            SQL("CREATE INDEX idx_occurrences_starts ON event_occurrences (starts_at)"),
            SQL("CREATE INDEX idx_occurrences_status ON event_occurrences (status)"),
        )
