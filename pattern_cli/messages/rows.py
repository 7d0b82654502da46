"""One message as a typed row (database.md §2.2 messages)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pattern_cli.models.words import BATCH_TYPES, ROLES
from pattern_cli.store import snowflake
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_flag, read_integer, read_json, read_text, read_time, read_word

if TYPE_CHECKING:
    from pattern_cli.messages.content import Content

COLUMNS = (
    "id",
    "agent_id",
    "position",
    "batch_id",
    "sequence_in_batch",
    "role",
    "content_json",
    "content_preview",
    "batch_type",
    "source",
    "source_metadata",
    "is_archived",
    "is_deleted",
    "created_at",
)


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message in a list.

    `kind` is the content's variant: text, parts, tool_calls, tool_responses, blocks, foreign or unknown. `text` is the
    whole content in readable form; in JSON it is given only when asked for, since it repeats `content_json`.
    """

    id: str | None
    agent_id: str
    agent_name: str | None
    position: str
    batch_id: str | None
    sequence_in_batch: int | None
    role: str
    kind: str
    content_json: Any
    content_preview: str | None
    batch_type: str | None
    source: str | None
    source_metadata: Any
    is_archived: bool
    is_deleted: bool
    created_at: str
    text: str
    damage: tuple[str, ...]

    @property
    def content(self) -> Content:
        """The content as typed parts."""
        from pattern_cli.messages import content

        return content.read(self.content_json)


FIELDS = tuple(name for name in MessageRow.__dataclass_fields__ if name != "text")


def columns(constellation: Constellation, table: str = "m") -> str:
    """The columns of a message for a SELECT; `is_deleted` came with version 7 and is 0 before."""
    has_deleted = constellation.has_column("messages", "is_deleted")
    return ", ".join(
        "0 AS is_deleted" if name == "is_deleted" and not has_deleted else f"{table}.{name}" for name in COLUMNS
    )


def agent_names(constellation: Constellation) -> dict[str, str]:
    """The names of all agents by id."""
    return dict(constellation.rows("SELECT id, name FROM agents"))


def decode(values: tuple[Any, ...], names: Mapping[str, str]) -> MessageRow:
    """The row in the raw values of `COLUMNS`; what the runtime cannot read stays as stored and is in `damage`."""
    (
        id,
        agent_id,
        position,
        batch_id,
        sequence,
        role,
        raw_content,
        preview,
        batch_type,
        source,
        raw_metadata,
        archived,
        deleted,
        created,
    ) = values
    # Lists of finished JSON get along without.
    from pattern_cli.messages import content

    damage: Damage = []
    for column, raw in (("id", id), ("agent_id", agent_id), ("content_preview", preview), ("source", source)):
        read_text(raw, column, damage)
    read_integer(sequence, "sequence_in_batch", damage)
    _check_position(position, "position", damage)
    if batch_id is not None:
        _check_position(batch_id, "batch_id", damage)
    role = read_word(role, "role", ROLES, damage)
    batch_type = read_word(batch_type, "batch_type", BATCH_TYPES, damage)
    before = len(damage)
    value = _read_json(raw_content, "content_json", damage)
    said = content.read(value)
    if len(damage) == before:
        damage += said.damage
    before = len(damage)
    metadata = _read_json(raw_metadata, "source_metadata", damage)
    if len(damage) == before and metadata is not None and not isinstance(metadata, dict):
        damage.append("source_metadata: not an object, which the runtime cannot read")
    return MessageRow(
        id=id,
        agent_id=agent_id,
        agent_name=names.get(agent_id),
        position=position,
        batch_id=batch_id,
        sequence_in_batch=sequence,
        role=role,
        kind=said.kind,
        content_json=value,
        content_preview=preview,
        batch_type=batch_type,
        source=source,
        source_metadata=metadata,
        is_archived=read_flag(archived),
        is_deleted=read_flag(deleted),
        created_at=read_time(created, "created_at", damage),
        text=said.text,
        damage=tuple(damage),
    )


def _read_json(raw: Any, column: str, damage: Damage) -> Any:
    if isinstance(raw, str):
        read_text(raw, column, damage)
    return read_json(raw, column, damage)


def _check_position(raw: Any, column: str, damage: Damage) -> None:
    try:
        snowflake.parse(raw)
    except (ValueError, TypeError):
        damage.append(f"{column}: not a position, which the runtime cannot read")
