"""Purging: deleted messages leave the database for good, which the runtime never does itself (database.md D30).

Only messages that are marked as deleted go; nobody reads them, so a running runtime misses nothing. Summaries of
archived ranges name positions, not messages, and stay as they are; so do the mailboxes.
"""

from __future__ import annotations

from dataclasses import replace

from pattern_cli.messages.marking import Change, Snapshot, apply, require_allowed, told
from pattern_cli.messages.selection import Choice, Selection
from pattern_cli.schema.fulltext import rebuild_unsound
from pattern_cli.store.constellation import Constellation

ACTION = "purge"
_INDEX = "messages_fts"


class Purging:
    """The removal of deleted messages from an open constellation: first `plan`, then `run`."""

    def __init__(self, constellation: Constellation, choice: Choice) -> None:
        self._constellation = constellation
        self._choice = choice
        self._planned: Selection | None = None

    def plan(self) -> Change:
        """What `run` would remove, which from now on removes this or nothing.

        Raises NotFoundError and AmbiguousError for ids.
        """
        with self._constellation.one_moment():
            self._planned = Selection(self._constellation, ACTION, self._choice)
            return told(ACTION, self._planned, dry_run=True)

    def run(self, snapshot: Snapshot | None = None, force: bool = False) -> Change:
        """Remove the messages in one transaction; `snapshot` is called before, unless there is nothing to do.

        Afterwards the full-text index is compared with the messages, and made anew should it differ; beside a running
        runtime, which would have to wait, that is left out. Raises ConflictError when the messages of the plan changed
        meanwhile, RefusedError beside a running runtime for more rows than it can wait for (unless `force`), and what
        `plan` raises.
        """
        constellation = self._constellation
        if self._planned is None:
            self.plan()
        assert self._planned is not None
        require_allowed(constellation, ACTION, self._planned, force)
        saved = snapshot(constellation) if snapshot and self._planned.rows else None
        with constellation.transaction() as connection:
            selection = Selection(constellation, ACTION, self._choice)
            selection.require_same(self._planned)
            require_allowed(constellation, ACTION, selection, force)
            change = told(ACTION, selection, dry_run=False, snapshot=saved)
            sql = "DELETE FROM messages WHERE rowid IN (SELECT value FROM json_each(?))"
            apply(constellation, sql, (selection.page,), len(selection.rows))
            if selection.rows and not constellation.live_holder():
                change = replace(change, rebuilt=rebuild_unsound(connection, (_INDEX,)))
        self._planned = None
        return change
