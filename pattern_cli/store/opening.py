"""How a database file is opened so that reading leaves no trace and writing is safe (architecture.md §2).

Only this module opens constellation files. Every rule here was tried against real SQLite: a plain `mode=ro` open of
a cleanly closed WAL database creates -wal and -shm and leaves them; `immutable` beside a -wal shows old data.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import apsw

from pattern_cli.errors import ConflictError, FailureError, IntegrityError, LockedError, PatternError
from pattern_cli.store.failures import missing, translate
from pattern_cli.store.locate import FILE_NAME

BUSY_TIMEOUT_MS = 5_000
Identity = tuple[int, ...]
_PROGRESS_STEPS = 100_000
# How often a private copy is tried of a file that changes meanwhile.
_COPIES = 5
# How often this process itself has each file open.
_open_here: Counter[Identity] = Counter()


class Opened:
    """One open database: its connection, and how to let go of it without leaving a trace.

    `keep_wal` says that a log existed at open, `frozen` that changes by others stay invisible, `private_copy` is the
    folder to remove afterwards, `named` the file that is meant where a copy is read.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        path: Path,
        reading: bool,
        keep_wal: bool = False,
        frozen: bool = False,
        seen: Identity | None = None,
    ) -> None:
        self.connection = connection
        self.path = path
        self.reading = reading
        self.keep_wal = keep_wal
        self.frozen = frozen
        self.private_copy: Path | None = None
        self.closed = False
        self.named = path
        self._seen = identity(path, frozen) if seen is None else seen
        self._file = identity(path)
        _open_here[self._file] += 1

    @property
    def outdated(self) -> bool:
        """Whether this connection cannot show what is at its path: another file is there by now, or none.

        A frozen view is outdated by any change of the file or its log.
        """
        return self.closed or self._seen != identity(self.named, self.frozen)

    @property
    def torn(self) -> bool:
        """Whether somebody wrote to a file that was read without locks: what was read may be of two states."""
        return self.frozen and not self.private_copy and self.outdated

    def close(self) -> None:
        """Close the connection; a reader never checkpoints a log that has content."""
        if self.closed:
            return
        self.closed = True
        # SQLite itself leaves the side files alone when another file took this one's place.
        if self.reading and (self.keep_wal or _size(side(self.path, "-wal"))):
            self.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self.connection.close()
        _open_here[self._file] -= 1
        if self.private_copy:
            import shutil

            shutil.rmtree(self.private_copy, ignore_errors=True)


def open_here() -> bool:
    """Whether this process has any database open."""
    return any(_open_here.values())


def side(path: Path, suffix: str) -> Path:
    """The path of a side file: `-wal`, `-shm` or `-journal`; SQLite puts them beside the file a link leads to."""
    return Path(f"{os.path.realpath(path)}{suffix}")


def identity(path: Path, content: bool = False) -> Identity:
    """What tells a file from another at the same path; with `content` also whether it or its log was changed."""
    found: list[int] = []
    for file in (path, side(path, "-wal"), side(path, "-shm")) if content else (path,):
        try:
            status = os.stat(file)
        except OSError:
            found.append(-1)
        else:
            found += (status.st_dev, status.st_ino)
            if content:
                found += (status.st_size, status.st_mtime_ns)
    return tuple(found)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def check_file(path: Path) -> None:
    """Raise the error that fits a path which cannot be a database: missing, a folder, unreadable."""
    try:
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise missing(path) from None
    except OSError as error:
        raise FailureError(
            f"{path} cannot be opened: {error.strerror}", "check the path and the permissions of its folders"
        ) from None
    if stat.S_ISDIR(kind):
        inside = path / FILE_NAME
        hint = f"use --db {inside}" if os.path.isfile(inside) else f"name the database file itself: FOLDER/{FILE_NAME}"
        raise FailureError(f"{path} is a folder, not a database file", hint)
    if not stat.S_ISREG(kind):
        raise FailureError(f"{path} is not a regular file", "name the database file itself")
    if not os.access(path, os.R_OK):
        raise FailureError(f"{path} may not be read by this user", "check the permissions of the file")


def _folder(path: Path) -> Path:
    """The folder that SQLite's side files are in."""
    return side(path, "").parent


def open_reading(path: Path, is_held: Callable[[], bool] = lambda: False) -> Opened:
    """Open for reading; the file, its -wal and the folder's listing stay as they are.

    Where we may write, SQLite itself removes the side files it made. Where we may not, a read-write open would leave
    side files that lock the owner's runtime out, so the mode depends on which side files exist. `is_held` says whether
    another process has the file open; it is asked when there is an empty log.
    """
    for _ in range(_COPIES):
        opened = _try_reading(path, is_held)
        if opened:
            return opened
    raise LockedError(f"{path} changes all the time while a private copy of it is made", "try again in a moment")


def _try_reading(path: Path, is_held: Callable[[], bool]) -> Opened | None:
    """One try; None when the file changed while it was copied."""
    check_file(path)
    # Before SQLite opens it: when the file is replaced in between, that must be seen.
    seen = identity(path)
    wal = side(path, "-wal").exists()
    shm = side(path, "-shm").exists()
    if os.access(path, os.W_OK) and os.access(_folder(path), os.W_OK):
        # An empty log of somebody who has the file open goes with the last of us; one left behind stays.
        keep = wal and (bool(_size(side(path, "-wal"))) or not (_open_here[seen] or is_held()))
        return _reader(path, "mode=rw", seen, keep_wal=keep)
    if wal and shm:
        return _reader(path, "mode=ro", seen, keep_wal=True)
    seen = identity(path, content=True)
    if wal or _size(side(path, "-journal")):
        return _private_copy(path, seen)
    return _reader(path, "mode=ro&immutable=1", seen, frozen=True)


def open_writing(path: Path) -> Opened:
    """Open an existing file for a change: WAL, foreign keys, `synchronous=FULL`, five seconds of patience."""
    check_file(path)
    for place in (path, _folder(path)):
        if not os.access(place, os.W_OK):
            raise FailureError(
                f"{place} may not be written by this user", "check the permissions of the file and its folder"
            )
    return _writer(path)


def create(path: Path) -> Opened:
    """Create an empty database (mode 0600) in WAL mode; raises ConflictError when the file exists."""
    if os.path.isdir(path):
        raise FailureError(f"{path} is a folder, not a database file", f"use {path / FILE_NAME}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        if os.path.lexists(path):
            raise ConflictError(f"{path} exists already", "choose another path, or leave out what creates it") from None
        raise FailureError(
            f"{path} cannot be created: {error.strerror}", "check the permissions of the folder"
        ) from None
    try:
        return _writer(path)
    except BaseException:
        for suffix in ("", "-wal", "-shm"):
            side(path, suffix).unlink(missing_ok=True)
        raise


def _connect(path: Path, query: str) -> apsw.Connection:
    # Only a URI can name every file: bytes that are no UTF-8, names that begin with `file:` or `:`.
    name = f"file:{quote(os.fsencode(path.absolute()))}?{query}"
    try:
        connection = apsw.Connection(name, flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI)
    except apsw.Error as error:
        raise translate(error, path) or error from None
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    # Without a progress handler Ctrl-C waits for the end of a long statement.
    connection.set_progress_handler(lambda: False, _PROGRESS_STEPS)
    return connection


def _reader(path: Path, query: str, seen: Identity, *, keep_wal: bool = False, frozen: bool = False) -> Opened:
    connection = _connect(path, query)
    try:
        if keep_wal:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.execute("PRAGMA query_only=ON; PRAGMA foreign_keys=ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except apsw.Error as error:
        connection.close()
        raise _opening_error(error, path) from None
    return Opened(connection, path, reading=True, keep_wal=keep_wal, frozen=frozen, seen=seen)


def _writer(path: Path) -> Opened:
    connection = _connect(path, "mode=rw")
    try:
        connection.execute("PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
    except apsw.Error as error:
        connection.close()
        raise _opening_error(error, path) from None
    return Opened(connection, path, reading=False)


def _opening_error(error: apsw.Error, path: Path) -> PatternError:
    if isinstance(error, apsw.NotADBError) and _size(path) < 100:
        return IntegrityError(f"{path} is too short to be a SQLite database", "check the path, or restore a backup")
    return translate(error, path) or FailureError(str(error))


def _private_copy(path: Path, seen: Identity) -> Opened | None:
    """A log without its index, or a journal to roll back, where we may not write: only a copy can be read rightly.

    None when the file or its log changed meanwhile: an old file beside a new log would show neither state.
    """
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="pattern-read-"))
    copy = folder / path.name
    try:
        for suffix in ("", "-wal", "-journal"):
            if side(path, suffix).exists():
                shutil.copyfile(side(path, suffix), f"{copy}{suffix}")
        if identity(path, content=True) != seen:
            shutil.rmtree(folder, ignore_errors=True)
            return None
        opened = _reader(copy, "mode=rw", seen, keep_wal=True, frozen=True)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise FailureError(
                f"{path} has a log that this user may not index, and a private copy failed: {error.strerror}",
                f"make room in {folder.parent}, or read it as the user who owns it",
            ) from None
        raise
    opened.private_copy = folder
    opened.named = path
    return opened
