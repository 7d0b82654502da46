"""Snowflake positions: milliseconds and a sequence in one 64-bit number (database.md §6.2)."""

from __future__ import annotations

from pattern_cli.store import times

EPOCH_MS = 1_288_834_974_657
_BASE32 = {c: i for i, c in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")} | {"O": 0, "I": 1, "L": 1}
_LIMIT = 1 << 64


def make(unix_ms: int, sequence: int = 0) -> int:
    """The position of a unix time in milliseconds and a sequence number from 0 to 65 535."""
    return ((unix_ms - EPOCH_MS) << 16) + sequence


def milliseconds(position: int) -> int:
    """The unix time of a position, in milliseconds."""
    return (position >> 16) + EPOCH_MS


def parse(text: str) -> int:
    """The number in a stored position: 13 characters of Crockford base32 first, then decimal.

    Raises ValueError for anything else, as the runtime fails to read such a row.
    """
    if len(text) == 13 and text.isascii():
        digits = [_BASE32.get(c) for c in text.upper()]
        if None not in digits:
            value = 0
            for digit in digits:
                value = value * 32 + (digit or 0)
            if value < _LIMIT:
                return value
    if text.isascii() and text.isdigit() and int(text) < _LIMIT:
        return int(text)
    raise ValueError(f"not a position: {text[:40]!r}")


def rfc3339z_of(text: str) -> str | None:
    """When a stored position was drawn, as RFC 3339 UTC; None when it carries no time.

    Letta conversions store a counter padded with zeros: it parses, but says nothing about time;
    neither does a number beyond year 9999.
    """
    try:
        value = parse(text)
        return None if value < 1 << 40 else times.from_nanoseconds(milliseconds(value) * 1_000_000)
    except ValueError:
        return None
