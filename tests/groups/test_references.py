"""Where a configuration names agents, in both of its forms, and which of them are members."""

from __future__ import annotations

import pytest

from pattern_cli.errors import AmbiguousError, UsageError
from pattern_cli.groups.references import Roster, naming, references, roster, said
from pattern_cli.store.constellation import Constellation
from tests.groups.conftest import CREW, JUNIPER, MARLOW, QUILL

EVERYWHERE = {
    "leader": "n1",
    "intervention_agent": "n2",
    "leader_id": "i1",
    "intervention_agent_id": "i2",
    "stages": [
        "n3",
        {"agent_ids": ["i3", 5], "on_failure": {"fallback": {"agent_id": "i4"}}},
        {"agent_ids": None, "on_failure": "skip"},
        7,
    ],
    "voting_rules": {"tie_breaker": {"specific_agent": "i5"}},
    "selector_config": {"leader": "no reference"},
}


def test_every_place() -> None:
    assert [(one.key, one.at, one.value, one.by_id) for one in references(EVERYWHERE)] == [
        ("leader", "leader", "n1", False),
        ("intervention_agent", "intervention_agent", "n2", False),
        ("leader_id", "leader_id", "i1", True),
        ("intervention_agent_id", "intervention_agent_id", "i2", True),
        ("stages", "stages[0]", "n3", False),
        ("stages", "stages[1].agent_ids[0]", "i3", True),
        ("stages", "stages[1].on_failure.fallback.agent_id", "i4", True),
        ("voting_rules", "voting_rules.tie_breaker.specific_agent", "i5", True),
    ]


@pytest.mark.parametrize("config", [None, 5, "leader", [], {"stages": 5, "voting_rules": []}])
def test_what_names_nobody(config: object) -> None:
    assert list(references(config)) == []


def test_strangers() -> None:
    members = Roster("Crew", {"i1": "n1", "i3": "n3"})
    assert [one.value for one in members.strangers(EVERYWHERE)] == ["n2", "i2", "i4", "i5"]
    assert list(said(members.strangers({"leader": "i1"}))) == ['pattern_config names leader "i1", which is no member']


def test_a_member_by_id_name_or_beginning_of_an_id() -> None:
    members = Roster("Crew", {"abc1": "Juniper", "abd2": "abc1", "x": "Marlow"})
    assert members.find("abc1", "--leader") == ("abc1", "Juniper")
    assert members.find("Marlow", "--leader") == ("x", "Marlow")
    assert members.find("abd", "--leader") == ("abd2", "abc1")
    with pytest.raises(AmbiguousError, match="fits several members"):
        members.find("ab", "--leader")
    with pytest.raises(UsageError) as caught:
        members.find("Marlo", "--leader")
    assert (caught.value.message, caught.value.hint) == (
        '--leader: "Marlo" is no member of "Crew"',
        "did you mean Marlow?",
    )
    with pytest.raises(UsageError) as caught:
        Roster("Crew", {}).find("", "--leader")
    assert str(caught.value.hint).startswith("it has no members yet")


def test_the_members_of_a_stored_group(small: Constellation) -> None:
    small.connection.execute("PRAGMA foreign_keys = OFF")
    small.connection.execute("UPDATE group_members SET agent_id = 'gone' WHERE agent_id = ?", (QUILL,))
    id = small.value("SELECT id FROM agent_groups WHERE name = ?", (CREW,))
    assert roster(small, id, CREW).members == {JUNIPER: "Juniper", MARLOW: "Marlow", "gone": "gone"}


def test_groups_that_name_an_agent(small: Constellation) -> None:
    assert [(group, one.at) for group, one in naming(small, JUNIPER, "Juniper")] == [(CREW, "leader")]
    assert list(naming(small, JUNIPER, "Juniper", group_id="grp_19a6f2c4001")) == []
    small.connection.execute("UPDATE agent_groups SET pattern_config = '{'")
    assert list(naming(small, "Juniper")) == []
