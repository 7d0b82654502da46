"""Completion in the real shells: what is typed, TAB, Enter, and what the program then got as its arguments."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pexpect
import pytest

from pattern_cli.cli.shells import SHELLS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 30
RIGHT_TO_LEFT = "\u202e"
# Names that mean something to a shell, by what is typed of them.
ODD_NAMES = {
    "Harb": "Harbor $(touch HACKED) `touch HACKED`",
    "quo": "quo\"tes 'of' both kinds",
    "semi": "semi; touch HACKED & true | cat > HACKED",
    "back": "back\\slash\\",
    "star": "star * ? [a-z] {a,b}",
    "til": "til ~ # hash = % %F{red} ^ !bang !! $HOME",
    "Übr": "Übr ツ 鬼 👩‍🚀 שלום",
    "col": "col:on:x@y",
    "two": "two  spaces",
}
# Names that a command line cannot hold safely, by the beginning of the id that is offered instead.
HOSTILE_NAMES = {
    "host0": "red \x1b[31m",
    "host1": f"turned {RIGHT_TO_LEFT} round",
    "host2": "line\nbreak",
    "host3": "tab\there",
    "host4": "--db",
    "host5": "bell\x07 and \x9b",
}
LABEL = "note:ab12cd34:src/a b.rs"

# The program that the shells find: it completes as itself; run with a command it only notes its arguments.
PROGRAM = """#!/bin/sh
if [ -n "$_PATTERN_COMPLETE" ]; then
    echo x >> {folder}/starts
    exec {python} -m pattern_cli "$@"
fi
exec {python} -c 'import json, sys; open("{folder}/new", "w").write(json.dumps(sys.argv[1:]))
import os; os.rename("{folder}/new", "{folder}/got")' "$@"
"""


def has(shell: str) -> str:
    """The path of a shell; the test is skipped without it."""
    found = shutil.which(shell)
    if not found:
        pytest.skip(f"{shell} is not installed")
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, fixtures_dir: Path) -> Path:
    """A folder with the program in bin/, completions of all shells, a database `odd.db` and some files."""
    folder = tmp_path_factory.mktemp("shells")
    (folder / "bin").mkdir()
    program = folder / "bin" / "pattern"
    program.write_text(PROGRAM.format(python=sys.executable, folder=folder))
    program.chmod(0o755)
    for shell in SHELLS.values():
        (folder / shell.file).write_text(shell.script)
    shutil.copy(fixtures_dir / "constellations" / "small.db", folder / "odd.db")
    connection = apsw.Connection(str(folder / "odd.db"))
    connection.execute("DELETE FROM agents WHERE name <> 'Juniper'")
    add = """INSERT INTO agents (id, name, model_provider, model_name, system_prompt, config, enabled_tools, status,
             created_at, updated_at) SELECT ?, ?, model_provider, model_name, system_prompt, config, enabled_tools,
             status, created_at, updated_at FROM agents LIMIT 1"""
    ids = {name: f"odd_{number}" for number, name in enumerate(ODD_NAMES.values())}
    for name, id in [*ids.items(), *((name, f"{id}xyz") for id, name in HOSTILE_NAMES.items())]:
        connection.execute(add, (id, name))
    label = "UPDATE memory_blocks SET label = ? WHERE label = 'persona' AND agent_id IN (SELECT id FROM agents)"
    connection.execute(label, (LABEL,))
    connection.close()
    (folder / "notes and more.txt").write_text("notes")
    return folder


class Session:
    """An interactive shell."""

    def __init__(self, shell: str, home: Path) -> None:
        self.home = home
        self.name = shell
        self.shown = ""
        environment = {
            "PATH": f"{home}/bin:{os.environ['PATH']}",
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "PATTERN_DB": str(home / "odd.db"),
            "PS1": "> ",
        }
        starts = {
            "bash": (["--norc", "--noprofile", "-i"], [f"PS1='ready> '; source {home}/pattern; set -o histexpand"]),
            "zsh": (
                ["-f", "-i"],
                [f"PS1='ready> '; fpath=({home} $fpath); autoload -Uz compinit; compinit -D -u; unsetopt flowcontrol"],
            ),
            "fish": (
                ["--no-config", "-i"],
                [f"function fish_prompt; echo 'ready> '; end; source {home}/pattern.fish"],
            ),
        }
        words, lines = starts[shell]
        self.child = pexpect.spawn(
            has(shell), words, env=environment, cwd=str(home), encoding="utf-8", timeout=DEADLINE, dimensions=(50, 200)
        )
        for line in lines:
            self.child.sendline(line)
        self.child.expect("ready> ")

    def type(self, text: str) -> list[str]:
        """Type, press Enter, and return what the program got."""
        got = self.home / "got"
        got.unlink(missing_ok=True)
        self.child.send(text)
        self.child.send("\r")
        until = time.monotonic() + DEADLINE
        while not got.exists():
            self._read()
            assert time.monotonic() < until, f"nothing was run after {text!r}: {self.child.before!r}"
        return list(json.loads(got.read_text()))

    def see(self, text: str, until: str) -> str:
        """Type, wait until something is shown, give the line up, and return what was shown since."""
        self.shown = ""
        self.child.send(text)
        end = time.monotonic() + DEADLINE
        while until not in self.shown:
            self._read()
            assert time.monotonic() < end, f"no {until!r} after {text!r}: {self.shown!r}"
        seen, self.shown = self.shown, ""
        self.child.send("\x15\r")
        return seen

    def _read(self) -> None:
        """Let the shell write: one that is not read stops."""
        with contextlib.suppress(pexpect.TIMEOUT):
            self.shown += self.child.read_nonblocking(100_000, timeout=0.05)

    def close(self) -> None:
        self.child.close(force=True)


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def session(request: pytest.FixtureRequest, home: Path) -> Iterator[Session]:
    found = Session(request.param, home)
    yield found
    found.close()


@pytest.mark.parametrize("begins", ODD_NAMES)
def test_a_name_is_completed_to_itself(session: Session, begins: str) -> None:
    assert session.type(f"pattern agents show {begins}\t") == ["agents", "show", ODD_NAMES[begins]]
    assert not (session.home / "HACKED").exists()


@pytest.mark.parametrize("begins", ODD_NAMES)
@pytest.mark.parametrize("mark", ["'", '"'])
def test_a_name_is_completed_within_quotes(session: Session, begins: str, mark: str) -> None:
    got = session.type(f"pattern agents show {mark}{begins}\t")
    assert got == ["agents", "show", ODD_NAMES[begins]]
    assert not (session.home / "HACKED").exists()


@pytest.mark.parametrize("id", HOSTILE_NAMES)
def test_what_cannot_be_typed_safely_is_completed_by_its_id(session: Session, id: str) -> None:
    assert session.type(f"pattern agents show {id}\t") == ["agents", "show", f"{id}xyz"]


def test_a_list_shows_nothing_of_a_database_raw(session: Session) -> None:
    """Neither escapes nor bidirectional overrides of a name reach the terminal, and no NUL or bell of it."""
    seen = session.see("pattern agents show host\t\t", "host5")
    assert "\x1b[31m" not in seen.replace("\x1b[31m\x1b[", "")
    assert RIGHT_TO_LEFT not in seen
    if session.name != "bash":
        assert "red \\x1b[31m" in seen


@pytest.mark.parametrize("begins", ["note", "note:", "note:ab12cd34:s", "'note:ab", '"note:ab12cd34:'])
def test_a_label_with_colons(session: Session, begins: str) -> None:
    assert session.type(f"pattern memory show Juniper {begins}\t") == ["memory", "show", "Juniper", LABEL]


def test_an_owner_with_spaces_before_a_label(session: Session) -> None:
    got = session.type('pattern memory show "Harbor Crew" crew\t')
    assert got == ["memory", "show", "Harbor Crew", "crew_board"]
    got = session.type("pattern memory show Harbor\\ Crew crew\t")
    assert got == ["memory", "show", "Harbor Crew", "crew_board"]


def test_commands_options_and_values(session: Session) -> None:
    assert session.type("pattern ag\tsh\tJun\t--js\t") == ["agents", "show", "Juniper", "--json"]
    assert session.type("pattern agents list --status=hib\t") == ["agents", "list", "--status=hibernated"]
    assert session.type("pattern agents list --status hib\t") == ["agents", "list", "--status", "hibernated"]
    assert session.type("pattern agents list --fields name,st\t") == ["agents", "list", "--fields", "name,status"]


def test_the_database_that_is_named_counts(session: Session, fixtures_dir: Path) -> None:
    medium = fixtures_dir / "constellations" / "medium.db"
    assert session.type(f"pattern --db {medium} agents show Ald\t")[-1] == "Alder"
    assert session.type(f"pattern agents show --db={medium} Ald\t")[-1] == "Alder"
    assert session.type("pattern --db nowhere.db agents show Jun\t")[-1] == "Jun"


def test_files(session: Session) -> None:
    assert session.type("pattern --db od\tagents show Jun\t") == ["--db", "odd.db", "agents", "show", "Juniper"]
    assert session.type("pattern import not\t") == ["import", "notes and more.txt"]
    assert session.type("pattern --db=od\tdb info")[0] == "--db=odd.db"


def test_other_capitals(session: Session) -> None:
    assert session.type("pattern agents show junip\t") == ["agents", "show", "Juniper"]


def test_one_tab_starts_the_program_once(session: Session) -> None:
    starts = session.home / "starts"
    starts.unlink(missing_ok=True)
    session.type("pattern agents show Jun\t")
    assert starts.read_text().split() == ["x"]


def test_an_error_says_nothing(session: Session) -> None:
    (session.home / "bad.db").write_bytes(b"no database at all" * 100)
    seen = session.see("pattern --db bad.db agents show Jun\t\t#there", "#there")
    assert "database" not in seen
    assert "Traceback" not in seen
    assert session.type("pattern nonsense agents show Jun\t")[-1] == "Jun"


def test_completion_leaves_no_trace(session: Session) -> None:
    database = session.home / "odd.db"
    before = (
        database.read_bytes(),
        sorted(path.name for path in session.home.iterdir() if path.name.startswith("odd")),
    )
    session.type("pattern memory show Juniper note\t")
    after = (database.read_bytes(), sorted(path.name for path in session.home.iterdir() if path.name.startswith("odd")))
    assert after == before


def fish(home: Path, line: str) -> list[str]:
    """What fish would offer, by its own word."""
    script = f"source {home}/pattern.fish; complete -C $argv[1]"
    environment = {"PATH": f"{home}/bin:{os.environ['PATH']}", "HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [has("fish"), "--no-config", "-c", script, line],
        env={**environment, "PATTERN_DB": str(home / "odd.db"), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_fish_gets_notes_too(home: Path) -> None:
    assert any(line.startswith("Juniper\tagent · ") for line in fish(home, "pattern agents show "))
    assert "show\tShow one agent: model, prompt, tools, groups, memory, configuration." in fish(
        home, "pattern agents s"
    )
    assert {"--status\tOnly agents of this status."} == set(fish(home, "pattern agents list --st"))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_can_read_its_function(shell: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(SHELLS[shell].script)
    done = subprocess.run([has(shell), "-n", str(script)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_zsh_may_read_its_function_too(home: Path) -> None:
    script = f"autoload -Uz compinit; compinit -D -u; source {home}/_pattern; print $_comps[pattern]"
    done = subprocess.run([has("zsh"), "-f", "-c", script], capture_output=True, text=True, env={"HOME": str(home)})
    assert (done.stdout, done.stderr) == ("_pattern\n", "")
