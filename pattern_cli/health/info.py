"""Facts about a database file: where it is, why that one, how large, who has it open (`db info`)."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

import apsw

from pattern_cli.store import versions
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.opening import side
from pattern_cli.store.times import from_nanoseconds

_HEADER_MODE_OFFSET = 18
_WAL = 2


@dataclass(frozen=True, slots=True)
class SideFile:
    """A file that SQLite keeps beside the database: its name and size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class FileHolder:
    """A process that has the file open; `pid` is None where the system cannot tell which.

    `is_ours` tells a run of this program from the runtime.
    """

    pid: int | None
    command: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """A database file as it is; sizes in bytes, `modified_at` RFC 3339 UTC, `permissions` as octal text.

    `location` says what named the file: `--db`, `PATTERN_DB`, a configuration file, `data directory`, or None.
    `size` is the file alone, `total_size` with its log. `holders` are the other processes that have it open.
    `read_from_copy`: this user may not index the log, so a private copy was read. `sqlite` is the library of this
    program, not the one that wrote the file.
    """

    path: str
    location: str | None
    size: int
    wal_size: int
    total_size: int
    version: int | None
    newest_version: int
    permissions: str
    modified_at: str
    page_size: int
    page_count: int
    freelist_count: int
    free_size: int
    journal_mode: str
    encoding: str
    auto_vacuum: str
    application_id: int
    user_version: int
    sqlite: str
    side_files: tuple[SideFile, ...]
    holders: tuple[FileHolder, ...]
    read_from_copy: bool


def info(constellation: Constellation, location: str | None = None) -> DatabaseInfo:
    """Read the facts of an open database; nothing here reads more than its first page (database.md §1)."""
    path = constellation.path
    status = path.stat()
    holders = constellation.holders()
    side_files = _side_files(constellation, bool(holders))
    wal_size = next((file.size for file in side_files if file.name.endswith("-wal")), 0)
    page_size, page_count, free = (
        int(constellation.value(f"PRAGMA {name}")) for name in ("page_size", "page_count", "freelist_count")
    )
    return DatabaseInfo(
        path=str(path.absolute()),
        location=location,
        size=status.st_size,
        wal_size=wal_size,
        total_size=status.st_size + wal_size,
        version=constellation.version,
        newest_version=versions.NEWEST,
        permissions=f"{stat.S_IMODE(status.st_mode):04o}",
        modified_at=from_nanoseconds(status.st_mtime_ns // 1_000_000_000 * 1_000_000_000),
        page_size=page_size,
        page_count=page_count,
        freelist_count=free,
        free_size=free * page_size,
        journal_mode=_journal_mode(constellation),
        encoding=constellation.value("PRAGMA encoding"),
        auto_vacuum=("none", "full", "incremental")[constellation.value("PRAGMA auto_vacuum")],
        application_id=constellation.value("PRAGMA application_id"),
        user_version=constellation.value("PRAGMA user_version"),
        sqlite=apsw.sqlite_lib_version(),
        side_files=side_files,
        holders=tuple(FileHolder(*holder) for holder in holders),
        read_from_copy=constellation.read_from_copy,
    )


def _side_files(constellation: Constellation, held: bool) -> tuple[SideFile, ...]:
    """The side files that were there before us: an empty log that nobody holds is our own reading's."""
    found = []
    for suffix in ("-wal", "-shm", "-journal"):
        try:
            file = side(constellation.path, suffix)
            found.append(SideFile(file.name, file.stat().st_size))
        except OSError:
            continue
    log = any(file.size for file in found if not file.name.endswith("-shm"))
    return tuple(found) if held or log else ()


def _journal_mode(constellation: Constellation) -> str:
    """The journal mode of the file; SQLite does not tell it where nothing may be written.

    Such a file is read `immutable`, without locks, so that looking at its header here loses none.
    """
    mode = str(constellation.value("PRAGMA journal_mode"))
    path = constellation.path
    if mode != "delete" or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return mode
    with path.open("rb") as file:
        header = file.read(_HEADER_MODE_OFFSET + 2)
    return "wal" if header[_HEADER_MODE_OFFSET:] == bytes([_WAL, _WAL]) else mode
