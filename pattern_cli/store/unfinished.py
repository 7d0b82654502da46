"""Files that get their name only when they are complete: until then they are hidden files beside it."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from pattern_cli.errors import ConflictError
from pattern_cli.store.opening import side

LEFTOVER_AGE_S = 3600
_SIDES = ("", "-wal", "-shm", "-journal")


def partial_name(final: Path) -> Path:
    """The hidden name of a file in the making; the process id in it tells what a killed process left."""
    return final.with_name(f".{final.name}.{os.getpid()}.partial")


def require_unused(path: Path, hint: str) -> None:
    """Raise ConflictError when something has this name, or a log is left there: SQLite would play it into the file."""
    if os.path.lexists(path):
        raise ConflictError(f"{path} exists already", hint)
    for suffix in ("-wal", "-journal"):
        log = side(path, suffix)
        if os.path.lexists(log):
            raise ConflictError(
                f"{log} is the log of a database that is gone, and would be played into a new one",
                "move it away, or choose another name",
            )


def give_name(partial: Path, final: Path, hint: str) -> None:
    """Rename in one step, and fail when the name is taken: a link does both, a rename would replace.

    The folder is on the disk afterwards. Raises ConflictError.
    """
    require_unused(final, hint)
    try:
        os.link(partial, final)
    except FileExistsError:
        raise ConflictError(f"{final} exists already", hint) from None
    except OSError:
        # File systems without links.
        require_unused(final, hint)
        os.rename(partial, final)
    else:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
    to_disk(final.parent)


def discard(partial: Path) -> None:
    """Remove an unfinished database and what SQLite keeps beside it."""
    for suffix in _SIDES:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{partial}{suffix}").unlink()


def remove_leftovers(folder: Path) -> None:
    """Remove unfinished files whose process has gone; an hour old, because another machine may count its own."""
    for file in folder.glob(".*.partial"):
        pid = file.name.split(".")[-2]
        with contextlib.suppress(OSError):
            if pid.isdecimal() and not _is_alive(int(pid)) and time.time() - file.stat().st_mtime > LEFTOVER_AGE_S:
                discard(file)


def to_disk(path: Path) -> None:
    """Bring a file or a folder to the disk (fsync)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
