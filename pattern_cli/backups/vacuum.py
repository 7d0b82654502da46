"""Vacuum: the database without its unused pages, proven before it replaces anything (architecture.md §3)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from pattern_cli.backups import equality, finished
from pattern_cli.backups.copying import Progress, fact, require_space, temporary
from pattern_cli.backups.snapshot import snapshot
from pattern_cli.backups.tables import count, stored_tables, virtual_tables
from pattern_cli.errors import ConflictError, FailureError, IntegrityError, RefusedError, SchemaError
from pattern_cli.schema.fulltext import rebuild_unsound
from pattern_cli.store import opening, versions
from pattern_cli.store.constellation import Constellation, describe
from pattern_cli.store.failures import translate
from pattern_cli.store.opening import side

PAGES_PER_STEP = 1024


@dataclass(frozen=True, slots=True)
class VacuumPlan:
    """What a vacuum would do; all sizes in bytes.

    `free_size` is what unused pages take and what comes back at least: partly filled pages are packed too.
    `space_needed` is what it takes on the disk meanwhile, the snapshot included.
    """

    path: str
    size: int
    wal_size: int
    page_size: int
    page_count: int
    freelist_count: int
    free_size: int
    space_needed: int
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """What a vacuum did: sizes in bytes with the log, `rows` the number of rows compared one by one.

    `rebuilt` names full-text indexes that did not match their tables, neither before nor after, and were made anew.
    `shrunk` is False when another process keeps the file from shrinking until its next checkpoint.
    """

    path: str
    size_before: int
    size_after: int
    freed: int
    tables: int
    rows: int
    rebuilt: tuple[str, ...]
    shrunk: bool
    snapshot: str | None
    seconds: float


class Vacuum:
    """Vacuums an open constellation, of any known schema version, with or without the vector extension."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._connection = constellation.connection

    def plan(self, take_snapshot: bool = True) -> VacuumPlan:
        """What `run` would do and need; changes nothing. The constellation may be open for reading only."""
        connection = self._connection
        page_size, page_count, free = (fact(connection, name) for name in ("page_size", "page_count", "freelist_count"))
        packed = (page_count - free) * page_size
        return VacuumPlan(
            path=str(self._constellation.path),
            size=_size(self._constellation.path),
            wal_size=_size(side(self._constellation.path, "-wal")),
            page_size=page_size,
            page_count=page_count,
            freelist_count=free,
            free_size=free * page_size,
            # The temporary file, and once more the same in the log when it is copied back.
            space_needed=2 * packed + (page_count * page_size if take_snapshot else 0),
            holders=tuple(map(describe, self._constellation.holders())),
        )

    def run(self, take_snapshot: bool = True, force: bool = False, progress: Progress | None = None) -> Vacuumed:
        """Vacuum into a temporary file, prove it, copy it back into the same file in one transaction.

        The proof: integrity, equal schema, every row of every table under its rowid with the same bytes (which
        includes every block's snapshot and updates, and is stronger than comparing what they show), and the full-text
        indexes against their tables. Nothing is changed unless all of it holds. A commit of another process since the
        beginning, found under the write lock, ends it without a change. `progress` gets bytes copied back, and
        (0, None) before.

        Raises RefusedError while another process has the file open (unless `force`), ConflictError when the database
        changed meanwhile, LockedError, FailureError (no space), SchemaError (newer than known), IntegrityError (the
        database is damaged, or the proof failed).
        """
        began = time.monotonic()
        self.require_ready(force)
        path = self._constellation.path
        plan = self.plan(take_snapshot)
        require_space(path.absolute().parent, plan.space_needed, "the vacuum")
        if progress:
            progress(0, None)
        saved = snapshot(self._constellation, reason="vacuum") if take_snapshot else None
        with self._errors(), temporary(path.absolute().parent, f"{path.name}.vacuum") as packed:
            with self._guard() as (guard, version):
                self._connection.execute("VACUUM INTO ?", (str(packed),))
                try:
                    rebuilt, tables, rows = prove(guard, packed)
                except IntegrityError:
                    # What differs may be what somebody has written since.
                    self._require_unchanged(guard, version)
                    raise
                self._copy_back(packed, lambda: self._require_still(guard, version, force), progress)
            shrunk = not self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
        before, after = plan.size + plan.wal_size, _size(path) + _size(side(path, "-wal"))
        return Vacuumed(
            path=str(path),
            size_before=before,
            size_after=after,
            freed=before - after,
            tables=tables,
            rows=rows,
            rebuilt=rebuilt,
            shrunk=shrunk,
            snapshot=saved.path if saved else None,
            seconds=round(time.monotonic() - began, 3),
        )

    def require_ready(self, force: bool = False) -> None:
        """Raise what `run` would raise before it begins: RefusedError, SchemaError, FailureError."""
        constellation = self._constellation
        if not constellation.writable or constellation.connection.in_transaction:
            raise FailureError("a vacuum needs the database open for writing, outside a transaction")
        version = constellation.version
        if version is not None and version > versions.NEWEST:
            raise SchemaError(
                f"{constellation.path} is at schema version {version:04d}; this program knows up to "
                f"{versions.NEWEST:04d}",
                "update this program",
            )
        self._require_alone(force)

    def _require_alone(self, force: bool) -> None:
        holders = () if force else self._constellation.holders()
        if holders:
            raise RefusedError(
                f"vacuum is refused while {', '.join(map(describe, holders))} has {self._constellation.path} open: "
                "a runtime that cannot write for five seconds loses a message",
                "stop it first; --force does it anyway",
            )

    @contextmanager
    def _guard(self) -> Iterator[tuple[apsw.Connection, int]]:
        """A second connection, which alone can tell that somebody has committed, and the state it starts from."""
        opened = opening.open_reading(self._constellation.path)
        try:
            yield opened.connection, fact(opened.connection, "data_version")
        finally:
            opened.close()

    def _require_still(self, guard: apsw.Connection, version: int, force: bool) -> None:
        self._require_alone(force)
        self._require_unchanged(guard, version)

    def _require_unchanged(self, guard: apsw.Connection, version: int) -> None:
        if fact(guard, "data_version") != version:
            raise ConflictError(
                f"another process has changed {self._constellation.path} during the vacuum; nothing was done",
                "stop what writes to it and try again",
            )

    def _copy_back(self, packed: Path, check: Callable[[], None], progress: Progress | None) -> None:
        """One transaction into the same file: whoever opens it meanwhile sees the old content or the new."""
        source = apsw.Connection(str(packed), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            page_size = fact(source, "page_size")
            with self._connection.backup("main", source, "main") as backup:
                # Copies nothing yet, but takes the write lock: what is checked now stays true.
                backup.step(0)
                check()
                while not backup.done:
                    backup.step(PAGES_PER_STEP)
                    if progress:
                        pages = backup.page_count
                        progress((pages - backup.remaining) * page_size, pages * page_size)
        finally:
            source.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise translate(error, self._constellation.path) or error from None


def prove(original: apsw.Connection, packed: Path) -> tuple[tuple[str, ...], int, int]:
    """Prove that a packed file holds exactly what the original does.

    Returns the full-text indexes that had to be rebuilt and the numbers of tables and rows compared. Raises
    IntegrityError naming what differs.
    """
    with equality.attached(original, packed):
        different = list(equality.differences(original))
        tables = stored_tables(original)
        rows = sum(count(original, table) for table in tables)
    if different:
        raise _failed(different)
    rebuilt = _checked_indexes(packed)
    problems = finished.problems_in(packed)
    if problems:
        raise _failed(problems)
    return rebuilt, len(tables), rows


def _failed(problems: list[str]) -> IntegrityError:
    return IntegrityError(
        f"the vacuumed copy failed its proof: {'; '.join(problems[:3])}",
        "the database was not changed; it may be damaged: compare with a backup",
    )


def _checked_indexes(packed: Path) -> tuple[str, ...]:
    """Compare every full-text index with its table; rebuild and name those that differ.

    The rows are proven equal by now, so an index that differs here differed before (database.md §10, D21, D24).
    """
    connection = apsw.Connection(str(packed), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        return rebuild_unsound(connection, virtual_tables(connection, "fts5"))
    except apsw.CorruptError as error:
        raise _failed([f"a full-text index does not match its table after a rebuild: {error}"]) from None
    finally:
        connection.close()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
