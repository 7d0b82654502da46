"""What can be said about a finished file that nobody writes: its hash, its integrity, its rows.

Such a file is opened `immutable`: no locks, no side files, also on a medium that cannot be written. SQLite reads it
through a memory map, a quarter faster; hashing does not, so that a bad sector found there is an error and not the end
of the process.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import apsw

from pattern_cli.backups.tables import count, ordinary_tables, quoted, stored_tables

Progress = Callable[[int, int | None], None]
T = TypeVar("T")

HASH_PIECE = 1 << 20
PARALLEL_FROM = 32_000_000
MAX_WORKERS = 4
MAX_PROBLEMS = 100
MANY_ENTRIES = 10_000
_PROGRESS_STEPS = 100_000


@contextmanager
def opened(path: Path, stop: threading.Event | None = None) -> Iterator[apsw.Connection]:
    """A read-only connection to a finished file; a statement ends with apsw.InterruptError once `stop` is set."""
    name = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    connection = apsw.Connection(name, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        connection.set_progress_handler(stop.is_set if stop else lambda: False, _PROGRESS_STEPS)
        connection.execute(f"PRAGMA mmap_size = {path.stat().st_size}").fetchall()
        yield connection
    finally:
        connection.close()


def hash_of(path: Path, stop: threading.Event | None = None, progress: Progress | None = None) -> str:
    """The BLAKE3 hash of a whole file as `blake3:` and 64 hex digits; `progress` gets bytes."""
    from blake3 import blake3

    digest = blake3(max_threads=blake3.AUTO)
    buffer = bytearray(HASH_PIECE)
    view = memoryview(buffer)
    done = 0
    with path.open("rb", buffering=0) as file:
        total = os.fstat(file.fileno()).st_size
        while length := file.readinto(buffer):
            digest.update(view[:length])
            done += length
            if stop and stop.is_set():
                raise InterruptedError
            if progress:
                progress(done, total)
    return f"blake3:{digest.hexdigest()}"


def counts_of(path: Path, skip_damaged: bool = False) -> dict[str, int]:
    """The number of rows of every ordinary table of a finished file, at most without the damaged ones."""
    counts: dict[str, int] = {}
    with opened(path) as connection:
        for table in ordinary_tables(connection):
            try:
                counts[table] = count(connection, table)
            except apsw.CorruptError:
                if not skip_damaged:
                    raise
    return counts


class Work:
    """Runs jobs on several threads; leaving the block early (an error, Ctrl-C) stops those that run.

    Both SQLite and BLAKE3 let go of Python's lock while they work, so the threads use as many processors.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.stop = threading.Event()
        self.workers = workers or min(processors(), MAX_WORKERS)
        self._pool = ThreadPoolExecutor(self.workers)

    def add(self, job: Callable[..., T], *arguments: object) -> Future[T]:
        """Start a job as soon as a thread is free."""
        return self._pool.submit(job, *arguments)

    def __enter__(self) -> Work:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind:
            self.stop.set()
        self._pool.shutdown(wait=True, cancel_futures=bool(kind))


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start_integrity(work: Work, path: Path) -> list[Future[list[str]]]:
    """Start SQLite's integrity check of a finished file; the joined results name the problems, none when sound.

    On a large file with several processors it is split: `quick_check` of the whole file proves every page, the free
    list and the full-text indexes, and `integrity_check` of each table proves its rows against its indexes. Together
    they make every comparison of one `integrity_check`, in half the time.
    """
    if work.workers == 1 or path.stat().st_size < PARALLEL_FROM:
        return [work.add(_check, path, work.stop, "PRAGMA integrity_check")]
    # Under way while the rest is still being divided.
    whole = work.add(_check, path, work.stop, "PRAGMA quick_check")
    return [whole, *(work.add(_check, path, work.stop, *statements) for statements in _split(path))]


def _split(path: Path) -> list[list[str]]:
    """The statements of a check table by table, the longest first so that the threads finish together.

    A table without indexes needs none. Those of small tables go together: opening the file takes longer than checking
    them.
    """
    try:
        with opened(path) as connection:
            entries = {table: _index_entries(connection, table) for table in stored_tables(connection)}
    except (apsw.CorruptError, apsw.NotADBError):
        return [["PRAGMA integrity_check"]]
    indexed = sorted((table for table in entries if entries[table]), key=lambda name: -entries[name])
    large = [table for table in indexed if entries[table] >= MANY_ENTRIES]
    parts = [*([table] for table in large), indexed[len(large) :]]
    return [[f"PRAGMA integrity_check({quoted(table)})" for table in part] for part in parts]


def _index_entries(connection: apsw.Connection, table: str) -> int:
    """About how many index entries a table has, without counting: by its last row number; at least its indexes."""
    indexes: Any = connection.execute("SELECT count(*) FROM pragma_index_list(?)", (table,)).fetchall()[0][0]
    last: Any = 1
    # A table may have no row numbers, and then has but one index: itself.
    with suppress(apsw.SQLError):
        last = connection.execute(f"SELECT max(_rowid_) FROM {quoted(table)}").fetchall()[0][0]
    return int(indexes) * max(last if isinstance(last, int) else 1, 1)


def _check(path: Path, stop: threading.Event, *statements: str) -> list[str]:
    problems: list[str] = []
    try:
        with opened(path, stop) as connection:
            for statement in statements:
                for (text,) in connection.execute(statement):
                    if text != "ok":
                        problems.append(str(text))
    except (apsw.CorruptError, apsw.NotADBError) as error:
        problems.append(str(error))
    return problems


def problems_of(checks: list[Future[list[str]]]) -> list[str]:
    """The problems that integrity checks found, each once and at most 100 of them."""
    found = dict.fromkeys(text for check in checks for text in check.result())
    return list(found)[:MAX_PROBLEMS]


def problems_in(path: Path) -> list[str]:
    """Check the integrity of a finished file and wait for the result."""
    with Work() as work:
        return problems_of(start_integrity(work, path))
