"""Undo, redo and revert beside a running runtime: always a new update, never a flag behind its back (memory.md §4.7).

When nothing was changed since, the content becomes what it was before, exactly. When somebody went on editing, only
the one edit is reverted and what came after it stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pattern_cli.errors import ConflictError, NotFoundError
from pattern_cli.memory.editing import Edited, Editor, Step, Terms
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
_HISTORY = "`pattern memory history` shows them"


@dataclass(frozen=True, slots=True)
class Reverted:
    """What was undone or redone, or would be: `of` is the edit's `seq`, `source` and `created_at` are its own.

    `seq` is the new update, None in a dry run.
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

        def steps() -> list[Step]:
            versions = Versions(self._constellation, block_id)
            if seq and all(update.seq != seq for update in versions.updates):
                raise NotFoundError(f"there is no update {seq} in {versions.name}", _HISTORY)
            past = versions.at(seq)

            def change(document: Document, schema: Schema) -> None:
                if equal(document.roots(), past.roots()):
                    return
                if not document.includes(past.version):
                    document.merge(past.snapshot())
                document.revert_to(past.version)

            return [Step(change, f"manual:revert:{seq}", "overwrite")]

        return self._editor.edit_all(block_id, steps, replace(terms, force_limit=True))[0]

    def _all(self, block_id: str, word: str, count: int, seq: int | None, terms: Terms) -> list[Reverted]:
        chosen: list[tuple[Effect | Update, Update]] = []

        def steps() -> list[Step]:
            timeline = Timeline(Versions(self._constellation, block_id))
            updates = {update.seq: update for update in timeline.versions.updates}
            found = _chosen(timeline, word, seq, count)
            chosen[:] = [(one, updates[_name(one)]) for one in found]
            return [_step(one, word) for one in found]

        # What a block held before may be over the limit: taking a change back is no reason to refuse it.
        edits = self._editor.edit_all(block_id, steps, replace(terms, force_limit=True))
        return [_told(edited, word, *one) for edited, one in zip(edits, chosen, strict=True)]


def _step(found: Effect | Update, word: str) -> Step:
    message = f"manual:{word}:{_name(found)}"

    def change(document: Document, schema: Schema) -> None:
        if isinstance(found, Update):
            document.merge(found.blob)
        else:
            _revert(document, found.by, message)

    return Step(change, message, "overwrite")


def _told(edited: Edited, word: str, found: Effect | Update, update: Update) -> Reverted:
    return Reverted(
        id=edited.id,
        owner=edited.owner,
        label=edited.label,
        action=word,
        of=_name(found),
        source=update.source if isinstance(update.source, str) else None,
        created_at=read_time(update.created_at, "created_at", []),
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


def _chosen(timeline: Timeline, word: str, seq: int | None, count: int) -> list[Effect | Update]:
    """What to take back, in this order. Raises ConflictError or NotFoundError when there is no such thing."""
    stack: list[Effect | Update] = [*(timeline.undoable if word == "undo" else timeline.redoable)]
    name = timeline.versions.name
    if seq is not None:
        every = [*stack, *(timeline.next_off() if word == "redo" else ())]
        for found in every:
            if _name(found) == seq:
                return [found]
        raise NotFoundError(f"update {seq} is nothing to {word} in {name}", f"{_HISTORY} and which of them count")
    chosen = stack[::-1][:count]
    if word == "redo" and len(chosen) < count:
        chosen += timeline.branch(count - len(chosen))
    if len(chosen) < count:
        said = (
            f"only {len(chosen)} edits can be {word}ne in {name}" if chosen else f"there is nothing to {word} in {name}"
        )
        raise ConflictError(said, "`pattern memory history` shows what was done")
    return chosen
