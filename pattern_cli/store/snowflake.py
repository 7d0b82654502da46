"""Snowflake positions: milliseconds and a sequence in one 64-bit number (database.md §6.2)."""

from __future__ import annotations

import os
from collections.abc import Callable

from pattern_cli.store import times

EPOCH_MS = 1_288_834_974_657
_BASE32 = {c: i for i, c in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")} | {"O": 0, "I": 1, "L": 1}
_LIMIT = 1 << 64
# The runtime counts from 0 in every millisecond and never gets this far in one.
_OURS = 1 << 15


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


class Minter:
    """Draws new positions: each larger than the one before, none that is `taken`, none that a runtime draws too.

    A runtime that runs at this moment counts from 0 in every millisecond, and would fail to store its own message
    under an id that we have used. Ours begin at a random place in the upper half of the sequence.
    """

    def __init__(
        self, taken: Callable[[int], bool] = lambda position: False, clock: Callable[[], int] = times.now_ns
    ) -> None:
        self._taken = taken
        self._clock = clock
        self._last = -1

    def draw(self) -> int:
        """The next position; `clock` gives unix nanoseconds and may go back."""
        drawn = make(self._clock() // 1_000_000, _OURS + int.from_bytes(os.urandom(2)) % (_OURS // 2))
        position = max(drawn, self._last + 1)
        while self._taken(position):
            position += 1
        self._last = position
        return position
