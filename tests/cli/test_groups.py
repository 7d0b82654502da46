"""`pattern groups`: what a person sees, what a script gets, damaged members."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

SMALL = "constellations/small.db"
Seen = Callable[..., str]
Golden = Callable[[str, str], None]
Copy = Callable[[str], Path]


@pytest.mark.parametrize("columns", [60, 100])
def test_the_list_as_a_person_sees_it(columns: int, database: Copy, seen: Seen, golden: Golden) -> None:
    golden(f"groups-list-{columns}.txt", seen("--db", database(SMALL), "groups", "list", columns=columns))


def test_a_group_as_a_person_sees_it(database: Copy, seen: Seen, golden: Golden) -> None:
    golden("groups-show.txt", seen("--db", database(SMALL), "groups", "show", "Harbor Crew"))


def test_groups_for_scripts(database: Copy, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    rows = json.loads(cli("--db", path, "groups", "list", "--json").out)
    assert [(row["name"], row["pattern_type"], row["member_count"]) for row in rows] == [
        ("Harbor Crew", "supervisor", 3),
        ("Night Watch", "sleeptime", 2),
    ]
    assert list(rows[0]) == [
        "id", "name", "pattern_type", "member_count", "members", "description", "created_at", "updated_at", "damage",
    ]  # fmt: skip
    found = json.loads(cli("--db", path, "groups", "show", "Night Watch", "--json").out)
    assert {member["agent_name"] for member in found["members"]} == set(rows[1]["members"])
    assert list(found["members"][0]) == ["agent_id", "agent_name", "role", "capabilities", "joined_at"]
    assert isinstance(found["pattern_config"], dict)


def test_an_unknown_group(database: Copy, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    done = cli("--db", path, "groups", "show", "Harbor")
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        'error: no group named "Harbor"\n'
        f"hint:  did you mean Harbor Crew? `pattern --db {path} groups list` shows all\n"
    )


def test_damaged_members_are_shown_and_named(database: Copy, cli: Callable[..., Any], seen: Seen) -> None:
    path = database(SMALL)
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE agent_groups SET pattern_type = 'swarm', pattern_config = 7 WHERE name = 'Night Watch'")
    connection.execute("UPDATE group_members SET role = 'boss', capabilities = NULL")
    connection.close()
    done = cli("--db", path, "groups", "show", "Night Watch")
    assert done.code == 0
    warnings = done.err.splitlines()
    assert "warning: pattern_type: 'swarm' is not one of " in done.err
    assert "warning: pattern_config: a bare number, which the runtime cannot read" in warnings
    assert "warning: role of Juniper: not valid JSON" in warnings
    assert "warning: capabilities of Juniper: no list of words, which the runtime cannot read" in warnings
    screen = seen("--db", path, "groups", "show", "Night Watch")
    assert "Juniper" in screen
    assert "boss" in screen
    assert cli("--db", path, "groups", "list").out.count("\n") == 2
