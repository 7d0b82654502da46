"""One message with everything around it: its place in the batch, the tools it calls or answers (database.md §7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.messages import content
from pattern_cli.messages.rows import MessageRow, agent_names, columns, decode
from pattern_cli.store import snowflake
from pattern_cli.store.constellation import Constellation


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call and its response, paired by call id within a batch; a missing half is None.

    `call_message` and `response_message` are the ids of the messages that hold the halves.
    """

    call_id: str
    name: str | None
    arguments: Any
    call_message: str | None
    response: str | None
    is_error: bool | None
    response_message: str | None


@dataclass(frozen=True, slots=True)
class MessageRecord(MessageRow):
    """One message with the tools it calls or answers.

    `batch_index` counts from 1 to `batch_count` among the messages of its batch and agent, deleted ones included; both
    are None without a batch.
    """

    tools: tuple[ToolUse, ...]
    batch_index: int | None
    batch_count: int | None


def record(constellation: Constellation, message_id: str) -> MessageRecord:
    """The record of the message with that id, which must exist."""
    names = agent_names(constellation)
    select = f"SELECT {columns(constellation)} FROM messages AS m WHERE"
    row = decode(next(constellation.rows(f"{select} m.id = ?", (message_id,))), names)
    batch = [row]
    if row.batch_id is not None:
        # Nothing keeps batch ids unique per agent (D29).
        found = constellation.rows(f"{select} m.batch_id = ? AND m.agent_id = ?", (row.batch_id, row.agent_id))
        batch = sorted((decode(values, names) for values in found), key=in_batch)
    fields = {name: getattr(row, name) for name in MessageRow.__dataclass_fields__}
    return MessageRecord(
        **fields,
        tools=tuple(_uses(row, batch)),
        batch_index=None if row.batch_id is None else 1 + [other.id for other in batch].index(row.id),
        batch_count=None if row.batch_id is None else len(batch),
    )


def in_batch(row: MessageRow) -> tuple[float, int, str]:
    """What sorts the messages of a batch as the runtime does: the sequence, else the position, else the time."""
    sequence = row.sequence_in_batch if isinstance(row.sequence_in_batch, int) else float("inf")
    try:
        position = snowflake.parse(row.position)
    except (ValueError, TypeError):
        position = 0
    return sequence, position, str(row.created_at)


def _uses(row: MessageRow, batch: list[MessageRow]) -> Iterator[ToolUse]:
    calls: dict[str, tuple[content.ToolCall, str | None]] = {}
    responses: dict[str, tuple[content.ToolResponse, str | None]] = {}
    for other in batch:
        said = other.content
        for call in said.calls:
            calls.setdefault(call.call_id, (call, other.id))
        for response in said.responses:
            responses.setdefault(response.call_id, (response, other.id))
    for part in row.content.tools:
        if isinstance(part, content.ToolCall):
            calls[part.call_id] = part, row.id
        else:
            responses[part.call_id] = part, row.id
        asked, answered = calls.get(part.call_id), responses.get(part.call_id)
        yield ToolUse(
            call_id=part.call_id,
            name=asked[0].name if asked else None,
            arguments=asked[0].arguments if asked else None,
            call_message=asked[1] if asked else None,
            response=answered[0].text if answered else None,
            is_error=answered[0].is_error if answered else None,
            response_message=answered[1] if answered else None,
        )


def tool_names(constellation: Constellation, row: MessageRow) -> dict[str, str]:
    """The names of the tools called in a message's batch, by call id."""
    if row.batch_id is None:
        return {}
    sql = f"SELECT {columns(constellation)} FROM messages AS m WHERE m.batch_id = ? AND m.agent_id = ?"
    found = constellation.rows(sql, (row.batch_id, row.agent_id))
    return {call.call_id: call.name for values in found for call in decode(values, {}).content.calls}
