"""Values that people give: read by the type of a field, and refused where a document could not hold them exactly.

Loro turns integers beyond 64 bits into floats without a word, the runtime leaves out what has no JSON form, and reads
nested values only to some depth (memory.md §2.2, §8).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from pattern_cli.errors import NotFoundError, UsageError
from pattern_cli.memory.schemas import FieldDef
from pattern_cli.store import times
from pattern_cli.store.ids import nearest

DEEPEST = 64
_INTEGERS = range(-(2**63), 2**63)
# Counters are floats: beyond this, neighbouring whole numbers are one.
_COUNTED = 2**53
_MEANT = {
    "Number": "a number, for example 4 or 2.5",
    "Boolean": "true or false",
    "List": 'a JSON array, for example \'["tea", "rain"]\'',
    "Timestamp": "a time such as 2026-01-08T19:02:18+00:00, or now",
    "Counter": "a whole number",
}


def checked(value: Any, what: str, depth: int = 0) -> Any:
    """The value as a document can hold it. Raises UsageError naming `what`."""
    if depth > DEEPEST:
        raise UsageError(f"{what} is nested more than {DEEPEST} levels deep", "a text can hold it as it is")
    if isinstance(value, dict):
        return {_text(key, what): checked(item, what, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [checked(item, what, depth + 1) for item in value]
    if isinstance(value, str):
        return _text(value, what)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if value not in _INTEGERS:
            raise UsageError(f"{what}: {value} is beyond 64 bits and would lose digits", "store it as a text")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UsageError(f"{what}: {value} is no number that can be stored", "store it as a text")
        return value
    raise UsageError(f"{what} is no value that a document can hold")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{what}: the name {value!r} is no text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"{what} holds half of a surrogate pair, which is no Unicode text") from None
    return value


def parsed(text: str, what: str) -> Any:
    """The JSON value that a text is. Raises UsageError also for NaN, for a name that comes twice, and as `checked`."""
    try:
        return checked(json.loads(text, parse_constant=_no_constant, object_pairs_hook=unique), what)
    except RecursionError:
        raise UsageError(f"{what} is nested more than {DEEPEST} levels deep", "a text can hold it as it is") from None
    except ValueError as error:
        raise UsageError(f"{what} is no JSON: {error}", 'for example \'{"key": "value"}\'') from None


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON from its members. Raises ValueError when a name comes twice: one value would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name in found if sum(name == other for other, _ in pairs) > 1)
        raise ValueError(f'the name "{twice}" comes twice')
    return found


def guessed(text: str, what: str) -> Any:
    """What the runtime takes a text for where no schema says its type: JSON if it is JSON, else a text."""
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _text(text, what)
    return parsed(text, what)


def typed(text: str, field: FieldDef, what: str) -> Any:
    """The value that a person typed for a field, by the field's type. Raises UsageError saying what is due."""
    kind = field.field_type
    if kind == "Text":
        return _text(text, what)
    if kind == "Timestamp":
        return fitting(times.now_column() if text.strip() == "now" else text, field, what)
    try:
        value = parsed(text, what)
    except UsageError:
        _is_json(text, kind, what)
        raise
    return fitting(value, field, what)


def _is_json(text: str, kind: str, what: str) -> None:
    """Say what is due rather than what JSON is, unless the value is JSON that cannot be stored."""
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _due(text, kind, what) from None


def fitting(value: Any, field: FieldDef, what: str) -> Any:
    """A value of the right kind for a field. Raises UsageError saying what is due."""
    kind = field.field_type
    if kind == "Timestamp":
        return _time(value, what)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "Text": isinstance(value, str),
        "Number": number,
        "Boolean": isinstance(value, bool),
        "List": isinstance(value, list),
        "Counter": number and value == math.floor(value),
    }
    if not fits[kind]:
        raise _due(value, kind, what)
    return whole(value, what) if kind == "Counter" else value


def whole(value: Any, what: str) -> int:
    """A number that a counter can count exactly. Raises UsageError."""
    if not abs(value) <= _COUNTED:
        raise UsageError(f"{what}: counters count exactly only up to {_COUNTED}", "use a field of another type")
    return int(value)


def _time(value: Any, what: str) -> Any:
    try:
        times.nanoseconds(value if isinstance(value, str) else "")
    except ValueError:
        raise _due(value, "Timestamp", what) from None
    return value


def _due(value: Any, kind: str, what: str) -> UsageError:
    return UsageError(f"{what} is of type {kind}, which {short(value)} is not", _MEANT.get(kind, "a text is due"))


def short(value: Any) -> str:
    """A value in a sentence: as JSON, cut when it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else text[:39] + "…"


def entry(
    value: dict[str, Any], fields: tuple[FieldDef, ...], what: str, new_field: bool, extra: Iterable[str] = ()
) -> dict[str, Any]:
    """An object with named fields, each of its type; any names where no fields are known.

    Raises NotFoundError for a name that is neither a field nor in `extra`, unless `new_field`; UsageError for a value
    of the wrong kind and for a required field that is missing.
    """
    known = {field.name: field for field in fields}
    if fields and not new_field:
        for name in value:
            if name not in known and name not in set(extra):
                raise unknown(name, what, [*known, *extra], "--new-field stores it anyway")
    for field in fields:
        if field.required and field.name not in value:
            raise UsageError(f'{what}: the field "{field.name}" is missing', f"{field.name}=…: {field.description}")
    return {
        name: fitting(item, known[name], f"{what}: {name}") if name in known else item for name, item in value.items()
    }


def unknown(name: str, what: str, names: Iterable[str], way_out: str = "") -> NotFoundError:
    """The error for a field that does not exist, with the nearest names."""
    known = list(dict.fromkeys(names))
    near = nearest(name, known)
    said = f"did you mean {near}? " if near else f"fields: {', '.join(known)}; " if known else "it has no fields; "
    return NotFoundError(f'{what} has no field "{name}"', said + way_out if way_out else said.rstrip("; "))


def equal(one: Any, other: Any) -> bool:
    """Whether two plain values are the same also in kind: `1`, `1.0` and `true` differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and bool(one == other)
