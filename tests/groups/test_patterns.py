"""Which configurations the runtime could read: every form of the reference is right, every misfit is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.groups.patterns import KEYS, problems, remarks
from pattern_cli.models.words import PATTERN_TYPES
from pattern_cli.store.constellation import Constellation

TRIGGER = {"name": "idle", "condition": {"type": "time_elapsed", "duration": 3600}, "priority": "low"}
STAGE = {"name": "draft", "agent_ids": ["a1"], "timeout": 1000, "on_failure": "skip"}
RULES = {"voting_timeout": 30000, "tie_breaker": "random", "weight_by_expertise": False}
RULED = {"max_delegations_per_agent": None, "delegation_strategy": "round_robin", "fallback_behavior": "handle_self"}


def trigger(**condition: Any) -> dict[str, Any]:
    return {**TRIGGER, "condition": condition}


def sleeping(interval: Any, *triggers: Any) -> dict[str, Any]:
    return {"type": "sleeptime", "check_interval": interval, "triggers": list(triggers)}


def found(config: Any) -> list[str]:
    return [problem.message for problem in problems(config["type"], config)]


@pytest.mark.parametrize(
    "config",
    [
        {"type": "round_robin", "skip_unavailable": True},
        {"type": "round_robin"},
        {"type": "round_robin", "current_index": 0, "skip_unavailable": True},
        {"type": "supervisor", "leader": "Juniper"},
        {"type": "supervisor", "leader_id": "a1", "delegation_rules": RULED},
        {"type": "pipeline", "stages": ["Juniper", "Marlow"]},
        {"type": "pipeline", "stages": [STAGE], "parallel_stages": False},
        {"type": "pipeline", "stages": [{**STAGE, "on_failure": {"retry": {"max_attempts": 3}}}]},
        {"type": "pipeline", "stages": [{**STAGE, "on_failure": {"fallback": {"agent_id": "a2"}}}]},
        {"type": "dynamic", "selector": "random", "selector_config": {"k": "v"}},
        {"type": "dynamic", "selector_name": "mine", "selector_config": {}},
        {"type": "voting", "quorum": 2, "voting_rules": RULES},
        {"type": "voting", "quorum": 2, "voting_rules": {**RULES, "tie_breaker": {"specific_agent": "a1"}}},
        sleeping(60),
        {**sleeping(60, TRIGGER), "intervention_agent": "Juniper"},
        sleeping(60, trigger(type="metric_threshold", metric="m", threshold=0.5)),
        sleeping(60, trigger(type="constellation_activity", message_threshold=3, time_threshold=60)),
        sleeping(60, trigger(type="custom", evaluator="e")),
        {**sleeping({"secs": 60, "nanos": 0}, TRIGGER), "intervention_agent_id": None},
        sleeping({"secs": 60, "nanos": 0}, trigger(type="pattern_detected", pattern_name="p")),
        sleeping({"secs": 60, "nanos": 0}, trigger(type="threshold_exceeded", metric="m", threshold=1)),
        {"type": "round_robin", "data_sources": {"feed": {"type": "bluesky"}}, "unknown": [1, None]},
    ],
    ids=json.dumps,
)
def test_every_form_of_the_reference(config: dict[str, Any]) -> None:
    assert found(config) == []
    assert list(remarks(config["type"], config)) == []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"type": "round_robin", "skip_unavailable": "yes"}, 'skip_unavailable is "yes"; it must be true or false'),
        ({"type": "round_robin", "skip_unavailable": 1}, "skip_unavailable is 1; it must be true or false"),
        ({"type": "round_robin", "current_index": -1}, "current_index is -1; it must be a whole number from 0 on"),
        ({"type": "round_robin", "current_index": True}, "current_index is true; it must be a whole number from 0 on"),
        ({"type": "round_robin", "data_sources": []}, "data_sources is []; it must be an object"),
        ({"type": "round_robin", "data_sources": {"a": 1}}, "data_sources.a is 1; it must be an object"),
        ({"type": "supervisor"}, "a supervisor group needs leader"),
        ({"type": "supervisor", "leader": ""}, 'leader is ""; it must be a text'),
        ({"type": "supervisor", "leader": "J", "delegation_rules": 1}, "delegation_rules is 1; it must be an object"),
        (
            {"type": "supervisor", "leader": "J", "delegation_rules": {**RULED, "fallback_behavior": "fall"}},
            'delegation_rules.fallback_behavior is "fall"; it must be one of handle_self, queue, fail',
        ),
        ({"type": "pipeline"}, "a pipeline group needs stages"),
        ({"type": "pipeline", "stages": []}, "stages is []; it must be a list of at least one"),
        ({"type": "pipeline", "stages": ["J", 5]}, "stages[1] is 5; it must be a text"),
        ({"type": "pipeline", "stages": [STAGE, "J"]}, 'stages[1] is "J"; it must be an object'),
        (
            {"type": "pipeline", "stages": [{**STAGE, "on_failure": "stop"}]},
            'stages[0].on_failure is "stop"; it must be one of skip, abort, {"retry": …}, {"fallback": …}',
        ),
        (
            {"type": "pipeline", "stages": [{k: v for k, v in STAGE.items() if k != "timeout"}]},
            "stages[0] lacks timeout",
        ),
        ({"type": "dynamic"}, "a dynamic group needs selector"),
        (
            {"type": "dynamic", "selector": "randm"},
            'selector is "randm"; it must be one of random, capability, load_balancing, supervisor, custom',
        ),
        (
            {"type": "dynamic", "selector": "random", "selector_config": {"k": 1}},
            "selector_config.k is 1; it must be a text",
        ),
        ({"type": "voting", "quorum": 0, "voting_rules": RULES}, "quorum is 0; it must be a whole number from 1 on"),
        ({"type": "voting", "quorum": 1}, "a voting group needs voting_rules"),
        (
            {"type": "voting", "quorum": 1, "voting_rules": {**RULES, "tie_breaker": ["random"]}},
            'voting_rules.tie_breaker is ["random"]; it must be one of random, first_vote, no_decision, '
            '{"specific_agent": …}',
        ),
        (sleeping(0), "check_interval is 0; it must be a whole number from 1 on"),
        (sleeping(1.5), "check_interval is 1.5; it must be a whole number from 1 on"),
        (sleeping({"secs": 1}), "check_interval lacks nanos"),
        (sleeping(60, 1), "triggers[0] is 1; it must be an object"),
        (
            sleeping(60, {**TRIGGER, "priority": "hi"}),
            'triggers[0].priority is "hi"; it must be one of critical, high, medium, low',
        ),
        (
            sleeping(60, trigger(type="pattern_detected", pattern_name="p")),
            'triggers[0].condition.type is "pattern_detected", which does not go with a check_interval in seconds',
        ),
        (
            sleeping({"secs": 60, "nanos": 0}, trigger(type="metric_threshold", metric="m", threshold=1)),
            'triggers[0].condition.type is "metric_threshold", which does not go with a check_interval in the '
            'runtime\'s form, {"secs": …}',
        ),
        (
            sleeping(60, trigger(type="time_elapsd", duration=1)),
            'triggers[0].condition.type is "time_elapsd"; it must be one of time_elapsed, metric_threshold, '
            "constellation_activity, custom",
        ),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_what_the_runtime_could_not_read(config: dict[str, Any], said: str) -> None:
    assert found(config) == [said]


def test_the_nearest_word_is_the_hint() -> None:
    (problem,) = problems("dynamic", {"type": "dynamic", "selector": "randm"})
    assert (problem.key, problem.hint) == ("selector", "did you mean random?")
    (problem,) = problems("sleeptime", sleeping(60, trigger(type="time_elapsd", duration=1)))
    assert (problem.key, problem.hint) == ("triggers", "did you mean time_elapsed?")
    (problem,) = problems("supervisor", {"type": "supervisor", "leeder": "Juniper"})
    assert problem.hint == "did you mean leader by leeder?"


def test_another_pattern_or_no_object() -> None:
    assert [p.message for p in problems("voting", {"type": "round_robin", "quorum": 1, "voting_rules": RULES})] == [
        'type is "round_robin", but the pattern is voting'
    ]
    assert [p.message for p in problems("voting", [1])] == ["the configuration is [1]; it must be an object"]


def test_keys_worth_a_second_look() -> None:
    config = {"type": "round_robin", "skip_unavailble": True, "leader": "Juniper", "colour": "blue"}
    assert list(remarks("round_robin", config)) == [
        "skip_unavailble is kept, but no key that round_robin knows; did you mean skip_unavailable?",
        "leader belongs to supervisor; round_robin does not read it",
    ]


@pytest.mark.parametrize("name", ["small", "medium"])
def test_every_configuration_that_the_runtime_wrote(name: str, database: Callable[[str], Path]) -> None:
    with Constellation.open(database(f"constellations/{name}.db")) as constellation:
        groups = list(constellation.rows("SELECT pattern_type, pattern_config FROM agent_groups"))
    assert groups
    for pattern, config in groups:
        assert list(problems(pattern, json.loads(config))) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(PATTERN_TYPES), st.data())
def test_any_json_is_judged_without_failing(pattern: str, data: st.DataObject) -> None:
    config = {"type": pattern, **{key: data.draw(VALUES) for key in KEYS[pattern]}}
    for problem in problems(pattern, config):
        assert problem.message
    list(remarks(pattern, config))
