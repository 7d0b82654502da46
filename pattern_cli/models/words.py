"""The spellings of the runtime's enumerations, in its order (database.md §4.1). Plain data, without Peewee."""

from __future__ import annotations

Words = tuple[str, ...]

AGENT_STATUSES: Words = ("active", "hibernated", "archived")
PATTERN_TYPES: Words = ("round_robin", "dynamic", "pipeline", "supervisor", "voting", "sleeptime")
BLOCK_TYPES: Words = ("core", "working", "archival", "log")
PERMISSIONS: Words = ("read_only", "partner", "human", "append", "read_write", "admin")
ROLES: Words = ("user", "assistant", "system", "tool")
BATCH_TYPES: Words = ("user_request", "agent_to_agent", "system_trigger", "continuation")
ACTIVITY_TYPES: Words = (
    "message_sent",
    "tool_used",
    "memory_updated",
    "task_changed",
    "agent_status_changed",
    "external_event",
    "coordination",
    "system",
)
IMPORTANCES: Words = ("low", "medium", "high", "critical")
COORDINATION_STATUSES: Words = ("pending", "in_progress", "completed", "cancelled")
COORDINATION_PRIORITIES: Words = ("low", "medium", "high", "urgent")
TASK_STATUSES: Words = ("backlog", "pending", "in_progress", "blocked", "completed", "cancelled", "deferred")
TASK_PRIORITIES: Words = ("low", "medium", "high", "urgent", "critical")
OCCURRENCE_STATUSES: Words = ("scheduled", "active", "completed", "skipped", "snoozed", "cancelled")
SOURCE_TYPES: Words = (
    "file",
    "vcs",
    "code_host",
    "language_server",
    "terminal",
    "group_chat",
    "direct_chat",
    "bluesky",
    "email",
    "calendar",
    "timer",
    "mcp",
    "agent",
    "http",
    "webhook",
    "manual",
)
FOLDER_PATH_TYPES: Words = ("local", "virtual", "remote")
FOLDER_ACCESSES: Words = ("read", "read_write")
UPDATE_SOURCES: Words = ("agent", "sync", "migration", "manual")
