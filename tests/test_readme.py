"""The tours of README.md and docs/ run, command by command, as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def fenced(path: Path, language: str) -> list[str]:
    """The blocks of that language in a document."""
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def tour(path: Path) -> list[str]:
    """The command lines of a document's console blocks."""
    return [line[2:] for block in fenced(path, "console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """An empty folder with what a clone has for the tours, and the program on PATH."""
    target = tmp_path / "tests" / "fixtures"
    target.mkdir(parents=True)
    for archive in (ROOT / "tests" / "fixtures").glob("*.car"):
        (target / archive.name).write_bytes(archive.read_bytes())
    program = tmp_path / "bin" / "pattern"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} -m pattern_cli "$@"\n')
    program.chmod(0o755)
    return tmp_path


def environment(checkout: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PATTERN_DB"}
    return {
        **kept,
        "PATH": f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(checkout),
        "XDG_DATA_HOME": str(checkout / "data"),
        "LC_ALL": "C.UTF-8",
    }


@pytest.mark.parametrize("document", ["README.md", "docs/tour.md"])
def test_every_command_of_the_tour_works(document: str, checkout: Path) -> None:
    lines = tour(ROOT / document)
    assert len(lines) > 10
    script = "set -e\n" + "".join(
        f"printf '%s\\n' {shlex.quote('$ ' + line)} >&2\n{line} || {{ echo \"ended with $?\" >&2; exit 1; }}\n"
        for line in lines
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=checkout, env=environment(checkout), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "warning" not in done.stderr
    assert "Juniper" in done.stdout


def test_the_python_tour_works(checkout: Path) -> None:
    script = "\n".join(fenced(DOCS / "api.md", "python"))
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=checkout,
        env={**environment(checkout), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "not_found no agent named" in done.stdout


def test_readme_starts_with_the_two_commands() -> None:
    first = (ROOT / "README.md").read_text(encoding="utf-8").split("```")[1].split("\n")
    assert [line.split("#")[0].strip() for line in first if line] == ["make demo", "make test"]


def test_readme_says_that_two_programs_have_the_name() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "named `pattern` too" in text
    assert "python -m pattern_cli" in text
