"""`pattern groups add-member, remove-member, set-role`: what a person sees and what a script gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SMALL = "constellations/small.db"
Copy = Callable[[str], Path]
Cli = Callable[..., Any]


def members(cli: Cli, path: Path, group: str) -> dict[str, Any]:
    shown = json.loads(cli("--db", path, "groups", "show", group, "--json").out)
    return {member["agent_name"]: (member["role"], member["capabilities"]) for member in shown["members"]}


def test_members_as_a_person_sees_them(database: Copy, seen: Any, golden: Any) -> None:
    path = database(SMALL)
    screens = [
        seen("--db", path, "groups", "remove-member", "Harbor Crew", "Quill ツ שלום", "--unshare-memory", "--dry-run"),
        seen("--db", path, "groups", "set-role", "Harbor Crew", "Marlow", "observer", "--dry-run"),
        seen("--db", path, "groups", "set-role", "Harbor Crew", "Marlow", "--no-capabilities"),
    ]
    golden("groups-members.txt", "\n".join(screens))


def test_a_specialist(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    words = (
        "groups",
        "add-member",
        "Night Watch",
        "Quill ツ שלום",
        "--role",
        "specialist",
        "--domain",
        "system_integrity",
    )
    done = cli("--db", path, *words, "--capability", "memory", "--capability", "lookup", "--json")
    assert (done.code, done.err) == (0, "")
    expected = ({"type": "specialist", "domain": "system_integrity"}, ["memory", "lookup"])
    assert members(cli, path, "Night Watch")["Quill ツ שלום"] == expected


def test_memory_is_offered(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    assert cli("--db", path, "groups", "remove-member", "Harbor Crew", "Marlow", "--unshare-memory").code == 0
    done = cli("--db", path, "groups", "add-member", "Harbor Crew", "Marlow", "--dry-run")
    assert "note:  memory of Harbor Crew that Marlow does not get: crew_board; --share-memory" in done.err
    done = cli("--db", path, "groups", "add-member", "Harbor Crew", "Marlow", "--share-memory", "append", "--json")
    assert (done.err, json.loads(done.out)["shared"][0]["permission"]) == ("", "append")
    shown = json.loads(cli("--db", path, "memory", "show", "Harbor Crew", "crew_board", "--json").out)
    assert ("Marlow", "append") in [(share["agent_name"], share["permission"]) for share in shown["shared_with"]]


def test_what_stays_behind_is_told(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    done = cli("--db", path, "groups", "remove-member", "Harbor Crew", "Juniper")
    assert done.code == 0
    assert "warning: pattern_config still names leader" in done.err
    assert "note:  Juniper still gets crew_board of Harbor Crew" in done.err
    assert 'names leader "Juniper", which is no member' in cli("--db", path, "groups", "show", "Harbor Crew").err


def test_set_role(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    done = cli("--db", path, "groups", "set-role", "Harbor Crew", "Marlow", "observer")
    assert done.code == 0
    assert done.err.startswith("warning: capabilities count only for specialists")
    assert members(cli, path, "Harbor Crew")["Marlow"] == ({"type": "observer"}, ["memory", "lookup"])
    cli("--db", path, "groups", "set-role", "Harbor Crew", "Marlow", "--no-capabilities")
    assert members(cli, path, "Harbor Crew")["Marlow"] == ({"type": "observer"}, [])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add-member", "Night Watch", "Junper"), 3, "did you mean Juniper?"),
        (("add-member", "Night Watch", "Juniper"), 4, '"Juniper" is a member of "Night Watch" already'),
        (("add-member", "Night Watch", "Quill ツ שלום", "--role", "observr"), 2, "did you mean observer?"),
        (("add-member", "Night Watch", "Quill ツ שלום", "--role", "specialist"), 2, "a specialist needs a domain"),
        (("add-member", "Night Watch", "Quill ツ שלום", "--domain", "x"), 2, "a domain belongs to a specialist"),
        (("add-member", "Night Watch", "Quill ツ שלום", "--share-memory", "rw"), 2, 'no permission is named "rw"'),
        (("remove-member", "Night Watch", "Quill ツ שלום"), 3, "is no member of"),
        (("set-role", "Night Watch", "Juniper"), 2, "nothing is to be changed"),
        (("set-role", "Night Watch", "Juniper", "--domain", "x"), 2, "--domain belongs to the role specialist"),
        (("set-role", "Night Watch", "Juniper", "--capability", "x", "--no-capabilities"), 2, "leave out one of them"),
    ],
)
def test_bad_input_writes_nothing(words: tuple[str, ...], code: int, said: str, database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "groups", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert path.read_bytes() == before
