"""`pattern memory share`, `unshare` and `shared` as a person meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def small(database: Callable[[str], Path]) -> Path:
    return database("constellations/small.db")


def test_share_and_unshare(small: Path, cli: Run) -> None:
    memory = ("--db", small, "memory")
    done = json.loads(cli(*memory, "share", "Juniper", "persona", "Marlow", "--permission", "rw", "--json").out)
    assert [(one["agent_name"], one["before"], one["after"]) for one in done["grants"]] == [
        ("Marlow", None, "read_write")
    ]
    received = json.loads(cli(*memory, "shared", "Marlow", "--json", "--fields", "owner,label,permission").out)
    assert {"owner": "Juniper", "label": "persona", "permission": "read_write"} in received
    assert cli(*memory, "unshare", "Juniper", "persona", "Marlow").code == 0
    again = cli(*memory, "unshare", "Juniper", "persona", "Marlow")
    assert again.code == 3 and "it is shared with nobody" in again.err


def test_a_group_is_told_how(small: Path, cli: Run) -> None:
    done = cli("--db", small, "memory", "share", "Juniper", "persona", "Harbor Crew")
    assert done.code == 2 and '--group "Harbor Crew" means all of its members' in done.err
    done = cli("--db", small, "memory", "share", "Harbor Crew", "crew_board", "Harbor Crew")
    assert done.code == 2 and "--members means all of its members" in done.err


def test_members(small: Path, cli: Run) -> None:
    line = ("--db", small, "memory", "share", "Harbor Crew", "crew_board", "--members", "--permission", "append")
    assert [one["after"] for one in json.loads(cli(*line, "--json").out)["grants"]] == ["append"] * 3
    done = json.loads(cli("--db", small, "memory", "unshare", "Harbor Crew", "crew_board", "--all", "--json").out)
    assert len(done["grants"]) == 3 and done["shared_with"] == 0


def test_screens(small: Path, seen: Callable[..., str]) -> None:
    screen = seen("--db", small, "memory", "share", "Juniper", "persona", "Marlow")
    assert "agents       Marlow: read_only" in screen and "shared with  1 agent" in screen
    screen = seen("--db", small, "memory", "share", "Juniper", "persona", "Marlow", "--permission", "admin")
    assert "Marlow: admin (was read_only)" in screen
    listed = seen("--db", small, "memory", "shared", "Marlow")
    assert listed.splitlines()[0].split() == [
        "OWNER",
        "LABEL",
        "RECEIVED",
        "BY",
        "PERMISSION",
        "IN",
        "CONTEXT",
        "SINCE",
    ]
    assert any(line.split()[:3] == ["Harbor", "Crew", "crew_board"] for line in listed.splitlines())
    screen = seen("--db", small, "memory", "unshare", "Juniper", "persona", "Marlow")
    assert "Marlow (was admin)" in screen
