"""What undo and redo mean for a block: which of its updates count, which are undone (memory.md §4.5).

Our undo is an update that reverts another one and says so in the message it carries; the runtime's undo switches an
update off. Both are read from the stored rows alone, so that everybody who looks sees the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pattern_cli.memory.documents import Document, covers
from pattern_cli.memory.versions import Applied, Update, Versions

State = Literal["active", "undone", "off"]
PREFIX = "manual:"
# Brings back operations that others build on, and reverts their effect (memory.md §7 M7).
HEAL = "heal"
# What an update of ours says of itself, also when it brings back operations that were switched off.
_TOLD = ("undo", "redo", "revert")


@dataclass(frozen=True, slots=True)
class Effect:
    """An update that counts or can count again: `name` is the edit's own `seq`, `by` the update that last did it."""

    name: int
    by: Applied


def action_of(messages: tuple[str, ...]) -> tuple[str, int | None]:
    """What stored messages say was done, and the `seq` it was done to: `("undo", 31)`; `("edit", None)` without any.

    The last one counts: what an update brings back has messages of its own.
    """
    for message in reversed(messages):
        word, _, number = message.removeprefix(PREFIX).partition(":")
        if message.startswith(PREFIX) and word != HEAL:
            return word, int(number) if number.isascii() and number.isdigit() else None
    return "edit", None


class Timeline:
    """The edits of a block in the order in which undo takes them back.

    `undoable` and `redoable` are stacks, the next one last. `done` tells what each active update did: a word and the
    `seq` it was done to. `states`: `active`; `undone` by an update of ours; `off`, switched off by the runtime.
    """

    def __init__(self, versions: Versions) -> None:
        self.versions = versions
        self.undoable: list[Effect] = []
        self.redoable: list[Effect] = []
        self.done: dict[int, tuple[str, int | None]] = {}
        self.states: dict[int, State] = {}
        off = {update.seq: update for update in versions.inactive}
        for one in versions.applied:
            self._take(one, off)
        self.off = tuple(off.values())
        self.states |= {update.seq: "off" for update in self.off}

    def _take(self, one: Applied, off: dict[int, Update]) -> None:
        seq = one.update.seq
        word, name = action_of(one.messages)
        revived = [found for found, update in off.items() if _brought(one, update)]
        healed = {found for found in revived if f"{PREFIX}{HEAL}:{found}" in one.messages}
        for found in revived:
            self.states[found] = "undone" if found in healed else "active"
            del off[found]
        self.states[seq] = "active"
        if word not in _TOLD and (back := [found for found in revived if found not in healed]):
            # Operations that the runtime switched off came back with this update, whoever brought them.
            word, name = "redo", back[-1]
            self.undoable.append(Effect(name, one))
        elif not self._moved(word, name, one) and one.moved:
            self.redoable.clear()
            self.undoable.append(Effect(seq, one))
        self.done[seq] = (word, name)

    def _moved(self, word: str, name: int | None, by: Applied) -> bool:
        """Whether the update undid or redid an edit, which is then on the other stack."""
        stacks = {"undo": (self.undoable, self.redoable), "redo": (self.redoable, self.undoable)}
        source, target = stacks.get(word, ([], []))
        found = next((effect for effect in source if effect.name == name), None)
        if found is None:
            return False
        source.remove(found)
        target.append(Effect(found.name, by))
        self.states[found.name] = "undone" if word == "undo" else "active"
        return True

    def next_off(self) -> tuple[Update, ...]:
        """The switched-off updates that can come next on what is active, the newest last (M8).

        Such an update must be newer than every edit that counts and need nothing but what is there. One that repeats
        what another one of them did comes after that.
        """
        return self._next_off(self.versions.newest(), max((effect.name for effect in self.undoable), default=0))

    def branch(self, count: int) -> list[Update]:
        """Up to so many switched-off updates, one after another, each time the newest that can come next.

        All that can be redone comes before them.
        """
        document = self.versions.newest()
        newest = max((effect.name for effect in (*self.undoable, *self.redoable)), default=0)
        found: list[Update] = []
        while len(found) < count and (following := self._next_off(document, newest)):
            found.append(following[-1])
            newest = following[-1].seq
            document.merge(following[-1].blob)
        return found

    def _next_off(self, document: Document, newest: int) -> tuple[Update, ...]:
        later = [update for update in self.off if update.seq > newest and not document.holds(update.extent)]
        found: list[Update] = []
        for update in (one for one in later if self.versions.fits(document, one)):
            if not any(document.holds(other.extent, update.extent) for other in found):
                found.append(update)
        return tuple(found)


def _brought(one: Applied, update: Update) -> bool:
    """Whether an update brought all of an older switched-off one that was not there yet."""
    older = update.seq < one.update.seq
    return older and covers(one.after, update.extent) and not covers(one.before, update.extent)
