from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import ConflictError

MESSAGES = "SELECT id, json_extract(content_json, '$.Text') FROM messages ORDER BY 2"


def test_every_field_of_a_message_arrives(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    message = build.message(
        5, role="tool", source="discord", batch_type="continuation", is_archived=True, is_deleted=True,
        content_json={"Parts": [{"Text": "é"}]}, content_preview=None, sequence_in_batch=3,
        source_metadata={"discord_user_id": 123456789012345678, "user_id": "agent_a"},
    )  # fmt: skip
    done = importing(fresh, build.write_agent(chunks=[build.chunk(message)]))
    (row,) = content(fresh).rows(
        "SELECT agent_id, position, sequence_in_batch, role, content_json, content_preview, batch_type, source,"
        " source_metadata, is_archived, created_at, is_deleted FROM messages"
    )
    agent = done.arrivals[0].id
    assert row == (
        agent, message["position"], 3, "tool", '{"Parts":[{"Text":"é"}]}', None, "continuation", "discord",
        row[8], 1, "2026-01-02T03:04:05.000000001+00:00", 1,
    )  # fmt: skip
    assert json.loads(row[8]) == {"discord_user_id": 123456789012345678, "user_id": agent}


def test_absent_values_stay_absent(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    message = build.message(batch_id=None, batch_type=None, sequence_in_batch=None, source_metadata=None)
    assert importing(fresh, build.write_agent(chunks=[build.chunk(message)])).batches == 0
    assert content(fresh).rows(
        "SELECT batch_id, batch_type, sequence_in_batch, source_metadata, source FROM messages"
    ) == [(None,) * 5]


@pytest.mark.parametrize("keep_ids", [False, True])
def test_an_id_that_occurs_twice_loses_no_message(
    keep_ids: bool, build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    first, second = build.message(1), build.message(1, content_json={"Text": "twin"})
    for chunks in ([build.chunk(first, second)], [build.chunk(first), build.chunk(second, index=1)]):
        path = build.write_agent(chunks=chunks)
        done = importing(fresh, path, keep_ids=keep_ids, on_conflict="replace", run={"take_snapshot": False})
        assert done.adds["messages"] == 2
        assert [text for _, text in content(fresh).rows(MESSAGES)] == ["message 1", "twin"]


@pytest.mark.parametrize("policy", ["fail", "rename", "skip", "replace"])
@pytest.mark.parametrize("chunked", [False, True], ids=["one chunk", "many chunks"])
def test_ids_that_occur_again_are_counted_and_told_by_plan_and_result(
    chunked: bool, policy: str, build: Any, fresh: Path, importing: Any, planning: Any
) -> None:
    messages = [build.message(n) for n in (1, 1, 2, 1, 2)]
    chunks = [[message] for message in messages] if chunked else [messages]
    chunks = [build.chunk(*some, index=index) for index, some in enumerate(chunks)]
    path = build.write_agent(chunks=chunks)
    plan = planning(fresh, path, keep_ids=True, on_conflict=policy)
    done = importing(fresh, path, keep_ids=True, on_conflict=policy)
    assert plan.repeated_ids == done.repeated_ids == 3
    assert plan.remarks == done.remarks == ("3 message ids occurred in the archive before; those rows get new ones",)
    assert plan.adds == done.adds and done.adds["messages"] == 5


def test_an_id_that_occurs_again_replaces_once(
    build: Any, fresh: Path, importing: Any, planning: Any, content: Any
) -> None:
    old = [build.message(n, content_json={"Text": "old"}) for n in (1, 2)]
    importing(fresh, build.write_agent(chunks=[build.chunk(*old)]), keep_ids=True)
    twins = [build.message(2, "agent_b", content_json={"Text": text}) for text in ("one", "two")]
    for chunks in ([build.chunk(*twins)], [build.chunk(twins[0]), build.chunk(twins[1], index=1)]):
        path = build.write_agent(build.agent("agent_b", "Bo"), chunks=chunks)
        options = {"keep_ids": True, "on_conflict": "replace", "messages": True}
        plan, done = planning(fresh, path, **options), importing(fresh, path, **options)
        assert (plan.repeated_ids, plan.conflicts, plan.removes) == (1, done.conflicts, done.removes)
        assert done.repeated_ids == 1
        assert sorted(text for _, text in content(fresh).rows(MESSAGES)) == ["old", "one", "two"]


def test_the_count_of_batches_is_right_where_rows_take_the_numbers_of_deleted_ones(
    build: Any, fresh: Path, importing: Any, planning: Any, content: Any
) -> None:
    old = [build.message(n, content_json={"Text": "old"}) for n in range(1, 6)]
    importing(fresh, build.write_agent(chunks=[build.chunk(*old)]), keep_ids=True)
    new = [build.message(n, "agent_b") for n in (5, 4, 3)]
    path = build.write_agent(build.agent("agent_b", "Bo"), chunks=[build.chunk(message) for message in new])
    plan = planning(fresh, path, keep_ids=True, on_conflict="replace")
    done = importing(fresh, path, keep_ids=True, on_conflict="replace")
    assert plan.batches == done.batches == 3


@pytest.mark.parametrize(
    ("policy", "texts"),
    [("skip", ["new", "old"]), ("rename", ["new", "new", "old"]), ("replace", ["new", "new"])],
)
def test_policies_for_kept_message_ids(
    policy: str, texts: list[str], build: Any, fresh: Path, importing: Any, planning: Any, content: Any
) -> None:
    importing(
        fresh, build.write_agent(chunks=[build.chunk(build.message(1, content_json={"Text": "old"}))]), keep_ids=True
    )
    new = [build.message(n, "agent_b", content_json={"Text": "new"}) for n in (1, 2)]
    path = build.write_agent(build.agent("agent_b", "Bo"), chunks=[build.chunk(*new)])
    assert planning(fresh, path, keep_ids=True).fails
    with pytest.raises(ConflictError, match=f"message {new[0]['id']} exists already"):
        importing(fresh, path, keep_ids=True)
    plan = planning(fresh, path, keep_ids=True, on_conflict=policy)
    done = importing(fresh, path, keep_ids=True, on_conflict=policy)
    assert plan.adds == done.adds and plan.conflicts == done.conflicts
    assert [text for _, text in content(fresh).rows(MESSAGES)] == texts
    ((conflict),) = done.conflicts
    assert (conflict.kind, conflict.name, conflict.count, conflict.action) == ("message", new[0]["id"], 1, policy)
    content(fresh).require_sound()


def test_replacing_messages_of_others_counts_as_deleting_and_takes_a_snapshot(
    build: Any, fresh: Path, importing: Any, planning: Any, content: Any
) -> None:
    importing(fresh, build.write_agent(chunks=[build.chunk(build.message(1), build.message(2))]), keep_ids=True)
    path = build.write_agent(build.agent("agent_b", "Bo"), chunks=[build.chunk(build.message(2, "agent_b"))])
    assert planning(fresh, path, keep_ids=True, on_conflict="replace").removes == {"messages": 1}
    done = importing(fresh, path, keep_ids=True, on_conflict="replace")
    assert done.removes == {"messages": 1}
    assert content(Path(done.snapshot)).value("SELECT count(*) FROM messages WHERE agent_id = 'agent_a'") == 2


def test_a_message_that_replaces_the_last_row_is_not_taken_for_a_twin(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    old = [build.message(n, content_json={"Text": "old"}) for n in (1, 2, 3)]
    importing(fresh, build.write_agent(chunks=[build.chunk(*old)]), keep_ids=True)
    new = [build.message(n, "agent_b", content_json={"Text": "new"}) for n in (3, 3, 2)]
    chunks = [build.chunk(message, index=index) for index, message in enumerate(new)]
    path = build.write_agent(build.agent("agent_b", "Bo"), chunks=chunks)
    importing(fresh, path, keep_ids=True, on_conflict="replace")
    assert sorted(text for _, text in content(fresh).rows(MESSAGES)) == ["new", "new", "new", "old"]


def test_messages_that_go_with_their_agent_are_no_conflict(
    build: Any, fresh: Path, importing: Any, planning: Any, content: Any
) -> None:
    path = build.write_agent(chunks=[build.chunk(build.message(1), build.message(2))])
    importing(fresh, path, keep_ids=True)
    done = importing(fresh, path, keep_ids=True, on_conflict="replace")
    assert {conflict.kind for conflict in done.conflicts} == {"agent"}
    assert done.removes == {"agents": 1, "messages": 2}
    assert len(content(fresh).rows(MESSAGES)) == 2


def test_batch_ids_that_the_runtime_cannot_read_are_told_when_they_are_kept(
    build: Any, fresh: Path, importing: Any, planning: Any, content: Any
) -> None:
    messages = [build.message(n, batch_id="letta-import-1") for n in (4, 2, 3)]
    path = build.write_agent(chunks=[build.chunk(*messages)])
    plan = planning(fresh, path, keep_ids=True)
    assert plan.remarks[0].startswith("1 batch id that the runtime cannot read")
    importing(fresh, path)
    assert set(content(fresh).rows("SELECT batch_id FROM messages")) == {messages[1]["position"]}
    assert importing(fresh, path, keep_ids=True, on_conflict="rename").remarks == plan.remarks


def test_kept_batches_stay_apart_from_those_of_the_original(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    path = build.write_agent(chunks=[build.chunk(build.message(1), build.message(2))])
    importing(fresh, path, keep_ids=True)
    importing(fresh, path, keep_ids=True, on_conflict="rename")
    assert content(fresh).value("SELECT count(DISTINCT batch_id) FROM messages") == 4


def test_a_chunk_that_two_agents_list_comes_for_both(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    chunk = build.chunk(build.message(1))
    exports = [build.agent_export(build.agent(id, id), chunks=[chunk]) for id in ("a", "b")]
    importing(fresh, build.write("Group", build.group_export(agent_exports=exports)))
    assert len(set(content(fresh).rows("SELECT agent_id FROM messages"))) == 2
