"""Which update each part of a block comes from: lines of text, fields, items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.memory.display import shown
from pattern_cli.memory.documents import Document, RootChange
from pattern_cli.memory.timeline import action_of
from pattern_cli.memory.versions import Applied, Versions
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_time

Run = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BlameRow:
    """A part of a block and the update that changed it last; `seq` 0 is what was there before the first update.

    `root` is the container in the document, `place` the number of the line or item from 1 on, or the name of the key.
    """

    root: str
    place: str
    seq: int
    source: str | None
    action: str | None
    created_at: str | None
    text: str


def blame(constellation: Constellation, block_id: str) -> list[BlameRow]:
    """The parts of a block in the order of its roots' names. Raises IntegrityError for a damaged history."""
    with constellation.one_moment():
        versions = Versions(constellation, block_id)
    document = versions.document(versions.base)
    origins = _Origins(document)
    for one in versions.applied:
        for change in one.changes:
            origins.take(change, one.update.seq)
    last = versions.document(versions.applied[-1].after) if versions.applied else document
    known = {one.update.seq: one for one in versions.applied}
    return [
        _row(root, place, seq, text, known.get(seq))
        for root, kinds in sorted(last.roots().items())
        for kind in sorted(kinds)
        for place, seq, text in origins.parts(root, kind, kinds[kind])
    ]


def _row(root: str, place: str, seq: int, text: str, one: Applied | None) -> BlameRow:
    if one is None:
        return BlameRow(root, place, seq, None, None, None, text)
    created = read_time(one.update.created_at, "created_at", [])
    return BlameRow(root, place, seq, one.update.source, action_of(one.messages)[0], created, text)


class _Origins:
    """For every root the update that each character, item or key comes from, while changes go by."""

    def __init__(self, document: Document) -> None:
        self._runs: dict[tuple[str, str], list[Run]] = {}
        self._keys: dict[tuple[str, str], int] = {}
        for root, kinds in document.roots().items():
            for kind in ("text", "list"):
                if kinds.get(kind):
                    self._runs[root, kind] = [(len(kinds[kind]), 0)]

    def take(self, change: RootChange, seq: int) -> None:
        """Follow what one update did to one root."""
        if change.kind in ("text", "list"):
            walked = self._runs.get((change.root, change.kind), [])
            self._runs[change.root, change.kind] = _walk(walked, change.steps, seq)
        for step, value in change.steps:
            if step == "set":
                self._keys[change.root, value[0]] = seq
            elif step == "count":
                self._keys[change.root, ""] = seq

    def parts(self, root: str, kind: str, value: Any) -> Iterator[tuple[str, int, str]]:
        """Places, updates and texts of a root's present content."""
        if kind == "map":
            for key in sorted(value):
                yield key, self._keys.get((root, key), 0), shown(value[key])
        elif kind == "list":
            each = [seq for count, seq in self._runs.get((root, kind), []) for _ in range(count)]
            for number, item in enumerate(value):
                yield str(number + 1), each[number], shown(item)
        elif kind == "text":
            yield from self._lines(root, value)
        else:
            yield "", self._keys.get((root, ""), 0), shown(value)

    def _lines(self, root: str, text: str) -> Iterator[tuple[str, int, str]]:
        each = [seq for count, seq in self._runs.get((root, "text"), []) for _ in range(count)]
        begin = 0
        for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
            end = begin + len(line)
            # The break belongs to what follows as often as to the line: it counts for empty lines only.
            yield str(number), max(each[begin:end] or each[end : end + 1], default=0), line
            begin = end + 1


def _walk(runs: list[Run], steps: tuple[tuple[str, Any], ...], seq: int) -> list[Run]:
    """The runs after the steps of an update."""
    waiting = list(reversed(runs))
    made: list[Run] = []
    for step, value in steps:
        if step == "insert":
            made.append((len(value), seq))
            continue
        left = value
        while left and waiting:
            count, origin = waiting.pop()
            if count > left:
                waiting.append((count - left, origin))
                count = left
            left -= count
            if step == "keep":
                made.append((count, origin))
    made.extend(reversed(waiting))
    return made
