"""One block: how it is found, what its record says, and the three texts it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import AmbiguousError, IntegrityError, NotFoundError, UsageError
from pattern_cli.memory.blocks import Blocks
from pattern_cli.memory.records import BlockRecord, address, find
from pattern_cli.store.constellation import Constellation

Made = Callable[..., Any]
Show = Callable[..., BlockRecord]
PERSONA = "mem_2b90d5aeb9d54cc7a1d829a72363d7e6"


@pytest.fixture
def small(read_only: Callable[[str], Path]) -> Iterator[Constellation]:
    with Constellation.open(read_only("constellations/small.db")) as constellation:
        yield constellation


@pytest.fixture
def path(database: Callable[[str], Path]) -> Path:
    return database("constellations/small.db")


def _show(path: Path, *args: Any, **options: Any) -> BlockRecord:
    with Constellation.open(path) as constellation:
        return Blocks(constellation).show(*args, **options)


@pytest.mark.parametrize(
    ("ref", "label", "found"),
    [
        ("Juniper", "persona", PERSONA),
        ("ea0f0a", "persona", PERSONA),
        ("Juniper", PERSONA, PERSONA),
        (PERSONA, None, PERSONA),
        ("mem_2b90", None, PERSONA),
        ("Juniper/persona", None, PERSONA),
        ("Juniper/file:ab12cd34:notes/to day.md", None, "mem_9192d3db351447118c183fd12d77ac2a"),
        ("Harbor Crew", "crew_board", "mem_6483fd4df3714982929046d41cda0a01"),
        ("_constellation_", "commons", "mem_3ad8742953ee4842ad0097fdb5da1167"),
        ("Juniper", "crew_board", "mem_6483fd4df3714982929046d41cda0a01"),
        ("Juniper", "shared_0", "mem_f9dece287a674947b702df32355708ab"),
        ("Juniper", "retired", "mem_069b4e0a7ae6415e8de2037620d45d96"),
    ],
)
def test_a_block_is_found_by(small: Constellation, ref: str, label: str | None, found: str) -> None:
    assert find(small, ref, label) == found


@pytest.mark.parametrize(
    ("ref", "label", "error", "hint"),
    [
        ("Juniper", "personna", NotFoundError, "did you mean persona?"),
        ("Juniper", "shared_1", NotFoundError, "did you mean shared_"),
        ("Junper", "persona", NotFoundError, "did you mean Juniper?"),
        ("mem_nothing", None, NotFoundError, "memory list"),
        ("mem_", None, AmbiguousError, "one of mem_"),
        ("Juniper", None, UsageError, 'memory list "Juniper"'),
        ("Juniper/nothing", None, NotFoundError, 'memory list "Juniper"'),
    ],
)
def test_a_block_that_is_not_found(
    small: Constellation, ref: str, label: str | None, error: type[NotFoundError], hint: str
) -> None:
    with pytest.raises(error) as caught:
        find(small, ref, label)

    assert hint in (caught.value.hint or "")


def test_one_label_received_twice_is_ambiguous(path: Path, put_block: Made, run_sql: Made) -> None:
    for owner in ("_constellation_", "6d9737f3a1254cb59d512ff19033178d"):
        id = put_block(path, "twice", owner=owner)
        run_sql(path, "UPDATE memory_blocks SET id = ? WHERE id = ?", (f"{id}_{owner[:2]}", id))
        sql = """INSERT INTO shared_block_agents (block_id, agent_id, attached_at)
                 VALUES (?,'agt_19a6f2c3b40','2026-01-01T00:00:00+00:00')"""
        run_sql(path, sql, (f"{id}_{owner[:2]}",))

    with pytest.raises(AmbiguousError) as caught:
        _show(path, "Marlow", "twice")
    assert "mem_test_twice__c" in (caught.value.hint or "")


def test_a_record_has_the_blocks_facts(small: Constellation) -> None:
    record = Blocks(small).show("Juniper", "human")

    assert (record.schema_type, record.block_type, record.permission) == ("map", "core", "human")
    assert (record.char_limit, record.used, record.over_limit, record.last_seq) == (3000, len(record.text), False, 15)
    assert (record.updates_active, record.updates_inactive, record.pending, record.checkpoints) == (15, 0, 0, 0)
    assert (record.snapshot_bytes, record.created_at) == (81, "2026-11-23T13:36:32.585879103Z")
    assert record.schema == record.metadata["schema"]
    assert record.text_source == "document"
    assert record.value["likes"][1] == "woven"
    assert record.value["not_in_schema"] == "hidden"


@pytest.mark.parametrize(
    ("label", "remark"),
    [
        ("scratchpad", "agents see lines 5 to 8 of its 12 lines (viewport)"),
        ("past_end", "agents see none of its 2 lines (viewport)"),
        ("observations", "agents see the newest 5 of its 14 entries"),
        ("bluesky_user:heron.example", "agents see only the headings of its sections, by a defect of the runtime"),
        ("checkpoint_only", "a checkpoint hides earlier updates from agents: --rendered shows what they see"),
        ("retired", "deleted: agents do not see this block"),
        ("undo_all", "the document is empty; the stored preview still holds older text"),
    ],
)
def test_what_agents_do_not_see_is_said(small: Constellation, label: str, remark: str) -> None:
    assert remark in Blocks(small).show("Juniper", label).remarks


@pytest.mark.parametrize("label", ["persona", "human", "todo", "consolidated", "file:ab12cd34:notes/to day.md"])
def test_a_block_that_agents_see_whole_needs_no_remark(small: Constellation, label: str) -> None:
    assert Blocks(small).show("Juniper", label).remarks == ()


def test_raw_is_the_text_alone_and_rendered_what_the_runtime_makes_of_it(small: Constellation) -> None:
    blocks = Blocks(small)

    raw = blocks.show("Juniper", "scratchpad", text_as="raw")
    seen = blocks.show("Juniper", "scratchpad", text_as="rendered")

    assert raw.text.startswith("line 1: ")
    assert seen.text.startswith("[Showing lines 5-8 of 12]\nline 5: ")
    assert seen.text_source == "runtime"


def test_raw_text_leaves_out_what_stands_outside_the_schema(
    path: Path, put_block: Made, snapshot: Made, type_text: Made
) -> None:
    blob = snapshot(type_text("words"), lambda doc: doc.get_list("items").push("stray"))
    put_block(path, "stray", snapshot=blob, metadata=None)

    assert _show(path, "Marlow", "stray", text_as="raw").text == "words"
    record = _show(path, "Marlow", "stray")
    assert record.text.endswith("- stray")
    assert record.stray == {"items": ["stray"]}
    assert "stored outside the schema, where agents do not see it: items" in record.remarks


def test_raw_of_another_schema_is_the_whole_view(small: Constellation) -> None:
    blocks = Blocks(small)

    raw = blocks.show("Juniper", "observations", text_as="raw").text

    assert raw == blocks.show("Juniper", "observations").text
    assert len(raw.split("\n")) == 14


def test_an_empty_block_shows_its_preview(path: Path, put_block: Made) -> None:
    put_block(path, "rescued", preview="old words", metadata='{"schema":{"List":{}}}')

    for text_as in ("whole", "raw"):
        record = _show(path, "Marlow", "rescued", text_as=text_as)
        assert (record.text, record.text_source, record.used) == ("old words", "preview", 0)
    assert _show(path, "Marlow", "rescued", text_as="rendered").text == ""


def test_an_unreadable_document_shows_its_preview_and_what_is_wrong(path: Path, put_block: Made) -> None:
    put_block(path, "broken", snapshot=b"junk", preview="old words")

    record = _show(path, "Marlow", "broken")

    assert (record.text, record.text_source, record.used) == ("old words", "preview", None)
    assert record.damage == ("the snapshot: it is no Loro data",)


def test_an_unreadable_document_without_a_preview_has_facts_and_no_text(path: Path, put_block: Made) -> None:
    put_block(path, "broken", snapshot=b"junk")

    record = _show(path, "Marlow", "broken")

    assert (record.text, record.text_source, record.label) == ("", None, "broken")


def test_what_is_left_of_a_damaged_document_is_shown(
    path: Path, put_block: Made, updates: Made, type_text: Made
) -> None:
    first, second = updates(type_text("one "), type_text("two"))
    put_block(path, "partial", updates=[first, b"junk", second], preview="stale")

    record = _show(path, "Marlow", "partial")

    assert (record.text, record.text_source, record.used) == ("one two", "document", None)
    assert record.damage == ("update 2: it is no Loro data",)


@pytest.mark.parametrize("text_as", ["raw", "rendered"])
def test_exact_texts_of_a_damaged_document_are_refused(path: Path, put_block: Made, text_as: str) -> None:
    put_block(path, "broken", snapshot=b"junk", preview="old words")

    with pytest.raises(IntegrityError):
        _show(path, "Marlow", "broken", text_as=text_as)


def test_a_row_that_the_runtime_cannot_read_has_no_rendering(path: Path, put_block: Made) -> None:
    put_block(path, "number", metadata=5)

    with pytest.raises(IntegrityError, match="metadata: a bare number"):
        _show(path, "Marlow", "number", text_as="rendered")
    assert _show(path, "Marlow", "number").damage == ("metadata: a bare number, which the runtime cannot read",)


def test_a_pending_update_is_counted(
    path: Path, put_block: Made, updates: Made, type_text: Made, run_sql: Made
) -> None:
    id = put_block(path, "gap", updates=updates(type_text("one "), type_text("two "), type_text("three")))
    run_sql(path, "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq = 2", (id,))

    record = _show(path, id)

    assert (record.pending, record.updates_active, record.updates_inactive, record.text) == (1, 2, 1, "one ")
    assert record.damage


def test_an_address_says_through_whom(small: Constellation) -> None:
    juniper = small.value("SELECT id FROM agents WHERE name = 'Juniper'")
    own, received = address(small, "Juniper", "persona"), address(small, "Juniper", "shared_0")
    assert (own.id, own.name, own.through) == (PERSONA, "Juniper/persona", None)
    assert (received.name, received.through) == ("Marlow/shared_0", juniper)
    assert address(small, "Marlow/shared_0").through is None
