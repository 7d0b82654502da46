"""The runtime's table of vectors, `embeddings`, which no migration makes (database.md §2.5)."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw

from pattern_cli.store.constellation import Constellation

_FOUND = "FROM embeddings_auxiliary WHERE value00 = ? AND value01 IN ({ids})"


def count_vectors(constellation: Constellation, kind: str, ids: str, params: tuple[Any, ...]) -> int:
    """How many vectors there are of things of a kind whose ids a query gives; needs no extension."""
    if not constellation.has_table("embeddings_auxiliary"):
        return 0
    return int(constellation.value(f"SELECT count(*) {_FOUND.format(ids=ids)}", (kind, *params)))


def delete_vectors(constellation: Constellation, kind: str, ids: str, params: tuple[Any, ...]) -> None:
    """Delete them, inside the caller's transaction; `load` has to succeed before."""
    rowids = [row for (row,) in constellation.rows(f"SELECT rowid {_FOUND.format(ids=ids)}", (kind, *params))]
    constellation.connection.executemany("DELETE FROM embeddings WHERE rowid = ?", [(rowid,) for rowid in rowids])


def load(constellation: Constellation) -> bool:
    """Load sqlite-vec, without which no vector can be written; False where it is not installed."""
    connection = constellation.connection
    with suppress(apsw.SQLError):
        return bool(connection.execute("SELECT vec_version()").fetchall())
    # Found without importing it, which would import numpy.
    spec = importlib.util.find_spec("sqlite_vec")
    if spec is None or spec.origin is None:
        return False
    try:
        connection.enable_load_extension(True)
        connection.load_extension(str(Path(spec.origin).parent / "vec0"))
    except (apsw.Error, OSError):
        return False
    finally:
        with suppress(apsw.Error):
            connection.enable_load_extension(False)
    return True
