"""The program as a whole: exit statuses, streams that end or fill up, what is said about mistakes, lazy imports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
import typer

from pattern_cli import __version__, errors
from pattern_cli.cli import app as module
from pattern_cli.cli.app import COMMANDS, run
from pattern_cli.errors import PatternError

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = f"{sys.executable} -m pattern_cli"
Captured = pytest.CaptureFixture[str]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")

ERRORS = [
    errors.FailureError,
    errors.UsageError,
    errors.NotFoundError,
    errors.AmbiguousError,
    errors.ConflictError,
    errors.LockedError,
    errors.IntegrityError,
    errors.SchemaError,
    errors.RefusedError,
    errors.MissingDependencyError,
]


@pytest.fixture
def shell(read_only: Callable[[str], Path], tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run a line of bash in which $P is the program on the small database."""
    database = tmp_path / "small.db"
    database.write_bytes(read_only("constellations/small.db").read_bytes())

    def execute(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "PYTHONPATH": str(ROOT),
                "LC_ALL": "C.UTF-8",
                "P": PROGRAM,
                "PATTERN_DB": str(database),
            },
        )

    return execute


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let whatever is run next raise this."""

    def fail(arguments: Any) -> int:
        raise error

    monkeypatch.setattr(module, "_invoke", fail)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_has_its_exit_status_and_form(
    kind: type[PatternError], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    failing(monkeypatch, kind("something is wrong", "mend it"))
    assert run([]) == kind.exit_code
    assert capsys.readouterr() == ("", "error: something is wrong\nhint:  mend it\n")
    assert run(["--json"]) == kind.exit_code
    said = json.loads(capsys.readouterr().err)
    assert said == {"error": kind("").name, "message": "something is wrong", "hint": "mend it"}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort(), errors.StoppedError("stopped")])
def test_an_interrupt_says_nothing(error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    failing(monkeypatch, error)
    assert run([]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (apsw.BusyError("BusyError: database is locked"), 4, "is locked by another process"),
        (PermissionError(13, "Permission denied", "/lab/x"), 1, "the system refused /lab/x: Permission denied"),
        (OSError(28, "No space left on device"), 1, "the system refused: No space left on device"),
        (ValueError("odd"), 1, "unexpected ValueError: odd"),
        (RecursionError("too deep"), 1, "unexpected RecursionError: too deep"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_other_errors_are_one_sentence_too(
    error: Exception, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.delenv("PATTERN_DEBUG", raising=False)
    failing(monkeypatch, error)
    assert run(["--json"]) == code
    said = json.loads(capsys.readouterr().err)
    assert words in said["message"]
    assert said["hint"]
    assert said["error"] == ("locked" if code == 4 else "failure")


def test_debugging_shows_where_a_defect_is(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("PATTERN_DEBUG", "1")
    failing(monkeypatch, ValueError("odd"))
    with pytest.raises(ValueError, match="odd"):
        run([])
    failing(monkeypatch, errors.NotFoundError("nothing"))
    assert run([]) == 3


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["agnts"], "no such command 'agnts'", "did you mean 'agents'? `pattern --help` shows how"),
        (["agent", "list"], "no such command 'agent'", "did you mean 'agents'? `pattern --help` shows how"),
        (["zzz"], "no such command 'zzz'", "`pattern --help` shows how"),
        (["agents", "lst"], "no such command 'lst'", "did you mean 'list'? `pattern agents --help` shows how"),
        (
            ["agents", "list", "more"],
            "unexpected argument: more",
            "`pattern agents list --help` shows how",
        ),
        (["agents", "show"], "missing argument 'AGENT'", "`pattern agents show --help` shows how"),
        (["--db"], "option '--db' requires an argument", "`pattern --help` shows how"),
        (["--nonsense"], "no such option: --nonsense", "`pattern --help` shows how"),
        (
            ["agents", "list", "--status", "asleep"],
            '"asleep" is no value of --status',
            "one of active, hibernated, archived",
        ),
    ],
)
def test_mistakes_on_the_command_line(words: list[str], message: str, hint: str, capsys: Captured) -> None:
    assert run(words) == 2
    assert capsys.readouterr() == ("", f"error: {message}\nhint:  {hint}\n")
    assert run([*words, "--format", "json"]) == 2


@pytest.mark.parametrize(
    ("words", "as_json"),
    [
        (["--json"], True), (["--format", "json"], True), (["--format=json"], True), (["--format", "ndjson"], True),
        (["--format=ndjson"], True), (["--format", "csv"], False), ([], False), (["json"], False),
    ],
)  # fmt: skip
def test_errors_are_objects_when_json_was_asked_for(words: list[str], as_json: bool, capsys: Captured) -> None:
    assert run(["--db", "/none/none.db", "agents", "list", *words]) in {2, 3}
    err = capsys.readouterr().err
    assert err.startswith("{") == as_json


@pytest.mark.parametrize("option", [("--db", "{}"), ("--db={}",)])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_hints_are_for_the_database_that_was_named(
    option: tuple[str, ...], form: tuple[str, ...], read_only: Callable[[str], Path], capsys: Captured
) -> None:
    path = str(read_only("constellations/small.db"))
    words = [word.format(path) for word in option]
    assert run([*words, "agents", "show", "nobody", *form]) == 3
    assert f"`pattern --db {path} agents list` shows all" in capsys.readouterr().err
    assert run(["agents", "show", "nobody", *words, *form]) == 3
    assert f"`pattern --db {path} agents list` shows all" in capsys.readouterr().err


def test_hints_without_a_named_database(
    read_only: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("PATTERN_DB", str(read_only("constellations/small.db")))
    run(["--db", "/none/none.db", "agents", "list"])
    capsys.readouterr()
    for words in (["agents", "show", "nobody"], ["agents", "show", "--", "nobody"]):
        assert run(words) == 3
        assert "`pattern agents list` shows all" in capsys.readouterr().err


def test_version(capsys: Captured) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"pattern {__version__}\n"


@pytest.mark.parametrize("words", [(), ("agents",), ("agents", "list"), ("backup",)])
def test_help_in_short(words: tuple[str, ...], capsys: Captured) -> None:
    assert run([*words, "-h"]) == 0
    short = capsys.readouterr().out
    assert run([*words, "--help"]) == 0
    assert short == capsys.readouterr().out
    assert "-h, --help" in short


def test_every_command_is_named_in_help_and_imported_only_to_run() -> None:
    code = "import sys; from pattern_cli.cli.app import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    for name in COMMANDS:
        assert f"  {name} " in done.stdout
    loaded = set(done.stderr.split())
    assert not loaded & {
        "apsw",
        "peewee",
        "rich",
        "loro",
        "cbor2",
        "blake3",
        "json",
        "dataclasses",
        "sqlite3",
        "hashlib",
    }
    assert not [
        name for name in loaded if name.startswith("pattern_cli.cli.") and name[16:] not in {"app", "making", "options"}
    ]


def test_listing_agents_needs_neither_peewee_nor_rich(read_only: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "small.db"
    path.write_bytes(read_only("constellations/small.db").read_bytes())
    code = f"""
import sys
from pattern_cli.cli.app import run
run(['--db', {str(path)!r}, 'agents', 'list'])
print(*sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.count("\n") == 3
    assert not set(done.stderr.split()) & {"peewee", "rich", "loro", "cbor2", "blake3", "numpy"}


@posix_only
@pytest.mark.parametrize("command", ["agents list", "messages list", "memory list", "--help", "db stats --json"])
def test_a_reader_that_has_seen_enough(command: str, shell: Callable[..., Any]) -> None:
    done = shell(f"$P {command} | head -1 > /dev/null; echo ${{PIPESTATUS[0]}}")
    assert (done.stdout, done.stderr) == ("0\n", "")
    done = shell(f"($P {command}; echo $? >&2) | true")
    assert done.stderr == "0\n"


@posix_only
@pytest.mark.parametrize("command", ["agents list", "--help", "--version", "agents list --json"])
def test_output_that_is_full(command: str, shell: Callable[..., Any]) -> None:
    done = shell(f"$P {command} > /dev/full; echo $?")
    assert done.stdout == "1\n"
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@posix_only
def test_output_that_is_closed(shell: Callable[..., Any]) -> None:
    done = shell("$P agents list >&-; echo $?; $P agents show nobody >&-; echo $?")
    assert done.stdout == "0\n3\n"
    assert "Traceback" not in done.stderr
    done = shell("$P agents show nobody 2>&-; echo $?; $P agents show nobody 2>/dev/full; echo $?")
    assert done.stdout == "3\n3\n"


@posix_only
def test_a_terminal_without_utf8_gets_escapes(shell: Callable[..., Any]) -> None:
    done = shell("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 $P agents list --fields name; echo $?")
    assert done.stdout == "Juniper\nMarlow\nQuill \\u30c4 \\u05e9\\u05dc\\u05d5\\u05dd\n0\n"
    assert done.stderr == ""


@posix_only
def test_ctrl_c_leaves_silently(read_only: Callable[[str], Path], tmp_path: Path) -> None:
    """While it waits for standard input, as an import from a pipe does."""
    path = tmp_path / "small.db"
    path.write_bytes(read_only("constellations/small.db").read_bytes())
    process = subprocess.Popen(
        [sys.executable, "-m", "pattern_cli", "--db", str(path), "messages", "tail", "-f", "-n", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")


def test_ctrl_c_while_it_starts() -> None:
    code = """
import sys
import pattern_cli.__main__ as program
class Interrupt:
    def find_spec(self, name, *more):
        if name == "pattern_cli.cli.app":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
program.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_the_module_runs_as_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pattern_cli", "--version"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == f"pattern {__version__}\n"
