"""The history of a block: who changed what when, one row for each stored update (memory.md §4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.memory.display import shown
from pattern_cli.memory.documents import RootChange
from pattern_cli.memory.timeline import State, Timeline
from pattern_cli.memory.versions import Applied, Update, Versions
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_time

_SUMMARY = 120


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One stored update of a block.

    `action` is `edit` for what agents do, and what was done with this program (`set`, `undo`, …); `of` the `seq` that
    an undo, redo or revert names. `state`: `active`; `undone` by an update of ours; `off`, switched off by the
    runtime's undo. `inserted` and `deleted` count characters, as far as they can be told; `size` is in bytes.
    `pending`: operations before it are missing, so nobody saw it when it came.
    """

    seq: int
    created_at: str
    source: str | None
    action: str
    of: int | None
    state: State
    inserted: int
    deleted: int
    size: int
    summary: str
    pending: bool
    damage: tuple[str, ...]


def history(constellation: Constellation, block_id: str, limit: int | None = None) -> list[HistoryRow]:
    """The updates of a block, newest first, the newest `limit` of them. Raises IntegrityError for a damaged one."""
    with constellation.one_moment():
        timeline = Timeline(Versions(constellation, block_id))
    rows = sorted(_rows(timeline), key=lambda row: row.seq, reverse=True)
    return rows[:limit]


def _rows(timeline: Timeline) -> Iterator[HistoryRow]:
    contents = Contents(timeline.versions.at(0).roots())
    for one in timeline.versions.applied:
        yield _row(one.update, timeline, [contents.take(change) for change in one.changes], one)
    for update in timeline.versions.inactive:
        before, changes = timeline.versions.effect(update)
        contents = Contents(before)
        effects = [contents.take(change) for change in changes]
        yield _row(update, timeline, effects, None)


def _row(update: Update, timeline: Timeline, effects: list[Effect], one: Applied | None) -> HistoryRow:
    damage: Damage = []
    action, of = timeline.done.get(update.seq, ("edit", None))
    summary = f"{action} #{of}" if of is not None else "; ".join(part for effect in effects for part in effect.parts)
    if one and not one.moved:
        summary = "waits for operations that are not there" if one.pending else "changed nothing"
    return HistoryRow(
        seq=update.seq,
        created_at=read_time(update.created_at, "created_at", damage),
        source=update.source,
        action=action,
        of=of,
        state=timeline.states[update.seq],
        inserted=sum(effect.inserted for effect in effects),
        deleted=sum(effect.deleted for effect in effects),
        size=len(update.blob),
        summary=summary[:_SUMMARY],
        pending=bool(one and one.pending),
        damage=tuple(damage),
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """How many characters a change inserted and deleted, and what it is about in short parts."""

    inserted: int
    deleted: int
    parts: tuple[str, ...]


class Contents:
    """The content while changes go by: what is taken away has a length too, and an edit is in some line."""

    def __init__(self, roots: dict[str, dict[str, Any]]) -> None:
        self._texts: dict[str, str] = {}
        self._maps: dict[str, dict[str, int]] = {}
        self._lists: dict[str, list[int]] = {}
        for name, kinds in roots.items():
            self._texts[name] = kinds.get("text", "")
            self._maps[name] = {key: len(_shown(value)) for key, value in kinds.get("map", {}).items()}
            self._lists[name] = [len(_shown(value)) for value in kinds.get("list", [])]

    def take(self, change: RootChange) -> Effect:
        """Follow a change and tell its effect."""
        if change.kind == "text":
            return self._text(change)
        if change.kind == "list":
            return self._items(change)
        if change.kind == "map":
            return self._keys(change)
        name = change.root.removeprefix("counter_")
        return Effect(0, 0, tuple(f"{name} {by:+g}" for step, by in change.steps if step == "count"))

    def _text(self, change: RootChange) -> Effect:
        old = self._texts.get(change.root, "")
        parts: list[str] = []
        at = inserted = deleted = 0
        first: int | None = None
        for step, value in change.steps:
            if step != "keep" and first is None:
                first = sum(len(part) for part in parts)
            if step == "insert":
                parts.append(value)
                inserted += len(value)
                continue
            if step == "keep":
                parts.append(old[at : at + value])
            else:
                deleted += value
            at += value
        new = self._texts[change.root] = "".join((*parts, old[at:]))
        return Effect(inserted, deleted, tuple(filter(None, [_line(new, first or 0, inserted)])))

    def _items(self, change: RootChange) -> Effect:
        lengths = self._lists.setdefault(change.root, [])
        inserted = deleted = at = 0
        parts: list[str] = []
        for step, value in change.steps:
            if step == "keep":
                at += value
            elif step == "insert":
                texts = [_shown(item) for item in value]
                parts += [f"+ {text}" for text in texts]
                lengths[at:at] = [len(text) for text in texts]
                at += len(texts)
                inserted += sum(map(len, texts))
            else:
                parts.append(f"{value} removed")
                deleted += sum(lengths[at : at + value])
                del lengths[at : at + value]
        return Effect(inserted, deleted, tuple(parts))

    def _keys(self, change: RootChange) -> Effect:
        known = self._maps.setdefault(change.root, {})
        inserted = deleted = 0
        parts: list[str] = []
        for step, value in change.steps:
            key = value[0] if step == "set" else value
            deleted += known.pop(key, 0)
            if step == "set":
                text = _shown(value[1])
                known[key] = len(text)
                inserted += len(text)
            parts.append(f"{key}: {text}" if step == "set" else f"{key} removed")
        return Effect(inserted, deleted, tuple(parts))


def _line(text: str, at: int, inserted: int) -> str:
    """The line of a text in which something was changed; of several new lines the first that is not empty."""
    begin = text.rfind("\n", 0, at) + 1
    for line in text[begin : at + inserted + _SUMMARY].split("\n"):
        if line.strip():
            return " ".join(line.split())
    return ""


def _shown(value: Any) -> str:
    return " ".join(shown(value).split())
