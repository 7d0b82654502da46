"""A block's document from its rows: everything for us, what the runtime loads for `--rendered`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import IntegrityError
from pattern_cli.memory.documents import Document
from pattern_cli.memory.loading import Loaded, Loader
from pattern_cli.store.constellation import Constellation

Made = Callable[..., Any]
SNAPSHOT = "SELECT loro_snapshot FROM memory_blocks WHERE id = ?"


@contextmanager
def _loader(path: Path) -> Iterator[tuple[Loader, Callable[[str], Any]]]:
    with Constellation.open(path) as constellation:
        yield Loader(constellation), lambda id: constellation.value(SNAPSHOT, (id,))


def _load(path: Path, id: str) -> Loaded:
    with _loader(path) as (loader, snapshot):
        return loader.load(id, snapshot(id))


def _load_as_runtime(path: Path, id: str) -> Document:
    with _loader(path) as (loader, snapshot):
        return loader.load_as_runtime(id, snapshot(id))


@pytest.fixture
def path(database: Callable[[str], Path]) -> Path:
    return database("constellations/small.db")


@pytest.fixture
def checkpoint(run_sql: Callable[..., None]) -> Callable[..., None]:
    def add(path: Path, id: str, snapshot: Any, created_at: str) -> None:
        sql = "INSERT INTO memory_block_checkpoints (block_id, snapshot, created_at) VALUES (?,?,?)"
        run_sql(path, sql, (id, snapshot, created_at))

    return add


def test_updates_apply_by_seq_and_never_by_time(
    path: Path, put_block: Made, updates: Made, type_text: Made, run_sql: Made
) -> None:
    id = put_block(path, "later", updates=updates(type_text("one "), type_text("two "), type_text("three")))
    run_sql(path, "UPDATE memory_block_updates SET created_at = 'z' WHERE block_id = ? AND seq = 1", (id,))

    assert _load(path, id).document.text("content") == "one two three"


def test_undone_updates_are_left_out_and_counted(
    path: Path, put_block: Made, updates: Made, type_text: Made, run_sql: Made
) -> None:
    id = put_block(path, "undone", updates=updates(type_text("one "), type_text("two ")))
    run_sql(path, "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq = 2", (id,))

    found = _load(path, id)

    assert (found.document.text("content"), found.active, found.inactive, found.damage) == ("one ", 1, 1, ())


def test_an_update_behind_a_switched_off_one_is_pending_and_named(
    path: Path, put_block: Made, updates: Made, type_text: Made, run_sql: Made
) -> None:
    id = put_block(path, "gap", updates=updates(type_text("one "), type_text("two "), type_text("three")))
    run_sql(path, "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq = 2", (id,))

    found = _load(path, id)

    assert (found.document.text("content"), found.pending, found.checkpoint_used) == ("one ", 1, False)
    assert found.damage == ("1 update waits for operations that are stored nowhere, so its text is invisible",)


def test_a_checkpoint_is_taken_in_only_when_updates_stay_pending(
    path: Path, put_block: Made, updates: Made, type_text: Made, checkpoint: Made, snapshot: Made
) -> None:
    rows = updates(type_text("one "), type_text("two"))
    whole = put_block(path, "whole", updates=rows)
    checkpoint(path, whole, snapshot(type_text("somebody else's ")), "2026-01-08T00:00:00+00:00")
    cut = put_block(path, "cut", updates=[rows[1]])
    checkpoint(path, cut, b"junk", "2026-01-08T00:00:00+00:00")
    checkpoint(path, cut, rows[0], "2026-01-08T00:00:00+00:00")

    kept, healed = _load(path, whole), _load(path, cut)

    assert (kept.document.text("content"), kept.checkpoint_used) == ("one two", False)
    assert (healed.document.text("content"), healed.checkpoint_used, healed.pending) == ("one two", True, 0)


def test_the_runtime_loads_only_what_is_later_than_the_newest_checkpoint_as_text(
    path: Path, put_block: Made, updates: Made, type_text: Made, checkpoint: Made, run_sql: Made
) -> None:
    id = put_block(path, "text_order", updates=updates(type_text("one "), type_text("two")))
    checkpoint(path, id, b"ignored", "2026-01-08T19:02:00+00:00")

    assert _load_as_runtime(path, id).text("content") == "one two"

    # The same day in the space form sorts before every `T`, however late it is.
    run_sql(path, "UPDATE memory_block_updates SET created_at = '2026-01-08 23:59:59' WHERE block_id = ?", (id,))
    assert _load_as_runtime(path, id).text("content") == ""
    assert _load(path, id).document.text("content") == "one two"


def test_unreadable_parts_are_named_by_their_seq_and_fail_the_runtime(
    path: Path, put_block: Made, updates: Made, type_text: Made, run_sql: Made
) -> None:
    first, second = updates(type_text("one "), type_text("two"))
    id = put_block(path, "broken", snapshot=b"junk", updates=[first, b"", second])
    run_sql(path, "UPDATE memory_block_updates SET seq = seq + 40 WHERE block_id = ?", (id,))

    found = _load(path, id)

    assert found.document.text("content") == "one two"
    assert found.damage == ("the snapshot: it is no Loro data", "update 42: it is no Loro data")
    with pytest.raises(IntegrityError):
        _load_as_runtime(path, id)


def test_an_unreadable_checkpoint_is_named_when_it_would_have_been_needed(
    path: Path, put_block: Made, updates: Made, type_text: Made, checkpoint: Made
) -> None:
    id = put_block(path, "lost", updates=updates(type_text("one "), type_text("two"))[1:])
    checkpoint(path, id, b"junk", "2026-01-08T00:00:00+00:00")

    found = _load(path, id)

    assert any(reason.startswith("checkpoint ") and "no Loro data" in reason for reason in found.damage)
    assert (found.pending, found.checkpoint_used) == (1, False)


@pytest.mark.parametrize("name", ["0001", "0003", "0004", "0012", "0013"])
def test_every_schema_version_loads(name: str, read_only: Callable[[str], Path]) -> None:
    with Constellation.open(read_only(f"versions/{name}.db")) as constellation:
        loader = Loader(constellation)
        for id, snapshot in list(constellation.rows("SELECT id, loro_snapshot FROM memory_blocks")):
            found = loader.load(id, snapshot)
            assert (found.damage, found.inactive) == ((), 0)
            assert found.document.same_version(loader.load_as_runtime(id, snapshot))
