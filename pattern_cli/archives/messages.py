"""Messages of an archive, a chunk at a time: the one record that comes by the million (car-archives.md §2.5).

The form of a message is judged by the types of its fields together: a combination that passed every check once passes
again, which leaves few checks of values per message.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, cast

from pattern_cli.archives import fields
from pattern_cli.archives.fields import Check, RecordError, optional, word

ROLES = ("user", "assistant", "system", "tool")
BATCH_TYPES = ("user_request", "agent_to_agent", "system_trigger", "continuation")

CHECKS: dict[str, Check] = {
    "id": fields.text,
    "role": word(*ROLES),
    "source": optional(fields.text),
    "agent_id": fields.text,
    "batch_id": optional(fields.text),
    "position": fields.text,
    "batch_type": optional(word(*BATCH_TYPES)),
    "created_at": fields.moment,
    "is_deleted": fields.flag,
    "is_archived": fields.flag,
    "content_json": fields.json,
    "content_preview": optional(fields.text),
    "source_metadata": optional(fields.json),
    "sequence_in_batch": optional(fields.integer),
}
KEYS = tuple(CHECKS)
# id, role, source, agent_id, batch_id, position, batch_type, created_at, is_deleted, is_archived, content_json,
# content_preview, source_metadata, sequence_in_batch
Message = tuple[
    str,
    str,
    str | None,
    str,
    str | None,
    str,
    str | None,
    str,
    bool,
    bool,
    Any,
    str | None,
    Any,
    int | None,
]
_take = cast("Any", itemgetter(*KEYS))
_ROLE, _BATCH_TYPE, _SEQUENCE = (KEYS.index(key) for key in ("role", "batch_type", "sequence_in_batch"))
_known_roles = frozenset(ROLES)
_known_batch_types = frozenset((*BATCH_TYPES, None))
_I64 = 1 << 63


def read(chunk: Any, *, plain: bool) -> list[Message]:
    """The messages of a decoded chunk as tuples in the order of `KEYS`; `created_at` as archived, for `fields.moment`.

    `plain` says that the chunk holds no bytes or links (dagcbor.examine). Raises RecordError naming message and key.
    """
    if type(chunk) is not dict:
        raise RecordError("is no map")
    passed: set[tuple[type, ...]] = set()
    messages: list[Message] = []
    for number, message in enumerate(fields.field(chunk, "messages", _as_list), 1):
        try:
            values: Message = _take(message)
        except (KeyError, TypeError):
            messages.append(_checked(message, number))
            continue
        types = tuple(map(type, values))
        if (
            types not in passed
            or not plain
            or values[_ROLE] not in _known_roles
            or values[_BATCH_TYPE] not in _known_batch_types
            or not -_I64 <= cast("int", values[_SEQUENCE] or 0) < _I64
        ):
            _checked(message, number)
            passed.add(types)
        messages.append(values)
    return messages


def _checked(message: Any, number: int) -> Message:
    try:
        if type(message) is not dict:
            raise RecordError("is no map")
        for key, check in CHECKS.items():
            fields.field(message, key, check)
    except RecordError as error:
        raise RecordError(f"message {number}: {error}") from None
    return cast("Message", tuple(map(message.get, KEYS)))


def _as_list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise RecordError("is no list")
    return value
