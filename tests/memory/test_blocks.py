"""Blocks as rows: which, in which order, with which numbers, whatever is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.errors import AmbiguousError, NotFoundError
from pattern_cli.memory.blocks import BlockRow, Blocks, contents_of
from pattern_cli.store.constellation import Constellation

Made = Callable[..., Any]


def _list(path: Path, *args: Any, **options: Any) -> list[BlockRow]:
    with Constellation.open(path) as constellation:
        return list(Blocks(constellation).list(*args, **options))


def _by_label(path: Path, *args: Any, **options: Any) -> dict[str, BlockRow]:
    return {row.label: row for row in _list(path, *args, **options)}


@pytest.fixture
def small(read_only: Callable[[str], Path]) -> Path:
    return read_only("constellations/small.db")


@pytest.fixture
def path(database: Callable[[str], Path]) -> Path:
    return database("constellations/small.db")


def test_all_active_blocks_are_listed_by_owner_and_label(small: Path) -> None:
    rows = _list(small)

    assert len(rows) == 37
    owners = [row.owner for row in rows]
    assert list(dict.fromkeys(owners)) == ["Juniper", "Marlow", "Quill ツ שלום", "Harbor Crew", "_constellation_"]
    assert [row.label for row in rows if row.owner == "Quill ツ שלום"] == ["emptied", "noop_rows", "rewritten"]


def test_deleted_blocks_are_listed_when_asked_for(small: Path) -> None:
    assert "retired" not in _by_label(small)
    assert _by_label(small, inactive=True)["retired"].is_active is False


def test_an_agent_has_its_own_blocks_and_then_those_it_receives(small: Path) -> None:
    rows = _list(small, "Juniper")

    received = [(row.label, row.shared_from, row.share_permission) for row in rows if row.shared_from]
    assert received == [
        ("shared_0", "Marlow", "read_only"),
        ("shared_2", "Marlow", "human"),
        ("shared_4", "Marlow", "read_write"),
        ("crew_board", "Harbor Crew", "read_write"),
        ("commons", "_constellation_", "read_only"),
    ]
    assert [row.label for row in rows[-5:]] == [label for label, *_ in received]
    assert {row.owner for row in rows[:-5]} == {"Juniper"}


@pytest.mark.parametrize("ref", ["6d9737f3a1254cb59d512ff19033178d", "6d9737", "Harbor Crew"])
def test_a_group_is_named_like_an_agent(small: Path, ref: str) -> None:
    assert [row.label for row in _list(small, ref)] == ["crew_board"]


def test_the_constellations_blocks_are_listed_by_its_name(small: Path) -> None:
    assert [row.label for row in _list(small, "_constellation_")] == ["commons", "unshared_commons"]


def test_blocks_whose_owner_is_gone_are_reached_by_its_id(path: Path, put_block: Made) -> None:
    put_block(path, "orphan", owner="agent-that-was")

    assert [(row.label, row.owner_kind) for row in _list(path, "agent-that")] == [("orphan", "unknown")]


def test_an_unknown_owner_is_not_found_and_the_nearest_is_named(small: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        _list(small, "Junper")

    assert caught.value.hint is not None
    assert "Juniper" in caught.value.hint


def test_the_beginning_of_several_ids_is_ambiguous(path: Path, put_block: Made, run_sql: Made) -> None:
    run_sql(path, "UPDATE agents SET name = 'a' || rowid")
    run_sql(path, "PRAGMA foreign_keys = OFF")
    run_sql(path, "UPDATE agents SET id = 'twin_' || rowid")

    with pytest.raises(AmbiguousError):
        _list(path, "twin_")


def test_one_type_can_be_asked_for(small: Path) -> None:
    assert {row.block_type for row in _list(small, block_type="log")} == {"log"}


def test_used_counts_the_characters_of_the_whole_content(small: Path) -> None:
    rows = _by_label(small)

    assert rows["past_end"].used == len("only one line\r\nand two\r\n")
    assert rows["shared_2"].used == 59
    assert rows["scratchpad"].used == 507  # its preview holds the 278 characters of its viewport
    assert rows["checkpoint_only"].used == len("early 0\nearly 1\nearly 2\nlate 0\nlate 1\n")
    assert rows["empty"].used == 0


def test_over_the_limit_is_marked(path: Path, put_block: Made, snapshot: Made, type_text: Made, run_sql: Made) -> None:
    id = put_block(path, "full", snapshot=snapshot(type_text("123456")))
    run_sql(path, "UPDATE memory_blocks SET char_limit = 5 WHERE id = ?", (id,))

    assert _by_label(path)["full"].over_limit is True
    assert _by_label(path)["empty"].over_limit is False


def test_a_damaged_document_hides_no_other_block(path: Path, put_block: Made) -> None:
    put_block(path, "broken", snapshot=b"junk")

    rows = _by_label(path)

    assert len(rows) == 38
    assert (rows["broken"].used, rows["broken"].damage) == (None, ("the snapshot: it is no Loro data",))


def test_rows_that_the_runtime_cannot_read_are_shown_as_stored(path: Path, put_block: Made, run_sql: Made) -> None:
    id = put_block(path, "odd", metadata=5)
    run_sql(
        path,
        """UPDATE memory_blocks SET block_type = 'secret', permission = 'mine', char_limit = 'many',
                  created_at = 'then', updated_at = x'ff' WHERE id = ?""",
        (id,),
    )

    row = _by_label(path)["odd"]

    assert (row.block_type, row.permission, row.char_limit, row.created_at) == ("secret", "mine", "many", "then")
    assert {reason.partition(":")[0] for reason in row.damage} == {
        "block_type",
        "permission",
        "char_limit",
        "created_at",
        "updated_at",
        "metadata",
    }


def test_a_block_whose_text_is_only_in_its_preview_is_marked(read_only: Callable[[str], Path]) -> None:
    rows = _by_label(read_only("imported/nochain-constellation-keep.db"))

    assert (rows["persona"].preview_only, rows["persona"].used) == (True, 0)
    assert rows["rewritten"].preview_only is False


def test_undone_text_in_a_stale_preview_is_no_content(small: Path) -> None:
    row = _by_label(small)["undo_all"]

    assert (row.preview_only, row.used) == (False, 0)


def test_values_nested_too_deeply_are_damage(path: Path, put_block: Made, snapshot: Made) -> None:
    value: Any = 1
    for _ in range(2_000):
        value = [value]
    put_block(path, "deep", snapshot=snapshot(lambda doc: doc.get_list("items").push(value)), metadata=None)

    row = _by_label(path)["deep"]

    assert (row.used, row.damage) == (None, ("the document: its values are nested too deeply to be shown",))


@pytest.mark.parametrize(
    ("label", "text", "remarks"),
    [("commons", "House rules: be kind, close the gate.", ()), ("undo_all", "", ())],
)
def test_contents_are_the_whole_text(small: Path, label: str, text: str, remarks: tuple[str, ...]) -> None:
    with Constellation.open(small) as constellation:
        id = constellation.value("SELECT id FROM memory_blocks WHERE label = ?", (label,))

        assert contents_of(constellation, id) == (text, remarks)


def test_contents_of_an_unknown_block_are_empty(small: Path) -> None:
    with Constellation.open(small) as constellation:
        assert contents_of(constellation, "nobody") == ("", ())


def test_contents_fall_back_to_the_preview_and_say_so(path: Path, put_block: Made) -> None:
    id = put_block(path, "rescued", preview="=== notes ===\n\nold words")

    with Constellation.open(path) as constellation:
        text, remarks = contents_of(constellation, id)

    assert (text, len(remarks)) == ("=== notes ===\n\nold words", 1)
    assert "preview from the archive" in remarks[0]


@pytest.mark.parametrize(
    "name", ["versions/0001.db", "versions/0004.db", "versions/0013.db", "imported/small-constellation-new-PARTIAL.db"]
)
def test_older_and_half_imported_databases_are_listed(read_only: Callable[[str], Path], name: str) -> None:
    rows = _list(read_only(name))

    assert rows
    assert not any(row.damage for row in rows)


def test_a_database_in_use_is_listed_with_what_its_log_holds(read_only: Callable[[str], Path]) -> None:
    assert len(_list(read_only("wal/live.db"), inactive=True)) == 39


@pytest.mark.parametrize("shown", ["list", "show"])
def test_a_block_is_of_one_moment_while_another_process_writes(path: Path, shown: str) -> None:
    """Another connection deletes all updates after the first statement has read something."""
    before = _by_label(path)["persona"]
    done = []

    def delete_updates(cursor: apsw.Cursor, sql: str, values: Any) -> bool:
        if "FROM memory_block_updates" in sql and not done:
            done.append(sql)
            other = apsw.Connection(str(path))
            other.execute("DELETE FROM memory_block_updates; DELETE FROM shared_block_agents")
            other.close()
        return True

    with Constellation.open(path) as constellation:
        constellation.connection.exec_trace = delete_updates
        blocks = Blocks(constellation)
        if shown == "show":
            assert blocks.show(before.id).used == before.used > 0
        else:
            assert {row.label: row for row in blocks.list()}["persona"] == before
    assert done
