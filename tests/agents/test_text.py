"""A whole agent as TOML: nothing is lost on the way, and only what was changed comes back."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pattern_cli.agents.changes import Changes, edit
from pattern_cli.agents.text import AgentText, as_text, changes_in
from pattern_cli.errors import UsageError
from pattern_cli.store.constellation import Constellation
from tests.agents.conftest import stored
from tests.agents.test_configuration import JSON


def juniper(constellation: Constellation) -> AgentText:
    return as_text(constellation, "Juniper")


def test_the_whole_agent_is_there(small: Constellation) -> None:
    found = tomllib.loads(juniper(small).toml)
    assert list(found) == [
        "name", "description", "status", "model_provider", "model_name", "system_prompt", "enabled_tools",
        "tool_rules", "config",
    ]  # fmt: skip
    assert found["enabled_tools"] == ["recall", "search", "block"]
    assert found["config"]["model"] == {"temperature": 0.7, "settings": {"max_tokens": 4096, "ratio": 1.0}}
    assert "system_prompt" not in found["config"]
    assert "# tool_rules: the column says something else" in juniper(small).toml


@pytest.mark.parametrize("folder", ["constellations", "imported"])
def test_no_change_is_no_change(folder: str, fixtures_dir: Path, database: Callable[[str], Path]) -> None:
    for source in sorted((fixtures_dir / folder).glob("*.db")):
        if source.name == "auth.db":
            continue
        with Constellation.open(database(f"{folder}/{source.name}")) as constellation:
            for (id,) in list(constellation.rows("SELECT id FROM agents")):
                text = as_text(constellation, id)
                assert changes_in(text, text.toml) == Changes()
                assert changes_in(text, text.toml + "\n# a remark\n") == Changes()


def replaced(text: AgentText, old: str, new: str) -> Changes:
    assert text.toml.count(old) == 1, text.toml
    return changes_in(text, text.toml.replace(old, new))


def test_one_line_is_one_change(small: Constellation) -> None:
    text = juniper(small)
    assert replaced(text, 'status = "active"', 'status = "archived"') == Changes(status="archived")
    assert replaced(text, 'model_name = "claude-sonnet-4-20250514"', 'model_name = "x"') == Changes(model="x")
    assert replaced(text, '    "search",\n', "") == Changes(tools=["recall", "block"])
    assert replaced(text, 'description = "Keeps the harbor log ⚓"\n', "") == Changes(unset=("description",))


def test_a_change_of_the_configuration_keeps_what_is_elsewhere(small: Constellation) -> None:
    before = stored(small, "Juniper")
    text = juniper(small)
    edit(small, text.id, replaced(text, "temperature = 0.7", "temperature = 0.8"), expected=text.version)
    after = stored(small, "Juniper")
    assert {column for column in after if after[column] != before[column]} == {"config", "updated_at"}
    assert after["config"] == before["config"].replace('"temperature":0.7', '"temperature":0.8')


def test_both_places_change_together(small: Constellation) -> None:
    text = juniper(small)
    new = text.toml.replace("Be brief.", "Be long.").replace("temperature = 0.7", "temperature = 0.8")
    done = edit(small, text.id, changes_in(text, new))
    assert done.changed == ("system_prompt", "config")
    config = json.loads(small.value("SELECT config FROM agents WHERE name = 'Juniper'"))
    assert config["system_prompt"] == "You keep the harbor log. Be long."
    assert config["model"] == {
        "provider": "anthropic",
        "model": "claude-sonnet-4-20250514",
        "temperature": 0.8,
        "settings": {"max_tokens": 4096, "ratio": 1.0},
    }


def test_what_an_agent_did_not_have_can_be_added(small: Constellation) -> None:
    text = as_text(small, "Marlow")
    new = 'description = "Watches."\n' + text.toml.replace("[config]\n", '[config]\ninstructions = "Be calm."\n')
    done = edit(small, text.id, changes_in(text, new))
    assert done.changed == ("description", "config")
    assert small.value("SELECT config FROM agents WHERE name = 'Marlow'") == '{"instructions":"Be calm."}'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('status = "active"', 'status = "active', "is no TOML"),
        ('status = "active"', 'statu = "active"', '"statu" is nothing that can be edited'),
        ('name = "Juniper"\n', "", "the line for name is missing"),
        ('name = "Juniper"', "name = 5", "name is no text"),
        ('name = "Juniper"', 'name = "Juniper"\nname = "x"', "is no TOML"),
        ('status = "active"', 'status = "active"\nconfig_json = "{}"', "config is there twice"),
        ("[config]\n", '[config]\nsystem_prompt = "x"\n', "config.system_prompt is edited outside"),
        ("[config.model]\n", '[config.model]\nprovider = "x"\n', "config.model.provider is edited outside"),
    ],
)
def test_what_is_no_agent(old: str, new: str, said: str, small: Constellation) -> None:
    with pytest.raises(UsageError, match=said):
        replaced(juniper(small), old, new)


@pytest.mark.parametrize("value", ["2026-01-08", "nan", "[inf]"])
def test_what_json_cannot_say_is_not_stored(value: str, small: Constellation) -> None:
    text = juniper(small)
    with pytest.raises(UsageError, match="config cannot be stored as JSON"):
        edit(small, text.id, replaced(text, "[config]\n", f"[config]\nnew = {value}\n"))


def test_null_is_edited_as_json(small: Constellation) -> None:
    small.connection.execute("""UPDATE agents SET config = '{"a":null,"b":"''''''"}' WHERE name = 'Marlow'""")
    text = as_text(small, "Marlow")
    assert changes_in(text, text.toml) == Changes()
    assert json.loads(tomllib.loads(text.toml)["config_json"]) == {"a": None, "b": "'''"}
    assert changes_in(text, text.toml.replace("null", "[1, null]")).config == {"a": [1, None], "b": "'''"}
    with pytest.raises(UsageError, match="config_json is no text that holds JSON"):
        changes_in(text, text.toml.replace("null", "nul"))


def test_what_cannot_be_read_is_left_out_and_stays(small: Constellation) -> None:
    small.connection.execute(
        "UPDATE agents SET config = '{oops', description = CAST(x'ff' AS TEXT), tool_rules = 5 WHERE name = 'Juniper'"
    )
    before = stored(small, "Juniper")
    text = juniper(small)
    assert text.toml.count("cannot be read") == 3
    edit(small, text.id, replaced(text, 'status = "active"', 'status = "archived"'))
    after = stored(small, "Juniper")
    assert {column for column in after if after[column] != before[column]} == {"status", "updated_at"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(prompt="a\r\nb", config={"x": "\x7f'''"}, tool="x")
@given(
    prompt=st.text(st.characters(exclude_categories=["Cs"])),
    config=st.dictionaries(st.text(max_size=4), JSON, max_size=3),
    tool=st.text(),
)
def test_any_agent_comes_back_as_it_was(prompt: str, config: dict[str, Any], tool: str, small: Constellation) -> None:
    small.connection.execute(
        "UPDATE agents SET system_prompt = ?, config = ?, enabled_tools = ? WHERE name = 'Marlow'",
        (prompt, json.dumps(config), json.dumps([tool])),
    )
    text = as_text(small, "Marlow")
    assert changes_in(text, text.toml) == Changes()
