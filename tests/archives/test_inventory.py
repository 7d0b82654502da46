from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from loro import ExportMode, LoroDoc

from pattern_cli.archives import inventory
from pattern_cli.archives.archive import Archive
from pattern_cli.errors import IntegrityError


def _take(path: Path, *, archival: bool = True) -> inventory.Inventory:
    with Archive.open(path) as archive:
        return inventory.take(archive, archival=archival)


def test_a_block_counts_once_however_often_it_is_listed(build: Any) -> None:
    block = build.block("b", "group_g", "board")
    group = {
        "group": build.group(), "members": [], "agent_cids": [], "shared_memory_cids": [block, block],
        "shared_attachment_exports": [],
    }  # fmt: skip
    data = build.constellation({}, group_exports=[group], all_memory_block_cids=[block])
    found = _take(build.write("Constellation", data))
    assert [(item.id, item.listed) for item in found.blocks] == [("b", ("group", 0))]
    assert found.copies == 0


def test_copies_that_a_converter_made_of_a_shared_block_are_one_block(build: Any) -> None:
    exports = {
        id: build.put(build.agent_export(build.agent(id, id), blocks=[build.block("mem:b", id, "board", last_seq=n)]))
        for n, id in enumerate(("owner", "reader", "writer"))
    }
    shares = [build.share("mem:b", "reader"), build.share("mem:b", "writer")]
    found = _take(build.write("Constellation", build.constellation(exports, shared_attachments=shares)))
    assert [(item.id, item.owner) for item in found.blocks] == [("mem:b", "owner")]
    assert found.copies == 2


def _text(*parts: str) -> bytes:
    """A document with these parts of a text, one edit each."""
    doc = LoroDoc()
    for part in parts:
        doc.get_text("content").insert(doc.get_text("content").len_unicode, part)
        doc.commit()
    return doc.export(ExportMode.Snapshot())


def _copies(build: Any, *changes: dict[str, Any]) -> inventory.Inventory:
    exports = {
        id: build.put(
            build.agent_export(build.agent(id, id), blocks=[build.block("mem:b", id, "board", last_seq=n, **change)])
        )
        for n, (id, change) in enumerate(zip(("owner", "reader"), changes, strict=True))
    }
    shares = [build.share("mem:b", "reader")]
    return _take(build.write("Constellation", build.constellation(exports, shared_attachments=shares)))


def test_copies_are_told_by_what_their_documents_hold_not_by_bytes(build: Any) -> None:
    one, two = _text("shared words"), _text("shared ", "words")
    assert one != two
    assert _copies(build, {"snapshot": one}, {"snapshot": two}).copies == 1


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"snapshot": _text("one")}, {"snapshot": _text("two")}),
        ({"snapshot": _text("one")}, {}),
        ({"snapshot": b"no document"}, {"snapshot": b"nor this"}),
        ({"permission": "read_only"}, {"permission": "read_write"}),
        ({"pinned": True}, {"pinned": False}),
        ({"char_limit": 1}, {"char_limit": 2}),
        ({"is_active": True}, {"is_active": False}),
        ({"metadata": {"a": 1}}, {"metadata": {"a": True}}),
    ],
)
def test_no_block_that_differs_is_taken_for_a_copy(one: dict[str, Any], two: dict[str, Any], build: Any) -> None:
    found = _copies(build, one, two)
    assert [item.owner for item in found.blocks] == ["owner", "reader"]
    assert found.copies == 0


def test_a_block_that_one_agent_lists_twice_with_other_words_comes_twice(build: Any) -> None:
    blocks = [build.block("mem:b", snapshot=_text(text), content_preview="same") for text in ("one", "two")]
    assert len(_take(build.write_agent(blocks=blocks)).blocks) == 2


@pytest.mark.parametrize("name", ["conv", "convkeep"])
def test_the_shared_block_of_a_converted_archive_comes_once(name: str, fixtures_dir: Path) -> None:
    assert _take(fixtures_dir / "archives" / "v2" / f"{name}-v2-constellation-struct.car").copies == 1


def test_different_blocks_under_one_id_both_count(build: Any) -> None:
    exports = {
        id: build.put(
            build.agent_export(build.agent(id, id), blocks=[build.block("mem:b", id, "board", description=id)])
        )
        for id in ("one", "two")
    }
    found = _take(build.write("Constellation", build.constellation(exports)))
    assert [item.owner for item in found.blocks] == ["one", "two"]


def test_entries_and_summaries_know_their_agent_and_parent(build: Any) -> None:
    data = build.group_export(
        agent_exports=[
            build.agent_export(entries=[build.entry("e1", "e0")]),
            build.agent_export(build.agent("b", "Bo"), summaries=[build.summary("s1", "s0")]),
        ]
    )
    path = build.write("Group", data)
    found = _take(path)
    assert [(item.agent, item.id, item.parent) for item in found.entries] == [(0, "e1", "e0")]
    assert [(item.agent, item.id, item.parent) for item in found.summaries] == [(1, "s1", "s0")]
    assert _take(path, archival=False).entries == ()


@pytest.mark.parametrize("changes", [{"total_snapshot_bytes": 3}, {"snapshot": b"x", "total_snapshot_bytes": 2}])
def test_a_snapshot_of_another_length_is_refused(changes: dict[str, Any], build: Any) -> None:
    with pytest.raises(IntegrityError, match='the snapshot of block "persona"'):
        _take(build.write_agent(blocks=[build.block(**changes)]))


def test_a_snapshot_in_parts_is_joined_in_their_order(build: Any) -> None:
    parts = [build.put({"data": data, "index": n, "next_cid": None}) for n, data in enumerate((b"ab", b"c"))]
    block = build.block(snapshot_chunk_cids=parts, total_snapshot_bytes=3)
    path = build.write_agent(blocks=[block])
    with Archive.open(path) as archive:
        assert archive.snapshot(archive.block(block)) == b"abc"
    with pytest.raises(IntegrityError, match="out of order"):
        _take(build.write_agent(blocks=[build.block(snapshot_chunk_cids=parts[::-1], total_snapshot_bytes=3)]))
