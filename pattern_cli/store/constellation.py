"""One open constellation: its connection, transactions, schema version and the other processes that hold it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import apsw

from pattern_cli.errors import ConflictError, IntegrityError, RefusedError, SchemaError
from pattern_cli.store import holders as _holders
from pattern_cli.store import opening, tolerant, versions
from pattern_cli.store.failures import translate
from pattern_cli.store.holders import Holder, Marks, Probe

if TYPE_CHECKING:
    from pattern_cli.store.database import PatternDatabase

Mode = Literal["read", "write", "create"]
LIVE_ROWS = 5_000
LIVE_BYTES = 3_000_000


class Constellation:
    """An open constellation database; a context manager that closes it.

    Services take one of these as their first argument. `connection` is the only connection of this process to the
    file; `database` is Peewee over the same connection.
    """

    def __init__(self, opened: opening.Opened, path: Path, mode: Mode, probe: Probe, marks: Marks) -> None:
        self.path = path
        self.mode: Mode = mode
        self.connection = opened.connection
        self._opened = opened
        self._probe = probe
        self._marks = marks

    @classmethod
    def open(
        cls, path: str | Path, mode: Literal["read", "write"] = "read", *, any_schema: bool = False
    ) -> Constellation:
        """Open an existing file; `any_schema` lets a writer take an older one (migrations, backups, vacuum).

        Raises NotFoundError, FailureError (a folder, no permission), IntegrityError (no database, no constellation),
        LockedError, and for writers SchemaError unless the schema is exactly the newest known.
        """
        path = Path(path)
        if mode == "write" and not any_schema:
            _require_content(path)
        probe, marks = Probe(path), Marks()
        # First the mark: without it another run takes this one for a runtime as soon as the file is open.
        marks.set()
        try:
            opened = _open_reading(path, probe) if mode == "read" else opening.open_writing(path)
        except BaseException:
            probe.close()
            marks.clear()
            raise
        constellation = cls(opened, path, mode, probe, marks)
        try:
            constellation._check_content()
            if mode == "write" and not any_schema:
                constellation.require_newest()
        except BaseException:
            constellation.close()
            raise
        return constellation

    @classmethod
    def create(cls, path: str | Path) -> Constellation:
        """Create an empty file (mode 0600, WAL, no tables); raises ConflictError when it exists."""
        path = Path(path)
        marks = Marks()
        marks.set()
        try:
            opened = opening.create(path)
        except BaseException:
            marks.clear()
            raise
        return cls(opened, path, "create", Probe(path), marks)

    @property
    def writable(self) -> bool:
        """Whether this constellation was opened for changes."""
        return self.mode != "read"

    @property
    def read_from_copy(self) -> bool:
        """Whether a private copy is read because the folder may not be written and the log has no index."""
        return self._opened.private_copy is not None

    @functools.cached_property
    def database(self) -> PatternDatabase:
        """Peewee over this connection, made on first use."""
        from pattern_cli.store.database import PatternDatabase

        return PatternDatabase(self.connection, str(self.path))

    def bind(self, query: Any) -> Any:
        """A Peewee query that will run on this constellation."""
        return query.bind(self.database)

    def rows(self, sql: str, params: Any = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, streamed, with SQLite's raw values; bytes that are no UTF-8 come as surrogates."""
        try:
            yield from tolerant.rows(self.connection, sql, params)
        except apsw.SQLError as error:
            raise self._empty() or translate(error, self.path) or error from None
        except apsw.Error as error:
            raise translate(error, self.path) or error from None

    def _empty(self) -> SchemaError | None:
        """What is to be said about a database without any table."""
        if self.connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall():
            return None
        return _is_empty(self.path)

    def value(self, sql: str, params: Any = (), default: Any = None) -> Any:
        """The first column of the first row, or `default` when there is no row."""
        row = next(self.rows(sql, params), None)
        return default if row is None else row[0]

    def has_table(self, name: str) -> bool:
        """Whether the file has a table of that name (virtual ones included)."""
        return self.value("SELECT 1 FROM sqlite_schema WHERE type='table' AND name=?", (name,)) is not None

    def has_column(self, table: str, column: str) -> bool:
        """Whether a table has a column."""
        return self.value("SELECT 1 FROM pragma_table_info(?) WHERE name=?", (table, column)) is not None

    @property
    def version(self) -> int | None:
        """The highest version in the migration ledger; None without one."""
        if not self.has_table("_sqlx_migrations"):
            return None
        found = self.value("SELECT max(version) FROM _sqlx_migrations WHERE typeof(version) = 'integer'")
        return None if found is None else int(found)

    def require(self, table: str, *columns: str, since: int) -> None:
        """Raise SchemaError when a table or column of a later schema version is missing."""
        if self.has_table(table) and all(self.has_column(table, column) for column in columns):
            return
        raise SchemaError(
            f"{self.path} is at schema version {self.version or 0:04d}; this needs {since:04d}",
            "`pattern migrate up` brings it to the newest version",
        )

    def require_newest(self) -> None:
        """Raise SchemaError unless the schema is exactly the newest this program knows, and the runtime would say so.

        A ledger with a gap, a failed version or a foreign checksum says that the schema may be another one.
        """
        version = self.version
        if version is None:
            raise SchemaError(f"{self.path} has no migration ledger", "`pattern migrate status` says what can be done")
        if version > versions.NEWEST:
            raise SchemaError(
                f"{self.path} is at schema version {version:04d}; this program knows up to {versions.NEWEST:04d}",
                "update this program; reading works as far as known columns go",
            )
        if version < versions.NEWEST:
            raise SchemaError(
                f"{self.path} is at schema version {version:04d}; changes need {versions.NEWEST:04d}",
                "`pattern migrate up` brings it to the newest version",
            )
        from pattern_cli.store import ledger

        problem = ledger.standing(self).problem
        if problem:
            raise SchemaError(problem.message, f"{problem.hint}; `pattern migrate status` shows the whole ledger")

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """One write transaction, taken at once; everything is undone on any error, Ctrl-C included.

        Inside another transaction it is a savepoint. Raises LockedError when the lock is not free within 5 seconds.
        """
        connection = self.connection
        nested = connection.in_transaction
        begin, commit, undo = (
            (
                "SAVEPOINT inner_change",
                "RELEASE inner_change",
                "ROLLBACK TO inner_change; RELEASE inner_change",
            )
            if nested
            else ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        )
        try:
            connection.execute(begin)
            try:
                yield connection
                connection.execute(commit)
            except BaseException:
                # A full disk or an interrupt may have rolled back already.
                if connection.in_transaction:
                    connection.execute(undo)
                raise
        except apsw.Error as error:
            raise translate(error, self.path) or error from None

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """One read transaction, so that several statements see the same rows while another process writes.

        Inside a transaction it adds nothing.
        """
        connection = self.connection
        if connection.in_transaction:
            yield
            return
        try:
            connection.execute("BEGIN")
            yield
        finally:
            # An abandoned list may outlive its constellation.
            with suppress(apsw.ConnectionClosedError):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def change(self, dry_run: bool = False) -> Iterator[None]:
        """A write transaction; in a dry run one moment, without a lock, of a file that could be changed.

        Raises SchemaError in a dry run that could not be done in earnest, and what `transaction` raises.
        """
        if dry_run:
            self.require_newest()
        with self.one_moment() if dry_run else self.transaction():
            yield

    @property
    def outdated(self) -> bool:
        """Whether another file is at the path by now, or none, or this reader cannot see the changes of others."""
        return self._opened.outdated

    def reopen(self) -> None:
        """Open what is at the path now instead, for a reader that follows a file which may be replaced.

        Raises as `open` does; the constellation is then closed and may be reopened later. Functions that were made
        known to the old connection are not known to the new one.
        """
        self._opened.close()
        self._probe.close()
        self.__dict__.pop("database", None)
        self._probe = Probe(self.path)
        self._opened = _open_reading(self.path, self._probe)
        self.connection = self._opened.connection
        try:
            self._check_content()
        except BaseException:
            self._opened.close()
            raise

    def holders(self) -> tuple[Holder, ...]:
        """The other processes that have this file open."""
        return _holders.holders(self.path, self._probe)

    def live_holder(self) -> Holder | None:
        """A holder that is not a run of this program: the runtime, as far as anybody can tell."""
        return next((holder for holder in self.holders() if not holder.is_ours), None)

    def require_quiet(self, what: str, force: bool = False) -> None:
        """Raise RefusedError while a runtime has the file open, unless forced."""
        holder = None if force else self.live_holder()
        if holder:
            raise RefusedError(
                f"{what} is refused while {describe(holder)} has {self.path} open",
                "stop the runtime first; --force does it anyway",
            )

    def require_lock_budget(self, what: str, rows: int = 0, size: int = 0, force: bool = False) -> None:
        """Raise RefusedError when a write of that many rows or bytes beside a runtime could cost it a message.

        The runtime waits five seconds for the lock and then drops what it wanted to store (architecture.md §3).
        """
        if force or (rows <= LIVE_ROWS and size <= LIVE_BYTES):
            return
        holder = self.live_holder()
        if holder:
            seconds = max(rows / 16_000, size / 10_000_000)
            raise RefusedError(
                f"{what} would hold the write lock for about {max(seconds, 0.5):.1f} s while {describe(holder)} "
                f"has {self.path} open, and a runtime that waits 5 s loses a message",
                "stop the runtime first; --force does it anyway",
            )

    def _check_content(self) -> None:
        if self.has_table("agents") or self.value("SELECT count(*) FROM sqlite_schema") == 0:
            return
        if self.has_table("oauth_sessions"):
            raise IntegrityError(
                f"{self.path} is the runtime's auth database, which holds secrets",
                "name constellation.db beside it",
            )
        raise IntegrityError(f"{self.path} is a SQLite database, but no constellation", "check the path")

    def close(self) -> None:
        """Close the file without leaving a trace of a reader."""
        try:
            self._opened.close()
        finally:
            self._probe.close()
            self._marks.clear()

    def __enter__(self) -> Constellation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        torn = self._opened.torn
        self.close()
        if torn and (kind is None or issubclass(kind, IntegrityError)):
            raise ConflictError(
                f"{self.path} was changed while it was read without locks: what was read may be of two states",
                "try again; a user who may write there reads it safely",
            )


def _require_content(path: Path) -> None:
    """Raise SchemaError for an empty file before it is opened for a change, which would write into it."""
    with suppress(OSError):
        if path.is_file() and not path.stat().st_size:
            raise _is_empty(path)


def _is_empty(path: Path) -> SchemaError:
    return SchemaError(f"{path} is an empty database", "`pattern migrate up` makes it a constellation")


def _open_reading(path: Path, probe: Probe) -> opening.Opened:
    return opening.open_reading(path, lambda: bool(_holders.holders(path, probe)))


def describe(holder: Holder) -> str:
    """A holder in words: `pattern (pid 4711)`."""
    if holder.pid is None:
        return "another process (this system cannot tell which)"
    return f"{holder.command or 'a process'} (pid {holder.pid})"
