"""A new constellation that exists only when it is complete: `import --create`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pattern_cli.schema import create_constellation
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.unfinished import discard, give_name, partial_name, remove_leftovers, require_unused

_HINT = "leave out --create to import into it, or name another --db"


@contextmanager
def new_constellation(path: Path) -> Iterator[Constellation]:
    """A constellation that gets its name when the block ends well; until then it is a hidden file beside it.

    After an error, Ctrl-C or kill there is nothing under the name. Raises ConflictError when something is there
    already, also when it came meanwhile; FailureError when the file cannot be created.
    """
    require_free(path)
    remove_leftovers(path.parent)
    partial = partial_name(path)
    try:
        with create_constellation(partial) as constellation:
            # What is said about it should name the file that it becomes.
            constellation.path = path
            yield constellation
        give_name(partial, path, "another process created it meanwhile; nothing was imported")
    finally:
        discard(partial)


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
    """Raise ConflictError when there is anything under this name, or the log of a database that was there."""
    require_unused(path, _HINT)
