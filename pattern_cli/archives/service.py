"""Importing an archive: everything in one transaction, decided before it begins (architecture.md §3; import.md)."""

from __future__ import annotations

import functools
import gc
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields

import apsw

from pattern_cli.archives.archive import Archive
from pattern_cli.archives.car import Progress
from pattern_cli.archives.history import KeptIds, NewIds, message_rows, places
from pattern_cli.archives.planning import Decisions, History, Planner
from pattern_cli.archives.plans import ImportOptions, ImportPlan, ImportResult
from pattern_cli.archives.removal import remove
from pattern_cli.archives.rows import JsonColumns
from pattern_cli.archives.writing import Writer
from pattern_cli.errors import ConflictError
from pattern_cli.messages.batches import BatchCount, Batches, SameBatches
from pattern_cli.store.constellation import Constellation

# How much of the database an import keeps in memory; negative means kibibytes to SQLite.
CACHE = -8_000


class Import:
    """One import of an open archive into an open constellation.

    Raises SchemaError when the target is not at the newest schema version.
    """

    def __init__(self, target: Constellation, archive: Archive, options: ImportOptions | None = None) -> None:
        target.require_newest()
        self._target = target
        self._archive = archive
        self._options = options or ImportOptions()
        self._planner = Planner(target, archive, self._options)
        self._decisions: Decisions | None = None
        self._history: History | None = None
        self._seen = 0

    def plan(self, progress: Progress | None = None) -> ImportPlan:
        """What `run` would do; reads the whole archive and changes nothing. `progress` gets bytes of the archive.

        Raises IntegrityError for an archive that holds something impossible, UsageError and RefusedError for options
        that do not fit it.
        """
        decisions = self._decide()
        if self._history is None:
            self._history = self._planner.look_at_messages(decisions, progress)
        return self._planner.plan(decisions, self._history)

    def run(self, *, take_snapshot: bool = True, force: bool = False, progress: Progress | None = None) -> ImportResult:
        """Import, in one transaction: nothing stays on any error. `progress` gets bytes of the archive.

        A snapshot is taken first when something is replaced. Raises ConflictError when the target has things already
        that the policy does not allow, or changed since the plan; RefusedError beside a running runtime (unless
        forced) when it would wait too long for the lock or when something is replaced; and whatever `plan` raises.
        """
        decisions = self._decide()
        options = self._options
        if (options.keep_ids and options.on_conflict == "replace") or (self._target.live_holder() and not force):
            # What goes, or how long it takes, is only known after a look at all messages.
            self.plan()
        expected = self._planner.plan(decisions, self._history or History())
        self._require_allowed(expected, decisions, force)
        before_snapshot = self._data_version()
        saved = self._snapshot() if expected.removes and take_snapshot else None
        began = time.monotonic()
        with _settings(self._target.connection), self._target.transaction() as connection:
            if expected.removes:
                # Under the lock what is true now stays true: what goes is in the snapshot, and nobody edits it.
                self._require_quiet(force)
                if self._data_version() != before_snapshot:
                    raise self._changed()
            if self._data_version() != self._seen:
                decisions = self._decided_again(decisions)
            history = self._write(connection, decisions, progress)
        plan = self._planner.plan(decisions, history)
        self._decisions = self._history = None
        return ImportResult(
            **{field.name: getattr(plan, field.name) for field in fields(ImportPlan)},
            database=str(self._target.path),
            snapshot=saved,
            seconds=round(time.monotonic() - began, 3),
        )

    def _decide(self) -> Decisions:
        if self._decisions is None:
            # Before anything else is read: a commit of another process from here on changes it.
            self._seen = self._data_version()
            self._archive.bytes_read = 0
            self._decisions = self._planner.decide()
        return self._decisions

    def _require_allowed(self, plan: ImportPlan, decisions: Decisions, force: bool) -> None:
        problem = refusal(plan)
        if problem:
            raise problem
        if plan.removes:
            self._require_quiet(force)
        rows = sum(plan.adds.values()) + sum(plan.removes.values())
        size = self._archive.bytes_read + decisions.removed.size
        self._target.require_lock_budget("this import", rows, size, force)

    def _require_quiet(self, force: bool) -> None:
        # A running runtime has what it replaces in memory, and would write its next edit on top.
        self._target.require_quiet("replacing what an archive brings", force)

    def _snapshot(self) -> str:
        from pattern_cli.backups.snapshot import snapshot

        return snapshot(self._target, reason="import").path

    def _decided_again(self, before: Decisions) -> Decisions:
        """The decisions against what another process has committed meanwhile, if a person would see no difference."""
        again = self._planner.decide()
        if not again.same_as(before):
            raise self._changed()
        return again

    def _changed(self) -> ConflictError:
        return ConflictError(
            f"{self._target.path} was changed by another process after the plan was made",
            "nothing was imported; try again",
        )

    def _write(self, connection: apsw.Connection, decisions: Decisions, progress: Progress | None) -> History:
        """Write everything, and say what became of the messages."""
        archive, options, placement = self._archive, self._options, decisions.placement
        archive.bytes_read = 0
        remove(connection, placement)
        columns, ids = JsonColumns(), NewIds()
        if options.keep_ids:
            ids = KeptIds(connection, options.on_conflict, placement.replaced(), writing=True)
        with ExitStack() as stack:
            stack.enter_context(_no_collection())
            batches = SameBatches()
            if not options.keep_ids or options.on_conflict == "rename":
                look = functools.partial(places, archive, placement)
                batches = stack.enter_context(Batches(connection, look, keep=options.keep_ids))
            count = BatchCount(batches)
            rows = message_rows(archive, placement, ids, count, columns, progress)
            writer = Writer(connection, archive, placement, columns, replacing=options.on_conflict == "replace")
            writer.write(rows if options.messages else ())
            history = History.of(writer.added["messages"], ids, count, columns)
        expected = self._planner.plan(decisions, self._history or history)
        if writer.added != Counter(expected.adds) or (*placement.conflicts, *history.conflicts) != expected.conflicts:
            raise self._changed()
        if progress:
            progress(archive.car.size, archive.car.size)
        return history

    def _data_version(self) -> int:
        return int(self._target.value("PRAGMA data_version"))


def refusal(plan: ImportPlan) -> ConflictError | None:
    """Why an import with this plan fails, and what helps; None when it does not."""
    if not plan.fails:
        return None
    first, count = plan.conflicts[0], sum(conflict.count for conflict in plan.conflicts)
    of = f" of {first.owner}" if first.owner else ""
    more = f", and {count - 1} more" if count > 1 else ""
    hint = "--on-conflict rename|skip|replace decides what happens"
    if all((conflict.kind, conflict.on) == (plan.kind.removeprefix("thin "), "name") for conflict in plan.conflicts):
        hint = "--rename NAME gives it another name, --on-conflict rename|skip|replace decides otherwise"
    elif any(conflict.on == "id" for conflict in plan.conflicts):
        hint = "leave out --keep-ids, or decide with --on-conflict rename|skip|replace"
    return ConflictError(f'{first.kind} "{first.name}"{of} exists already (same {first.on}){more}', hint)


@contextmanager
def _settings(connection: apsw.Connection) -> Iterator[None]:
    """What makes many small writes fast, as the runtime has it too (database.md §1.3).

    What a statement may have to undo stays in memory: on disk that is a third of the time. The cache has room for the
    indexes whose pages are hit at random.
    """
    wanted = {} if connection.in_transaction else {"temp_store": "MEMORY", "cache_size": CACHE}
    before = {name: connection.execute(f"PRAGMA {name}").fetchall()[0][0] for name in wanted}
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name} = {value}").fetchall()
    try:
        yield
    finally:
        for name, value in before.items():
            connection.execute(f"PRAGMA {name} = {value}").fetchall()


@contextmanager
def _no_collection() -> Iterator[None]:
    """No look for reference cycles meanwhile: there are none, and looking takes a quarter of the decoding time."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()
