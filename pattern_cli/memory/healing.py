"""Updates that nobody sees, because the runtime switched off others that they build on (memory.md §7 M7).

The missing operations are brought back and their own effect is reverted in the same breath: what was undone stays
undone, and what waited becomes visible.
"""

from __future__ import annotations

from collections.abc import Iterable

from pattern_cli.memory.documents import Document
from pattern_cli.memory.timeline import HEAL, PREFIX
from pattern_cli.memory.versions import Update, Versions
from pattern_cli.store.constellation import Constellation


def heal(constellation: Constellation, block_id: str, document: Document) -> bool:
    """Make pending updates of a loaded document visible; whether any became so.

    Where the operations are stored nowhere nothing changes. Raises IntegrityError when the history cannot be read.
    """
    versions = Versions(constellation, block_id)
    waiting = [one.update for one in versions.applied if not document.holds(one.update.extent)]
    for update in _needed(document, versions.inactive, waiting):
        _bring_back(document, versions, update)
    return any(document.holds(one.extent) for one in waiting)


def _needed(document: Document, off: tuple[Update, ...], waiting: list[Update]) -> list[Update]:
    """The switched-off updates without which fewer of the waiting ones become visible."""
    most = _visible(document, off, waiting)
    return [one for one in off if _visible(document, [other for other in off if other is not one], waiting) < most]


def _visible(document: Document, off: Iterable[Update], waiting: list[Update]) -> int:
    trial = document.at(document.version)
    for one in (*waiting, *off):
        trial.merge(one.blob)
    return sum(trial.holds(one.extent) for one in waiting)


def _bring_back(document: Document, versions: Versions, update: Update) -> None:
    past = versions.alone(update)
    past.revert_to(past.version_before([update.extent], kept=document.extent()))
    past.commit(f"{PREFIX}{HEAL}:{update.seq}")
    document.merge(past.snapshot())
