"""A new constellation that exists only when it is complete: `import --create`."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pattern_cli.errors import ConflictError
from pattern_cli.schema import create_constellation
from pattern_cli.store.constellation import Constellation

_SIDES = ("", "-wal", "-shm", "-journal")


@contextmanager
def new_constellation(path: Path) -> Iterator[Constellation]:
    """A constellation that gets its name when the block ends well; until then it is a hidden file beside it.

    After an error, Ctrl-C or kill there is nothing under the name. Raises ConflictError when something is there
    already, also when it came meanwhile; FailureError when the file cannot be created.
    """
    require_free(path)
    _remove_leftovers(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with create_constellation(partial) as constellation:
            # What is said about it should name the file that it becomes.
            constellation.path = path
            yield constellation
        _name(partial, path)
    finally:
        _unlink(partial)


@contextmanager
def rehearsal(path: Path) -> Iterator[Constellation]:
    """An empty constellation to plan against where `path` would be created; it is gone afterwards.

    Raises ConflictError when something is there already.
    """
    require_free(path)
    with (
        tempfile.TemporaryDirectory(prefix="pattern-import-") as folder,
        create_constellation(Path(folder) / path.name) as constellation,
    ):
        yield constellation


def require_free(path: Path) -> None:
    """Raise ConflictError when there is anything under this name."""
    if os.path.lexists(path):
        raise ConflictError(f"{path} exists already", "leave out --create to import into it, or name another --db")


def _name(partial: Path, final: Path) -> None:
    """Give the finished file its name, in one step that never replaces another."""
    try:
        os.link(partial, final)
    except FileExistsError:
        raise ConflictError(f"{final} was created by another process meanwhile", "nothing was imported") from None
    except OSError:
        # File systems without links.
        require_free(final)
        os.rename(partial, final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove_leftovers(path: Path) -> None:
    """Remove what a killed import left: hidden files whose process has gone."""
    for file in path.parent.glob(f".{path.name}.*.partial"):
        pid = file.name.split(".")[-2]
        if pid.isdecimal() and not _alive(int(pid)):
            _unlink(file)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _unlink(path: Path) -> None:
    for side in _SIDES:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{side}").unlink()
