"""One agent with everything that hangs on it: columns, JSON, groups, memory, and what `config` overrides."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.agents.records import AgentRecord, read
from pattern_cli.agents.service import Agents
from pattern_cli.store.constellation import Constellation

Copy = Callable[[str], Path]
SMALL = "constellations/small.db"


@pytest.fixture
def small(database: Copy) -> Iterator[Constellation]:
    with Constellation.open(database(SMALL), "write") as constellation:
        yield constellation


def juniper(constellation: Constellation) -> AgentRecord:
    return Agents(constellation).show("Juniper")


def test_everything_of_an_agent(small: Constellation) -> None:
    found = juniper(small)
    assert found.system_prompt == "You keep the harbor log. Be brief."
    assert found.enabled_tools == ["recall", "search", "block"]
    assert [rule["tool_name"] for rule in found.tool_rules] == ["search", "send_message"]
    assert found.config["model"]["temperature"] == 0.7
    assert [(group.group_name, group.role) for group in found.groups] == [
        ("Harbor Crew", {"type": "supervisor"}),
        ("Night Watch", {"type": "regular"}),
    ]
    assert found.groups[0].capabilities == ["planning"]
    assert found.blocks == tuple(sorted(found.blocks))
    assert len(found.blocks) == found.block_count == 18
    assert (found.message_count, found.archived_count) == (45, 18)
    assert found.damage == ()
    assert read(small, found.id) == found
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize("folder", ["constellations", "versions", "imported", "wal"])
def test_every_agent_of_every_database_is_readable(folder: str, fixtures_dir: Path, database: Copy) -> None:
    for source in sorted((fixtures_dir / folder).glob("*.db")):
        if source.name != "auth.db":
            with Constellation.open(database(f"{folder}/{source.name}")) as constellation:
                ids = [id for (id,) in constellation.rows("SELECT id FROM agents")]
                assert ids
                for id in ids:
                    found = read(constellation, id)
                    (config,) = next(constellation.rows("SELECT config FROM agents WHERE id = ?", (id,)))
                    assert found.config == json.loads(config)


CONFIG = {
    "name": "Juniper",
    "system_prompt": "You keep the harbor log. Be brief.",
    "tools": ["recall", "search", "block"],
    "model": {"provider": "anthropic", "model": "claude-sonnet-4-20250514"},
}


@pytest.mark.parametrize(
    ("change", "overrides"),
    [
        ({}, ()),
        ({"system_prompt": "Other."}, ("system_prompt",)),
        ({"system_prompt": ""}, ()),
        ({"system_prompt": None}, ()),
        ({"tools": ["search"]}, ("enabled_tools",)),
        ({"tools": []}, ()),
        ({"tool_rules": []}, ()),
        ({"tool_rules": [{"tool_name": "x"}]}, ("tool_rules",)),
        ({"model": {"provider": "openai"}}, ("model_provider",)),
        ({"model": {"provider": "openai", "model": "gpt"}}, ("model_provider", "model_name")),
        ({"model": "gpt"}, ()),
        ({"name": "Somebody", "id": "else"}, ()),
    ],
)
def test_what_the_configuration_overrides(
    change: dict[str, Any], overrides: tuple[str, ...], small: Constellation
) -> None:
    """JSON wins over columns where it is present and not empty; id and name never (database.md §5.1)."""
    small.connection.execute(
        "UPDATE agents SET config = ?, tool_rules = NULL WHERE name = 'Juniper'", (json.dumps(CONFIG | change),)
    )
    assert juniper(small).overrides == overrides


@pytest.mark.parametrize("config", ["{}", "[]", "null", '"text"', "not json", 5])
def test_other_configurations_override_nothing(config: Any, small: Constellation) -> None:
    small.connection.execute("UPDATE agents SET config = ? WHERE name = 'Juniper'", (config,))
    assert juniper(small).overrides == ()


def test_damage_is_shown_and_named(small: Constellation) -> None:
    small.connection.execute(
        """UPDATE agents SET status = 'asleep', config = 7, enabled_tools = '{', tool_rules = 1.5, created_at = 'x',
           system_prompt = CAST(x'ff' AS TEXT) WHERE name = 'Juniper'"""
    )
    small.connection.execute("UPDATE group_members SET role = 'boss', capabilities = NULL")
    found = juniper(small)
    assert (found.status, found.config, found.enabled_tools, found.tool_rules) == ("asleep", 7, "{", 1.5)
    assert found.created_at == "x"
    assert sorted(found.damage) == sorted(
        [
            "status: 'asleep' is not one of active, hibernated, archived",
            "config: a bare number, which the runtime cannot read",
            "enabled_tools: not valid JSON",
            "tool_rules: a bare number, which the runtime cannot read",
            "created_at: not a time",
            "system_prompt: not valid UTF-8",
            "role in Harbor Crew: not valid JSON",
            "role in Night Watch: not valid JSON",
            "capabilities in Harbor Crew: no list of words, which the runtime cannot read",
            "capabilities in Night Watch: no list of words, which the runtime cannot read",
        ]
    )


@pytest.mark.parametrize("tools", ["{}", '"search"', "[1]", "null"])
def test_tools_must_be_a_list_of_words(tools: str, small: Constellation) -> None:
    small.connection.execute("UPDATE agents SET enabled_tools = ? WHERE name = 'Juniper'", (tools,))
    found = juniper(small)
    assert found.enabled_tools == json.loads(tools)
    assert found.damage == ("enabled_tools: no list of words, which the runtime cannot read",)


def test_before_capabilities_came(database: Copy) -> None:
    with Constellation.open(database("versions/0010.db")) as constellation:
        for agent in Agents(constellation).list():
            for group in Agents(constellation).show(agent.id).groups:
                assert group.capabilities == []


def test_before_tombstones_came_every_message_counts(database: Copy) -> None:
    with Constellation.open(database("versions/0006.db")) as constellation:
        rows = list(Agents(constellation).list())
        assert sum(row.message_count for row in rows) == constellation.value("SELECT count(*) FROM messages")
        for row in rows:
            assert Agents(constellation).show(row.id).message_count == row.message_count
