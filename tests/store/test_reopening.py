"""Readers of a file that is replaced under them: they notice it and touch nothing of the new file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from pattern_cli.errors import IntegrityError, NotFoundError
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
SMALL = "constellations/small.db"

RUNTIME = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
for line in sys.stdin:
    connection.execute(line).fetchall()
    print("done", flush=True)
"""


@pytest.fixture
def runtime() -> Iterator[Callable[[Path], Callable[[str], None]]]:
    """Another process that has a file open and runs statements on it."""
    running: list[subprocess.Popen[str]] = []

    def start(path: Path) -> Callable[[str], None]:
        process = subprocess.Popen(
            [sys.executable, "-c", RUNTIME, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        running.append(process)

        def run(sql: str) -> None:
            assert process.stdin and process.stdout
            process.stdin.write(sql + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        return run

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_a_file_in_use_is_not_outdated_by_writing(database: Database) -> None:
    path = database(SMALL)
    with Constellation.open(path) as constellation:
        writing = apsw.Connection(str(path))
        writing.execute("UPDATE agents SET name = name || 'x'")
        assert not constellation.outdated
        writing.close()
        assert not constellation.outdated


def test_a_replaced_file_is_noticed_and_opened(database: Database) -> None:
    path, other = database(SMALL), database("constellations/medium.db")
    with Constellation.open(path) as constellation:
        assert constellation.value("SELECT count(*) FROM agents") == 3
        os.replace(other, path)
        assert constellation.outdated
        constellation.reopen()
        assert not constellation.outdated
        assert constellation.value("SELECT count(*) FROM agents") == 12
        from pattern_cli.models import Agent

        assert constellation.bind(Agent.select()).count() == 12


def test_a_missing_file_can_be_opened_when_it_is_back(database: Database) -> None:
    path = database(SMALL)
    away = path.with_name("away.db")
    with Constellation.open(path) as constellation:
        path.rename(away)
        assert constellation.outdated
        with pytest.raises(NotFoundError):
            constellation.reopen()
        assert constellation.outdated
        away.rename(path)
        constellation.reopen()
        assert constellation.value("SELECT count(*) FROM agents") == 3


def test_what_is_no_constellation_is_not_opened(database: Database) -> None:
    path, other = database(SMALL), database("constellations/auth.db")
    with Constellation.open(path) as constellation:
        os.replace(other, path)
        with pytest.raises(IntegrityError):
            constellation.reopen()
        assert constellation.outdated


@pytest.mark.parametrize("ending", ["close", "reopen"])
def test_the_log_of_the_file_that_took_its_place_stays(
    database: Database, runtime: Callable[[Path], Callable[[str], None]], ending: str
) -> None:
    path, other = database(SMALL), database(SMALL)
    constellation = Constellation.open(path)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    os.replace(other, path)
    run = runtime(path)
    run("UPDATE agents SET name = name || '!'")
    run("PRAGMA wal_checkpoint(TRUNCATE)")
    log = Path(f"{path}-wal")
    assert log.stat().st_size == 0
    inode = log.stat().st_ino
    getattr(constellation, ending)()
    assert log.stat().st_ino == inode, "a log of no size is in use all the same"
    run("UPDATE agents SET description = 'after'")
    with Constellation.open(path) as reader:
        assert reader.value("SELECT count(*) FROM agents WHERE description = 'after'") == 3
    constellation.close()
