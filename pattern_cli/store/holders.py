"""Who else has a database open (architecture.md §2).

In WAL mode every connection keeps a shared lock on byte 128 of the -shm file and on the shared range of the database
file for as long as it is open. On Linux `/proc/locks` lists them and needs no descriptor. Elsewhere, and for the
processes of another container, `F_GETLK` names one holder.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from pathlib import Path
from typing import NamedTuple

from pattern_cli.store import opening
from pattern_cli.store.opening import side

_LOCKS = Path("/proc/locks")
# The number of the first namespace of processes is fixed in the kernel.
_ALL_PROCESSES = "pid:[4026531836]"
_SHM_LOCK_BYTES = range(120, 129)
# The number of a process that holds a lock and cannot be named from here.
_UNNAMED = 0
# Descriptors that nobody needs any more and that must not be closed yet.
_done: list[int] = []


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
        self._is_set = False

    def set(self) -> None:
        """Mark this process; where no mark can be written others only see a foreign holder."""
        self._is_set = True
        Marks._open += 1
        if Marks._open > 1:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._is_own():
                (self.folder / str(os.getpid())).write_text(started(os.getpid()))

    def clear(self) -> None:
        """Take this process's mark away with its last open file."""
        if not self._is_set:
            return
        self._is_set = False
        Marks._open -= 1
        if Marks._open:
            return
        with contextlib.suppress(OSError):
            (self.folder / str(os.getpid())).unlink()

    def has(self, pid: int) -> bool:
        """Whether that process marked itself; a later process with the same number does not count.

        Only a folder of this user is believed: in a temporary folder anybody could have made one of that name.
        """
        try:
            return self._is_own() and (self.folder / str(pid)).read_text() == started(pid) != ""
        except OSError:
            return False

    def _is_own(self) -> bool:
        return not hasattr(os, "getuid") or self.folder.stat().st_uid == os.getuid()


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


def holders(path: Path, probe: Probe) -> tuple[Holder, ...]:
    """All other processes that have the database open; `probe` belongs to our own connection to it.

    A holder with `pid` None is one that this system cannot name: a process of another container, or, where locks cannot
    be asked for at all, a possible one, so that the file counts as held.
    """
    listed = os.access(_LOCKS, os.R_OK)
    pids = _from_proc(path) if listed else set()
    if not pids:
        asked = probe.locked_by(otherwise=None if listed else _UNNAMED)
        pids = set() if asked is None else {asked}
    marks = Marks()
    ours = {pid for pid in pids if pid and marks.has(pid)}
    if listed and pids == ours and pids and not _sees_every_process():
        # The lock that is asked about may be a run's of ours and hide that of a runtime outside.
        pids = {*pids, _UNNAMED}
    return tuple(Holder(pid, command(pid), pid in ours) if pid else Holder(None, "", False) for pid in sorted(pids))


def _sees_every_process() -> bool:
    """Whether this process is in no container that hides others from it."""
    try:
        return os.readlink("/proc/self/ns/pid") == _ALL_PROCESSES
    except OSError:
        return False


def _from_proc(path: Path) -> set[int]:
    """The processes that `/proc/locks` names; it leaves out those of containers that this one cannot look into."""
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
        device, _, inode = words[5].rpartition(":")
        status_of = wanted.get(int(inode))
        pid = max(int(words[4]), _UNNAMED)
        if status_of is None or pid == os.getpid():
            continue
        if device == _device(status_of) or not pid or _has_open(pid, status_of):
            pids.add(pid)
    return pids


def _device(status: os.stat_result) -> str:
    """A device as `/proc/locks` writes it."""
    return f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"


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
    """`F_GETLK` on a descriptor of the -shm file that is closed only after SQLite has closed its own.

    Closing any descriptor of a file drops all of this process's locks on it; opening one does no harm.
    """

    def __init__(self, path: Path) -> None:
        self._shm = side(path, "-shm")
        self._fd: int | None = None

    def locked_by(self, otherwise: int | None = _UNNAMED) -> int | None:
        """A process that has the file open, never ourselves; 0 for one without a name, None when there is none.

        `otherwise` is the answer where locks cannot be asked for.
        """
        if self._fd is None:
            try:
                self._fd = os.open(self._shm, os.O_RDONLY)
            except FileNotFoundError:
                return None
            except OSError:
                return otherwise
        return _locked_by(self._fd, otherwise)

    def close(self) -> None:
        """Let go of the descriptor, once this process has no database open any more."""
        if self._fd is not None:
            _done.append(self._fd)
            self._fd = None
        while _done and not opening.open_here():
            os.close(_done.pop())


def _locked_by(fd: int, otherwise: int | None) -> int | None:
    """The process that holds the connection byte of an open -shm file; never ourselves."""
    if sys.platform == "win32":
        return otherwise
    import fcntl

    first, length = _SHM_LOCK_BYTES.start, len(_SHM_LOCK_BYTES)
    if sys.platform == "linux":
        layout = "hhqqi4x"
        question = struct.pack(layout, fcntl.F_WRLCK, os.SEEK_SET, first, length, 0)
    elif sys.platform == "darwin":
        layout = "qqihh"
        question = struct.pack(layout, first, length, 0, fcntl.F_WRLCK, os.SEEK_SET)
    else:
        return otherwise
    try:
        answer = struct.unpack(layout, fcntl.fcntl(fd, fcntl.F_GETLK, question))
    except OSError:
        return otherwise
    kind, pid = (answer[0], answer[4]) if sys.platform == "linux" else (answer[3], answer[2])
    return None if kind == fcntl.F_UNLCK else max(pid, _UNNAMED)
