"""What a person sees of a command: the program run in the test's process, a hundred columns, a clock that stands."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pexpect
import pytest

from pattern_cli.cli.app import run
from pattern_cli.health import overview
from pattern_cli.render import values

ROOT = Path(__file__).resolve().parents[2]
STYLE = re.compile(r"\x1b\[[\d;]*m")
GOLDEN = Path(__file__).parent / "golden"
# Two days after the messages of small.db were written.
NOW = 1_795_613_826.0


class Clock:
    """The part of `time` that tells how long ago something was, and which day it is."""

    @staticmethod
    def time() -> float:
        return NOW


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """seen("agents", "list", columns=80): the screen, standard error behind it."""
    for name in ("PATTERN_DB", "PATTERN_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": str(tmp_path), "TZ": "UTC", "NO_COLOR": "1", "TERM": "xterm", "PAGER": ""}.items():
        monkeypatch.setenv(name, value)
    for module in (values, overview):
        monkeypatch.setattr(module, "time", Clock)

    def screen(*words: object, columns: int = 100) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        out, err = Terminal(), io.StringIO()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", out)
            patched.setattr(sys, "stderr", err)
            run([str(word) for word in words])
        return STYLE.sub("", out.getvalue()) + err.getvalue()

    return screen


IMPATIENT = """
import sys
from pattern_cli.cli.app import run
from pattern_cli.render import progress
progress.PATIENCE = 0
sys.exit(run())
"""


@dataclass(frozen=True)
class Screen:
    """What one run on a terminal left: exit status, and all that was shown, with its styles."""

    code: int
    styled: str

    @property
    def text(self) -> str:
        return STYLE.sub("", self.styled)


@pytest.fixture
def on_terminal(tmp_path: Path) -> Callable[..., Screen]:
    """The program on a terminal of its own: on_terminal("agents", "list", rows=40, columns=100, answer="y").

    The answer is typed at the first question mark; `impatient` shows progress of quick work too; other named arguments
    go into the environment.
    """
    if sys.platform == "win32":
        pytest.skip("needs a pseudo terminal")

    def show(
        *words: object,
        rows: int = 200,
        columns: int = 120,
        answer: str | None = None,
        impatient: bool = False,
        **environment: str,
    ) -> Screen:
        kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        shown = io.StringIO()
        child = pexpect.spawn(
            sys.executable,
            [*(("-c", IMPATIENT) if impatient else ("-m", "pattern_cli")), *map(str, words)],
            env={**kept, "TERM": "xterm-256color", "PAGER": "cat", "TZ": "UTC", **environment},
            dimensions=(rows, columns),
            encoding="utf-8",
            timeout=60,
        )
        child.logfile_read = shown
        if answer is not None:
            child.expect_exact("?")
            child.sendline(answer)
        child.expect(pexpect.EOF)
        child.wait()
        child.close()
        return Screen(child.exitstatus, shown.getvalue().replace("\r\n", "\n"))

    return show


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a file of `golden/`; PATTERN_GOLDEN=write writes it instead, to be looked at before a commit."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if os.environ.get("PATTERN_GOLDEN") == "write":
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def run_sql() -> Callable[..., list[Any]]:
    """Change or ask a database behind the program's back: run_sql(path, "UPDATE …", …)."""

    def ask(path: Path, sql: str, *params: Any) -> list[Any]:
        connection = apsw.Connection(str(path))
        try:
            return list(connection.execute(sql, params))
        finally:
            connection.close()

    return ask
