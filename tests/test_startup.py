"""Start-up is a feature: what a command does not need is not imported (architecture.md §7)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {
    "peewee",
    "playhouse",
    "rich",
    "loro",
    "cbor2",
    "blake3",
    "sqlite_vec",
    "numpy",
    "apsw",
    "platformdirs",
    "json",
    "sqlite3",
}

SCRIPT = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pattern_cli.cli.app import run
out, sys.stdout = sys.stdout, open(os.devnull, "w")
code = run(sys.argv[2:])
print(code, *sorted({name.partition(".")[0] for name in sys.modules}), file=out)
"""


def modules(*words: str) -> set[str]:
    """The top-level modules that are loaded after a run whose output is no terminal."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT), *words], capture_output=True, text=True, check=True, cwd=ROOT
    )
    code, *names = done.stdout.split()
    assert code == "0", done.stderr
    return set(names)


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert modules(*words) & HEAVY == set()


def test_help_imports_no_command(tmp_path: Path) -> None:
    script = "import sys; from pattern_cli.cli.app import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name for name in done.stderr.split() if name.startswith("pattern_cli.")}
    assert loaded == {
        "pattern_cli.cli",
        "pattern_cli.cli.app",
        "pattern_cli.cli.making",
        "pattern_cli.cli.options",
        "pattern_cli.errors",
        "pattern_cli.render",
        "pattern_cli.render.formats",
        "pattern_cli.render.pasting",
    }


@pytest.mark.parametrize("group", ["agents", "memory", "messages", "migrate", "import", "search", "db", "backup"])
def test_help_of_a_command_imports_nothing_heavy(group: str) -> None:
    assert modules(group, "--help") & HEAVY == set()


def test_agents_list_in_a_pipe_needs_apsw_alone(read_only: Callable[[str], Path]) -> None:
    assert modules("--db", str(read_only("constellations/small.db")), "agents", "list") & HEAVY == {"apsw"}


def test_a_tab_needs_apsw_alone(read_only: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_PATTERN_COMPLETE", "bash")
    monkeypatch.setenv("PATTERN_DB", str(read_only("constellations/small.db")))
    assert modules("pattern memory show Juniper per", "per") & HEAVY == {"apsw"}
    assert modules("pattern agents list --st", "--st") & HEAVY == set()
    assert modules("pattern ag", "ag") & HEAVY == set()


@pytest.mark.parametrize("words", ["groups list", "memory list", "messages list", "archival list", "search kettle"])
def test_a_pipe_needs_no_tables(words: str, read_only: Callable[[str], Path]) -> None:
    found = modules("--db", str(read_only("constellations/small.db")), *words.split())
    assert found & {"rich", "cbor2", "numpy", "sqlite_vec", "platformdirs"} == set()
    assert "loro" not in found or words in {"memory list", "search kettle"}


def test_the_package_alone_imports_nothing_of_itself() -> None:
    script = "import sys, pattern_cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.startswith("pattern_cli")} == {"pattern_cli"}
    assert loaded & HEAVY == set()
