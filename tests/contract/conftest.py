"""The whole command tree as test parameters, and the program run inside the test's process.

A test with an argument `command` runs for every command, with `reading` for every command that only reads. What to
type after a command is in `WORDS`; a new command without an entry there fails.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pytest
import typer

from pattern_cli.cli.app import app, run
from pattern_cli.cli.making import acts, walk
from pattern_cli.render.formats import Format

ROOT = Path(__file__).resolve().parents[2]
FORMATS = tuple(form.value for form in Format)

# What to type after each command; capitals stand for what the database at hand holds.
WORDS: dict[str, tuple[str, ...]] = {
    "": (),
    "init": ("NEW",),
    "agents list": (),
    "agents show": ("AGENT",),
    "agents create": ("Basil", "--provider", "anthropic", "--model", "claude", "--dry-run"),
    "agents edit": ("AGENT", "--description", "keeps herbs", "--dry-run"),
    "agents rename": ("AGENT", "Basil", "--dry-run"),
    "agents status": ("AGENT", "archived", "--dry-run"),
    "agents clone": ("AGENT", "Basil", "--dry-run"),
    "agents delete": ("AGENT", "--dry-run"),
    "groups list": (),
    "groups show": ("GROUP",),
    "groups create": ("Basil", "--pattern", "round_robin", "--dry-run"),
    "groups edit": ("GROUP", "--description", "day", "--dry-run"),
    "groups rename": ("GROUP", "Basil", "--dry-run"),
    "groups delete": ("GROUP", "--dry-run"),
    "groups add-member": ("ROOMY", "OUTSIDER", "--dry-run"),
    "groups remove-member": ("GROUP", "MEMBER", "--unshare-memory", "--dry-run"),
    "groups set-role": ("GROUP", "MEMBER", "observer", "--dry-run"),
    "memory list": (),
    "memory show": ("BLOCK",),
    "memory create": ("AGENT", "basil", "--from", "a herb", "--dry-run"),
    "memory meta": ("BLOCK", "--pinned", "--dry-run"),
    "memory delete": ("BLOCK", "--as-admin", "--dry-run"),
    "memory restore": ("BLOCK", "--dry-run"),
    "memory purge": ("BLOCK", "--as-admin", "--dry-run"),
    "memory share": ("GIVER", "GIVEN", "RECEIVER", "--dry-run"),
    "memory unshare": ("GIVER", "GIVEN", "RECEIVER", "--dry-run"),
    "memory shared": (),
    "memory history": ("BLOCK",),
    "memory diff": ("BLOCK", "0.."),
    "memory blame": ("BLOCK",),
    "memory undo": ("EDITED", "--as-admin", "--dry-run"),
    "memory redo": ("UNDONE", "--as-admin", "--dry-run"),
    "memory revert": ("BLOCK", "0", "--as-admin", "--dry-run"),
    "memory compact": ("BLOCK", "--dry-run"),
    "memory checkpoint": ("BLOCK", "--dry-run"),
    "memory set": ("PERSON", "PERSONA", "tea", "--as-admin", "--dry-run"),
    "memory append": ("PERSON", "PERSONA", "tea", "--line", "--as-admin", "--dry-run"),
    "memory replace": ("PERSON", "PERSONA", ".", "a", "--all", "--regex", "--as-admin", "--dry-run"),
    "memory edit": ("WRITER", "persona", "--dry-run"),
    "memory field get": ("FIELDED", "human", "energy"),
    "memory field set": ("FIELDED", "human", "nickname", "Wren", "--dry-run"),
    "memory field incr": ("FIELDED", "human", "energy", "--dry-run"),
    "memory item add": ("LISTED", "todo", "title=tea", "--dry-run"),
    "memory item insert": ("LISTED", "todo", "1", "title=tea", "--dry-run"),
    "memory item remove": ("LISTED", "todo", "1", "--dry-run"),
    "memory item move": ("LISTED", "todo", "1", "2", "--dry-run"),
    "memory log add": ("LOGGED", "observations", "a heron", "--no-timestamp", "--dry-run"),
    "archival list": (),
    "archival show": ("ENTRY",),
    "archival search-by-metadata": (".",),
    "archival add": ("AGENT", "a note", "--dry-run"),
    "archival edit": ("ENTRY", "a note", "--dry-run"),
    "archival delete": ("ENTRY", "--dry-run"),
    "messages list": (),
    "messages show": ("MESSAGE",),
    "messages tail": ("-n", "5"),
    "messages send": ("AGENT", "hello", "--dry-run"),
    "messages queue": (),
    "messages archive": ("--everything", "--dry-run"),
    "messages unarchive": ("--everything", "--dry-run"),
    "messages delete": ("--everything", "--dry-run"),
    "messages undelete": ("--everything", "--dry-run"),
    "messages purge": ("--everything", "--dry-run"),
    "search": ("kettle",),
    "import": ("ARCHIVE", "--on-conflict", "skip", "--dry-run"),
    "backup": ("-o", "NEW"),
    "backup list": ("BACKUPS",),
    "backup verify": ("BACKUP",),
    "vacuum": ("--dry-run",),
    "migrate status": (),
    "migrate plan": (),
    "migrate up": ("--dry-run",),
    "db info": (),
    "db stats": (),
    "completions show": ("bash",),
    "completions install": ("--shell", "fish", "--dir", "NEW"),
}
# Commands that write, or that need something besides a constellation.
OTHERS = {"init", "import", "backup", "backup verify", "completions show", "completions install"}
# An editor, or a block of another kind than a text.
OTHERS |= {"memory edit", "memory log add", *(f"memory field {verb}" for verb in ("get", "set", "incr"))}
OTHERS |= {f"memory item {verb}" for verb in ("add", "insert", "remove", "move")}
_NOT_IN = """FROM (SELECT g.id AS g, a.id AS a FROM agent_groups g, agents a
             WHERE (g.id, a.id) NOT IN (SELECT group_id, agent_id FROM group_members) ORDER BY 1, 2 LIMIT 1)"""
_GROUP_ID = "SELECT id FROM agent_groups ORDER BY name LIMIT 1"
_SHARE = """FROM (SELECT b.agent_id AS giver, b.label AS given, s.agent_id AS receiver FROM shared_block_agents s
            JOIN memory_blocks b ON b.id = s.block_id ORDER BY s.block_id, s.agent_id LIMIT 1)"""
# What a capital word needs to be found in the database.
FIRST = {
    "AGENT": "SELECT name FROM agents ORDER BY name LIMIT 1",
    "GROUP": "SELECT name FROM agent_groups ORDER BY name LIMIT 1",
    "MEMBER": f"""SELECT agent_id FROM group_members WHERE group_id = ({_GROUP_ID})
                  ORDER BY length(capabilities) LIMIT 1""",
    "ROOMY": f"SELECT g {_NOT_IN}",
    "OUTSIDER": f"SELECT a {_NOT_IN}",
    "BLOCK": "SELECT id FROM memory_blocks WHERE label NOT LIKE 'damaged%' ORDER BY label = 'persona' DESC, id LIMIT 1",
    "PERSON": "SELECT agent_id FROM memory_blocks WHERE label LIKE 'persona%' ORDER BY id LIMIT 1",
    "PERSONA": "SELECT id FROM memory_blocks WHERE label LIKE 'persona%' ORDER BY id LIMIT 1",
    "WRITER": "SELECT agent_id FROM memory_blocks WHERE label = 'persona' AND permission = 'read_write' LIMIT 1",
    "EDITED": """SELECT block_id FROM memory_block_updates u JOIN memory_blocks b ON b.id = u.block_id
                 WHERE b.label LIKE 'persona%' AND b.is_active = 1 AND u.is_active = 1 LIMIT 1""",
    "UNDONE": """SELECT block_id FROM memory_block_updates u JOIN memory_blocks b ON b.id = u.block_id
                 WHERE b.label = 'undo_two' AND u.is_active = 0 LIMIT 1""",
    "FIELDED": "SELECT agent_id FROM memory_blocks WHERE label = 'human' AND metadata LIKE '%Counter%' LIMIT 1",
    "LISTED": "SELECT agent_id FROM memory_blocks WHERE label = 'todo' AND permission = 'admin' LIMIT 1",
    "LOGGED": "SELECT agent_id FROM memory_blocks WHERE label = 'observations' LIMIT 1",
    "GIVER": f"SELECT giver {_SHARE}",
    "GIVEN": f"SELECT given {_SHARE}",
    "RECEIVER": f"SELECT receiver {_SHARE}",
    "ENTRY": "SELECT id FROM archival_entries ORDER BY id LIMIT 1",
    "MESSAGE": "SELECT id FROM messages ORDER BY id LIMIT 1",
}


# Runs every rehearsal once to load all modules, becomes somebody else, and runs the lines for real.
STRANGER = """
import io, json, os, shutil, sys, tempfile
sys.path.insert(0, sys.argv[1])
from pattern_cli.cli.app import run
lines, rehearsals = json.loads(sys.argv[2]), json.loads(sys.argv[3])
out = sys.stdout
sys.stdout, sys.stderr = open(os.devnull, "w"), io.StringIO()
for line in rehearsals:
    run(line)
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for line in lines:
    sys.stderr = io.StringIO()
    code = run(line)
    print(json.dumps([line, code, sys.stderr.getvalue()]), file=out, flush=True)
"""


TREE = {path: command for path, command in walk(typer.main.get_command(app)) if acts(command)}
READING = [path for path in TREE if path not in OTHERS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument, paths in (("command", list(TREE)), ("reading", READING)):
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, paths, ids=[path or "pattern" for path in paths])


@pytest.fixture(scope="session")
def tree() -> dict[str, Any]:
    """Every command object by its path."""
    return TREE


@dataclass(frozen=True)
class Outcome:
    """What one run inside this process left."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode("utf-8")


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Outcome]:
    """Run the program in this process: program("agents", "list", "--json")."""
    for name in ("PATTERN_DB", "PATTERN_DEBUG", "NO_COLOR", "PAGER", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "data"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)

    def invoke(*args: object) -> Outcome:
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", out)
            patched.setattr(sys, "stderr", err)
            patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
            code = run([str(arg) for arg in args])
            out.flush()
            err.flush()
        return Outcome(code, out.buffer.getvalue(), err.buffer.getvalue().decode())  # type: ignore[attr-defined]

    return invoke


def first(database: Path, sql: str) -> str | None:
    """The first value of a query, its broken bytes as surrogates; the file is opened as an immutable one."""
    connection = apsw.Connection(f"file:{database}?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        cast = f"SELECT CAST(x AS BLOB) FROM (SELECT ({sql}) AS x)"
        found = connection.execute(cast).fetchall()[0][0]
    except apsw.SQLError:
        return None
    finally:
        connection.close()
    return None if found is None else bytes(found).decode("utf-8", "surrogateescape")


@pytest.fixture
def words(
    small: Path, fixtures_dir: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[str, Path], list[str] | None]:
    """The full command line for a command on a database, None where the database has nothing to show by it."""

    def fill(path: str, database: Path) -> list[str] | None:
        line = path.split()
        for word in WORDS[path]:
            if word == "NEW":
                line.append(str(tmp_path / f"new-{len(list(tmp_path.iterdir()))}.db"))
            elif word == "ARCHIVE":
                line.append(str(request.getfixturevalue("archive")))
            elif word == "BACKUP":
                line.append(str(request.getfixturevalue("backup")))
            elif word == "BACKUPS":
                line.append(str(request.getfixturevalue("backup").parent))
            elif word in FIRST:
                found = first(database, FIRST[word])
                if found is None:
                    return None
                line.append(found)
            else:
                line.append(word)
        if path == "migrate plan" and database == small:  # which has nothing to plan
            line += ["--db", str(fixtures_dir / "versions" / "0010.db")]
        return line

    return fill


@pytest.fixture(scope="session")
def small(fixtures_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private copy of the small database that nobody changes and no other process has open."""
    target = tmp_path_factory.mktemp("small") / "small.db"
    target.write_bytes((fixtures_dir / "constellations" / "small.db").read_bytes())
    return target


@pytest.fixture(scope="session")
def archive() -> Path:
    """The archive that comes with the project."""
    return next((Path(__file__).parents[1] / "fixtures").glob("*.car"))


@pytest.fixture(scope="session")
def backup(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a small database, alone in its folder."""
    from pattern_cli.backups.snapshot import snapshot
    from pattern_cli.store.constellation import Constellation

    target = tmp_path_factory.mktemp("backups") / "constellation-20260108T190218Z.db"
    with Constellation.open(small) as constellation:
        snapshot(constellation, destination=target)
    return target


@pytest.fixture(scope="session")
def every_reading() -> list[str]:
    """The paths of all commands that only read."""
    return READING


@pytest.fixture
def stranger() -> Callable[[list[list[str]], list[list[str]]], list[tuple[list[str], int, str]]]:
    """Run command lines as a user who owns nothing: line, exit status and standard error of each.

    The rehearsals run before, as the user of the tests, because that user may not read the program's own files.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can become somebody else")

    def play(lines: list[list[str]], rehearsals: list[list[str]]) -> list[tuple[list[str], int, str]]:
        words = [sys.executable, "-c", STRANGER, str(ROOT), json.dumps(lines), json.dumps(rehearsals)]
        done = subprocess.run(words, capture_output=True, text=True, cwd="/", timeout=120)
        assert done.returncode == 0, done.stderr
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line for line, _, _ in told] == lines
        return [(line, code, said) for line, code, said in told]

    return play
