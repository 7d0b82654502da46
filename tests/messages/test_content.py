from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.messages import content
from pattern_cli.messages.content import Image, RedactedThinking, Stored, Text, Thinking, ToolCall, ToolResponse

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_text_is_itself() -> None:
    assert content.read({"Text": "hello\nthere"}) == content.Content("text", (Text("hello\nthere"),), ())


def test_parts_are_text_and_images_named_by_type_and_size_or_address() -> None:
    data = base64.b64encode(b"x" * 70).decode()
    found = content.read(
        {
            "Parts": [
                {"Text": "look"},
                {"Image": {"content_type": "image/png", "source": {"Base64": data}}},
                {"Image": {"content_type": "image/jpeg", "source": {"Url": "https://example.org/a.jpg"}}},
            ]
        }
    )
    assert found.parts == (
        Text("look"),
        Image("image/png", 70, None),
        Image("image/jpeg", None, "https://example.org/a.jpg"),
    )
    assert found.text == "look\n[image image/png, 70 bytes]\n[image image/jpeg, https://example.org/a.jpg]"
    assert (found.kind, found.damage) == ("parts", ())


def test_tool_calls_keep_integers_exact() -> None:
    raw = '{"ToolCalls":[{"call_id":"t1","fn_name":"block","fn_arguments":{"n":9007199254740993}}]}'
    found = content.read(json.loads(raw))
    assert found.calls == (ToolCall("t1", "block", {"n": 9007199254740993}),)
    assert found.text == '[calls block] {"n": 9007199254740993}'


@pytest.mark.parametrize("is_error", [None, False, True])
def test_tool_responses_say_whether_they_failed(is_error: bool | None) -> None:
    found = content.read({"ToolResponses": [{"call_id": "t1", "content": "no such file", "is_error": is_error}]})
    assert found.responses == (ToolResponse("t1", "no such file", bool(is_error)),)
    assert found.text == f"[{'error' if is_error else 'result'}] no such file"


def test_blocks_hold_thinking_text_and_tools() -> None:
    found = content.read(
        {
            "Blocks": [
                {"Thinking": {"text": "hmm", "signature": "c2ln"}},
                {"RedactedThinking": {"data": "ZW5j"}},
                {"Text": {"text": "hi", "thought_signature": None}},
                {"ToolUse": {"id": "t1", "name": "search", "input": None}},
                {"ToolResult": {"tool_use_id": "t1", "content": "done"}},
            ]
        }
    )
    assert found.parts == (
        Thinking("hmm"),
        RedactedThinking(4),
        Text("hi"),
        ToolCall("t1", "search", None),
        ToolResponse("t1", "done", False),
    )
    assert found.tools == found.parts[3:]
    assert found.damage == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [("a bare text", "a bare text"), ([{"type": "text", "text": "one"}, "two"], "one\ntwo")],
)
def test_letta_shapes_are_readable_and_reported(value: Any, text: str) -> None:
    found = content.read(value)
    assert (found.kind, found.text) == ("foreign", text)
    assert len(found.damage) == 1


@pytest.mark.parametrize(
    "value",
    [None, 5, True, {}, {"Text": 5}, {"Text": "a", "Parts": []}, {"Parts": {}}, {"text": "a"}, {"Blocks": "x"}],
)
def test_anything_else_is_shown_as_stored(value: Any) -> None:
    found = content.read(value)
    assert found.kind == "unknown"
    assert found.parts == (Stored(value),)
    assert found.damage == ("content_json: not a message's content",)


@pytest.mark.parametrize(
    ("tag", "item"),
    [
        ("Parts", {"Video": "x"}),
        ("Parts", {"Text": 1}),
        ("Parts", {"Image": {"content_type": "image/png"}}),
        ("Parts", {"Image": {"content_type": "image/png", "source": {"Base64": 5}}}),
        ("ToolCalls", {"call_id": "a", "fn_name": "b"}),
        ("ToolCalls", {"call_id": 1, "fn_name": "b", "fn_arguments": {}}),
        ("ToolCalls", "text"),
        ("ToolResponses", {"call_id": "a"}),
        ("ToolResponses", {"call_id": "a", "content": "x", "is_error": "yes"}),
        ("Blocks", {"Text": "as in parts"}),
        ("Blocks", {"Text": {"text": "a"}, "Thinking": {"text": "b"}}),
        ("Blocks", {"ToolUse": {"id": "a", "name": "b"}}),
        ("Blocks", {"ToolUse": None}),
        ("Blocks", {"Song": {"text": "a"}}),
    ],
)
def test_one_odd_item_does_not_hide_the_others(tag: str, item: Any) -> None:
    good = {
        "Parts": {"Text": "good"},
        "ToolCalls": {"call_id": "c", "fn_name": "good", "fn_arguments": {}},
        "ToolResponses": {"call_id": "c", "content": "good"},
        "Blocks": {"Text": {"text": "good"}},
    }[tag]
    found = content.read({tag: [good, item, good]})
    assert found.text.count("good") == 2
    assert found.parts[1] == Stored(item)
    assert len(found.damage) == 1 and "item 2" in found.damage[0]


@given(st.binary(max_size=200))
def test_the_size_of_base64_is_that_of_its_bytes(data: bytes) -> None:
    assert content.base64_size(base64.b64encode(data).decode()) == len(data)
    assert content.base64_size(base64.encodebytes(data).decode()) == len(data)


@given(JSON_VALUES | st.dictionaries(st.sampled_from([*content.KINDS]), JSON_VALUES, min_size=1, max_size=2))
def test_no_value_is_too_odd(value: Any) -> None:
    found = content.read(value)
    assert isinstance(found.text, str)
    assert found.kind in {*content.KINDS.values(), "foreign", "unknown"}
