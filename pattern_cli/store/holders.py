"""Who else has a database open (architecture.md §2).

In WAL mode every connection keeps a shared lock on byte 128 of the -shm file and on the shared range of the database
file for as long as it is open. On Linux `/proc/locks` lists them all and needs no descriptor: opening and closing one
of these files in this process would drop SQLite's own locks. Elsewhere `F_GETLK` names one holder.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from pathlib import Path
from typing import NamedTuple

from pattern_cli.store.opening import side

_LOCKS = Path("/proc/locks")
_SHM_LOCK_BYTES = range(120, 129)


class Holder(NamedTuple):
    """A process that has the file open; `is_ours` tells a run of this program from the runtime."""

    pid: int | None
    command: str
    is_ours: bool


class Marks:
    """Files that tell runs of this program from the runtime's: both programs are named `pattern`.

    The mark stays until the last of this process's open constellations is closed.
    """

    _open = 0

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or _runtime_folder()

    def set(self) -> None:
        """Mark this process; where no mark can be written others only see a foreign holder."""
        Marks._open += 1
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if hasattr(os, "getuid") and self.folder.stat().st_uid != os.getuid():
                return
            (self.folder / str(os.getpid())).write_text(started(os.getpid()))

    def clear(self) -> None:
        """Take this process's mark away with its last open file."""
        Marks._open -= 1
        if Marks._open:
            return
        with contextlib.suppress(OSError):
            (self.folder / str(os.getpid())).unlink()

    def has(self, pid: int) -> bool:
        """Whether that process marked itself; a later process with the same number does not count."""
        try:
            return (self.folder / str(pid)).read_text() == started(pid) != ""
        except OSError:
            return False


def _runtime_folder() -> Path:
    """A folder of this user that does not outlive the machine's start; nobody else may write there."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base:
        return Path(base) / "pattern-constellation"
    if hasattr(os, "getuid"):
        # `tempfile` would say the same, after an import and a trial file that every start would pay for.
        return Path(os.environ.get("TMPDIR") or "/tmp") / f"pattern-constellation-{os.getuid()}"
    import tempfile

    return Path(tempfile.gettempdir()) / "pattern-constellation-user"


def started(pid: int) -> str:
    """The start time of a process in the kernel's ticks; empty where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def command(pid: int) -> str:
    """The name of a process's program; empty when it cannot be read."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def holders(path: Path, probe: Probe | None = None) -> tuple[Holder, ...]:
    """All other processes that have the database open.

    A single holder with `pid` None means that this system cannot tell: the file then counts as held.
    """
    if os.access(_LOCKS, os.R_OK):
        pids = _from_proc(path)
        marks = Marks()
        return tuple(Holder(pid, command(pid), marks.has(pid)) for pid in sorted(pids))
    if not side(path, "-shm").exists():
        return ()
    return probe.holders() if probe else (Holder(None, "", False),)


def _from_proc(path: Path) -> set[int]:
    wanted: dict[int, os.stat_result] = {}
    for file in (path, side(path, "-shm")):
        with contextlib.suppress(OSError):
            status = file.stat()
            wanted[status.st_ino] = status
    pids: set[int] = set()
    for line in _LOCKS.read_text().splitlines():
        words = line.split()
        if len(words) != 8 or words[1] not in {"POSIX", "OFDLCK"}:
            continue  # a waiting process has an arrow in its line and holds nothing
        major, minor, inode = words[5].split(":")
        status_of = wanted.get(int(inode))
        pid = int(words[4])
        if status_of is None or pid == os.getpid():
            continue
        device = os.makedev(int(major, 16), int(minor, 16))
        if device == status_of.st_dev or _has_open(pid, status_of):
            pids.add(pid)
    return pids


def _has_open(pid: int, status: os.stat_result) -> bool:
    """On overlay file systems the lock table names another device than stat does."""
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found = entry.stat()
                if (found.st_ino, found.st_dev) == (status.st_ino, status.st_dev):
                    return True
    except OSError:
        return True
    return False


class Probe:
    """`F_GETLK` on descriptors that outlive SQLite's own: open before SQLite opens, close after it has closed."""

    def __init__(self, path: Path) -> None:
        self._fd: int | None = None
        if not os.access(_LOCKS, os.R_OK) and sys.platform != "win32":
            with contextlib.suppress(OSError):
                self._fd = os.open(side(path, "-shm"), os.O_RDONLY)

    def holders(self) -> tuple[Holder, ...]:
        """One holder, or none; a holder without pid where the system cannot be asked."""
        if self._fd is None:
            return (Holder(None, "", False),)
        pid = locked_by(self._fd)
        return (Holder(pid, command(pid), Marks().has(pid)),) if pid else ()

    def close(self) -> None:
        """Let go of the descriptor; only after SQLite has closed its own."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def locked_by(fd: int) -> int | None:
    """The process that holds the connection byte of an open -shm file; never ourselves."""
    if sys.platform == "win32":
        return None
    import fcntl

    first, length = _SHM_LOCK_BYTES.start, len(_SHM_LOCK_BYTES)
    if sys.platform == "darwin":
        layout, ask = "qqihh", (first, length, 0, fcntl.F_WRLCK, os.SEEK_SET)
        answer = struct.unpack(layout, fcntl.fcntl(fd, fcntl.F_GETLK, struct.pack(layout, *ask)))
        kind, pid = answer[3], answer[2]
    else:
        layout = "hhqqi4x"
        question = struct.pack(layout, fcntl.F_WRLCK, os.SEEK_SET, first, length, 0)
        kind, _, _, _, pid = struct.unpack(layout, fcntl.fcntl(fd, fcntl.F_GETLK, question))
    return None if kind == fcntl.F_UNLCK else pid
