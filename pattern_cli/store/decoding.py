"""Raw column values as typed ones; what cannot be decoded stays as it is and is named (database.md §2.1).

One row that the runtime cannot read must never hide the others: every function takes the list of remarks on its row
and adds to it instead of raising.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from pattern_cli.store import times

if TYPE_CHECKING:
    import json

Damage = list[str]
# Levels of JSON that the runtime reads; far fewer than would be too many for writing it again.
DEEPEST = 127


def read_time(raw: Any, column: str, damage: Damage) -> Any:
    """A time column as RFC 3339 UTC with `Z`, nanoseconds kept."""
    if raw is None:
        return None
    try:
        return times.rfc3339z(raw)
    except (ValueError, TypeError, OverflowError):
        damage.append(f"{column}: not a time")
        return raw


def read_json(raw: Any, column: str, damage: Damage) -> Any:
    """A JSON column's value, integers exact; a bare number is shown and reported, as the runtime cannot read it."""
    if raw is None:
        return None
    if isinstance(raw, int | float):
        damage.append(f"{column}: a bare number, which the runtime cannot read")
        return raw
    if isinstance(raw, bytes):
        damage.append(f"{column}: stored as bytes, which the runtime cannot read")
        raw = raw.decode("utf-8", "surrogateescape")
    try:
        value = _decoder().decode(raw)
    except (ValueError, RecursionError):
        damage.append(f"{column}: not valid JSON")
        return raw
    if raw.count("[") + raw.count("{") > DEEPEST and is_deep(value):
        damage.append(f"{column}: JSON nested too deeply for the runtime")
        return raw
    return value


def is_deep(value: Any) -> bool:
    """Whether a value is nested in more levels than the runtime reads."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, list | dict)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(inner, list | dict) for inner in level)


@functools.cache
def _decoder() -> json.JSONDecoder:
    """Python's decoder without its additions to JSON, which could not be written as JSON again."""
    import json

    return json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"out of range: {text[:40]}")
    return value


def _refuse(word: str) -> None:
    raise ValueError(f"not JSON: {word}")


def read_word(raw: Any, column: str, known: Collection[str], damage: Damage) -> Any:
    """An enumeration's spelling as stored; one the runtime does not know is reported (database.md §4)."""
    if raw is not None and raw not in known:
        damage.append(f"{column}: {raw!r} is not one of {', '.join(known)}")
    return raw


def read_flag(raw: Any) -> bool:
    """A truth value as the runtime reads it: any number but zero; the text 'true' reads as false."""
    return isinstance(raw, int | float) and raw != 0


def read_integer(raw: Any, column: str, damage: Damage) -> Any:
    """A whole number; anything else stays as stored."""
    if raw is not None and not isinstance(raw, int):
        damage.append(f"{column}: not a whole number")
    return raw


def read_text(raw: Any, column: str, damage: Damage) -> Any:
    """A text; bytes in a text column stay as stored, as do bytes that are no UTF-8 inside a text."""
    if isinstance(raw, str):
        try:
            raw.encode()
        except UnicodeEncodeError:
            damage.append(f"{column}: not valid UTF-8")
    elif raw is not None:
        damage.append(f"{column}: stored as {type(raw).__name__}, which the runtime cannot read")
    return raw
