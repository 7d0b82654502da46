from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pattern_cli.archives import dagcbor
from pattern_cli.archives.archive import Archive
from pattern_cli.archives.dagcbor import Link
from pattern_cli.errors import IntegrityError, SchemaError


def test_the_shipped_archives_open(shipped: Path) -> None:
    with Archive.open(shipped / "small-group-full.car") as archive:
        assert (archive.kind, archive.version, archive.car.sections) == ("group", 3, 96)
        assert archive.exported_at.startswith("2026-11-23T")
        assert [part.record.name for part in archive.structure.groups] == ["Harbor Crew"]
        assert sum(len(archive.messages(link)) for part in archive.structure.agents for link in part.chunks) == 86
        assert archive.not_canonical == 0
    with Archive.open(shipped / "small-agent-quill.car") as archive:
        assert archive.kind == "agent"


def test_kinds_of_groups_are_told_apart(build: Any) -> None:
    with Archive.open(build.write("Group", {"group": build.group(), "member_agent_ids": ["a"]})) as archive:
        assert archive.kind == "thin group"
        assert archive.structure.groups[0].member_ids == ("a",)
    with Archive.open(build.write("Group", build.group_export())) as archive:
        assert archive.kind == "group"


def test_the_three_lists_of_a_constellation_are_one_pool(build: Any) -> None:
    links = [build.put(build.agent_export(build.agent(id, id))) for id in ("a", "b", "c")]
    group = {
        "group": build.group(), "members": [], "agent_cids": [links[1], links[0]], "shared_memory_cids": [],
        "shared_attachment_exports": [],
    }  # fmt: skip
    data = build.constellation({"a": links[0]}, group_exports=[group], standalone_agent_cids=[links[2]])
    with Archive.open(build.write("Constellation", data)) as archive:
        assert [part.record.id for part in archive.structure.agents] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("value", "version"), [({"version": 2}, 2), ({"version": 4}, 4), ({"base_instructions": ""}, 1)]
)
def test_other_versions_are_named(value: Any, version: int, build: Any, framing: Any, tmp_path: Path) -> None:
    data = dagcbor.encode(value)
    path = tmp_path / "x.car"
    path.write_bytes(framing.header(build.put(data).cid) + framing.section(data))
    with pytest.raises(SchemaError, match=f"format version {version}; version 3 can be imported"):
        Archive.open(path)


@pytest.mark.parametrize("value", [{"something": "else"}, [1], "x", {"version": "3"}])
def test_a_car_file_of_something_else_is_no_archive(value: Any, build: Any, framing: Any, tmp_path: Path) -> None:
    data = dagcbor.encode(value)
    path = tmp_path / "x.car"
    path.write_bytes(framing.header(build.put(data).cid) + framing.section(data))
    with pytest.raises(IntegrityError, match="no archive of a constellation"):
        Archive.open(path)


def test_a_missing_block_is_noticed_at_once_and_named(build: Any) -> None:
    gone = Link(b"\1\x71\x1e\x20" + bytes(32))
    for export in ({"chunks": [gone]}, {"entries": [gone]}, {"summaries": [gone]}, {"blocks": [gone]}):
        with pytest.raises(IntegrityError, match=f"links to block {gone}"):
            Archive.open(build.write_agent(**export))


def test_a_wrong_record_is_named_with_block_byte_and_key(build: Any) -> None:
    path = build.write_agent(build.agent(status="odd"))
    with pytest.raises(IntegrityError, match=r"the agent in block bafyr4i\w+ at byte \d+: the key status is 'odd'"):
        Archive.open(path)


def test_a_block_that_is_no_dag_cbor_is_named(build: Any) -> None:
    path = build.write_agent(entries=[build.put(b"\xc0\x60")])
    with Archive.open(path) as archive, pytest.raises(IntegrityError, match=r"no valid DAG-CBOR \(tag 0"):
        archive.entry(archive.structure.agents[0].entries[0])


def test_blocks_in_another_encoding_are_read_and_counted(build: Any, fresh: Path, importing: Any) -> None:
    entry = dagcbor.decode(build.blocks[build.entry().cid])
    shuffled = b"\xa7" + b"".join(dagcbor.encode(key) + dagcbor.encode(entry[key]) for key in reversed(list(entry)))
    done = importing(fresh, build.write_agent(entries=[build.put(shuffled)]))
    assert done.adds["archival_entries"] == 1
    assert done.remarks == ("1 block of the archive not in the canonical encoding; the content is unaffected",)


def test_a_file_that_fails_is_closed(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr("pattern_cli.archives.car.CarFile.close", lambda self: closed.append(self.name))
    with pytest.raises(IntegrityError):
        Archive.open(build.write_agent(build.agent(status="odd")))
    assert closed
