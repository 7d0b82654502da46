"""Records as rows: the columns in the runtime's spelling (database.md §2.1, §2.2, §5)."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pattern_cli.archives.placement import Member, Placed, PlacedBlock, PlacedLink, Share
from pattern_cli.archives.records import AgentRecord, BlockRecord, EntryRecord, GroupRecord, SummaryRecord
from pattern_cli.store import times
from pattern_cli.store.identity import Identity

Row = tuple[Any, ...]

_EMPTY_FRONTIER = b"\0"
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)


def _encode_function() -> Callable[[Any], str]:
    """`JSONEncoder.encode` without what it sets up anew for every value; a third of its time for small ones."""
    make, escape = getattr(json.encoder, "c_make_encoder", None), getattr(json.encoder, "c_encode_basestring", None)
    if make is None or escape is None:
        return _encoder.encode
    pieces = make(None, _encoder.default, escape, None, ":", ",", False, False, False)
    return lambda value: "".join(pieces(value, 0))


_encode = _encode_function()

COLUMNS = {
    "agents": "id, name, description, model_provider, model_name, system_prompt, config, enabled_tools, tool_rules,"
    " status, created_at, updated_at",
    "agent_groups": "id, name, description, pattern_type, pattern_config, created_at, updated_at",
    "group_members": "group_id, agent_id, role, joined_at, capabilities",
    "memory_blocks": "id, agent_id, label, description, block_type, char_limit, permission, pinned, loro_snapshot,"
    " content_preview, metadata, is_active, created_at, updated_at, frontier, last_seq",
    "memory_block_updates": "block_id, seq, update_blob, byte_size, source, created_at, frontier, is_active",
    "shared_block_agents": "block_id, agent_id, permission, attached_at",
    "archival_entries": "id, agent_id, content, metadata, chunk_index, parent_entry_id, created_at",
    "messages": "id, agent_id, position, batch_id, sequence_in_batch, role, content_json, content_preview, batch_type,"
    " source, source_metadata, is_archived, created_at, is_deleted",
    "archive_summaries": "id, agent_id, summary, start_position, end_position, message_count, previous_summary_id,"
    " depth, created_at",
}


KEYS = {"group_members": "group_id, agent_id", "shared_block_agents": "block_id, agent_id"}


def insert(table: str) -> str:
    """The statement that inserts a row of a table."""
    columns = COLUMNS[table]
    marks = ", ".join("?" * len(columns.split(",")))
    return f"INSERT INTO {table}({columns}) VALUES ({marks})"


def upsert(table: str) -> str:
    """The statement that inserts a row or overwrites the one with its key, which keeps what points to it."""
    # An INSERT OR REPLACE would leave the old text in the full-text index (database.md D21).
    key = KEYS.get(table, "id")
    names = [name.strip() for name in COLUMNS[table].split(",")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key.split(", "))
    return f"{insert(table)} ON CONFLICT({key}) DO UPDATE SET {changes}"


class JsonColumns:
    """JSON values as column text; counts the bare numbers, which are stored as strings.

    The runtime reads no bare number from a JSON column, whose affinity would also change it (database.md §2.1).
    """

    def __init__(self) -> None:
        self.quoted = 0

    def text(self, value: Any) -> str | None:
        """The text for a column that may be null."""
        return None if value is None else self.required(value)

    def required(self, value: Any) -> str:
        """The text for a column that may not be null: JSON null is the word."""
        if type(value) is int or type(value) is float:
            self.quoted += 1
            value = repr(value)
        return _encode(value)

    def agent(self, record: AgentRecord, placed: Placed, identity: Identity) -> Row:
        """A row of `agents`."""
        # A copy: the archive may be imported again.
        config = identity.agent_config(deepcopy(record.config), placed.name if placed.name != record.name else None)
        return (
            placed.id,
            placed.name,
            record.description,
            record.model_provider,
            record.model_name,
            record.system_prompt,
            self.required(config),
            self.required(list(record.enabled_tools)),
            self.text(record.tool_rules),
            record.status,
            record.created_at,
            record.updated_at,
        )

    def group(self, record: GroupRecord, placed: Placed, identity: Identity) -> Row:
        """A row of `agent_groups`."""
        return (
            placed.id,
            placed.name,
            record.description,
            record.pattern_type,
            self.required(identity.pattern_config(deepcopy(record.pattern_config))),
            record.created_at,
            record.updated_at,
        )

    def member(self, member: Member) -> Row:
        """A row of `group_members`."""
        capabilities = self.required(list(member.capabilities))
        return member.group, member.agent, self.text(member.role), member.joined_at, capabilities

    def block(self, record: BlockRecord, placed: PlacedBlock, snapshot: bytes, updates: int) -> Row:
        """A row of `memory_blocks` that has so many update rows."""
        return (
            placed.id,
            placed.owner,
            placed.label,
            record.description,
            record.block_type,
            record.char_limit,
            record.permission,
            int(record.pinned),
            snapshot,
            record.content_preview,
            self.text(record.metadata),
            int(record.is_active),
            record.created_at,
            record.updated_at,
            _EMPTY_FRONTIER,
            updates,
        )

    def entry(self, record: EntryRecord, placed: PlacedLink) -> Row:
        """A row of `archival_entries`."""
        metadata = self.text(record.metadata)
        return placed.id, placed.agent, record.content, metadata, record.chunk_index, placed.parent, record.created_at


def summary_row(record: SummaryRecord, placed: PlacedLink) -> Row:
    """A row of `archive_summaries`."""
    return (
        placed.id,
        placed.agent,
        record.summary,
        record.start_position,
        record.end_position,
        record.message_count,
        placed.parent,
        record.depth,
        record.created_at,
    )


def share_row(share: Share) -> Row:
    """A row of `shared_block_agents`."""
    return share.block, share.agent, share.permission, share.attached_at


def first_update_row(block: str, update: bytes, version: bytes) -> Row:
    """A row of `memory_block_updates`: the first of a block, active, from an import."""
    return block, 1, update, len(update), "migration", times.now_column(), version, 1
