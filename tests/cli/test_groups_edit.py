"""`pattern groups create, edit, rename, delete`: what a person sees and what a script gets."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

SMALL = "constellations/small.db"
Seen = Callable[..., str]
Golden = Callable[[str, str], None]
Copy = Callable[[str], Path]
Cli = Callable[..., Any]


def editor(folder: Path, change: str) -> dict[str, str]:
    """An editor that makes `change` of the text it gets as `text`."""
    script = folder / "editor.py"
    script.write_text(
        "import pathlib, sys\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "text = path.read_text(encoding='utf-8')\n"
        f"path.write_text({change}, encoding='utf-8')\n",
        encoding="utf-8",
    )
    return {"EDITOR": shlex.join([sys.executable, str(script)]), "XDG_STATE_HOME": str(folder / "state")}


def config(path: Path, name: str = "Harbor Crew") -> Any:
    connection = apsw.Connection(str(path))
    found = connection.execute("SELECT pattern_config FROM agent_groups WHERE name = ?", (name,)).fetchall()
    connection.close()
    return json.loads(found[0][0])


def test_create(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    words = ("groups", "create", "Guild", "--pattern", "supervisor", "--member", "Juniper:supervisor")
    done = cli(
        "--db", path, *words, "--member", "Marlow:specialist:memory_management", "--description", "by day", "--json"
    )
    assert (done.code, done.err) == (0, "")
    made = json.loads(done.out)
    assert (made["action"], made["members"], made["description"]) == ("created", ["Marlow", "Juniper"], "by day")
    assert made["pattern_config"] == config(path, "Guild") == {"type": "supervisor", "leader": "Juniper"}


def test_create_from_a_file(database: Copy, cli: Cli, tmp_path: Path) -> None:
    path = database(SMALL)
    file = tmp_path / "sleep.json"
    trigger = {"name": "idle", "condition": {"type": "time_elapsed", "duration": 60}, "priority": "low"}
    file.write_text(json.dumps({"triggers": [trigger], "extra": None}))
    words = ("groups", "create", "Sleepers", "--pattern", "sleeptime", "--check-interval", "5", "--config", f"@{file}")
    assert cli("--db", path, *words).code == 0
    assert config(path, "Sleepers") == {"type": "sleeptime", "triggers": [trigger], "extra": None, "check_interval": 5}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("create", "Guild"), 2, "--pattern"),
        (("create", "Guild", "--pattern", "superviser"), 2, "did you mean supervisor?"),
        (("create", "Harbor Crew", "--pattern", "round_robin"), 4, 'a group named "Harbor Crew" exists already'),
        (("create", "Guild", "--pattern", "round_robin", "--member", "Junper"), 3, "did you mean Juniper?"),
        (("create", "Guild", "--pattern", "pipeline"), 2, "--stage MEMBER names them"),
        (("create", "Guild", "--pattern", "dynamic", "--config", "{"), 2, "--config is no JSON"),
        (("edit", "Harbor Crew"), 2, "nothing is to be changed"),
        (("edit", "Harbor Crew", "--leader", "Marlo"), 2, "did you mean Marlow?"),
        (("edit", "Harbor Crew", "--stage", "Marlow"), 2, "--pattern pipeline changes it"),
        (("edit", "Harbour Crew", "--leader", "Marlow"), 3, "did you mean Harbor Crew?"),
        (("edit", "Harbor Crew", "--leader", "Marlow", "--editor"), 2, "--editor edits all of it at once"),
        (("rename", "Harbor Crew", "Night Watch"), 4, 'a group named "Night Watch" exists already'),
        (("delete", "Harbor Crew"), 7, 'delete the group "Harbor Crew" needs a confirmation'),
        (("delete", "Harbor Crew", "--yes", "--give-memory", "Sable"), 3, 'no agent or group named "Sable"'),
    ],
)
def test_bad_input_writes_nothing(words: tuple[str, ...], code: int, said: str, database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "groups", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert len(done.err.splitlines()) <= 2
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_an_edit_as_a_person_sees_it(database: Copy, seen: Seen, golden: Golden) -> None:
    path = database(SMALL)
    golden(
        "groups-edit.txt", seen("--db", path, "groups", "edit", "Harbor Crew", "--pattern", "round_robin", "--dry-run")
    )
    assert config(path)["leader"] == "Juniper"


def test_edit_warns_of_what_looks_wrong(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    done = cli("--db", path, "groups", "edit", "Harbor Crew", "--config", '{"leeder": "Marlow"}')
    assert done.code == 0
    assert done.err == "warning: leeder is kept, but no key that supervisor knows; did you mean leader_id?\n"
    assert cli("--db", path, "groups", "edit", "Harbor Crew", "--unset", "leeder").code == 0
    assert "leeder" not in config(path)


def test_replacing_a_configuration(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    done = cli("--db", path, "groups", "edit", "Harbor Crew", "--leader", "Marlow", "--replace-config", "--json")
    assert json.loads(done.out)["removed"] == ["data_sources"]
    assert config(path) == {"type": "supervisor", "leader": "Marlow"}


def test_the_editor(database: Copy, cli: Cli, tmp_path: Path) -> None:
    path = database(SMALL)
    env = editor(tmp_path, "text.replace('\"Juniper\"', '\"Marlow\"')")
    done = cli("--db", path, "groups", "edit", "Harbor Crew", "--editor", "--json", env=env)
    assert (done.code, json.loads(done.out)["changed"]) == (0, ["pattern_config"])
    assert config(path)["leader"] == "Marlow"
    assert config(path)["data_sources"]
    assert not list((tmp_path / "state").rglob("*.toml"))


def test_the_editor_saves_nothing(database: Copy, cli: Cli, tmp_path: Path) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "groups", "edit", "Harbor Crew", "--editor", env=editor(tmp_path, "text"))
    assert (done.code, done.out, done.err) == (0, "", 'note:  "Harbor Crew" was left as it is\n')
    assert path.read_bytes() == before


def test_a_text_that_cannot_be_stored_is_kept(database: Copy, cli: Cli, tmp_path: Path) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    env = editor(tmp_path, "text.replace('\"Juniper\"', '\"Nobody\"')")
    done = cli("--db", path, "groups", "edit", "Harbor Crew", "--editor", env=env)
    assert done.code == 2
    (kept,) = (tmp_path / "state").rglob("*.toml")
    assert str(kept) in done.err
    assert 'leader = "Nobody"' in kept.read_text(encoding="utf-8")
    assert path.read_bytes() == before


def test_somebody_else_edits_meanwhile(database: Copy, cli: Cli, tmp_path: Path) -> None:
    path = database(SMALL)
    theirs = "UPDATE agent_groups SET description = 'theirs'"
    change = (
        f"text.replace('day', 'mine') + str(__import__('apsw').Connection({str(path)!r}).execute({theirs!r}) and '')"
    )
    done = cli("--db", path, "groups", "edit", "Harbor Crew", "--editor", env=editor(tmp_path, change))
    assert done.code == 4
    assert '"Harbor Crew" was changed meanwhile' in done.err
    assert "your text is kept in" in done.err


def test_rename(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    done = cli("--db", path, "groups", "rename", "Harbor Crew", "Marlow", "--json")
    assert json.loads(done.out)["name"] == "Marlow"
    assert done.err.startswith('warning: an agent is named "Marlow" too')
    assert config(path, "Marlow")["leader"] == "Juniper"


def test_the_plan_of_a_deletion(database: Copy, seen: Seen, golden: Golden) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    golden("groups-delete-plan.txt", seen("--db", path, "groups", "delete", "Harbor Crew", "--dry-run"))
    assert path.read_bytes() == before


def test_delete(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    done = cli("--db", path, "groups", "delete", "Harbor Crew", "--yes", "--json")
    assert done.code == 0
    deleted = json.loads(done.out)
    assert Path(deleted["snapshot"]).exists()
    assert [block["label"] for block in deleted["blocks"]] == ["crew_board"]
    assert [row["name"] for row in json.loads(cli("--db", path, "groups", "list", "--json").out)] == ["Night Watch"]
    assert cli("--db", path, "groups", "delete", "Night Watch", "--yes", "--no-snapshot").code == 0
    assert len(list((path.parent / "backups").glob("*.db"))) == 1


def test_delete_asks_on_a_terminal(database: Copy, on_terminal: Any) -> None:
    path = database(SMALL)
    shown = on_terminal("--db", path, "groups", "delete", "Harbor Crew", answer="n")
    assert shown.code == 7
    assert "crew_board" in shown.text
    assert "not confirmed; nothing was changed" in shown.text
    assert config(path)["leader"] == "Juniper"


def test_memory_given_away(database: Copy, cli: Cli) -> None:
    path = database(SMALL)
    words = ("groups", "delete", "Harbor Crew", "--yes", "--no-snapshot", "--give-memory", "Marlow")
    assert json.loads(cli("--db", path, *words, "--json").out)["given_to"] == "Marlow"
    assert "crew_board" in cli("--db", path, "memory", "list", "Marlow").out
