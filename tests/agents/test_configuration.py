"""What the configuration says about columns, and how both stay together."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.agents import configuration
from pattern_cli.errors import UsageError

FULL: dict[str, Any] = {
    "id": "a",
    "name": "A",
    "other": 1,
    "system_prompt": "P",
    "tools": ["x"],
    "tool_rules": [{"tool_name": "x", "rule_type": {"type": "ExitLoop"}}],
    "model": {"provider": "p", "temperature": 0.5, "model": "m"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def test_what_wins() -> None:
    assert configuration.winning(FULL) == {
        "system_prompt": "P",
        "model_provider": "p",
        "model_name": "m",
        "enabled_tools": ["x"],
        "tool_rules": FULL["tool_rules"],
    }
    assert configuration.winning({"system_prompt": "", "tools": [], "model": None}) == {}


@given(JSON)
def test_anything_stored_can_be_asked(value: Any) -> None:
    assert isinstance(configuration.winning(value), dict)
    assert configuration.same(configuration.follow(value, {}), value)


def test_following_changes_only_what_is_there() -> None:
    before = deepcopy(FULL)
    new = configuration.follow(FULL, {"system_prompt": "Q", "enabled_tools": [], "model_name": "n", "status": "x"})
    assert before == FULL
    assert new == {
        "id": "a",
        "name": "A",
        "other": 1,
        "system_prompt": "Q",
        "tool_rules": FULL["tool_rules"],
        "model": {"provider": "p", "temperature": 0.5, "model": "n"},
    }
    assert list(new["model"]) == ["provider", "temperature", "model"]
    assert configuration.follow({}, {"system_prompt": "Q", "model_name": "n"}) == {}


def test_what_is_left_without_columns() -> None:
    assert configuration.without_columns(FULL) == {"other": 1, "model": {"temperature": 0.5}}
    assert configuration.without_columns({"model": {"provider": "p"}, "x": None}) == {"x": None}
    assert configuration.shared_keys(FULL) == [
        "id", "name", "system_prompt", "model.provider", "model.model", "tools", "tool_rules",
    ]  # fmt: skip
    assert configuration.shared_keys({"model": {"temperature": 1}, "x": 1}) == []


@given(JSON, JSON)
def test_order_is_the_only_thing_that_order_changes(value: Any, old: Any) -> None:
    assert configuration.same(configuration.in_order(value, old), value)


def test_known_keys_keep_their_order() -> None:
    ordered = configuration.in_order({"new": 1, "b": {"y": 1, "x": 2}, "a": 3}, {"a": 0, "b": {"x": 0, "y": 0}})
    assert list(ordered) == ["a", "b", "new"]
    assert list(ordered["b"]) == ["x", "y"]


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, 1.0), (0, False), ([1], [True]), ({"a": 1}, {"a": 1.0}), (None, False), ("", None)],
)
def test_json_tells_them_apart(one: Any, other: Any) -> None:
    assert not configuration.same(one, other)
    assert configuration.same(one, deepcopy(one))


@pytest.mark.parametrize("rules", [[], {}, FULL["tool_rules"], {"search": [{"type": "max_calls", "max": 5}]}])
def test_both_shapes_of_rules(rules: Any) -> None:
    assert configuration.require_rules(rules) is rules


@pytest.mark.parametrize("rules", [5, "x", [1], [{}], {"search": {}}, [{"tool_name": "x", "rule_type": "ExitLoop"}]])
def test_no_rules(rules: Any) -> None:
    with pytest.raises(UsageError, match="tool_rules"):
        configuration.require_rules(rules)


def test_leftovers_of_old_exports_are_no_mistake() -> None:
    assert list(configuration.remarks({"max_messages": 5, "enable_thinking": True})) == []
    assert list(configuration.remarks({"tool": []})) == [
        "config.tool means nothing to the runtime; did you mean tools?"
    ]
