"""Marks on messages: archived, which takes them out of the context, and deleted, which hides them (database.md §7.1).

A runtime reads messages from the database whenever it builds a context and keeps none, so that it sees a mark at the
next turn. Only the turn that it works on at the moment is in its memory: such a batch is refused while it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pattern_cli.errors import IntegrityError, RefusedError
from pattern_cli.messages.rows import agent_names
from pattern_cli.messages.selection import Choice, Glimpse, RoleCount, Selection, open_batches
from pattern_cli.store.constellation import Constellation, describe

Snapshot = Callable[[Constellation], str]
Mark = Literal["archive", "unarchive", "delete", "undelete"]
_COLUMNS = {
    "archive": ("is_archived", 1),
    "unarchive": ("is_archived", 0),
    "delete": ("is_deleted", 1),
    "undelete": ("is_deleted", 0),
}
# What takes messages away from the runtime.
_HIDES = ("archive", "delete")


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of messages does, or with `dry_run` would do.

    `changed` messages in all: `chosen` that were named and `added` ones of the same batches; `batches` of them are
    touched, `cut` of these only in part. `unchanged` counts named messages that were so already. `counts` is by agent
    and role, `first` and `last` are the oldest and newest few. `snapshot` is the path of the backup made before.
    `rebuilt` names full-text indexes that did not match the messages after a purge and were made anew.
    """

    action: str
    changed: int
    chosen: int
    added: int
    batches: int
    cut: int
    unchanged: int
    counts: tuple[RoleCount, ...]
    first: tuple[Glimpse, ...]
    last: tuple[Glimpse, ...]
    snapshot: str | None
    rebuilt: tuple[str, ...]
    dry_run: bool


class Marking:
    """One change of messages in an open constellation: first looked at with `plan`, then made with `run`."""

    def __init__(self, constellation: Constellation, action: Mark, choice: Choice) -> None:
        self._constellation = constellation
        self._action = action
        self._choice = choice
        self._planned: Selection | None = None

    def plan(self) -> Change:
        """What `run` would do, which from now on does this or nothing.

        Raises NotFoundError and AmbiguousError for ids.
        """
        with self._constellation.one_moment():
            self._planned = Selection(self._constellation, self._action, self._choice)
            return told(self._action, self._planned, dry_run=True)

    def run(self, snapshot: Snapshot | None = None, force: bool = False) -> Change:
        """Set or clear the mark, in one transaction; `snapshot` is called before, unless there is nothing to do.

        Raises ConflictError when the messages of the plan changed meanwhile, RefusedError beside a running runtime for
        a batch that it may work on or for more rows than it can wait for (unless `force`), and what `plan` raises.
        """
        constellation = self._constellation
        if self._planned is None:
            self.plan()
        assert self._planned is not None
        require_allowed(constellation, self._action, self._planned, force)
        saved = snapshot(constellation) if snapshot and self._planned.rows else None
        with constellation.transaction():
            selection = Selection(constellation, self._action, self._choice)
            selection.require_same(self._planned)
            require_allowed(constellation, self._action, selection, force)
            change = told(self._action, selection, dry_run=False, snapshot=saved)
            column, value = _COLUMNS[self._action]
            sql = f"UPDATE messages SET {column} = ? WHERE rowid IN (SELECT value FROM json_each(?))"
            apply(constellation, sql, (value, selection.page), len(selection.rows))
        self._planned = None
        return change


def require_allowed(constellation: Constellation, action: str, selection: Selection, force: bool) -> None:
    """Raise RefusedError for what would harm a running runtime, unless forced."""
    constellation.require_lock_budget(f"messages {action}", rows=len(selection.rows), force=force)
    holder = None if force or action not in _HIDES else constellation.live_holder()
    at_work = next(open_batches(constellation, selection.batches), None) if holder else None
    if holder and at_work:
        agent = agent_names(constellation).get(at_work[0], at_work[0])
        raise RefusedError(
            f"batch {at_work[1]} of {agent} has no answer yet, and {describe(holder)} may be working on it",
            "wait for the answer, or leave it out with --until; --force does it anyway",
        )


def apply(constellation: Constellation, sql: str, params: tuple[int | str, ...], count: int) -> None:
    """Run a statement that must change so many rows. Raises IntegrityError when it did not."""
    list(constellation.rows(sql, params))
    if constellation.connection.changes() != count:
        raise IntegrityError(
            "not all of the messages could be changed; nothing was done", "`pattern db info` tells more"
        )


def told(
    action: str, selection: Selection, *, dry_run: bool, snapshot: str | None = None, rebuilt: tuple[str, ...] = ()
) -> Change:
    """A selection and what becomes of it, as the result of a change."""
    first, last = selection.ends()
    return Change(
        action=action,
        changed=len(selection.rows),
        chosen=selection.chosen,
        added=selection.added,
        batches=len(selection.batches),
        cut=selection.cut,
        unchanged=selection.unchanged,
        counts=selection.counts(),
        first=first,
        last=last,
        snapshot=snapshot,
        rebuilt=rebuilt,
        dry_run=dry_run,
    )
