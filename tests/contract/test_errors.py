"""Every error class on every command: its exit status, one sentence, one hint, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.store import opening

Program = Callable[..., Any]
Words = Callable[[str, Path], list[str]]
SMALL = "constellations/small.db"
# Commands that work without a constellation, and the place of a missing one.
WITHOUT = {"init", "backup list", "backup verify", "completions show", "completions install"}

HOLDER = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
connection.execute("BEGIN EXCLUSIVE; UPDATE agents SET name = name; COMMIT")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def locked(database: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A database that another process holds exclusively; our patience is shortened."""
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_MS", 20)
    path = database(SMALL)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "held\n"
    yield path
    process.communicate("")


def said(done: Any) -> dict[str, Any]:
    """The one JSON object on standard error."""
    assert done.err.count("\n") == 1, done.err
    error: dict[str, Any] = json.loads(done.err)
    assert set(error) == {"error", "message", "hint"}
    assert error["message"]
    assert not error["message"].endswith(".")
    assert done.raw == b""
    return error


def given(command: str, small: Path, words: Words) -> list[str]:
    if command in WITHOUT:
        pytest.skip("works without a constellation")
    line = words(command, small)
    return line[: line.index("--db")] if "--db" in line else line


def test_missing_file(command: str, small: Path, program: Program, words: Words, tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    line = given(command, small, words)
    done = program(*line, "--db", path, "--json") if command else program("--db", path, "--json")
    assert done.code == 3
    error = said(done)
    assert error["error"] == "not_found"
    assert str(path) in error["message"]
    assert "pattern init" in error["hint"]
    assert not path.exists()


def test_a_folder(command: str, small: Path, program: Program, words: Words, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    done = program("--db", folder, *given(command, small, words), "--json")
    assert done.code == 1
    assert "is a folder" in said(done)["message"]


@pytest.mark.parametrize("content", [b"", b"short", b"This is no database, however long it gets. " * 100])
def test_no_sqlite_file(
    content: bytes, command: str, small: Path, program: Program, words: Words, tmp_path: Path
) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(content)
    done = program("--db", path, *given(command, small, words), "--json")
    assert done.code == (5 if content else done.code)
    assert done.code != 0 or not content
    if content:
        assert said(done)["error"] == "integrity"
    assert path.read_bytes() == content


def test_another_sqlite_file(command: str, small: Path, program: Program, words: Words, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE recipes (id)")
    connection.close()
    done = program("--db", path, *given(command, small, words), "--json")
    assert done.code == 5
    assert "no constellation" in said(done)["message"]


def test_auth_database(
    command: str, small: Path, program: Program, words: Words, read_only: Callable[[str], Path]
) -> None:
    done = program("--db", read_only("constellations/auth.db"), *given(command, small, words), "--json")
    assert done.code == 5
    assert "auth database" in said(done)["message"]


def test_locked(command: str, locked: Path, small: Path, program: Program, words: Words) -> None:
    done = program("--db", locked, *given(command, small, words), "--json")
    assert done.code == 4
    error = said(done)
    assert error["error"] == "locked"
    assert str(locked) in error["message"]


def test_a_folder_that_may_not_be_written(
    small: Path, archive: Path, tmp_path: Path, database: Callable[[str], Path], stranger: Callable[..., Any]
) -> None:
    """Every command that writes says what may not be written, and changes nothing."""

    def lines(path: Path, old: Path, imported: Path) -> list[list[str]]:
        return [
            [*words, "--json"]
            for words in (
                ["init", str(path.parent / "new.db")],
                ["--db", str(path), "import", str(imported), "--on-conflict", "rename"],
                ["--db", str(path.parent / "new.db"), "import", str(imported), "--create"],
                ["--db", str(path), "backup"],
                ["--db", str(path), "vacuum", "--yes"],
                ["--db", str(old), "migrate", "up", "--yes"],
            )
        ]

    practice = lines(database(SMALL), database("versions/0010.db"), archive)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        for source in (small, database("versions/0010.db"), archive):
            (place / source.name).write_bytes(source.read_bytes())
            (place / source.name).chmod(0o644)
        before = {path.name: path.read_bytes() for path in place.iterdir()}
        told = stranger(lines(place / small.name, place / "0010.db", place / archive.name), practice)
        for line, code, err in told:
            assert code == 1, (line, err)
            error = json.loads(err)
            assert error["error"] == "failure"
            assert name in error["message"], line
            assert error["hint"], line
        assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_what_destroys_needs_a_yes(
    command: str, tree: dict[str, Any], program: Program, words: Words, database: Callable[[str], Path]
) -> None:
    """Without a terminal to ask on, a destructive command refuses, names --yes, and changes nothing."""
    if "yes" not in {parameter.name for parameter in tree[command].params}:
        pytest.skip("destroys nothing")
    path = database("versions/0010.db" if command.startswith("migrate") else SMALL)
    line = [word for word in words(command, path) if word != "--dry-run"]
    more = ["--on-conflict", "replace"] if command == "import" else []
    before = path.read_bytes()
    done = program("--db", path, *line, *more, "--json")
    assert done.code == 7
    error = said(done)
    assert error["error"] == "refused"
    assert "--yes" in error["hint"]
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_an_older_schema_is_named(
    command: str, program: Program, words: Words, small: Path, read_only: Callable[[str], Path]
) -> None:
    """A command that needs a newer schema ends with 6 and names the way there; the others just work."""
    done = program("--db", read_only("versions/0001.db"), *given(command, small, words), "--json")
    assert done.code in {0, 3, 6}, done.err
    if done.code == 6:
        error = said(done)
        assert error["error"] == "schema"
        assert "migrate up`" in error["hint"]


def test_a_torn_file(command: str, small: Path, program: Program, words: Words, tmp_path: Path) -> None:
    path = tmp_path / "torn.db"
    path.write_bytes(small.read_bytes()[:20_000])
    done = program("--db", path, *given(command, small, words), "--json")
    assert done.code in {0, 5}
    assert done.code == 0 or said(done)["error"] == "integrity"
    assert "Traceback" not in done.err


def test_unknown_option(command: str, program: Program) -> None:
    done = program(*command.split(), "--nonsense", "--json")
    assert done.code == 2
    assert "--nonsense" in said(done)["message"]


def test_unknown_format(command: str, program: Program) -> None:
    done = program(*command.split(), "--format", "yaml")
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert "ndjson" in done.err


def test_unknown_command(program: Program) -> None:
    assert program("agent").code == 2
    assert "agent" in program("agent").err


def test_missing_argument(command: str, program: Program, tree: dict[str, Any]) -> None:
    needed = [p for p in tree[command].params if p.param_type_name == "argument" and p.required]
    if not needed:
        pytest.skip("needs no argument")
    done = program(*command.split())
    assert done.code == 2
    assert done.err.startswith("error: missing argument")


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        ("agents show Junper", "Juniper"),
        ("groups show 'Harbor Crw'", "Harbor Crew"),
        ("memory show Junper persona", "Juniper"),
        ("memory show Juniper persna", "persona"),
        ("memory list Junper", "Juniper"),
        ("archival list Junper", "Juniper"),
        ("messages list Junper", "Juniper"),
        ("messages tail Junper", "Juniper"),
        ("search kettle --agent Junper", "Juniper"),
    ],
)
def test_a_wrong_name_gets_the_nearest(words: str, nearest: str, small: Path, program: Program) -> None:
    import shlex

    done = program("--db", small, *shlex.split(words), "--json")
    assert done.code == 3
    error = said(done)
    assert error["error"] == "not_found"
    assert f"did you mean {nearest}?" in error["hint"]


@pytest.mark.parametrize("group", ["agents", "memory", "archival", "messages"])
def test_an_ambiguous_beginning(group: str, read_only: Callable[[str], Path], program: Program) -> None:
    path = read_only("constellations/medium.db")
    ids = [row["id"] for row in json.loads(program("--db", path, group, "list", "--json").out)]
    beginning = next(id[:n] for id in ids for n in (1, 6) if sum(other.startswith(id[:n]) for other in ids) > 1)
    done = program("--db", path, group, "show", beginning, "--json")
    assert done.code == 3
    error = said(done)
    assert error["error"] == "ambiguous"
    assert error["hint"].startswith(f"one of {beginning}")


@pytest.mark.parametrize("group", ["agents", "memory", "archival", "messages"])
def test_a_unique_beginning_is_enough(group: str, small: Path, program: Program) -> None:
    ids = [row["id"] for row in json.loads(program("--db", small, group, "list", "--json").out)]
    chosen = ids[0]
    beginning = next(
        chosen[:n] for n in range(1, len(chosen) + 1) if not any(i != chosen and i.startswith(chosen[:n]) for i in ids)
    )
    assert json.loads(program("--db", small, group, "show", beginning, "--json").out)["id"] == chosen


def test_a_defect_is_one_sentence_too(small: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from pattern_cli.agents.service import Agents

    def fail(self: Agents, status: str | None = None) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Agents, "list", fail)
    done = program("--db", small, "agents", "list", "--json")
    assert done.code == 1
    assert "defect" in said(done)["hint"]


def test_interrupted(small: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from pattern_cli.agents.service import Agents

    def stop(self: Agents, status: str | None = None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Agents, "list", stop)
    done = program("--db", small, "agents", "list")
    assert (done.code, done.err) == (130, "")


def test_every_error_class_has_a_documented_status() -> None:
    from pattern_cli import errors
    from pattern_cli.cli.options import EXITS

    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert {cls.exit_code for cls in classes if issubclass(cls, errors.PatternError)} <= set(EXITS)
