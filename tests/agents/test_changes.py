"""Edits: only what is named changes, in both places; beside a runtime only what it would see."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.agents.changes import Changes, edit, version
from pattern_cli.agents.creation import create
from pattern_cli.agents.service import Agents
from pattern_cli.errors import AmbiguousError, ConflictError, NotFoundError, PatternError, RefusedError, UsageError
from pattern_cli.store.constellation import Constellation
from tests.agents.conftest import everything, stored

SMALL = "constellations/small.db"


def changed(constellation: Constellation, name: str, new_name: str | None = None, **changes: Any) -> dict[str, str]:
    """What an edit makes of a row: the columns that differ afterwards, as SQL, without `updated_at`."""
    before = stored(constellation, name)
    Agents(constellation).edit(name, **changes)
    after = stored(constellation, new_name or name)
    assert after["updated_at"] != before["updated_at"]
    return {column: value for column, value in after.items() if value != before[column] and column != "updated_at"}


def config_of(constellation: Constellation, name: str) -> Any:
    return json.loads(constellation.value("SELECT config FROM agents WHERE name = ?", (name,)))


def test_an_edit_keeps_description_and_status(small: Constellation) -> None:
    """The runtime's own editor resets both (upstream-cli-and-config.md A.2)."""
    before = stored(small, "Marlow")
    assert changed(small, "Marlow", model="gpt-5") == {"model_name": "'gpt-5'"}
    assert stored(small, "Marlow")["status"] == before["status"] == "'hibernated'"


def test_the_configuration_follows_the_column(small: Constellation) -> None:
    before = config_of(small, "Juniper")
    new = changed(small, "Juniper", system_prompt="Sail.", provider="openai")
    assert set(new) == {"system_prompt", "model_provider", "config"}
    after = config_of(small, "Juniper")
    assert after == before | {"system_prompt": "Sail.", "model": before["model"] | {"provider": "openai"}}
    assert list(after) == list(before)
    assert Agents(small).show("Juniper").overrides == ("tool_rules",)


def test_what_the_configuration_does_not_say_is_not_added(small: Constellation) -> None:
    assert changed(small, "Marlow", system_prompt="Sail.", tools=["web"]) == {
        "system_prompt": "'Sail.'",
        "enabled_tools": "'[\"web\"]'",
    }


def test_a_column_that_is_not_named_keeps_its_bytes(small: Constellation) -> None:
    small.connection.execute(
        """UPDATE agents SET tool_rules = ' [ ] ', config = '{"a" : 1.50, "tools":["x"]}', enabled_tools = '[ "x" ]',
           description = CAST(x'ff' AS TEXT), created_at = '2026-01-08 19:02:18' WHERE name = 'Juniper'"""
    )
    assert changed(small, "Juniper", status="archived") == {"status": "'archived'"}
    assert changed(small, "Juniper", tools=["x", "y"]) == {
        "enabled_tools": """'["x","y"]'""",
        "config": """'{"a":1.5,"tools":["x","y"]}'""",
    }


def test_tools_are_added_to_and_taken_from_what_the_runtime_takes(small: Constellation) -> None:
    small.connection.execute("UPDATE agents SET enabled_tools = '[\"other\"]' WHERE name = 'Juniper'")
    Agents(small).edit("Juniper", add_tools=["web", "recall"], remove_tools=["search"])
    assert Agents(small).show("Juniper").enabled_tools == ["recall", "block", "web"]
    assert config_of(small, "Juniper")["tools"] == ["recall", "block", "web"]


def test_no_tool_by_name_means_all(small: Constellation) -> None:
    done = Agents(small).edit("Quill ツ שלום", remove_tools=["web"])
    assert done.changed == ("enabled_tools",)
    assert "all built-in tools" in done.remarks[0]
    Agents(small).edit("Juniper", tools=[])
    assert "tools" not in config_of(small, "Juniper")


def test_what_can_be_unset(small: Constellation) -> None:
    assert set(changed(small, "Juniper", unset=["description", "tool_rules"])) == {
        "description",
        "tool_rules",
        "config",
    }
    record = Agents(small).show("Juniper")
    assert (record.description, record.tool_rules) == (None, None)
    assert "tool_rules" not in record.config


def test_a_new_configuration_fills_the_columns_it_speaks_of(small: Constellation) -> None:
    """And no other: a column that differs from an unchanged key stays (database.md D15)."""
    small.connection.execute("UPDATE agents SET system_prompt = 'column' WHERE name = 'Juniper'")
    config = config_of(small, "Juniper") | {"tools": ["web"], "future": [1]}
    new = changed(small, "Juniper", config=config)
    assert set(new) == {"enabled_tools", "config"}
    assert new["enabled_tools"] == "'[\"web\"]'"
    assert config_of(small, "Juniper") == config


def test_both_shapes_of_rules_stay_what_they_are(small: Constellation) -> None:
    """The runtime's commands refuse one shape and its loader the other (database.md D13)."""
    objects = '{"search":[{"type":"max_calls","max":5,"priority":5}]}'
    rules = [{"tool_name": "web", "rule_type": {"type": "ExitLoop"}}]
    assert changed(small, "Marlow", tool_rules=json.loads(objects)) == {"tool_rules": f"'{objects}'"}
    assert set(changed(small, "Marlow", tool_rules=rules)) == {"tool_rules"}
    small.connection.execute("UPDATE agents SET tool_rules = ? WHERE name = 'Juniper'", (objects,))
    assert set(changed(small, "Juniper", tool_rules=rules)) == {"config"}
    with pytest.raises(UsageError, match="tool_rules as a list"):
        Agents(small).edit("Juniper", tool_rules=json.loads(objects))


def test_renaming_goes_where_the_name_is(small: Constellation) -> None:
    done = Agents(small).rename("Juniper", "Marigold")
    assert (done.name, done.changed, done.groups) == ("Marigold", ("name", "config"), ("Harbor Crew",))
    assert config_of(small, "Marigold")["name"] == "Marigold"
    assert small.value("SELECT pattern_config FROM agent_groups WHERE name = 'Harbor Crew'") == (
        '{"type":"supervisor","leader":"Marigold","data_sources":'
        '{"feed":{"type":"bluesky","name":"feed","target":"_constellation_"}}}'
    )


def test_a_group_whose_pattern_cannot_be_read_does_not_stop_a_rename(small: Constellation) -> None:
    small.connection.execute("UPDATE agent_groups SET pattern_config = 'Juniper {' WHERE name = 'Harbor Crew'")
    assert Agents(small).rename("Juniper", "Marigold").groups == ()


def test_nothing_new_writes_nothing(small: Constellation) -> None:
    before = everything(small)
    for changes in ({"name": "Juniper"}, {"status": "active"}, {"add_tools": ["search"]}, {"unset": ["description"]}):
        name = "Marlow" if "unset" in changes else "Juniper"
        if name == "Marlow":
            small.connection.execute("UPDATE agents SET description = NULL WHERE name = 'Marlow'")
            before = everything(small)
        assert Agents(small).edit(name, **changes).changed == ()
    assert everything(small) == before


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({}, UsageError, "nothing to change"),
        ({"name": "Marlow"}, ConflictError, 'named "Marlow" exists'),
        ({"name": ""}, UsageError, "the name is empty"),
        ({"name": "a\x07"}, UsageError, "control character"),
        ({"status": "asleep"}, UsageError, "active, hibernated, archived"),
        ({"provider": ""}, UsageError, "the model provider is empty"),
        ({"system_prompt": "\udcff"}, UsageError, "no UTF-8"),
        ({"tools": [None]}, UsageError, "no text"),
        ({"remove_tools": ["serch"]}, UsageError, 'Juniper has no tool "serch"'),
        ({"tools": ["a"], "add_tools": ["b"]}, UsageError, "both replaced and changed"),
        ({"unset": ["system_prompt"]}, UsageError, '"system_prompt" cannot be unset'),
        ({"unset": ["description"], "description": "x"}, UsageError, "both given and unset"),
        ({"config": {"model": {"provider": "p", "model": "m"}}, "model": "n"}, UsageError, "given twice"),
        ({"config": "x"}, UsageError, "no JSON object"),
        ({"config": {"a": "\ud800"}}, UsageError, "half a surrogate"),
        ({"tool_rules": 5}, UsageError, "tool_rules"),
    ],
)
def test_bad_input_writes_nothing(
    changes: dict[str, Any], error: type[PatternError], said: str, small: Constellation
) -> None:
    before = everything(small)
    with pytest.raises(error, match=said):
        Agents(small).edit("Juniper", **changes)
    assert everything(small) == before


def test_the_nearest_tool_is_named(small: Constellation) -> None:
    with pytest.raises(UsageError) as caught:
        Agents(small).edit("Juniper", remove_tools=["serch"])
    assert caught.value.hint == "did you mean search?"


def test_who_is_meant(small: Constellation) -> None:
    create(small, "Basil", "p", "m")
    small.connection.execute("UPDATE agents SET id = 'ea0fbb' WHERE name = 'Basil'")
    with pytest.raises(NotFoundError):
        Agents(small).edit("Nobody", model="m")
    with pytest.raises(AmbiguousError):
        Agents(small).edit("ea0f", model="m")


def test_damage_is_replaced_and_the_rest_kept(small: Constellation) -> None:
    small.connection.execute(
        "UPDATE agents SET config = '{oops', enabled_tools = '{}', status = 'asleep' WHERE name = 'Juniper'"
    )
    assert set(changed(small, "Juniper", system_prompt="Sail.")) == {"system_prompt"}
    with pytest.raises(UsageError, match="no list of names"):
        Agents(small).edit("Juniper", add_tools=["web"])
    assert set(changed(small, "Juniper", tools=[], status="active", config={})) == {"enabled_tools", "status", "config"}
    assert Agents(small).show("Juniper").damage == ()


def test_a_row_that_changed_meanwhile_is_a_conflict(small: Constellation) -> None:
    id = Agents(small).show("Juniper").id
    seen = version(small, id)
    edit(small, id, Changes(model="a"), expected=seen)
    before = everything(small)
    with pytest.raises(ConflictError, match="changed meanwhile"):
        edit(small, id, Changes(model="b"), expected=seen)
    assert everything(small) == before


@pytest.mark.parametrize("changes", [{"model": "m"}, {"name": "Marigold"}, {"tools": ["web"]}, {"config": {}}])
def test_what_a_runtime_would_not_see_is_refused(changes: dict[str, Any], beside_a_runtime: Constellation) -> None:
    before = everything(beside_a_runtime)
    with pytest.raises(RefusedError, match="reads only when it loads the agent"):
        Agents(beside_a_runtime).edit("Juniper", **changes)
    assert everything(beside_a_runtime) == before
    assert Agents(beside_a_runtime).edit("Juniper", force=True, **changes).changed


@pytest.mark.parametrize("changes", [{"description": "x"}, {"status": "archived"}, {"unset": ["description"]}])
def test_what_no_runtime_keeps_is_safe_beside_one(changes: dict[str, Any], beside_a_runtime: Constellation) -> None:
    assert Agents(beside_a_runtime).edit("Juniper", **changes).changed


def test_every_agent_can_be_edited(fixtures_dir: Path, database: Callable[[str], Path]) -> None:
    for name in ("constellations/medium.db", "imported/group-new.db"):
        if not (fixtures_dir / name).exists():
            continue
        with Constellation.open(database(name), "write") as constellation:
            for (agent,) in list(constellation.rows("SELECT name FROM agents")):
                assert "model_name" in changed(constellation, agent, model="other")
                assert "model_name" not in Agents(constellation).show(agent).overrides


@pytest.mark.parametrize("changes", [{"model": "m", "tools": ["web"]}, {"name": "Marigold"}, {"status": "archived"}])
def test_a_dry_run_says_the_same_and_writes_nothing(changes: dict[str, Any], small: Constellation) -> None:
    before = everything(small)
    tried = Agents(small).edit("Juniper", dry_run=True, **changes)
    assert everything(small) == before
    assert replace(tried, dry_run=False) == Agents(small).edit("Juniper", **changes)


def test_a_dry_run_ends_as_the_change_would(beside_a_runtime: Constellation) -> None:
    with pytest.raises(RefusedError):
        Agents(beside_a_runtime).edit("Juniper", model="m", dry_run=True)
    with pytest.raises(ConflictError):
        Agents(beside_a_runtime).rename("Juniper", "Marlow", dry_run=True)
