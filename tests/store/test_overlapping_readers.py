"""Readers that overlap leave no trace either: whoever closes last removes what the first one made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pattern_cli.store.constellation import Constellation
from pattern_cli.store.opening import side

_READER = """
import sys
from pattern_cli.store.constellation import Constellation
with Constellation.open(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""


def reader(path: Path) -> subprocess.Popen[str]:
    """A process that has the database open until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _READER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "open\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=30)
    assert process.returncode == 0


def listing(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_two_processes(database: Callable[[str], Path], first_ends_first: bool) -> None:
    path = database("constellations/small.db")
    before = listing(path)
    first, second = reader(path), reader(path)
    for process in (first, second) if first_ends_first else (second, first):
        end(process)
    assert listing(path) == before


def test_two_of_one_process(database: Callable[[str], Path]) -> None:
    path = database("constellations/small.db")
    before = listing(path)
    first, second = Constellation.open(path), Constellation.open(path)
    first.close()
    second.close()
    assert listing(path) == before


def test_an_empty_log_that_somebody_left_behind_stays(database: Callable[[str], Path]) -> None:
    path = database("constellations/small.db")
    side(path, "-wal").touch()
    Constellation.open(path).close()
    assert side(path, "-wal").exists()
