"""`pattern agents clone` and `delete` as a person and a script see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pattern_cli.agents import deletion
from pattern_cli.cli.agents import agent_lives
from pattern_cli.store.constellation import Constellation

SMALL = "constellations/small.db"
Copy = Callable[[str], Path]
Cli = Callable[..., Any]


def test_every_kind_of_row_has_a_name() -> None:
    tables = {*deletion.REMOVED, *deletion.DETACHED, *deletion.KEPT, "embeddings"}
    assert len(agent_lives.counted(dict.fromkeys(tables, 1)).split(", ")) == len(tables) - 1
    assert agent_lives.counted({"agents": 1, "memory_blocks": 2, "messages": 1}) == "1 message, 2 memory blocks"


def test_a_copy_as_a_person_sees_it(
    database: Copy, seen: Callable[..., str], golden: Callable[[str, str], None]
) -> None:
    path = database(SMALL)
    told = seen("--db", path, "agents", "clone", "Juniper", "Marigold")
    with Constellation.open(path) as constellation:
        id = constellation.value("SELECT id FROM agents WHERE name = 'Marigold'")
    golden("agents-clone.txt", told.replace(id, "ID"))


def test_what_would_go_as_a_person_sees_it(
    database: Copy, seen: Callable[..., str], golden: Callable[[str, str], None]
) -> None:
    golden("agents-delete.txt", seen("--db", database(SMALL), "agents", "delete", "Juniper", "--dry-run"))


def test_a_dry_run_leaves_everything(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "agents", "delete", "Juniper", "--dry-run", "--json")
    assert done.code == 0
    plan = json.loads(done.out)
    assert plan["removed"]["agents"] == 1
    assert plan["snapshot"] is None
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == ["small.db"]


def test_no_deletion_without_a_confirmation(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    done = cli("--db", path, "agents", "delete", "Juniper")
    assert (done.code, done.out) == (7, "")
    assert "delete Juniper needs a confirmation" in done.err
    assert "Juniper" in cli("--db", path, "agents", "list", "--fields", "name").out


def test_a_deletion_makes_a_backup_first(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    done = cli("--db", path, "agents", "delete", "Juniper", "--yes", "--json")
    assert done.code == 0, done.err
    saved = json.loads(done.out)["snapshot"]
    assert "Juniper" in cli("--db", saved, "agents", "list", "--fields", "name").out
    assert "Juniper" not in cli("--db", path, "agents", "list", "--fields", "name").out
    done = cli("--db", path, "agents", "delete", "Marlow", "--yes", "--no-snapshot", "--json")
    assert json.loads(done.out)["snapshot"] is None
    assert len(list((path.parent / "backups").glob("*.db"))) == 1


def test_a_person_is_asked(database: Copy, on_terminal: Callable[..., Any]) -> None:
    path = database(SMALL)
    refused = on_terminal("--db", path, "agents", "delete", "Juniper", answer="n")
    assert refused.code == 7
    assert "48 messages, 19 memory blocks" in refused.text
    assert "nothing was changed" in refused.text
    done = on_terminal("--db", path, "agents", "delete", "Juniper", answer="y")
    assert done.code == 0
    assert "backups/small-" in done.text


def test_who_is_not_there(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    for words in (("clone", "Junper", "X"), ("delete", "Junper", "--yes")):
        done = cli("--db", path, "agents", *words)
        assert (done.code, done.out) == (3, "")
        assert "did you mean Juniper?" in done.err


def test_a_name_that_is_taken(database: Copy, cli: Cli) -> None:
    done = cli("--db", database(SMALL), "agents", "clone", "Juniper", "Marlow")
    assert (done.code, done.out) == (4, "")
    assert 'an agent named "Marlow" exists already' in done.err
