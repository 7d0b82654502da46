from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
        id: build.put(build.agent_export(build.agent(id, id), blocks=[build.block("mem:b", id, "board", char_limit=n)]))
        for n, id in enumerate(("owner", "reader", "writer"))
    }
    shares = [build.share("mem:b", "reader"), build.share("mem:b", "writer")]
    found = _take(build.write("Constellation", build.constellation(exports, shared_attachments=shares)))
    assert [(item.id, item.owner) for item in found.blocks] == [("mem:b", "owner")]
    assert found.copies == 2


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
