"""Other processes for the tests of backups: one that writes, one that only has the file open, one that gets killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys, time, apsw
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(5000)
agent = connection.execute("SELECT id FROM agents LIMIT 1").fetchall()[0][0]
sql = '''INSERT INTO messages (id, agent_id, position, role, content_json, content_preview, created_at)
         VALUES (?, ?, ?, 'user', '"hello"', 'hello', '2026-01-08T19:02:18+00:00')'''
for number in range(100_000):
    connection.execute(sql, (f"msg_written_{number}", agent, str(10**17 + number)))
    if number == 0:
        print("ready", flush=True)
    time.sleep(0.02)
"""

HOLDER = """
import sys, time, apsw
connection = apsw.Connection(sys.argv[1])
print(connection.execute("SELECT count(*) FROM messages").fetchall()[0][0], flush=True)
for line in sys.stdin:
    print(connection.execute("SELECT count(*) FROM messages").fetchall()[0][0], flush=True)
"""


class Process:
    """A running Python script that says a line when it is ready."""

    def __init__(self, script: str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def line(self) -> str:
        """The next line it prints."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ask(self) -> str:
        """Make a holder count the messages again."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.line()

    def kill(self) -> None:
        """Kill it without any chance to tidy up."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def started() -> Iterator[Callable[..., Process]]:
    """Start scripts; they are killed at the end."""
    running: list[Process] = []

    def start(script: str, *arguments: object) -> Process:
        running.append(Process(script, *arguments))
        return running[-1]

    yield start
    for process in running:
        process.kill()


@pytest.fixture
def writing(started: Callable[..., Process]) -> Callable[[Path], AbstractContextManager[None]]:
    """Another process that commits a message every 20 ms."""

    @contextmanager
    def write(path: Path) -> Iterator[None]:
        process = started(WRITER, path)
        assert process.line() == "ready"
        yield
        assert process.process.poll() is None, "the writer must not fail beside a backup"
        process.kill()

    return write


@pytest.fixture
def held(started: Callable[..., Process]) -> Callable[[Path], Process]:
    """Another process that has the file open."""

    def hold(path: Path) -> Process:
        process = started(HOLDER, path)
        assert process.line().isdigit()
        return process

    return hold
