"""The records of a v3 archive; building one from a decoded map checks every field (car-archives.md §2.1 to §2.8).

Times come out as column text, JSON as decoded values. Unknown keys are ignored, as the runtime does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self, get_type_hints

from pattern_cli.archives import fields
from pattern_cli.archives.dagcbor import Link
from pattern_cli.archives.fields import Check, RecordError, array, optional, word

Text = Annotated[str, fields.text]
MaybeText = Annotated[str | None, optional(fields.text)]
Texts = Annotated[tuple[str, ...], array(fields.text)]
Flag = Annotated[bool, fields.flag]
Integer = Annotated[int, fields.integer]
Count = Annotated[int, fields.count]
Time = Annotated[str, fields.moment]
Json = Annotated[Any, fields.json]
MaybeJson = Annotated[Any, optional(fields.json)]
OneLink = Annotated[Link, fields.link]
Links = Annotated[tuple[Link, ...], array(fields.link)]
Permission = Annotated[str, word("read_only", "partner", "human", "append", "read_write", "admin")]


_known_checks: dict[type, dict[str, Check]] = {}


def _checks(record: type) -> dict[str, Check]:
    found = _known_checks.get(record)
    if found is None:
        hints = get_type_hints(record, include_extras=True)
        found = _known_checks[record] = {name: hint.__metadata__[0] for name, hint in hints.items()}
    return found


@dataclass(frozen=True, slots=True)
class Record:
    """A typed record of an archive."""

    @classmethod
    def of(cls, value: Any) -> Self:
        """The record in a decoded map. Raises RecordError naming the key that is wrong."""
        if type(value) is not dict:
            raise RecordError("is no map")
        return cls(**{key: fields.field(value, key, check) for key, check in _checks(cls).items()})


@dataclass(frozen=True, slots=True)
class Manifest(Record):
    """The root block (§2.1); its statistics are never trusted and not read."""

    version: Count
    data_cid: OneLink
    export_type: Annotated[str, word("Agent", "Group", "Constellation")]
    exported_at: Time


@dataclass(frozen=True, slots=True)
class AgentRecord(Record):
    """An agent (§2.2)."""

    id: Text
    name: Text
    description: MaybeText
    model_provider: Text
    model_name: Text
    system_prompt: Text
    config: Json
    enabled_tools: Texts
    tool_rules: MaybeJson
    status: Annotated[str, word("active", "hibernated", "archived")]
    created_at: Time
    updated_at: Time


@dataclass(frozen=True, slots=True)
class AgentExport(Record):
    """An agent with links to everything it owns (§2.2)."""

    agent: Annotated[AgentRecord, AgentRecord.of]
    memory_block_cids: Links
    message_chunk_cids: Links
    archival_entry_cids: Links
    archive_summary_cids: Links


@dataclass(frozen=True, slots=True)
class BlockRecord(Record):
    """A memory block; its snapshot lies in other blocks (§2.3)."""

    id: Text
    agent_id: Text
    label: Text
    description: Text
    block_type: Annotated[str, word("core", "working", "archival", "log")]
    char_limit: Integer
    permission: Permission
    pinned: Flag
    content_preview: MaybeText
    metadata: MaybeJson
    is_active: Flag
    created_at: Time
    updated_at: Time
    last_seq: Integer
    frontier: Annotated[None, optional(fields.frontier)]
    snapshot_chunk_cids: Links
    total_snapshot_bytes: Count


@dataclass(frozen=True, slots=True)
class SnapshotChunk(Record):
    """A part of a block's snapshot (§2.3)."""

    index: Count
    data: Annotated[bytes, fields.octets]


@dataclass(frozen=True, slots=True)
class EntryRecord(Record):
    """An archival entry (§2.4)."""

    id: Text
    agent_id: Text
    content: Text
    metadata: MaybeJson
    chunk_index: Integer
    parent_entry_id: MaybeText
    created_at: Time


@dataclass(frozen=True, slots=True)
class SummaryRecord(Record):
    """A summary that stands for archived messages (§2.6)."""

    id: Text
    agent_id: Text
    summary: Text
    start_position: Text
    end_position: Text
    message_count: Integer
    previous_summary_id: MaybeText
    depth: Integer
    created_at: Time


@dataclass(frozen=True, slots=True)
class GroupRecord(Record):
    """A group (§2.7)."""

    id: Text
    name: Text
    description: MaybeText
    pattern_type: Annotated[str, word("round_robin", "dynamic", "pipeline", "supervisor", "voting", "sleeptime")]
    pattern_config: Json
    created_at: Time
    updated_at: Time


@dataclass(frozen=True, slots=True)
class MemberRecord(Record):
    """An agent's membership in a group (§2.7)."""

    agent_id: Text
    role: Annotated[Any, optional(fields.json_map)]
    joined_at: Time
    capabilities: Texts


@dataclass(frozen=True, slots=True)
class AttachmentRecord(Record):
    """A block shared with an agent (§2.7)."""

    block_id: Text
    agent_id: Text
    permission: Permission
    attached_at: Time


Members = Annotated[tuple[MemberRecord, ...], array(MemberRecord.of)]
Attachments = Annotated[tuple[AttachmentRecord, ...], array(AttachmentRecord.of)]


@dataclass(frozen=True, slots=True)
class GroupExport(Record):
    """A group with its members' agents inline (§2.7)."""

    group: Annotated[GroupRecord, GroupRecord.of]
    members: Members
    agent_exports: Annotated[tuple[AgentExport, ...], array(AgentExport.of)]
    shared_memory_cids: Links
    shared_attachment_exports: Attachments


@dataclass(frozen=True, slots=True)
class GroupConfigExport(Record):
    """A thin group: its configuration and the ids of its members (§2.7)."""

    group: Annotated[GroupRecord, GroupRecord.of]
    member_agent_ids: Texts


@dataclass(frozen=True, slots=True)
class GroupExportThin(Record):
    """A group of a constellation; its agents are links into the pool (§2.8)."""

    group: Annotated[GroupRecord, GroupRecord.of]
    members: Members
    agent_cids: Links
    shared_memory_cids: Links
    shared_attachment_exports: Attachments


@dataclass(frozen=True, slots=True)
class ConstellationExport(Record):
    """A whole constellation (§2.8)."""

    agent_exports: Annotated[dict[str, Link], fields.links_by_id]
    group_exports: Annotated[tuple[GroupExportThin, ...], array(GroupExportThin.of)]
    shared_attachments: Attachments
    all_memory_block_cids: Links
    standalone_agent_cids: Links
