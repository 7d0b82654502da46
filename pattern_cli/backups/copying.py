"""SQLite's online backup of a database in use, into a private temporary file (architecture.md §3)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from pattern_cli.backups.gathering import layer_name
from pattern_cli.errors import ConflictError, FailureError
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.failures import translate
from pattern_cli.store.unfinished import discard, partial_name, remove_leftovers

Progress = Callable[[int, int | None], None]

PAGES_PER_STEP = 1024
_OURS = (apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError)


@contextmanager
def one_read_transaction(constellation: Constellation) -> Iterator[apsw.Connection]:
    """Hold one snapshot of the source: otherwise every commit of another process restarts the copy.

    Raises FailureError inside a transaction, whose uncommitted changes would be copied.
    """
    connection = constellation.connection
    if connection.in_transaction:
        raise FailureError("a backup cannot be taken inside a transaction", "take it before the transaction begins")
    try:
        connection.execute("BEGIN")
        try:
            connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
    except apsw.Error as error:
        raise translate(error, constellation.path) or error from None


@contextmanager
def temporary(folder: Path, name: str) -> Iterator[Path]:
    """A new empty file (mode 0600) that is removed at the end unless it was renamed meanwhile.

    Its name carries the process id, so that what a killed process left can be told and removed.
    """
    remove_leftovers(folder)
    path = partial_name(folder / name)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        raise ConflictError(f"{path} exists already", "another backup to the same name is running") from None
    except OSError as error:
        raise FailureError(f"{folder} cannot be written: {error.strerror}", "name another place with -o") from None
    try:
        yield path
    finally:
        discard(path)


def copy(source: apsw.Connection, target: Path, progress: Progress | None = None) -> int:
    """Copy a database into an empty file and return its size in bytes; `progress` gets bytes.

    The source must hold a read transaction. The target's bytes have left this process, but may not be on the disk.
    """
    page_size = fact(source, "page_size")
    try:
        connection = apsw.Connection(str(target), vfs=layer_name())
        try:
            # The file is nobody's but ours and thrown away on failure: no journal.
            connection.execute("PRAGMA journal_mode = OFF").fetchall()
            with _mapped(source), connection.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(PAGES_PER_STEP)
                    if progress:
                        pages = backup.page_count
                        progress((pages - backup.remaining) * page_size, pages * page_size)
                size = backup.page_count * page_size
        finally:
            connection.close()
    except _OURS as error:
        raise translate(error, target.parent) or error from None
    if target.stat().st_size != size:
        raise FailureError(f"the copy in {target.parent} has {target.stat().st_size} bytes, not {size}", "try again")
    return size


def fact(connection: apsw.Connection, pragma: str) -> int:
    """The number that a pragma without argument gives."""
    found: Any = connection.execute(f"PRAGMA {pragma}").fetchall()
    return int(found[0][0])


@contextmanager
def _mapped(source: apsw.Connection) -> Iterator[None]:
    """Let the source be read through a memory map, as the runtime does too: a third faster."""
    before = fact(source, "mmap_size")
    size = fact(source, "page_count") * fact(source, "page_size")
    source.execute(f"PRAGMA mmap_size = {size}").fetchall()
    try:
        yield
    finally:
        source.execute(f"PRAGMA mmap_size = {before}").fetchall()


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise FailureError when the disk of a folder has less than so many bytes free."""
    import shutil

    free = shutil.disk_usage(folder).free
    if free < needed:
        raise FailureError(
            f"{what} needs {needed / 1e6:,.1f} MB in {folder}, where {free / 1e6:,.1f} MB are free".replace(",", " "),
            "free some space, or name another place with -o",
        )
