from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.messages.records import ToolUse
from pattern_cli.messages.service import Messages
from pattern_cli.store.constellation import Constellation

Message = Callable[..., dict[str, Any]]


def calls(*ids: str) -> str:
    return json.dumps(
        {"ToolCalls": [{"call_id": i, "fn_name": f"tool_{i}", "fn_arguments": {"n": 2**60}} for i in ids]}
    )


def responses(**texts: str) -> str:
    items = [{"call_id": i, "content": text, "is_error": text == "bad"} for i, text in texts.items()]
    return json.dumps({"ToolResponses": items})


@pytest.fixture
def batch(opened: Callable[..., Constellation], message: Message) -> Messages:
    """A batch of four, stored out of order, and another agent's batch of the same id."""
    constellation = opened(
        message(3, batch_id="77", sequence_in_batch=2, content_json=responses(a="fine", b="bad"), role="tool"),
        message(1, batch_id="77", sequence_in_batch=0),
        message(2, batch_id="77", sequence_in_batch=1, content_json=calls("a", "b", "c"), role="assistant"),
        message(4, batch_id="77", sequence_in_batch=None, content_json=responses(z="lost"), is_deleted=1),
        message(5, batch_id="77", agent_id="other", content_json=responses(c="not yours")),
        message(6, batch_id=None, content_json=calls("a")),
    )
    return Messages(constellation)


def show(messages: Messages, number: int) -> Any:
    return messages.show(f"msg_{number:032x}")


def test_a_call_has_its_response_beside_it(batch: Messages) -> None:
    first, second, third = show(batch, 2).tools
    assert first == ToolUse(
        call_id="a",
        name="tool_a",
        arguments={"n": 2**60},
        call_message=f"msg_{2:032x}",
        response="fine",
        is_error=False,
        response_message=f"msg_{3:032x}",
    )
    assert (second.response, second.is_error) == ("bad", True)
    assert (third.response, third.is_error, third.response_message) == (None, None, None), "only within its own agent"


def test_a_response_names_its_call(batch: Messages) -> None:
    assert [use.name for use in show(batch, 3).tools] == ["tool_a", "tool_b"]
    (lost,) = show(batch, 4).tools
    assert (lost.name, lost.call_message, lost.response) == (None, None, "lost")


def test_the_place_in_the_batch_follows_the_sequence(batch: Messages) -> None:
    assert [(show(batch, n).batch_index, show(batch, n).batch_count) for n in (1, 2, 3, 4)] == [
        (1, 4),
        (2, 4),
        (3, 4),
        (4, 4),
    ]


def test_without_a_batch_nothing_is_paired(batch: Messages) -> None:
    record = show(batch, 6)
    assert (record.batch_index, record.batch_count) == (None, None)
    assert record.tools[0].response is None


@pytest.mark.parametrize(
    "name", ["constellations/small.db", "versions/0001.db", "wal/live.db", "imported/over-original-keep.db"]
)
def test_every_message_of_real_databases_can_be_shown(database: Callable[[str], Path], name: str) -> None:
    with Constellation.open(database(name)) as constellation:
        messages = Messages(constellation)
        ids = [row[0] for row in constellation.rows("SELECT id FROM messages")]
        for id in ids:
            record = messages.show(id)
            assert record.id == id
            assert record.batch_id is None or 1 <= record.batch_index <= record.batch_count


def test_in_the_fixture_calls_and_responses_find_each_other(database: Callable[[str], Path]) -> None:
    with Constellation.open(database("constellations/small.db")) as constellation:
        messages = Messages(constellation)
        uses = [use for row in constellation.rows("SELECT id FROM messages") for use in messages.show(row[0]).tools]
        assert len(uses) > 20
        assert all(use.name and use.response for use in uses)
