from __future__ import annotations

from typing import Any

import pytest

from pattern_cli.archives import messages
from pattern_cli.archives.dagcbor import Link
from pattern_cli.archives.fields import RecordError


def test_messages_come_as_tuples_in_the_order_of_their_keys(build: Any) -> None:
    (message,) = messages.read({"messages": [build.message(3)]}, plain=True)
    assert dict(zip(messages.KEYS, message, strict=True)) == build.message(3)


def test_optional_keys_may_be_missing(build: Any) -> None:
    value = build.message()
    for key in ("source", "batch_id", "batch_type", "content_preview", "source_metadata", "sequence_in_batch"):
        del value[key]
    (message,) = messages.read({"messages": [value]}, plain=True)
    assert message[messages.KEYS.index("batch_id")] is None


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"role": "robot"}, "role"),
        ({"batch_type": "other"}, "batch_type"),
        ({"sequence_in_batch": 1 << 63}, "sequence_in_batch"),
        ({"sequence_in_batch": 0.0}, "sequence_in_batch"),
        ({"is_archived": 1}, "is_archived"),
        ({"id": None}, "id"),
        ({"created_at": "later"}, "created_at"),
        ({"content_preview": ["x"]}, "content_preview"),
    ],
)
def test_a_wrong_message_is_named_also_after_right_ones(changes: dict[str, Any], key: str, build: Any) -> None:
    chunk = {"messages": [build.message(0), build.message(1), build.message(2, **changes)]}
    if key == "created_at":
        assert len(messages.read(chunk, plain=True)) == 3, "times of later messages are checked when they become rows"
        chunk["messages"] = chunk["messages"][2:]
        with pytest.raises(RecordError, match="message 1: the key created_at"):
            messages.read(chunk, plain=True)
        return
    with pytest.raises(RecordError, match=f"message 3: the key {key} "):
        messages.read(chunk, plain=True)


@pytest.mark.parametrize("value", [b"x", [Link(b"y")], {"Text": b"z"}])
def test_bytes_and_links_inside_json_are_refused(value: Any, build: Any) -> None:
    chunk = {"messages": [build.message(0), build.message(1, content_json=value)]}
    with pytest.raises(RecordError, match="message 2: the key content_json"):
        messages.read(chunk, plain=False)


@pytest.mark.parametrize("chunk", [None, [], {}, {"messages": {}}, {"messages": [1]}, {"messages": [{}]}])
def test_what_is_no_chunk_is_refused(chunk: Any) -> None:
    with pytest.raises(RecordError):
        messages.read(chunk, plain=True)
