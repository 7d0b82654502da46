from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from pattern_cli.store.identity import Identity, fresh_ids


@pytest.fixture
def identity() -> Identity:
    return Identity(
        agents={"a1": "A1", "a2": "A2"}, groups={"g1": "G1"}, blocks={"b1": "B1"}, names={"Ann": "Ann (2)", "Bo": "Bea"}
    )


def test_an_owner_is_an_agent_or_a_group(identity: Identity) -> None:
    assert [identity.owner(id) for id in ("a1", "g1", "b1")] == ["A1", "G1", None]


def test_the_configuration_of_an_agent_follows(identity: Identity) -> None:
    config = {
        "id": "a1",
        "name": "Ann",
        "memory": {"persona": {"id": "b1", "content": "a1"}, "odd": 3, "new": {"id": "unknown"}},
        "note": "a1",
    }
    assert identity.agent_config(config, "Ann (2)") == {
        "id": "A1",
        "name": "Ann (2)",
        "memory": {"persona": {"id": "B1", "content": "a1"}, "odd": 3, "new": {"id": "unknown"}},
        "note": "a1",
    }


@pytest.mark.parametrize("config", [None, [], "x", 5, {"memory": []}, {"id": 3}, {"id": ["a1"]}])
def test_odd_configurations_stay_as_they_are(config: Any, identity: Identity) -> None:
    assert identity.agent_config(config, "New") == config
    assert identity.pattern_config(config) == config
    assert identity.source_metadata(config) == config


def test_a_name_is_only_written_where_there_was_one(identity: Identity) -> None:
    assert identity.agent_config({}, "New") == {}
    assert identity.agent_config({"name": "Old"}, None) == {"name": "Old"}


def test_pattern_configurations_of_both_forms_follow(identity: Identity) -> None:
    assert identity.pattern_config({"type": "supervisor", "leader": "Ann"}) == {
        "type": "supervisor",
        "leader": "Ann (2)",
    }
    assert identity.pattern_config({"stages": ["Ann", "Zed", {"agent_ids": ["a1", "zz", 1]}]}) == {
        "stages": ["Ann (2)", "Zed", {"agent_ids": ["A1", "zz", 1]}]
    }
    config = {
        "leader_id": "a1",
        "intervention_agent_id": "a2",
        "intervention_agent": "Bo",
        "voting_rules": {"tie_breaker": {"specific_agent": "a2"}},
        "stages": [{"name": "Ann", "on_failure": {"fallback": {"agent_id": "a1"}}}],
        "selector": "a1",
    }
    assert identity.pattern_config(config) == {
        "leader_id": "A1",
        "intervention_agent_id": "A2",
        "intervention_agent": "Bea",
        "voting_rules": {"tie_breaker": {"specific_agent": "A2"}},
        "stages": [{"name": "Ann", "on_failure": {"fallback": {"agent_id": "A1"}}}],
        "selector": "a1",
    }


def test_the_metadata_of_a_message_follows(identity: Identity) -> None:
    metadata = {
        "user_id": "a1",
        "channel_id": "a1",
        "block_refs": [
            {"label": "x", "block_id": "b1", "agent_id": "a2"},
            {"block_id": "zz", "agent_id": "g1"},
            {"agent_id": "_constellation_"},
            "odd",
        ],
    }
    assert identity.source_metadata(metadata) == {
        "user_id": "A1",
        "channel_id": "a1",
        "block_refs": [
            {"label": "x", "block_id": "B1", "agent_id": "A2"},
            {"block_id": "zz", "agent_id": "G1"},
            {"agent_id": "_constellation_"},
            "odd",
        ],
    }


def test_kept_ids_change_nothing() -> None:
    assert not Identity(agents={"a": "a"}, blocks={"b": "b"}).changes
    assert Identity(agents={"a": "a"}, blocks={"b": "c"}).changes


def test_fresh_ids_are_all_different_and_of_the_runtimes_form() -> None:
    ids = list(islice(fresh_ids("mem_"), 3000))
    assert len(set(ids)) == 3000
    assert all(id.startswith("mem_") and len(id) == 36 and int(id[4:], 16) >= 0 for id in ids)
