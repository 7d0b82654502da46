"""New agents: as the runtime writes them, complete or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.agents.creation import create, require_free_name
from pattern_cli.agents.service import Agents
from pattern_cli.errors import ConflictError, SchemaError, UsageError
from pattern_cli.store.constellation import Constellation
from tests.agents.conftest import everything


def raw(constellation: Constellation, name: str) -> dict[str, Any]:
    columns = [row[0] for row in constellation.rows("SELECT name FROM pragma_table_info('agents')")]
    row = next(constellation.rows("SELECT * FROM agents WHERE name = ?", (name,)))
    return dict(zip(columns, row, strict=True))


def test_the_least_there_is(small: Constellation) -> None:
    done = create(small, "Basil", "anthropic", "claude")
    row = raw(small, "Basil")
    assert re.fullmatch("[0-9a-f]{32}", done.id)
    assert row["id"] == done.id
    assert row["config"] == '{"name":"Basil","model":{"provider":"anthropic","model":"claude"}}'
    assert (row["description"], row["system_prompt"], row["enabled_tools"], row["tool_rules"]) == (None, "", "[]", None)
    assert row["status"] == "active"
    assert row["created_at"] == row["updated_at"]
    assert row["created_at"].endswith("+00:00")
    assert Agents(small).show("Basil").overrides == ()


def test_columns_and_configuration_say_the_same(small: Constellation) -> None:
    create(
        small, "Basil", "openai", "gpt", system_prompt="Grow.", description="herb", tools=["recall", "web", "recall"]
    )
    row = raw(small, "Basil")
    assert json.loads(row["config"]) == {
        "name": "Basil",
        "system_prompt": "Grow.",
        "tools": ["recall", "web"],
        "model": {"provider": "openai", "model": "gpt"},
    }
    assert (row["system_prompt"], row["enabled_tools"], row["description"]) == ("Grow.", '["recall","web"]', "herb")


def test_a_configuration_is_kept_whole_and_fills_the_columns(small: Constellation) -> None:
    rules = [{"tool_name": "search", "rule_type": {"type": "MaxCalls", "value": 3}}]
    config = {
        "id": "old",
        "name": "Somebody",
        "instructions": "Be brief.",
        "future": {"big": 18446744073709551615, "f": 1.0},
        "model": {"provider": "google", "model": "gemini", "temperature": 0.5},
        "tools": ["web"],
        "tool_rules": rules,
        "system_prompt": "From there.",
    }
    done = create(small, "Basil", config=config)
    row = raw(small, "Basil")
    assert json.loads(row["config"]) == {**config, "id": done.id, "name": "Basil"}
    assert '"big":18446744073709551615,"f":1.0' in row["config"]
    assert (row["model_provider"], row["model_name"], row["system_prompt"]) == ("google", "gemini", "From there.")
    assert (json.loads(row["enabled_tools"]), json.loads(row["tool_rules"])) == (["web"], rules)
    assert done.remarks == ("config.future means nothing to the runtime",)
    assert Agents(small).show("Basil").overrides == ()


def test_what_the_runtime_would_not_do_is_said(small: Constellation) -> None:
    config = {"model": {"provider": "p", "model": "m"}, "persona": "x", "system_prompt_path": "p.md", "temperatur": 1}
    remarks = " ".join(create(small, "Basil", config=config | {"context": {"max_messages": 5}}).remarks)
    for said in (
        "persona make no blocks",
        "system_prompt_path is read by nobody",
        "config.temperatur means",
        "context",
    ):
        assert said in remarks


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "the name is empty"),
        ({"name": "a\x1b"}, "control character"),
        ({"name": "\udcff"}, "no UTF-8"),
        ({"provider": None}, "the model provider is missing"),
        ({"model": None}, "the model name is missing"),
        ({"provider": ""}, "the model provider is empty"),
        ({"model": "a\nb"}, "control character"),
        ({"system_prompt": "\udcff"}, "the system prompt is no UTF-8"),
        ({"description": "\ud800"}, "the description is no UTF-8"),
        ({"tools": [""]}, "a name in tools is empty"),
        ({"tools": [5]}, "a name in tools is no text"),
        ({"tools": "recall"}, "no list of names"),
        ({"config": []}, "config is no JSON object"),
        ({"config": 5}, "config is no JSON object"),
        ({"config": {"model": {"model": "m"}}}, "a model without a provider"),
        ({"config": {"model": {"provider": "p", "model": 5}}}, "config.model.model is not a text"),
        ({"config": {"tools": [1]}}, "a name in config.tools is no text"),
        ({"config": {"tool_rules": [{"tool_name": "x"}]}}, "rule 1 of config.tool_rules is no tool rule"),
        ({"config": {"memory": []}}, "config.memory is not an object"),
        ({"config": {"system_prompt": 5}}, "config.system_prompt is not a text"),
        ({"config": {"system_prompt": "A"}, "system_prompt": "B"}, "the system prompt is given twice"),
        ({"config": {"tools": ["a"]}, "tools": ["b"]}, "the enabled tools is given twice"),
        ({"config": {"note": "\ud800"}}, "half a surrogate pair"),
    ],
)
def test_bad_input_writes_nothing(given: dict[str, Any], said: str, small: Constellation) -> None:
    before = everything(small)
    with pytest.raises(UsageError, match=said):
        create(small, **({"name": "Basil", "provider": "p", "model": "m"} | given))
    assert everything(small) == before


@pytest.mark.parametrize("name", ["Juniper", "agt_19a6f2c3b40", "_constellation_"])
def test_a_name_means_one_agent(name: str, small: Constellation) -> None:
    before = everything(small)
    with pytest.raises(ConflictError, match=re.escape(f'"{name}"')):
        create(small, name, "p", "m")
    assert everything(small) == before


def test_an_agent_may_keep_its_name_and_be_named_as_its_id(small: Constellation) -> None:
    require_free_name(small, "Marlow", "agt_19a6f2c3b40")
    require_free_name(small, "agt_19a6f2c3b40", "agt_19a6f2c3b40")


def test_a_dry_run_writes_nothing(small: Constellation) -> None:
    before = everything(small)
    tried = create(small, "Basil", "p", "m", tools=["web"], dry_run=True)
    assert (tried.id, tried.name, tried.model, tried.dry_run) == (None, "Basil", "p/m", True)
    with pytest.raises(ConflictError):
        create(small, "Juniper", "p", "m", dry_run=True)
    assert everything(small) == before


def test_a_dry_run_needs_the_schema_that_the_change_would(database: Callable[[str], Path]) -> None:
    with Constellation.open(database("versions/0010.db")) as constellation, pytest.raises(SchemaError):
        create(constellation, "Basil", "p", "m", dry_run=True)
