"""A constellation with made-up messages, another process that writes, and the program following."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.schema import create_constellation
from pattern_cli.store.constellation import Constellation

ROOT = Path(__file__).resolve().parents[2]
AGENT = "agt_1"
FIRST = 31_395_935_909_707_776
DEADLINE = 20.0

WRITER = """
import json, os, sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(5000)
connection.execute("PRAGMA wal_autocheckpoint=0").fetchall()
for line in sys.stdin:
    for sql, params in json.loads(line):
        connection.execute(sql, params).fetchall()
    print("done", flush=True)
"""


def _message(number: int, **columns: Any) -> dict[str, Any]:
    """The columns of a message as the runtime writes them; `number` makes id and position."""
    text = f"message {number}"
    position = str(FIRST + number * 65_536)
    return {
        "id": f"msg_{number:032x}",
        "agent_id": AGENT,
        "position": position,
        "batch_id": position,
        "sequence_in_batch": 0,
        "role": "user",
        "content_json": json.dumps({"Text": text}, separators=(",", ":")),
        "content_preview": text,
        "batch_type": "user_request",
        "source": None,
        "source_metadata": "{}",
        "is_archived": 0,
        "is_deleted": 0,
        "created_at": f"2026-01-08T19:02:18.{number % 1_000_000:06d}123+00:00",
        **columns,
    }


@pytest.fixture(scope="session")
def message() -> Callable[..., dict[str, Any]]:
    """message(number, **columns): the columns of a message as the runtime writes them."""
    return _message


def _insert(columns: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The statement that stores a message."""
    return (
        f"INSERT INTO messages ({', '.join(columns)}) VALUES ({', '.join(':' + name for name in columns)})",
        columns,
    )


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """A new constellation with one agent and these messages; its path."""

    def build(*messages: dict[str, Any], name: str = "constellation.db") -> Path:
        path = tmp_path / name
        with create_constellation(path) as constellation:
            connection = constellation.connection
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute(
                """INSERT INTO agents (id, name, model_provider, model_name, system_prompt, config, enabled_tools,
                                       status, created_at, updated_at)
                   VALUES (?1, 'Juniper', 'p', 'm', '', '{}', '[]', 'active', ?2, ?2)""",
                (AGENT, "2026-01-08T19:02:18+00:00"),
            )
            for columns in messages:
                connection.execute(*_insert(columns))
        return path

    return build


@pytest.fixture
def opened(make: Callable[..., Path]) -> Iterator[Callable[..., Constellation]]:
    """As `make`, open for reading."""
    found: list[Constellation] = []

    def build(*messages: dict[str, Any]) -> Constellation:
        found.append(Constellation.open(make(*messages)))
        return found[-1]

    yield build
    for constellation in found:
        constellation.close()


class Writer:
    """Another process that commits what it is told."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, *statements: tuple[str, Any]) -> None:
        """Run the statements one after the other; back when they are committed."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(statements) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def say(self, number: int, **columns: Any) -> None:
        """Commit one message."""
        self.run(_insert(_message(number, **columns)))

    def end(self) -> None:
        """Close the file."""
        self.process.communicate()


class Following:
    """`pattern messages tail -f` in another process."""

    def __init__(self, path: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pattern_cli", "--db", str(path), "messages", "tail", "-f", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def line(self) -> str:
        """The next line it prints."""
        return self.lines.get(timeout=DEADLINE)

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Signal it; its exit status and what it said on standard error."""
        self.process.send_signal(number)
        status = self.process.wait(DEADLINE)
        assert self.process.stderr
        return status, self.process.stderr.read()


@pytest.fixture
def writer() -> Iterator[Callable[[Path], Writer]]:
    running: list[Writer] = []

    def start(path: Path) -> Writer:
        running.append(Writer(path))
        return running[-1]

    yield start
    for process in running:
        process.process.kill()
        process.process.communicate()


@pytest.fixture
def following() -> Iterator[Callable[..., Following]]:
    running: list[Following] = []

    def start(path: Path, *words: str) -> Following:
        running.append(Following(path, *words))
        return running[-1]

    yield start
    for process in running:
        process.process.kill()
        process.process.wait()
