"""What a field of an archive's record may hold; every check returns the value to keep (car-archives.md §1.5, §1.6)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from pattern_cli.archives.dagcbor import Link
from pattern_cli.store import times

Check = Callable[[Any], Any]

_I64 = range(-(1 << 63), 1 << 63)
_U64 = range(1 << 64)
_FIXED_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3}|\.\d{6}|\.\d{9})?Z", re.ASCII
).fullmatch
_ZONED = re.compile(r"(?:[zZ]|[+-]\d\d:\d\d)$", re.ASCII).search
_SHOWN = 40


class RecordError(ValueError):
    """A record that does not have the form it should; the text names the key and the problem."""


def field(record: dict[str, Any], key: str, check: Check) -> Any:
    """One field of a map after its check; a missing key counts as null where null is allowed.

    Raises RecordError naming the key, of a nested record the inner one.
    """
    if key not in record and not isinstance(check, _Optional):
        raise RecordError(f"the key {key} is missing")
    try:
        return check(record.get(key))
    except RecordError as error:
        problem = str(error)
        raise error if problem.startswith("the key ") else RecordError(f"the key {key} {problem}") from None


def text(value: Any) -> str:
    """A text."""
    if type(value) is not str:
        raise RecordError("is no text")
    return value


def flag(value: Any) -> bool:
    """A truth value."""
    if type(value) is not bool:
        raise RecordError("is neither true nor false")
    return value


def integer(value: Any) -> int:
    """An integer that a column can hold."""
    if type(value) is not int or value not in _I64:
        raise RecordError("is no integer of 64 bits")
    return value


def count(value: Any) -> int:
    """An unsigned integer."""
    if type(value) is not int or value not in _U64:
        raise RecordError("is no count")
    return value


def octets(value: Any) -> bytes:
    """A byte string."""
    if type(value) is not bytes:
        raise RecordError("is no byte string")
    return value


def link(value: Any) -> Link:
    """A link to another block."""
    if type(value) is not Link:
        raise RecordError("is no link")
    return value


def mapping(value: Any) -> dict[str, Any]:
    """A map."""
    if type(value) is not dict:
        raise RecordError("is no map")
    return value


def links_by_id(value: Any) -> dict[str, Link]:
    """A map from ids to links."""
    return {key: link(item) for key, item in mapping(value).items()}


def json(value: Any) -> Any:
    """Any JSON value; bytes and links have no place in it."""
    todo = [value]
    while todo:
        item = todo.pop()
        if type(item) is dict:
            todo.extend(item.values())
        elif type(item) is list:
            todo.extend(item)
        elif type(item) is bytes or type(item) is Link:
            raise RecordError("holds bytes or a link, which JSON cannot")
    return value


def json_map(value: Any) -> dict[str, Any]:
    """A JSON object."""
    return mapping(json(value))


def moment(value: Any) -> str:
    """A time, as the text of a column: UTC, `+00:00`, the fewest of 0, 3, 6 or 9 digits that lose nothing."""
    if type(value) is not str:
        raise RecordError("is no time")
    try:
        # The runtime's own form only needs its date checked and its zone rewritten.
        if _FIXED_TIME(value) and (len(value) == 20 or value[-4:-1] != "000") and _is_date(value[:10]):
            return value[:-1] + "+00:00"
        if _ZONED(value):
            return times.column_time(value)
    except (ValueError, OverflowError):
        raise RecordError(f"is no time: {value[:_SHOWN]!r}") from None
    raise RecordError(f"is no time with a zone: {value[:_SHOWN]!r}")


@functools.lru_cache(maxsize=1024)
def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).year > 0
    except ValueError:
        return False


def frontier(value: Any) -> None:
    """A document version, numbers from 0 to 255; only checked, as it says nothing after an import."""
    if type(value) is not list or not all(type(item) is int and 0 <= item < 256 for item in value):
        raise RecordError("is no list of bytes")


def passes(value: Any, check: Check) -> bool:
    """Whether a value passes a check."""
    try:
        check(value)
    except RecordError:
        return False
    return True


def word(*known: str) -> Check:
    """One of the spellings the runtime knows (database.md §4.1)."""
    spellings = frozenset(known)

    def check(value: Any) -> Any:
        if type(value) is not str or value not in spellings:
            shown = value[:_SHOWN] if isinstance(value, str) else value
            raise RecordError(f"is {shown!r}, not one of {', '.join(known)}")
        return value

    return check


def array(check: Check) -> Check:
    """A list whose every element passes `check`; comes out as a tuple."""

    def checked(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise RecordError("is no list")
        return tuple(map(check, value))

    return checked


class _Optional:
    def __init__(self, check: Check) -> None:
        self._check = check

    def __call__(self, value: Any) -> Any:
        return None if value is None else self._check(value)


def optional(check: Check) -> Check:
    """A value that may be null or missing."""
    return _Optional(check)
