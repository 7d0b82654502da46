"""Settings put into a configuration: what is named changes, everything else stays, misfits are named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import IntegrityError, UsageError
from pattern_cli.groups.configuring import Configured, Settings, check_pattern, checked, configure
from pattern_cli.groups.references import Roster
from pattern_cli.models.fields import as_stored
from pattern_cli.models.words import PATTERN_TYPES

MEMBERS = Roster("Crew", {"a1": "Juniper", "a2": "Marlow"})
SOURCES = {"feed": {"type": "bluesky", "name": "feed"}}


def new(pattern: str, **settings: Any) -> dict[str, Any]:
    return configure(pattern, Settings(**settings), MEMBERS, anew=True).value


def changed(stored: dict[str, Any], **settings: Any) -> Configured:
    return configure(stored["type"], Settings(**settings), MEMBERS, stored)


@pytest.mark.parametrize(
    ("pattern", "settings", "config"),
    [
        ("round_robin", {}, {"type": "round_robin", "skip_unavailable": True}),
        ("round_robin", {"skip_unavailable": False}, {"type": "round_robin", "skip_unavailable": False}),
        ("supervisor", {"leader": "a2"}, {"type": "supervisor", "leader": "Marlow"}),
        ("pipeline", {"stages": ("Marlow", "a1")}, {"type": "pipeline", "stages": ["Marlow", "Juniper"]}),
        ("dynamic", {}, {"type": "dynamic", "selector": "random"}),
        ("dynamic", {"selector": "capability"}, {"type": "dynamic", "selector": "capability"}),
        ("dynamic", {"config": {"selector_name": "mine"}}, {"type": "dynamic", "selector_name": "mine"}),
        ("sleeptime", {}, {"type": "sleeptime", "check_interval": 60, "triggers": []}),
        (
            "sleeptime",
            {"check_interval": 5, "intervention_agent": "Juniper"},
            {"type": "sleeptime", "check_interval": 5, "intervention_agent": "Juniper", "triggers": []},
        ),
        (
            "voting",
            {"quorum": 2, "voting_timeout": 1.5, "tie_breaker": "Marlow"},
            {
                "type": "voting",
                "quorum": 2,
                "voting_rules": {
                    "voting_timeout": 1500,
                    "tie_breaker": {"specific_agent": "a2"},
                    "weight_by_expertise": False,
                },
            },
        ),
    ],
)
def test_a_new_pattern(pattern: str, settings: dict[str, Any], config: dict[str, Any]) -> None:
    assert new(pattern, **settings) == config


def test_the_only_supervisor_leads() -> None:
    def leader(*supervisors: str) -> Any:
        return configure("supervisor", Settings(), MEMBERS, anew=True, supervisors=supervisors).value["leader"]

    assert leader("a2") == "Marlow"
    for several in ((), ("a1", "a2")):
        with pytest.raises(UsageError, match="a supervisor group needs leader") as caught:
            leader(*several)
        assert caught.value.hint == "--leader MEMBER names it"


@pytest.mark.parametrize(
    ("pattern", "settings", "said", "hint"),
    [
        ("pipeline", {}, "a pipeline group needs stages", "--stage MEMBER names them, in their order"),
        ("pipeline", {"stages": ("Junper",)}, '--stage: "Junper" is no member of "Crew"', "did you mean Juniper?"),
        ("supervisor", {"leader": "Sable"}, '--leader: "Sable" is no member of "Crew"', "members are Juniper, Marlow"),
        (
            "supervisor",
            {"config": {"leader": "a1"}},
            'leader: "a1" is no member of "Crew"',
            "that is an id; by name it is Juniper",
        ),
        ("supervisor", {"config": {"leader_id": "Juniper"}}, 'leader_id: "Juniper" is no member of "Crew"', None),
        ("dynamic", {"selector": "randm"}, '--selector: no selector is named "randm"', None),
        ("voting", {"voting_timeout": float("nan")}, "--voting-timeout is nan; it must be a number of seconds", None),
        ("voting", {"voting_timeout": float("inf")}, "--voting-timeout is inf; it must be a number of seconds", None),
        ("dynamic", {"leader": "Juniper"}, "--leader belongs to supervisor, but the pattern is dynamic", None),
        ("dynamic", {"config": {"type": "voting"}}, '--config says type "voting", but the pattern is dynamic', None),
        ("dynamic", {"config": [1]}, "--config must be an object", None),
        ("dynamic", {"unset": ("selecter",)}, '--unset: the configuration has no "selecter"', "did you mean selector?"),
        ("dynamic", {"unset": ("type",)}, '--unset: the configuration has no "type"', None),
        ("dynamic", {"unset": ("selector",)}, "a dynamic group needs selector", None),
    ],
)
def test_what_a_new_pattern_cannot_be(pattern: str, settings: dict[str, Any], said: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        new(pattern, **settings)
    assert caught.value.message == said
    assert hint is None or caught.value.hint == hint


def test_only_what_is_named_changes() -> None:
    stored = {"type": "supervisor", "leader": "Juniper", "data_sources": SOURCES, "colour": {"a": None}}
    done = changed(stored, leader="Marlow")
    assert done.value == {**stored, "leader": "Marlow"}
    assert list(done.value) == list(stored)
    assert (done.removed, done.remarks) == ((), ())
    assert stored["leader"] == "Juniper"


def test_another_pattern_keeps_what_no_pattern_knows() -> None:
    """Upstream's editor rebuilds the configuration from the pattern and loses the rest (database.md D14)."""
    stored = {"type": "supervisor", "leader": "Juniper", "data_sources": SOURCES, "colour": "blue"}
    done = configure("round_robin", Settings(), MEMBERS, stored, anew=True)
    assert done.value == {
        "type": "round_robin",
        "data_sources": SOURCES,
        "colour": "blue",
        "skip_unavailable": True,
    }
    assert done.removed == ("leader",)


def test_the_runtimes_form_stays_the_runtimes_form() -> None:
    done = changed({"type": "supervisor", "leader_id": "a1", "delegation_rules": {}}, leader="Marlow")
    assert done.value == {"type": "supervisor", "leader_id": "a2", "delegation_rules": {}}
    stored = {
        "type": "sleeptime",
        "check_interval": {"secs": 60, "nanos": 5},
        "triggers": [],
        "intervention_agent_id": None,
    }
    done = changed(stored, check_interval=30, intervention_agent="Juniper")
    assert done.value == {**stored, "check_interval": {"secs": 30, "nanos": 0}, "intervention_agent_id": "a1"}
    del stored["intervention_agent_id"]
    assert changed(stored, intervention_agent="Juniper").value["intervention_agent_id"] == "a1"
    done = changed({"type": "dynamic", "selector_name": "mine", "selector_config": {}}, selector="random")
    assert done.value["selector_name"] == "random"
    done = changed({"type": "supervisor", "leader": "Juniper", "leader_id": "a1"}, leader="a2")
    assert (done.value["leader"], done.value["leader_id"]) == ("Marlow", "a2")


def test_stages_with_settings_are_not_flattened() -> None:
    stage = {"name": "x", "agent_ids": ["a1"], "timeout": 1, "on_failure": "skip"}
    with pytest.raises(UsageError, match="which --stage would lose"):
        changed({"type": "pipeline", "stages": [stage], "parallel_stages": False}, stages=("Marlow",))


def test_other_rules_of_a_vote_stay() -> None:
    rules = {"voting_timeout": 7, "tie_breaker": "first_vote", "weight_by_expertise": True, "more": 1}
    done = changed({"type": "voting", "quorum": 1, "voting_rules": rules}, tie_breaker="no_decision")
    assert done.value["voting_rules"] == {**rules, "tie_breaker": "no_decision"}
    assert list(done.value["voting_rules"]) == list(rules)


def test_a_quorum_beyond_the_members_is_told() -> None:
    done = configure("voting", Settings(quorum=3), MEMBERS, anew=True)
    assert done.remarks == ("the quorum is 3, but the group has 2 members: no vote would pass",)


def test_what_was_wrong_before_is_told_and_no_error() -> None:
    """Rows of the runtime name stages that are no members."""
    done = changed({"type": "pipeline", "stages": ["Alder", 5], "x": 1}, config={"y": 2})
    assert done.value == {"type": "pipeline", "stages": ["Alder", 5], "x": 1, "y": 2}
    assert done.remarks == (
        "stages[1] is 5; it must be a text",
        'pattern_config names stages[0] "Alder", which is no member',
    )


def test_what_makes_others_wrong_is_an_error() -> None:
    condition = {"type": "metric_threshold", "metric": "m", "threshold": 1}
    stored = {
        "type": "sleeptime",
        "check_interval": 60,
        "triggers": [{"name": "t", "condition": condition, "priority": "low"}],
    }
    with pytest.raises(UsageError, match="does not go with a check_interval in the runtime's form"):
        changed(stored, config={"check_interval": {"secs": 60, "nanos": 0}})


def test_a_missing_type_is_added_and_nothing_else_goes() -> None:
    foreign = {"manager_type": "supervisor", "manager_agent_id": "x"}
    done = configure("supervisor", Settings(leader="Juniper"), MEMBERS, foreign)
    assert done.value == {"type": "supervisor", **foreign, "leader": "Juniper"}


def test_a_configuration_that_cannot_be_read_is_not_overwritten_by_chance() -> None:
    damaged = as_stored("{", "{", ["pattern_config: not valid JSON"])
    for stored in (damaged, 7, [1]):
        with pytest.raises(IntegrityError, match="cannot be read, so nothing of it could be kept"):
            configure("supervisor", Settings(leader="Juniper"), MEMBERS, stored)
        done = configure("supervisor", Settings(leader="Juniper", replace=True), MEMBERS, stored)
        assert done.value == {"type": "supervisor", "leader": "Juniper"}


def test_replacing_keeps_nothing_and_says_what_went() -> None:
    stored = {"type": "round_robin", "skip_unavailable": True, "data_sources": SOURCES}
    done = changed(stored, config={"current_index": 1}, replace=True)
    assert (done.value, done.removed) == (
        {"type": "round_robin", "current_index": 1},
        ("skip_unavailable", "data_sources"),
    )


def test_taking_a_key_away() -> None:
    stored = {"type": "round_robin", "skip_unavailable": True, "data_sources": SOURCES}
    done = changed(stored, unset=("data_sources",))
    assert (done.value, done.removed) == ({"type": "round_robin", "skip_unavailable": True}, ("data_sources",))


def test_a_whole_new_configuration_is_judged_where_it_differs() -> None:
    stored = {"type": "pipeline", "stages": ["Alder"], "x": 1}
    done = checked("pipeline", stored, {**stored, "x": 2}, MEMBERS)
    assert done.remarks == ('pattern_config names stages[0] "Alder", which is no member',)
    with pytest.raises(UsageError, match=r'stages\[1\]: "Birch" is no member'):
        checked("pipeline", stored, {**stored, "stages": ["Juniper", "Birch"]}, MEMBERS)
    with pytest.raises(UsageError, match="must be an object"):
        checked("pipeline", stored, [], MEMBERS)


def test_patterns_by_name() -> None:
    assert all(check_pattern(name) == name for name in PATTERN_TYPES)
    with pytest.raises(UsageError) as caught:
        check_pattern("round-robin")
    assert caught.value.message == 'no coordination pattern is named "round-robin"'
    assert str(caught.value.hint).startswith("did you mean round_robin? It is one of")


def test_whether_anything_is_set() -> None:
    assert not Settings().some
    for one in ({"skip_unavailable": False}, {"config": {}}, {"unset": ("a",)}, {"replace": True}, {"leader": "x"}):
        assert Settings(**one).some  # type: ignore[arg-type]


KEYS = st.text(min_size=1, max_size=6).filter(lambda key: key not in ("type", "leader", "leader_id"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5), st.sampled_from(["Juniper", "Marlow"]))
def test_unknown_keys_are_never_touched(extra: dict[str, Any], leader: str) -> None:
    extra.pop("delegation_rules", None)
    stored = {"type": "supervisor", "leader": "Juniper", **extra}
    done = changed(stored, leader=leader)
    assert done.value == {**stored, "leader": leader}
    assert list(done.value) == list(stored)
