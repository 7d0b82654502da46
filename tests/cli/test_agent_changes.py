"""`pattern agents create`, `edit`, `rename` and `status` as a person and a script use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SMALL = "constellations/small.db"
Copy = Callable[[str], Path]
Cli = Callable[..., Any]


@pytest.fixture
def agents(database: Copy, cli: Cli) -> Callable[..., Any]:
    """Run `pattern agents …` on one copy of the small database: agents("show", "Juniper")."""
    path = database(SMALL)

    def run(*words: object, **how: Any) -> Any:
        return cli("--db", path, "agents", *words, **how)

    return run


def shown(agents: Any, name: str) -> Any:
    return json.loads(agents("show", name, "--json").out)


def test_a_new_agent(agents: Any, tmp_path: Path) -> None:
    (tmp_path / "prompt.md").write_text("Grow.\n\nSlowly.\n", encoding="utf-8")
    done = agents(
        "create", "Basil", "--provider", "anthropic", "--model", "claude", "--system-prompt", "@prompt.md",
        "--description", "@@home", "--tool", "recall", "--tool", "search", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    created = json.loads(done.out)
    assert (created["name"], created["model"], created["enabled_tools"]) == (
        "Basil",
        "anthropic/claude",
        ["recall", "search"],
    )
    found = shown(agents, "Basil")
    # The runtime stores `@path` as it was typed (upstream-cli-and-config.md C.1).
    assert found["system_prompt"] == found["config"]["system_prompt"] == "Grow.\n\nSlowly.\n"
    assert found["description"] == "@home"


def test_a_configuration_from_standard_input(agents: Any) -> None:
    config = {"model": {"provider": "openai", "model": "gpt"}, "instructions": "Be brief.", "temprature": 1}
    done = agents("create", "Basil", "--config", "-", stdin=json.dumps(config).encode())
    assert done.code == 0
    assert done.err == "note:  config.temprature means nothing to the runtime\n"
    assert shown(agents, "Basil")["config"] == {"name": "Basil", **config}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("create", "Basil", "--model", "m"), 2, "the model provider is missing"),
        (("create", "Basil", "--provider", "p"), 2, "the model name is missing"),
        (("create", "Juniper", "--provider", "p", "--model", "m"), 4, 'an agent named "Juniper" exists already'),
        (("create", "", "--provider", "p", "--model", "m"), 2, "the name is empty"),
        (("create", "a\x1b[2J", "--provider", "p", "--model", "m"), 2, "the name holds a control character, U+001B"),
        (("create", "Basil", "--config", "{"), 2, "--config is no JSON"),
        (("create", "Basil", "--config", "@missing.json"), 1, "missing.json cannot be read"),
        (("create", "Basil", "--provider", "p", "--model", "m", "--tool", ""), 2, "a name in tools is empty"),
        (("edit", "Juniper"), 2, "nothing to change is named"),
        (("edit", "Junper", "--model", "m"), 3, 'no agent named "Junper"'),
        (("edit", "Juniper", "--unset", "model"), 2, '"model" cannot be unset'),
        (("edit", "Juniper", "--editor", "--model", "m"), 2, "--editor takes no other change"),
        (("edit", "Juniper", "--system-prompt", "-", "--description", "-"), 2, "standard input can be only one"),
        (("edit", "Juniper", "--system-prompt", "-"), 2, "is no UTF-8 text"),
        (("edit", "Juniper", "--remove-tool", "serch"), 2, 'Juniper has no tool "serch"'),
        (("rename", "Juniper", "Marlow"), 4, 'an agent named "Marlow" exists already'),
        (("rename", "Juniper", " "), 2, "the name is empty"),
        (("status", "Juniper", "asleep"), 2, "asleep"),
    ],
)
def test_bad_input_is_one_sentence_and_one_hint(
    words: tuple[str, ...], code: int, said: str, database: Copy, cli: Cli
) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "agents", *words, stdin=b"\xff")
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert [line.partition(":")[0] for line in done.err.splitlines()] == ["error", "hint"]
    assert path.read_bytes() == before


def test_only_what_is_named_changes(agents: Any) -> None:
    before = shown(agents, "Marlow")
    done = agents("edit", "Marlow", "--model", "gpt-5", "--add-tool", "web", "--json")
    assert json.loads(done.out)["changed"] == ["model_name", "enabled_tools"]
    after = shown(agents, "Marlow")
    assert {key for key in after if after[key] != before[key]} == {"model", "model_name", "enabled_tools", "updated_at"}


def test_a_text_may_be_emptied(agents: Any) -> None:
    agents("edit", "Juniper", "--system-prompt", "", "--description", "")
    found = shown(agents, "Juniper")
    assert (found["system_prompt"], found["description"], found["overrides"]) == ("", "", ["tool_rules"])


def test_a_new_name_and_a_new_status(agents: Any) -> None:
    assert json.loads(agents("rename", "Juniper", "Marigold", "--json").out)["groups"] == ["Harbor Crew"]
    assert (
        agents("status", "Marigold", "archived", "--fields", "changed", "--format", "ndjson").out
        == '{"changed":["status"]}\n'
    )
    found = shown(agents, "Marigold")
    assert (found["status"], found["config"]["name"]) == ("archived", "Marigold")


def editing(script: str, tmp_path: Path, **more: str) -> dict[str, str]:
    """An environment whose editor runs a script of Python on the file that it gets."""
    file = tmp_path / "editor.py"
    file.write_text(f"import sys\nfrom pathlib import Path\npath = Path(sys.argv[1])\n{script}\n", encoding="utf-8")
    import sys

    return {"EDITOR": f"{sys.executable} {file}", "XDG_STATE_HOME": str(tmp_path / "state"), **more}


REPLACE = "path.write_text(path.read_text(encoding='utf-8').replace({!r}, {!r}), encoding='utf-8')"


def kept(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "state").rglob("*.toml"))


def test_the_editor_changes_what_was_changed(agents: Any, tmp_path: Path) -> None:
    before = shown(agents, "Juniper")
    env = editing(REPLACE.format("Be brief.", "Be long."), tmp_path)
    done = agents("edit", "Juniper", "--editor", "--json", env=env)
    assert json.loads(done.out)["changed"] == ["system_prompt", "config"]
    after = shown(agents, "Juniper")
    assert after["config"] == before["config"] | {"system_prompt": "You keep the harbor log. Be long."}
    assert kept(tmp_path) == []


@pytest.mark.parametrize("script", ["", "path.touch()", "path.write_text(path.read_text() + '\\n# thoughts\\n')"])
def test_nothing_edited_is_nothing_changed(script: str, agents: Any, tmp_path: Path) -> None:
    done = agents("edit", "Juniper", "--editor", "--json", env=editing(script, tmp_path))
    assert (done.code, json.loads(done.out)["changed"]) == (0, [])
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        (REPLACE.format('status = "active"', "status ="), 2, "the edited text is no TOML"),
        (REPLACE.format('status = "active"', 'statu = "active"'), 2, '"statu" is nothing that can be edited here'),
        (REPLACE.format('status = "active"', 'status = "asleep"'), 2, "active, hibernated, archived"),
        (REPLACE.format('name = "Juniper"', 'name = "Marlow"'), 4, 'an agent named "Marlow" exists already'),
        ("path.write_bytes(b'\\xff')", 2, "the edited text is no UTF-8"),
        ("path.write_text('name = 5'); sys.exit(3)", 1, "ended with status 3"),
    ],
)
def test_a_text_that_cannot_be_stored_is_kept(
    script: str, code: int, said: str, database: Copy, cli: Cli, tmp_path: Path
) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "agents", "edit", "Juniper", "--editor", env=editing(script, tmp_path))
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    (file,) = kept(tmp_path)
    assert f"your text is kept in {file}" in done.err
    assert path.read_bytes() == before


def test_an_agent_that_changed_meanwhile_is_a_conflict(database: Copy, cli: Cli, tmp_path: Path) -> None:
    path = database(SMALL)
    script = f"""
import apsw
connection = apsw.Connection({str(path)!r})
connection.execute("UPDATE agents SET description = 'new' WHERE name = 'Juniper'")
connection.close()
{REPLACE.format("Be brief.", "Be long.")}"""
    done = cli("--db", path, "agents", "edit", "Juniper", "--editor", env=editing(script, tmp_path))
    assert (done.code, done.out) == (4, "")
    assert "Juniper was changed meanwhile" in done.err
    (file,) = kept(tmp_path)
    assert "Be long." in file.read_text(encoding="utf-8")
    found = json.loads(cli("--db", path, "agents", "show", "Juniper", "--json").out)
    assert (found["description"], found["system_prompt"]) == ("new", "You keep the harbor log. Be brief.")
