"""Other processes that have a database open, and programs run by somebody who may not write."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Opens a database as the runtime does, with a plain SQLite connection, and keeps it open.
RUNTIME = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA journal_mode=WAL").fetchall()
connection.execute("SELECT count(*) FROM agents").fetchall()
print("open", flush=True)
for statement in sys.stdin:
    connection.execute(statement).fetchall()
    print("done", flush=True)
"""

# Opens a database as this program does.
OURS = """
import sys
from pattern_cli.store.constellation import Constellation
with Constellation.open(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""


class Other:
    """Another process that has a database open until it is told to end."""

    def __init__(self, code: str, path: Path, prefix: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._heard("open")

    @property
    def pid(self) -> int:
        return self.process.pid

    def _heard(self, word: str) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == f"{word}\n"

    def run(self, statement: str) -> None:
        """Execute one statement there."""
        assert self.process.stdin
        print(statement, file=self.process.stdin, flush=True)
        self._heard("done")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.communicate(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def other() -> Iterator[Callable[..., Other]]:
    """Start other processes: other(RUNTIME, path)."""
    started: list[Other] = []

    def start(code: str, path: Path, prefix: tuple[str, ...] = ()) -> Other:
        started.append(Other(code, path, prefix))
        return started[-1]

    yield start
    for process in started:
        process.kill()
