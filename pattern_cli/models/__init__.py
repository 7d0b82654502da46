"""Peewee models of every table of the runtime's schema, one module per domain.

    from pattern_cli.models import Agent
    for agent in constellation.bind(Agent.select().where(Agent.status == "active")):
        ...

A module is imported when one of its models is asked for: Peewee costs every start of the program that needs it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pattern_cli.models.activity import ActivityEvent, AgentSummary, ConstellationSummary, NotableEvent
    from pattern_cli.models.agents import Agent
    from pattern_cli.models.archival import ArchivalEntry
    from pattern_cli.models.audit import AppliedMigration, MigrationAudit
    from pattern_cli.models.base import BaseModel, damage, present
    from pattern_cli.models.calendar import Event, EventOccurrence
    from pattern_cli.models.coordination import CoordinationState, CoordinationTask, HandoffNote
    from pattern_cli.models.endpoints import AgentAtprotoEndpoint
    from pattern_cli.models.folders import FilePassage, Folder, FolderAttachment, FolderFile
    from pattern_cli.models.fulltext import ArchivalIndex, MemoryBlockIndex, MessageIndex
    from pattern_cli.models.groups import AgentGroup, GroupMember
    from pattern_cli.models.memory import MemoryBlock, MemoryBlockCheckpoint, MemoryBlockUpdate, SharedBlockAgent
    from pattern_cli.models.messages import ArchiveSummary, Message
    from pattern_cli.models.queue import QueuedMessage
    from pattern_cli.models.sources import AgentDataSource, DataSource
    from pattern_cli.models.tasks import Task

_MODULES = {
    "activity": ("ActivityEvent", "AgentSummary", "ConstellationSummary", "NotableEvent"),
    "agents": ("Agent",),
    "archival": ("ArchivalEntry",),
    "audit": ("AppliedMigration", "MigrationAudit"),
    "base": ("BaseModel", "damage", "present"),
    "calendar": ("Event", "EventOccurrence"),
    "coordination": ("CoordinationState", "CoordinationTask", "HandoffNote"),
    "endpoints": ("AgentAtprotoEndpoint",),
    "folders": ("FilePassage", "Folder", "FolderAttachment", "FolderFile"),
    "fulltext": ("ArchivalIndex", "MemoryBlockIndex", "MessageIndex"),
    "groups": ("AgentGroup", "GroupMember"),
    "memory": ("MemoryBlock", "MemoryBlockCheckpoint", "MemoryBlockUpdate", "SharedBlockAgent"),
    "messages": ("ArchiveSummary", "Message"),
    "queue": ("QueuedMessage",),
    "sources": ("AgentDataSource", "DataSource"),
    "tasks": ("Task",),
}

__all__ = [
    "ActivityEvent",
    "Agent",
    "AgentAtprotoEndpoint",
    "AgentDataSource",
    "AgentGroup",
    "AgentSummary",
    "AppliedMigration",
    "ArchivalEntry",
    "ArchivalIndex",
    "ArchiveSummary",
    "BaseModel",
    "ConstellationSummary",
    "CoordinationState",
    "CoordinationTask",
    "DataSource",
    "Event",
    "EventOccurrence",
    "FilePassage",
    "Folder",
    "FolderAttachment",
    "FolderFile",
    "GroupMember",
    "HandoffNote",
    "MemoryBlock",
    "MemoryBlockCheckpoint",
    "MemoryBlockIndex",
    "MemoryBlockUpdate",
    "Message",
    "MessageIndex",
    "MigrationAudit",
    "NotableEvent",
    "QueuedMessage",
    "SharedBlockAgent",
    "Task",
    "damage",
    "present",
]


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__} has no attribute {name!r}")
