"""`pattern agents`: what a person sees, what a script gets, on every database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.cli.agents import nested, role_words

SMALL = "constellations/small.db"
Seen = Callable[..., str]
Golden = Callable[[str, str], None]
Copy = Callable[[str], Path]


@pytest.mark.parametrize("columns", [60, 100, 140])
def test_the_list_as_a_person_sees_it(columns: int, database: Copy, seen: Seen, golden: Golden) -> None:
    golden(f"agents-list-{columns}.txt", seen("--db", database(SMALL), "agents", "list", columns=columns))


@pytest.mark.parametrize("name", ["Juniper", "Marlow"])
def test_an_agent_as_a_person_sees_it(name: str, database: Copy, seen: Seen, golden: Golden) -> None:
    golden(f"agents-show-{name}.txt", seen("--db", database(SMALL), "agents", "show", name))


def test_the_list_for_scripts(database: Copy, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    done = cli("--db", path, "agents", "list")
    assert done.code == 0
    assert [line.split("\t")[:5] for line in done.out.splitlines()] == [
        ["Juniper", "active", "anthropic/claude-sonnet-4-20250514", "18", "45"],
        ["Marlow", "hibernated", "openai/gpt-4.1-mini", "13", "27"],
        ["Quill ツ שלום", "archived", "google/gemini-2.5-pro", "3", "14"],
    ]
    rows = json.loads(cli("--db", path, "agents", "list", "--json").out)
    assert list(rows[0]) == [
        "id", "name", "status", "model", "block_count", "message_count", "last_active", "description",
        "model_provider", "model_name", "archival_count", "created_at", "updated_at", "damage",
    ]  # fmt: skip
    assert rows[0]["last_active"].endswith("Z")


def test_one_status(database: Copy, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    assert cli("--db", path, "agents", "list", "--status", "hibernated", "--fields", "name").out == "Marlow\n"
    done = cli("--db", path, "agents", "list", "--status", "asleep")
    assert done.code == 2


def test_nothing_to_list_says_what_to_do(database: Copy, seen: Seen) -> None:
    path = database(SMALL)
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM queued_messages; DELETE FROM agents; DELETE FROM agent_groups")
    connection.close()
    bring = f"pattern --db {path} import"
    assert seen("--db", path, "agents", "list") == f"no agents yet → {bring} ARCHIVE brings some in\n"
    assert seen("--db", path, "groups", "list") == f"no groups yet → {bring} ARCHIVE brings some in\n"
    assert f"none yet   → {bring} ARCHIVE" in " ".join(seen("--db", path, columns=400).splitlines())


@pytest.mark.parametrize("ref", ["Juniper", "ea0f0a49523a4b939139570e2791c66a", "ea0f"])
def test_an_agent_for_scripts(ref: str, database: Copy, cli: Callable[..., Any]) -> None:
    found = json.loads(cli("--db", database(SMALL), "agents", "show", ref, "--json").out)
    assert (found["name"], found["status"]) == ("Juniper", "active")
    assert isinstance(found["config"], dict)
    assert [group["group_name"] for group in found["groups"]] == ["Harbor Crew", "Night Watch"]
    assert found["damage"] == []


def test_an_unknown_agent(database: Copy, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    done = cli("--db", path, "agents", "show", "Junper")
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        f'error: no agent named "Junper"\nhint:  did you mean Juniper? `pattern --db {path} agents list` shows all\n'
    )


def test_damaged_rows_are_shown_and_counted(database: Copy, cli: Callable[..., Any], seen: Seen) -> None:
    path = database(SMALL)
    connection = apsw.Connection(str(path))
    connection.execute(
        "UPDATE agents SET status = 'asleep', config = 5, created_at = 'yesterday' WHERE name = 'Juniper'"
    )
    connection.execute("UPDATE agents SET name = CAST(x'4d61ff' AS TEXT) WHERE name = 'Marlow'")
    connection.close()
    done = cli("--db", path, "agents", "list")
    assert len(done.out.splitlines()) == 3
    assert "asleep" in done.out
    assert "Ma\\xff" in done.out
    assert done.err == (
        "warning: 2 rows could not be decoded completely and are shown as stored:"
        " ea0f0a49523a4b939139570e2791c66a, agt_19a6f2c3b40; the field damage says why\n"
    )
    done = cli("--db", path, "agents", "show", "Juniper")
    assert done.code == 0
    assert [line for line in done.err.splitlines() if line.startswith("warning:")] == [
        "warning: config: a bare number, which the runtime cannot read",
        "warning: status: 'asleep' is not one of active, hibernated, archived",
        "warning: created_at: not a time",
    ]
    assert "status            asleep" in seen("--db", path, "agents", "show", "Juniper")


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (None, "regular"),
        ({"type": "supervisor"}, "supervisor"),
        ({"type": "specialist", "domain": "memory_management"}, "specialist: memory_management"),
        ("supervisor", "supervisor"),
        ({"specialist": {"domain": "x"}}, '{"specialist":{"domain":"x"}}'),
        (5, "5"),
        ([], "[]"),
    ],
)
def test_roles_in_words(role: Any, words: str) -> None:
    assert role_words(role) == words


def test_ids_that_begin_alike_are_longer(database: Copy, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("UPDATE agents SET id = 'ea0f0a49523a4b93a139570e2791c66a' WHERE name = 'Marlow'")
    connection.close()
    shown = cli("--db", path, "agents", "list", "--format", "table").out
    ids = [line.split()[-1] for line in shown.splitlines()[1:]]
    assert ids[:2] == ["ea0f0a49523a4b939", "ea0f0a49523a4b93a"]
    for id in ids:
        assert cli("--db", path, "agents", "show", id).code == 0


def test_nested_values() -> None:
    assert [nested(value) for value in (None, {}, [], "", 0)] == ["", "", "", '""', "0"]
    assert nested({"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}'


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE agents SET name = x'ff00' WHERE name = 'Juniper'",
        "UPDATE group_members SET agent_id = x'ff00' WHERE agent_id LIKE 'ea0f%'",
        "UPDATE shared_block_agents SET agent_id = x'ff00' WHERE agent_id LIKE 'ea0f%'",
        "UPDATE memory_blocks SET permission = x'ff00', label = 'l' || rowid",
        "UPDATE agents SET id = x'ff00' WHERE name = 'Marlow'",
    ],
)
def test_columns_that_are_no_text_stop_no_list(change: str, database: Copy, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(change)
    connection.close()
    for words in ("", "agents list", "groups list", "memory list", "messages list", "search kettle", "db stats"):
        done = cli("--db", path, *words.split(), "--format", "table")
        assert (done.code, "unexpected" in done.err) == (0, False), (words, done.err)
