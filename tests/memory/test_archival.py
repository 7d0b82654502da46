"""Archival entries: order, bounds, chains, owners that are gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import AmbiguousError, NotFoundError
from pattern_cli.memory.archival import Archival, ArchivalRecord, ArchivalRow
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation

FIRST, SECOND, FOURTH = (
    "arch_73bac759d22a40479116d13057af165d",
    "arch_e1f9b187a1544b7fa7c674fca332d967",
    "arch_7823fe9e902c4a2fa1e486dc30bca1cc",
)


def _list(path: Path, *args: Any, **options: Any) -> list[ArchivalRow]:
    with Constellation.open(path) as constellation:
        return list(Archival(constellation).list(*args, **options))


def _show(path: Path, ref: str) -> ArchivalRecord:
    with Constellation.open(path) as constellation:
        return Archival(constellation).show(ref)


@pytest.fixture
def small(read_only: Callable[[str], Path]) -> Path:
    return read_only("constellations/small.db")


@pytest.fixture
def path(database: Callable[[str], Path]) -> Path:
    return database("constellations/small.db")


@pytest.fixture
def add(run_sql: Callable[..., None], path: Path) -> Callable[..., None]:
    def entry(
        id: str, content: Any = "words", owner: str = "x", created: Any = "2026-01-01T00:00:00+00:00", **more: Any
    ) -> None:
        sql = """INSERT INTO archival_entries
                 (id, agent_id, content, created_at, metadata, chunk_index, parent_entry_id) VALUES (?,?,?,?,?,?,?)"""
        run_sql(
            path, sql, (id, owner, content, created, more.get("metadata"), more.get("chunk", 0), more.get("parent"))
        )

    return entry


def test_all_owners_entries_are_listed_newest_first(small: Path) -> None:
    rows = _list(small)

    assert len(rows) == 17
    assert [row.created_at for row in rows] == sorted((row.created_at for row in rows), reverse=True)
    assert {row.owner for row in rows} == {"Juniper", "Marlow", "_constellation_"}


def test_one_owners_entries_are_listed(small: Path) -> None:
    assert len(_list(small, "Juniper")) == 13
    assert [row.content for row in _list(small, "_constellation_")] == ["Owned by the constellation itself."]


def test_times_of_both_forms_are_ordered_as_instants(path: Path, add: Callable[..., None]) -> None:
    add("a", created="2030-01-01T08:00:00+00:00", owner="t")
    add("b", created="2030-01-01 09:00:00", owner="t")
    add("c", created="2030-01-01T07:59:59.999999999+00:00", owner="t")
    add("d", created="never", owner="t")

    assert [row.id for row in _list(path, "t")] == ["b", "a", "c", "d"]


def test_bounds_include_their_own_instant_and_leave_out_unreadable_times(path: Path, add: Callable[..., None]) -> None:
    add("a", created="2030-01-01T08:00:00+00:00", owner="t")
    add("b", created="2030-01-01 09:00:00", owner="t")
    add("d", created="never", owner="t")
    eight, nine = times.nanoseconds("2030-01-01 08:00:00"), times.nanoseconds("2030-01-01 09:00:00")

    assert [row.id for row in _list(path, "t", since=nine)] == ["b"]
    assert [row.id for row in _list(path, "t", until=eight)] == ["a"]
    assert [row.id for row in _list(path, "t", since=eight, until=nine)] == ["b", "a"]


def test_a_limit_keeps_the_newest(small: Path) -> None:
    assert [row.id for row in _list(small, limit=2)] == [row.id for row in _list(small)][:2]


def test_parts_of_a_note_know_their_number(small: Path) -> None:
    parts = {row.id: row for row in _list(small) if row.chunk_count > 1}

    assert {(row.chunk_index, row.chunk_count) for row in parts.values()} == {(0, 4), (1, 4), (2, 4), (3, 4)}
    assert parts[SECOND].parent_entry_id == FIRST


def test_a_preview_is_the_beginning_on_one_line(path: Path, add: Callable[..., None]) -> None:
    add("short", "two\n lines\t", owner="t")
    add("long", "word " * 400, owner="t")

    previews = {row.id: row.preview for row in _list(path, "t")}

    assert previews["short"] == "two lines"
    assert previews["long"].endswith("word…")
    assert len(previews["long"]) <= 161


def test_the_whole_chain_is_named_from_every_part(small: Path) -> None:
    first, second = _show(small, FIRST), _show(small, "arch_e1f9")

    assert first.chain == second.chain
    assert [chunk.chunk_index for chunk in first.chain] == [0, 1, 2, 3]
    assert (first.children[-1], second.children) == (FOURTH, ())
    assert (second.id, second.metadata, second.parent_missing) == (SECOND, {"part": 1}, False)


def test_a_note_of_one_part_has_no_chain(small: Path) -> None:
    assert _show(small, "arch_017c").chain == ()


def test_a_missing_parent_is_told(path: Path, add: Callable[..., None], run_sql: Callable[..., None]) -> None:
    add("lost", parent="nowhere", chunk=2)

    record = _show(path, "lost")

    assert (record.parent_entry_id, record.parent_missing, record.chain) == ("nowhere", True, ())


def test_entries_of_an_owner_that_is_gone_are_reached_by_its_id(path: Path, add: Callable[..., None]) -> None:
    add("kept", owner="agent-that-was")

    assert [row.id for row in _list(path, "agent-that-was")] == ["kept"]
    assert [row.owner for row in _list(path, "agent-that")] == ["agent-that-was"]


def test_an_unknown_owner_or_entry_is_not_found(small: Path) -> None:
    with pytest.raises(NotFoundError):
        _list(small, "nobody")
    with pytest.raises(NotFoundError):
        _show(small, "nothing")
    with pytest.raises(AmbiguousError):
        _show(small, "arch_")


def test_undecodable_entries_are_shown_with_their_reasons(path: Path, add: Callable[..., None]) -> None:
    add("odd", content=b"\xff\x00", created="never", metadata="{broken", chunk="two")

    (row,) = _list(path, "x")

    assert (row.content, row.metadata, row.created_at, row.chunk_index) == (b"\xff\x00", "{broken", "never", "two")
    assert len(row.damage) == 4


@pytest.mark.parametrize(
    "name", ["versions/0001.db", "versions/0007.db", "wal/live.db", "imported/small-constellation-keep-PARTIAL.db"]
)
def test_every_database_lists_its_entries(read_only: Callable[[str], Path], name: str) -> None:
    with Constellation.open(read_only(name)) as constellation:
        count = constellation.value("SELECT count(*) FROM archival_entries")

        assert len(list(Archival(constellation).list())) == count
