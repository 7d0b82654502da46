"""Bringing a constellation to the newest schema version: what would be done, and doing it (architecture.md §3)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import apsw

from pattern_cli.errors import ConflictError, IntegrityError, SchemaError
from pattern_cli.schema import fulltext, invariants
from pattern_cli.schema.applying import apply, statements_of
from pattern_cli.schema.invariants import Invariants
from pattern_cli.schema.migrations import Migration, known
from pattern_cli.schema.shape import differences
from pattern_cli.store import ledger, versions
from pattern_cli.store.constellation import Constellation, describe
from pattern_cli.store.ledger import Entry

Progress = Callable[[int, int | None], None]
Save = Callable[[Constellation], str]
"""Makes a verified backup of a constellation and returns its path."""

REWRITE = "checksum of the superseded edition"


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """One statement that an upgrade would run, as part of a version."""

    version: int
    description: str
    statement: str


@dataclass(frozen=True, slots=True)
class UpgradePlan:
    """What an upgrade would do: `pending` versions in their order, and whether version 1's checksum is rewritten.

    `drift` says what differs from the known schema already.
    """

    path: str
    version: int | None
    newest: int
    pending: tuple[int, ...]
    checksum_rewrite: bool
    statements: tuple[PlannedStatement, ...]
    drift: tuple[str, ...]
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: `rebuilt` names full-text indexes that did not match their tables and were made anew.

    `rows` in `tables` were counted before and after every version; 0 when nothing was pending. `dangling` counts rows
    with foreign keys that point nowhere, and `drift` says what differs from the known schema; neither is more than
    before.
    """

    path: str
    version_before: int | None
    version: int | None
    applied: tuple[int, ...]
    checksum_rewritten: bool
    rebuilt: tuple[str, ...]
    tables: int
    rows: int
    dangling: int
    drift: tuple[str, ...]
    snapshot: str | None
    seconds: float


class Upgrade:
    """Upgrades an open constellation of any version this program knows."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def plan(self) -> UpgradePlan:
        """What `run` would do; changes nothing, and the constellation may be open for reading only.

        Raises SchemaError when migrations cannot build on the ledger.
        """
        constellation = self._constellation
        entries = ledger.check(constellation)
        applied = tuple(entry.version for entry in entries)
        return UpgradePlan(
            path=str(constellation.path),
            version=max(applied, default=None),
            newest=versions.NEWEST,
            pending=ledger.pending(entries),
            checksum_rewrite=ledger.is_pre_edit(entries),
            statements=tuple(_statements(entries)),
            drift=differences(constellation.connection, applied) if applied else (),
            holders=tuple(describe(holder) for holder in constellation.holders() if not holder.is_ours),
        )

    def require_ready(self, force: bool = False) -> None:
        """Raise RefusedError while a runtime has the file open, unless forced."""
        self._constellation.require_quiet("a migration", force)

    def run(self, save: Save | None, force: bool = False, progress: Progress | None = None) -> Upgraded:
        """Apply what is pending, each version in its own transaction; the constellation must be open for writing.

        `save` makes the backup to return to, before anything is changed; None goes without. Under each transaction's
        lock the ledger is read again, and before its commit rows, foreign keys and schema are compared with those
        before. A full-text index that does not match its table is made anew, before the first version and after the
        last. With nothing pending nothing is done. `progress` gets versions.

        Raises SchemaError (the ledger, or a version that does not fit), RefusedError (a runtime, unless `force`),
        IntegrityError (a version broke something and was undone), ConflictError (somebody else migrated meanwhile),
        LockedError, FailureError (no space).
        """
        began = time.monotonic()
        constellation = self._constellation
        plan = self.plan()
        steps = list(_steps(plan))
        if steps:
            self.require_ready(force)
        saved = save(constellation) if steps and save else None
        work = _Work(constellation)
        for number, step in enumerate(steps):
            if progress:
                progress(number, len(steps))
            work.do(step, first=number == 0, last=number == len(steps) - 1)
        return Upgraded(
            path=plan.path,
            version_before=plan.version,
            version=constellation.version,
            applied=plan.pending,
            checksum_rewritten=plan.checksum_rewrite,
            rebuilt=tuple(dict.fromkeys(work.rebuilt)),
            tables=len(work.state.rows),
            rows=sum(work.state.rows.values()),
            dangling=work.state.dangling.total(),
            drift=work.state.drift,
            snapshot=saved,
            seconds=round(time.monotonic() - began, 3),
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """One transaction of an upgrade: a version to apply or, without a migration, the checksum of version 1."""

    version: int
    migration: Migration | None = None


class _Work:
    """Does the steps; `state` holds what was found at the end of the last one."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._seen: int | None = None
        self.state = Invariants({}, Counter(), ())
        self.rebuilt: list[str] = []

    def do(self, step: _Step, first: bool, last: bool) -> None:
        """Do one step in a transaction of its own, which an error undoes."""
        with self._constellation.transaction() as connection:
            applied = self._applied(step)
            before = self._before(connection, applied)
            if first:
                self.rebuilt += fulltext.rebuild_unsound(connection)
            self._apply(connection, step)
            if last:
                # Inside the last transaction, so that whoever kills this process leaves nothing unchecked.
                self.rebuilt += fulltext.rebuild_unsound(connection)
            after = invariants.taken(connection, tuple(sorted({*applied, step.version})))
            problems = tuple(invariants.broken(before, after))
            if problems:
                raise IntegrityError(
                    f"version {ledger.number(step.version)} broke {self._constellation.path} and was undone: "
                    f"{'; '.join(problems[:3])}",
                    "the database may be damaged; `pattern backup list` shows backups to return to",
                )
        self.state = after

    def _applied(self, step: _Step) -> tuple[int, ...]:
        """The versions in the ledger, read again under the lock: another process may have been faster."""
        entries = ledger.check(self._constellation)
        done = step.version not in ledger.pending(entries) if step.migration else not ledger.is_pre_edit(entries)
        if done:
            raise ConflictError(
                f"another process has migrated {self._constellation.path} meanwhile",
                "`pattern migrate status` shows where it stands",
            )
        return tuple(entry.version for entry in entries)

    def _before(self, connection: apsw.Connection, applied: tuple[int, ...]) -> Invariants:
        """What the step starts from: what the last one ended with, unless somebody else has committed since."""
        seen = self._constellation.value("PRAGMA data_version")
        if seen != self._seen:
            self._seen = seen
            return invariants.taken(connection, applied)
        return self.state

    def _apply(self, connection: apsw.Connection, step: _Step) -> None:
        try:
            if step.migration:
                apply(connection, step.migration)
            else:
                connection.execute(ledger.REWRITE_PRE_EDIT)
        except apsw.SQLError as error:
            version = ledger.number(step.version)
            raise SchemaError(
                f"version {version} does not fit {self._constellation.path} and was undone: {error}",
                "`pattern migrate status` says what differs from the known schema",
            ) from None


def _steps(plan: UpgradePlan) -> Iterator[_Step]:
    if plan.checksum_rewrite:
        yield _Step(1)
    for migration in known():
        if migration.version in plan.pending:
            yield _Step(migration.version, migration)


def _statements(entries: tuple[Entry, ...]) -> Iterator[PlannedStatement]:
    if ledger.is_pre_edit(entries):
        yield PlannedStatement(1, REWRITE, ledger.REWRITE_PRE_EDIT)
    open_versions = ledger.pending(entries)
    for migration in known():
        if migration.version in open_versions:
            for statement in statements_of(migration):
                yield PlannedStatement(migration.version, migration.description, statement)
