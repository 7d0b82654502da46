"""Which messages are meant, and what SQL needs to know to tell: instants and places in the order of messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pattern_cli.store import snowflake, times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_json

_D = "[0-9]"
DAY_AND_TIME = f"{_D * 4}-{_D * 2}-{_D * 2}T{_D * 2}:{_D * 2}:{_D * 2}"
_LARGEST = (1 << 63) - 1


def is_plain(column: str) -> str:
    """The SQL condition that a position has its usual form."""
    return f"{column} GLOB '{_D * 17}'"


# Nearly every position has this form (every one of the years 2015 to 2059), and such texts sort as their numbers do.
PLAIN = is_plain("m.position")
# The number that orders messages (D16: zero-padded and base32 positions are compared as numbers, not as text). A
# position that is none counts as drawn when its message was created.
PLACE = (
    f"CASE WHEN {PLAIN} THEN CAST(m.position AS INTEGER)"
    " ELSE message_place(CAST(m.position AS BLOB), CAST(m.created_at AS BLOB)) END"
)
# The form the runtime writes, which sorts as text (database.md §6.3); all others go through Python (D8).
_INSTANT = (
    f"CASE WHEN m.created_at GLOB '{DAY_AND_TIME}*+00:00' THEN m.created_at"
    " ELSE message_time(CAST(m.created_at AS BLOB)) END"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages count; archived and deleted ones only when asked for.

    `since` and `until` are unix nanoseconds, both included; a message whose time cannot be read fits neither.
    """

    agent_id: str | None = None
    role: str | None = None
    batch_id: str | None = None
    source: str | None = None
    since: int | None = None
    until: int | None = None
    archived: bool = False
    deleted: bool = False

    def where(self, constellation: Constellation) -> tuple[str, dict[str, Any]]:
        """An SQL condition on the rows of `messages AS m`, and its parameters by name."""
        parts: list[str] = []
        params: dict[str, Any] = {}
        for name in ("agent_id", "role", "batch_id", "source"):
            if (value := getattr(self, name)) is not None:
                parts.append(f"m.{name} = :{name}")
                params[name] = value
        # As the runtime reads truth values: any number but zero, and no text.
        if not self.archived:
            parts.append("NOT ifnull(m.is_archived, 0)")
        if not self.deleted and constellation.has_column("messages", "is_deleted"):
            parts.append("NOT ifnull(m.is_deleted, 0)")
        if self.since is not None:
            parts.append(f"{_INSTANT} >= :since")
            params["since"] = _bound(self.since)
        if self.until is not None:
            parts.append(f"{_INSTANT} < :until")
            params["until"] = _bound(self.until + 1)
        return " AND ".join(parts) or "1", params


def _bound(ns: int) -> str:
    """A text that sorts before every writing of this instant and after every earlier one."""
    return times.column_time(ns).removesuffix("+00:00").rstrip("0") if ns % times.NS else times.column_time(ns)[:-6]


def teach(constellation: Constellation) -> None:
    """Make the functions of this module's SQL known to the connection."""
    functions: tuple[tuple[str, Callable[..., Any], int], ...] = (
        ("message_place", _place, 2),
        ("message_time", _time, 1),
        ("message_sound", _sound, 1),
    )
    for name, function, count in functions:
        constellation.connection.create_scalar_function(name, function, count, deterministic=True)


def _ascii(raw: bytes | None) -> str:
    return (raw or b"").decode("ascii", "replace")


def _place(position: bytes | None, created_at: bytes | None) -> int:
    try:
        return min(snowflake.parse(_ascii(position)), _LARGEST)
    except ValueError:
        pass
    try:
        return min(max(snowflake.make(times.nanoseconds(_ascii(created_at)) // 1_000_000), 0), _LARGEST)
    except ValueError:
        return 0


def _time(raw: bytes | None) -> str | None:
    try:
        return times.column_time(times.nanoseconds(_ascii(raw)))
    except (ValueError, OverflowError):
        return None


def _sound(raw: bytes) -> bool:
    """Whether this valid JSON text is on one line and the runtime could read it as a message's content."""
    from pattern_cli.messages import content

    damage: Damage = []
    text = raw.decode("utf-8", "surrogateescape")
    return min(text) >= " " and not (content.read(read_json(text, "", damage)).damage or damage)
