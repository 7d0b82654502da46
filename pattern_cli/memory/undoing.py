"""Undo, redo and revert beside a running runtime: always a new update, never a flag behind its back (memory.md §4.7).

When nothing was changed since, the content becomes what it was before, exactly. When somebody went on editing, only
the one edit is reverted and what came after it stays.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pattern_cli.errors import ConflictError, NotFoundError
from pattern_cli.memory.editing import Edited, Editor, Terms
from pattern_cli.memory.timeline import Effect, Timeline
from pattern_cli.memory.values import equal
from pattern_cli.memory.versions import Applied, Update, Versions
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_time

if TYPE_CHECKING:
    from pattern_cli.memory.documents import Document
    from pattern_cli.memory.schemas import Schema

Roots = dict[str, dict[str, Any]]
_GONE = object()


@dataclass(frozen=True, slots=True)
class Reverted:
    """What was undone or redone, or would be: `of` is the edit's `seq`, `source` and `created_at` are its own.

    `seq` is the new update, None in a dry run, which tells several steps as one change with the last edit's `of`.
    `before`, `after`, `used_before`, `used` and `changed` as in `Edited`.
    """

    id: str
    owner: str
    label: str
    action: str
    of: int
    source: str | None
    created_at: str | None
    seq: int | None
    changed: bool
    used_before: int
    used: int
    before: str
    after: str
    dry_run: bool


class History:
    """Takes back changes of the blocks of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._editor = Editor(constellation)

    def undo(self, block_id: str, steps: int = 1, seq: int | None = None, terms: Terms = Terms()) -> list[Reverted]:
        """Undo the newest edits that count, whoever made them, or the one edit `seq`.

        Each becomes an update of its own. Raises ConflictError when fewer than `steps` can be undone, NotFoundError
        for a `seq` that does not count, and as `Editor.edit`; nothing is changed then.
        """
        return self._all(block_id, "undo", steps, seq, terms)

    def redo(self, block_id: str, steps: int = 1, seq: int | None = None, terms: Terms = Terms()) -> list[Reverted]:
        """Redo what was undone last, by us or by the runtime; of several branches the newest. Raises as `undo`."""
        return self._all(block_id, "redo", steps, seq, terms)

    def revert(self, block_id: str, seq: int, terms: Terms = Terms()) -> Edited:
        """Make the content what it was after the update `seq`, 0 for before the first. Raises as `undo`."""
        with self._moment(terms):
            versions = Versions(self._constellation, block_id)
            if seq and all(update.seq != seq for update in versions.updates):
                raise NotFoundError(f"there is no update {seq}", "`pattern memory history` shows them")
            past = versions.at(seq)

            def change(document: Document, schema: Schema) -> None:
                if equal(document.roots(), past.roots()):
                    return
                if not document.includes(past.version):
                    document.merge(past.snapshot())
                document.revert_to(past.version)

            return self._editor.edit(
                block_id, change, f"manual:revert:{seq}", "overwrite", replace(terms, force_limit=True)
            )

    def _moment(self, terms: Terms) -> AbstractContextManager[object]:
        return self._constellation.one_moment() if terms.dry_run else self._constellation.transaction()

    def _all(self, block_id: str, word: str, steps: int, seq: int | None, terms: Terms) -> list[Reverted]:
        # What a block held before may be over the limit: taking a change back is no reason to refuse it.
        terms = replace(terms, force_limit=True)
        with self._moment(terms):
            timeline = Timeline(Versions(self._constellation, block_id))
            if terms.dry_run:
                return [self._step(timeline, block_id, word, _chosen(timeline, word, seq, steps), terms)]
            if word == "undo":
                _chosen(timeline, word, seq, steps)
            done = []
            for _ in range(steps):
                done.append(self._step(timeline, block_id, word, _chosen(timeline, word, seq, 1), terms))
                timeline = Timeline(Versions(self._constellation, block_id))
            return done

    def _step(
        self, timeline: Timeline, block_id: str, word: str, found: tuple[Effect | Update, ...], terms: Terms
    ) -> Reverted:
        name = _name(found[-1])
        told = next(update for update in timeline.versions.updates if update.seq == name)

        def change(document: Document, schema: Schema) -> None:
            for one in found:
                if isinstance(one, Update):
                    document.merge(one.blob)
                else:
                    _revert(document, one.by, f"manual:{word}:{one.name}")

        edited = self._editor.edit(block_id, change, f"manual:{word}:{name}", "overwrite", terms)
        return Reverted(
            id=edited.id,
            owner=edited.owner,
            label=edited.label,
            action=word,
            of=name,
            source=told.source if isinstance(told.source, str) else None,
            created_at=read_time(told.created_at, "created_at", []),
            seq=edited.seq,
            changed=edited.changed,
            used_before=edited.used_before,
            used=edited.used,
            before=edited.before,
            after=edited.after,
            dry_run=edited.dry_run,
        )


def _name(found: Effect | Update) -> int:
    return found.name if isinstance(found, Effect) else found.seq


def _revert(document: Document, one: Applied, message: str) -> None:
    """Take back what an update did, and nothing that came after it."""
    past = document.at(one.after)
    now = document.roots()
    if equal(past.roots(), now):
        document.revert_to(one.before)
        return
    then = past.roots()
    past.revert_to(one.before)
    past.commit(message)
    document.merge(past.updates_since(one.after))
    _keep_later_keys(document, then, now)


def _keep_later_keys(document: Document, then: Roots, now: Roots) -> None:
    """Give keys of maps that were set after the reverted update their value again: of two writes one wins by chance."""
    after = document.roots()
    for root in now.keys() | then.keys():
        old, new, result = (found.get(root, {}).get("map", {}) for found in (then, now, after))
        for key in new.keys() | old.keys():
            kept = new.get(key, _GONE)
            if equal(kept, old.get(key, _GONE)) or equal(kept, result.get(key, _GONE)):
                continue
            if key in new:
                document.put(root, key, new[key])
            else:
                document.drop(root, key)


def _chosen(timeline: Timeline, word: str, seq: int | None, steps: int) -> tuple[Effect | Update, ...]:
    """What to take back, in this order. Raises ConflictError or NotFoundError when there is no such thing."""
    stack = timeline.undoable if word == "undo" else timeline.redoable
    branches = timeline.next_off() if word == "redo" and (seq is not None or not stack) else ()
    if seq is None:
        if len(stack) >= steps:
            return tuple(reversed(stack[-steps:]))
        if steps == 1 and branches:
            return branches[-1:]
        said = f"only {len(stack)} edits can be {word}ne" if stack else f"there is nothing to {word}"
        raise ConflictError(said, "`pattern memory history` shows what was done")
    every: tuple[Effect | Update, ...] = (*stack, *branches)
    for found in every:
        if _name(found) == seq:
            return (found,)
    raise NotFoundError(
        f"update {seq} is nothing to {word}", "`pattern memory history` shows which updates count and which do not"
    )
