"""Vectors of the runtime's own table: counted without the extension, deleted with it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from pattern_cli.store import vectors
from pattern_cli.store.constellation import Constellation

EMBEDDED = "constellations/small-embeddings.db"
SOME = "SELECT id FROM messages WHERE role = 'user' AND ? = ?"


def test_vectors_of_what_a_query_gives(database: Callable[[str], Path]) -> None:
    pytest.importorskip("sqlite_vec")
    with Constellation.open(database(EMBEDDED), "write") as constellation:
        before = constellation.value("SELECT count(*) FROM embeddings_rowids")
        found = vectors.count_vectors(constellation, "message", SOME, (1, 1))
        assert 0 < found < before
        assert vectors.count_vectors(constellation, "message", SOME, (1, 2)) == 0
        assert vectors.load(constellation)
        assert vectors.load(constellation)
        with constellation.transaction():
            vectors.delete_vectors(constellation, "message", SOME, (1, 1))
        assert vectors.count_vectors(constellation, "message", SOME, (1, 1)) == 0
        assert constellation.value("SELECT count(*) FROM embeddings") == before - found


def test_no_table_has_no_vectors(database: Callable[[str], Path]) -> None:
    with Constellation.open(database("constellations/small.db")) as constellation:
        assert vectors.count_vectors(constellation, "message", SOME, (1, 1)) == 0


def test_without_the_extension(database: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with Constellation.open(database(EMBEDDED)) as constellation:
        assert vectors.count_vectors(constellation, "message", SOME, (1, 1)) > 0
        assert not vectors.load(constellation)
