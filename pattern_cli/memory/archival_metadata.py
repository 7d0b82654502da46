"""Conditions on the metadata of archival entries: `topic`, `topic=harbor`, `source.page=3`, `tags=boat`.

Metadata is any JSON that an agent gave. It is decoded here and not by SQL, which stops at the first damaged value and
reads large integers inexactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import UsageError
from pattern_cli.memory.archival import Archival, ArchivalRow
from pattern_cli.store.decoding import read_json

WHOLE = "."
_MISSING = object()
_EXAMPLE = "for example topic, topic=harbor, source.page=3; a backslash takes the dot or = after it as it is"


@dataclass(frozen=True, slots=True)
class Condition:
    """A place in metadata, as keys and indexes from the outside in, and the value that must be there.

    `text` is the value as it was typed, None where any value will do; `value` is what it means as JSON.
    """

    path: tuple[str, ...]
    text: str | None = None
    value: Any = None

    def holds(self, metadata: Any) -> bool:
        """Whether metadata has such a value there: equal to it, or a list that has an equal item."""
        found = _at(metadata, self.path)
        if found is _MISSING or self.text is None:
            return found is not _MISSING
        return any(map(self._equals, [found, *found] if isinstance(found, list) else [found]))

    def _equals(self, found: Any) -> bool:
        return found == self.text or _same(found, self.value)


def condition(text: str) -> Condition:
    """The condition in `KEY` or `KEY=VALUE`; dots lead into objects and lists, `.` alone is the metadata itself.

    A value that is JSON means that (`3`, `true`, `null`, `"3"`) and also the text as it stands; anything else is a
    text. Raises UsageError.
    """
    found = re.fullmatch(r"((?:[^\\=]|\\.)*)(?:=(.*))?", text, re.DOTALL)
    if not found or not found[1]:
        raise UsageError(f'"{text}" names no key', _EXAMPLE)
    path = () if found[1] == WHOLE else tuple(_keys(found[1]))
    if "" in path:
        raise UsageError(f'"{text}" has an empty key between dots', _EXAMPLE)
    if found[2] is None:
        return Condition(path)
    damage: list[str] = []
    value = read_json(found[2], "", damage)
    return Condition(path, found[2], found[2] if damage else value)


class MetadataSearch:
    """A search for entries by their metadata; `unreadable` counts those passed over whose metadata is damaged."""

    def __init__(self, archival: Archival, conditions: Sequence[str]) -> None:
        if not conditions:
            raise UsageError("no condition is named", _EXAMPLE)
        self._archival = archival
        self._conditions = tuple(map(condition, conditions))
        self.unreadable = 0

    def find(
        self, owner: str | None = None, *, since: int | None = None, until: int | None = None, limit: int | None = None
    ) -> Iterator[ArchivalRow]:
        """The entries for whose metadata all conditions hold, newest first; else as `Archival.list`."""
        self.unreadable = 0
        return self._archival.list(owner, since=since, until=until, limit=limit, where=self._fits)

    def _fits(self, row: ArchivalRow) -> bool:
        if any(problem.startswith("metadata:") for problem in row.damage):
            self.unreadable += 1
            return False
        # No metadata is no value, and not the value null.
        return row.metadata is not None and all(one.holds(row.metadata) for one in self._conditions)


def _keys(text: str) -> Iterator[str]:
    """The keys between dots, backslashes resolved."""
    key = ""
    for escaped, plain in re.findall(r"\\(.)|(.)", text, re.DOTALL):
        if plain == ".":
            yield key
            key = ""
        else:
            key += escaped or plain
    yield key


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _MISSING
    return value


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON: 1 is 1.0, but neither is true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)
