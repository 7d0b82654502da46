"""docs/json.md holds every key of every JSON output, with its type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Any]
ROW = re.compile(r"^\| `(?P<key>[^`]+)` \| (?P<type>[A-Za-z]+\??) \|.*\|$")
# The third of the four parts of a note.
CHUNK = "arch_ce7b3f73477246448bbfff585dc10391"
SIMPLE: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: isinstance(value, bool),
    "time": lambda value: isinstance(value, str) and value.endswith("Z") and bool(datetime.fromisoformat(value[:19])),
    "counts": lambda value: isinstance(value, dict) and all(type(count) is int for count in value.values()),
    "strings": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "integers": lambda value: isinstance(value, list) and all(type(item) is int for item in value),
    "objects": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
    "object": lambda value: isinstance(value, dict),
    "JSON": lambda value: True,
}


def documented() -> dict[str, dict[str, str]]:
    """The types by key, by command."""
    found: dict[str, dict[str, str]] = {}
    for section in (ROOT / "docs" / "json.md").read_text(encoding="utf-8").split("\n## ")[1:]:
        title, *lines = section.splitlines()
        keys = [match for line in lines if (match := ROW.match(line))]
        assert len(keys) == len([line for line in lines if line.startswith("| `")]), title
        found[title] = {match["key"]: match["type"] for match in keys}
        assert len(found[title]) == len(keys), f"{title} names a key twice"
    return found


DOCUMENTED = documented()


def check(row: dict[str, Any], title: str, damaged: bool = False, at: str = "") -> Iterator[str]:
    """The documented keys that a row has; fails for others and for other types."""
    keys = DOCUMENTED[title]
    damaged = damaged or bool(row.get("damage"))
    for name, value in row.items():
        key = f"{at}{name}"
        assert key in keys, f"docs/json.md does not know {key} of {title}"
        yield key
        kind = keys[key].rstrip("?")
        if value is None:
            assert keys[key].endswith("?") or kind == "JSON" or damaged, f"{key} of {title} is null"
        else:
            assert damaged or SIMPLE[kind](value), f"{key} of {title} is no {kind}: {value!r}"
            if kind in ("objects", "object"):
                for inner in value if isinstance(value, list) else [value]:
                    yield from check(inner, title, damaged, f"{key}[]." if kind == "objects" else f"{key}.")


@pytest.fixture(scope="module")
def place(fixtures_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of databases that together have a row of every kind."""
    folder = tmp_path_factory.mktemp("json")
    for name in ("constellations/small.db", "constellations/small-embeddings.db", "versions/0010-preedit.db"):
        (folder / Path(name).name).write_bytes((fixtures_dir / name).read_bytes())
    return folder


@pytest.fixture
def held(place: Path, hold: Callable[[Path], int]) -> None:
    """Another process has the database open, so that there is a holder to tell."""
    hold(place / "small.db")


def groups(path: str) -> dict[str, list[list[str]]]:
    """Command lines that change groups, in the order of the page."""
    crew = "Harbor Crew"
    lines = {
        "create": [["create", "Crew", "--pattern", "round_robin", "--member", "Juniper"]],
        "edit": [["edit", "Crew", "--pattern", "dynamic", "--description", "new"]],
        "rename": [["rename", "Crew", "Guild"]],
        "delete": [["delete", crew, "--dry-run"]],
        "add-member": [
            ["add-member", "Guild", "Marlow"],
            ["remove-member", crew, "Juniper", "--unshare-memory"],
            ["add-member", crew, "Juniper", "--share-memory", "append"],
        ],
        "remove-member": [["remove-member", "Guild", "Marlow"], ["remove-member", crew, "Juniper", "--unshare-memory"]],
        "set-role": [["set-role", "Guild", "Juniper", "observer"]],
    }
    return {
        f"pattern groups {command}": [["--db", path, "groups", *words] for words in given]
        for command, given in lines.items()
    }


def editing(path: str) -> dict[str, list[list[str]]]:
    """Command lines that change what Juniper's blocks hold."""
    lines = {
        "set": ["persona", "tea"],
        "append": ["persona", " and rain"],
        "replace": ["persona", "tea", "mint", "--dry-run"],
        "edit": ["persona"],
        "field get": ["human", "locked"],
        "field set": ["human", "nickname", "Wren"],
        "field incr": ["human", "energy"],
        "item add": ["todo", "title=tea"],
        "item insert": ["todo", "1", "title=tea"],
        "item remove": ["todo", "1"],
        "item move": ["todo", "1", "2"],
        "log add": ["observations", "a heron"],
    }
    return {
        f"pattern memory {command}": [["--db", path, "memory", *command.split(), "Juniper", *words]]
        for command, words in lines.items()
    }


def lives(path: str) -> dict[str, list[list[str]]]:
    """Command lines that make, share and remove blocks, in the order of the page."""
    lines = {
        "create": [["Harbor Crew", "plan", "--members", "--from", "a plan"]],
        "meta": [["Harbor Crew", "plan", "--type", "core", "--viewport", "1..9"]],
        "delete": [["Harbor Crew", "plan", "--as-admin", "--yes"]],
        "restore": [["Harbor Crew", "plan"]],
        "purge": [["Harbor Crew", "plan", "--as-admin", "--yes"]],
        "share": [["Juniper", "old_minutes", "Marlow"], ["Juniper", "old_minutes", "Marlow", "--permission", "admin"]],
        "unshare": [["Juniper", "old_minutes", "--all"]],
        "shared": [[]],
    }
    return {
        f"pattern memory {command}": [["--db", path, "memory", command, *words] for words in given]
        for command, given in lines.items()
    }


def past(path: str) -> dict[str, list[list[str]]]:
    """Command lines about the past of a block, in the order of the page."""
    lines = (
        ("history",),
        ("diff", "1..3"),
        ("blame",),
        ("undo", "--as-admin"),
        ("redo", "--as-admin"),
        ("revert", "3", "--as-admin"),
        ("compact", "--yes"),
        ("checkpoint",),
    )
    block = ["--db", path, "memory"]
    return {f"pattern memory {word}": [[*block, word, "Juniper", "scratchpad", *more]] for word, *more in lines}


def agents(path: str) -> dict[str, list[list[str]]]:
    """Command lines that make agents, change them and remove them again, in the order of the page."""
    lines = (
        ("create", "Basil", "--provider", "p", "--model", "m", "--config", '{"odd": 1}'),
        ("edit", "Basil", "--model", "n"),
        ("rename", "Basil", "Thyme"),
        ("status", "Thyme", "archived"),
        ("clone", "Juniper", "Marigold"),
        ("delete", "Marigold", "--yes"),
    )
    return {f"pattern agents {words[0]}": [["--db", path, "agents", *words]] for words in lines}


def runs(place: Path) -> dict[str, list[list[str]]]:
    """Command lines for every section of the page."""
    small, old = str(place / "small.db"), str(place / "0010-preedit.db")
    sending = str(place / "small-embeddings.db")
    archive = str(ROOT / "tests" / "fixtures" / "small-group-full.car")
    backup = str(place / "backup" / "small.db")
    listed = {"messages": ["--archived", "--deleted"], "memory": ["--all"]}
    found = {
        "pattern": [["--db", small]],
        "pattern init": [["init", str(place / "new.db")]],
        **agents(sending),
        **groups(str(place / "small-embeddings.db")),
        **editing(sending),
        **lives(sending),
        **past(sending),
        "pattern messages tail": [["--db", small, "messages", "tail", "-n", "200"]],
        "pattern archival search-by-metadata": [["--db", small, "archival", "search-by-metadata", "."]],
        "pattern archival add": [["--db", sending, "archival", "add", "Juniper", "a note"]],
        "pattern archival edit": [["--db", sending, "archival", "edit", CHUNK, "a note"]],
        "pattern archival delete": [["--db", sending, "archival", "delete", CHUNK, "--yes"]],
        "pattern messages send": [
            ["--db", sending, "messages", "send", "Marlow", "hello", *more] for more in ([], ["--from", "Juniper"])
        ],
        **{
            f"pattern messages {action}": [["--db", sending, "messages", action, "--everything", "--yes"]]
            for action in ("archive", "unarchive", "delete", "undelete")
        },
        # After the one that brings them all back.
        "pattern messages purge": [
            ["--db", sending, "messages", action, "--role", "user", "--yes"] for action in ("delete", "purge")
        ],
        "pattern messages queue": [["--db", small, "messages", "queue", "--all"]],
        "pattern search": [
            ["--db", small, "search", text, "--archived", "--deleted", "--inactive", "--limit", "200"]
            for text in ("kettle slow harbor", "a*")
        ],
        "pattern import": [
            ["--db", str(place / "imported.db"), "import", archive, *how]
            for how in (["--create"], ["--on-conflict", "rename"])
        ],
        "pattern import --dry-run": [["--db", small, "import", archive, "--dry-run"]],
        "pattern backup": [["--db", small, "backup", "-o", backup]],
        "pattern backup list": [["backup", "list", str(place / "backup")]],
        "pattern backup verify": [["backup", "verify", backup]],
        "pattern vacuum --dry-run": [["--db", small, "vacuum", "--dry-run"]],
        "pattern vacuum": [["--db", str(place / "imported.db"), "vacuum", "--yes"]],
        "pattern migrate status": [["--db", path, "migrate", "status"] for path in (small, old)],
        "pattern migrate plan": [["--db", old, "migrate", "plan"]],
        "pattern migrate up --dry-run": [["--db", old, "migrate", "up", "--dry-run"]],
        "pattern migrate up": [["--db", old, "migrate", "up", "--yes"]],
        "pattern completions show": [["completions", "show", "bash"]],
        "pattern completions install": [["completions", "install", "--shell", "zsh", "--dir", str(place / "zsh")]],
        "pattern db info": [["--db", small, "db", "info"]],
        "pattern db stats": [
            ["--db", path, "db", "stats"] for path in (small, str(place / "small-embeddings.db"), old)
        ],
    }
    for group in ("agents", "groups", "memory", "archival", "messages"):
        found[f"pattern {group} list"] = [["--db", small, group, "list", *listed.get(group, [])]]
    found["pattern memory list"].append(["--db", small, "memory", "list", "Juniper"])
    found["pattern messages list"].append(["--db", small, "messages", "list", "--fields", "id,text"])
    return found


def test_every_command_has_its_section() -> None:
    from pattern_cli.cli.app import COMMANDS

    assert {title.split()[1] for title in DOCUMENTED if " " in title} == set(COMMANDS)


def test_every_key_is_documented(place: Path, held: None, program: Run) -> None:
    (place / "backup").mkdir()
    seen: dict[str, set[str]] = {title: set() for title in DOCUMENTED}
    lines = runs(place)
    for title in DOCUMENTED:
        for line in lines.get(title, []):
            value = output(program, line)
            assert value, title
            for row in value if isinstance(value, list) else [value]:
                seen[title].update(check(row, title))
            if title.endswith(" list") and title != "pattern backup list":
                shown = title.replace(" list", " show")
                for row in value:
                    record = [*line[:3], "show", row["id"]]
                    seen[shown].update(check(output(program, record), shown))
    unseen = {title: {key for key in keys if key not in seen[title]} for title, keys in DOCUMENTED.items()}
    allowed = {"pattern": {f"full_blocks[].{key}" for key in ("owner", "label", "used", "limit")}}
    for title, keys in unseen.items():
        tail_text = {"text"} if title == "pattern messages tail" else set()
        assert keys - allowed.get(title, set()) - tail_text == set(), f"{title} never had these keys"


def output(program: Run, line: list[str]) -> Any:
    done = program(*line, "--json")
    assert done.code in (0, 4, 5), (line, done.err)
    return json.loads(done.out)
