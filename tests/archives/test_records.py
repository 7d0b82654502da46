from __future__ import annotations

from typing import Any

import pytest

from pattern_cli.archives import dagcbor, records
from pattern_cli.archives.fields import RecordError


def test_an_agent_comes_out_typed(build: Any) -> None:
    record = records.AgentRecord.of(build.agent(tool_rules=[{"a": 1}], enabled_tools=["x", "y"]))
    assert record.enabled_tools == ("x", "y")
    assert record.created_at == "2026-01-02T03:04:05.000000001+00:00"
    assert record.tool_rules == [{"a": 1}]


def test_unknown_keys_are_ignored_and_optional_ones_may_be_missing(build: Any) -> None:
    value = build.agent(something_new=1)
    del value["description"]
    assert records.AgentRecord.of(value).description is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": "asleep"}, "the key status is 'asleep', not one of active, hibernated, archived"),
        ({"enabled_tools": [1]}, "the key enabled_tools is no text"),
        ({"created_at": "today"}, "the key created_at is no time"),
        ({"name": None}, "the key name is no text"),
        ({"config": b"x"}, "the key config holds bytes"),
    ],
)
def test_a_wrong_value_is_named_by_its_key(changes: dict[str, Any], message: str, build: Any) -> None:
    with pytest.raises(RecordError) as caught:
        records.AgentRecord.of(build.agent(**changes))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("key", ["id", "label", "pinned", "last_seq", "snapshot_chunk_cids", "permission"])
def test_a_missing_required_key_is_named(key: str, build: Any) -> None:
    value = dagcbor.decode(build.blocks[build.block().cid])
    del value[key]
    with pytest.raises(RecordError, match=f"the key {key} is missing"):
        records.BlockRecord.of(value)


def test_what_is_no_map_is_refused() -> None:
    with pytest.raises(RecordError):
        records.Manifest.of([])


def test_a_role_is_an_object_or_nothing(build: Any) -> None:
    assert records.MemberRecord.of(build.member(role=None)).role is None
    with pytest.raises(RecordError, match="role"):
        records.MemberRecord.of(build.member(role="supervisor"))
