"""Reading leaves no trace: not in the file, its log, or the folder, whoever reads and whoever writes meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import blake3
import pytest

Program = Callable[..., Any]
Words = Callable[[str, Path], list[str] | None]
Stranger = Callable[[list[list[str]], list[list[str]]], list[tuple[list[str], int, str]]]
ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("PATTERN_TEST_SHARED", ROOT.parent / "shared"))
FIXTURES = SHARED / "fixtures"
DATABASES = sorted(
    str(path.relative_to(FIXTURES))
    for folder in ("constellations", "versions", "imported", "wal")
    for path in (FIXTURES / folder).glob("*.db")
    if path.name != "auth.db"
)
VARIED = ("constellations/small.db", "versions/0001.db", "versions/0010-preedit.db", "wal/live.db")

# Commits changes that stay in the log, then dies as a killed runtime does.
KILLED = """
import os, sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA wal_autocheckpoint=0").fetchall()
for number in range(5):
    connection.execute("UPDATE agents SET description = ?", (f"change {number}",))
os._exit(0)
"""

WRITER = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(5000)
print("writing", flush=True)
number = 0
while not sys.stdin.closed:
    connection.execute("UPDATE agents SET description = ?", (f"change {number}",))
    number += 1
    if number % 100 == 0:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
"""


def facts(folder: Path) -> dict[str, str]:
    """Every file of a folder by its content; of the shared memory beside a log only that it is there."""
    logs = {path.name.removesuffix("-wal") for path in folder.glob("*-wal")}
    return {
        path.name: "" if path.name.removesuffix("-shm") in logs else blake3.blake3(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if not (path.name.endswith("-shm") and path.name.removesuffix("-shm") in logs)
    }


def copy(name: str, folder: Path) -> Path:
    """A private copy of a database with its log, alone in its folder."""
    path = folder / Path(name).name
    for suffix in ("", "-wal", "-shm"):
        source = Path(f"{FIXTURES / name}{suffix}")
        # An empty log beside a fixture belongs to a test that reads it just now.
        if source.exists() and (not suffix or name.startswith("wal/")):
            shutil.copyfile(source, f"{path}{suffix}")
    return path


def lines_for(path: Path, words: Words, reading: list[str]) -> list[list[str]]:
    filled = [(command, words(command, path)) for command in reading]
    return [["--db", str(path), *line, "--format", "json"] for _, line in filled if line is not None]


@pytest.mark.skipif(not DATABASES, reason="the databases written by the runtime are not on this machine")
@pytest.mark.parametrize("name", DATABASES)
def test_every_command_reads_every_database(
    name: str, tmp_path: Path, program: Program, words: Words, every_reading: list[str]
) -> None:
    folder = tmp_path / "place"
    folder.mkdir()
    path = copy(name, folder)
    before = facts(folder)
    for line in lines_for(path, words, every_reading):
        done = program(*line)
        assert done.code in {0, 6}, (line, done.err)
        if done.code == 6:
            assert " migrate " in done.err, (line, done.err)
        assert facts(folder) == before, line


@pytest.mark.skipif(not DATABASES, reason="the databases written by the runtime are not on this machine")
@pytest.mark.parametrize("shm", [True, False], ids=["with-shm", "without-shm"])
@pytest.mark.parametrize("name", VARIED)
def test_a_log_stays_as_it_is(
    name: str, shm: bool, tmp_path: Path, program: Program, words: Words, every_reading: list[str]
) -> None:
    folder = tmp_path / "place"
    folder.mkdir()
    path = copy(name, folder)
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=True)
    lines = lines_for(path, words, every_reading)
    if not shm:
        Path(f"{path}-shm").unlink()
    before = facts(folder)
    assert Path(f"{path}-wal").stat().st_size
    for line in lines:
        done = program(*line)
        assert done.code in {0, 6}, (line, done.err)
        assert facts(folder) == before, line


@pytest.mark.skipif(not DATABASES, reason="the databases written by the runtime are not on this machine")
@pytest.mark.parametrize("log", ["no log", "log", "log without shm"])
@pytest.mark.parametrize("name", VARIED)
def test_a_stranger_reads_and_leaves_no_trace(
    name: str, log: str, tmp_path: Path, words: Words, every_reading: list[str], stranger: Stranger
) -> None:
    if log == "no log" and name.startswith("wal/"):
        pytest.skip("this database has a log")
    with tempfile.TemporaryDirectory() as name_of_place:
        place = Path(name_of_place)
        os.chmod(place, 0o755)
        path = copy(name, place)
        if log != "no log":
            subprocess.run([sys.executable, "-c", KILLED, str(path)], check=True)
        rehearsal = copy("constellations/small.db", tmp_path)
        # The folder of backups is not theirs to read.
        lines = [line for line in lines_for(path, words, every_reading) if line[2:4] != ["backup", "list"]]
        practice = [*lines_for(rehearsal, words, every_reading), ["--db", str(tmp_path / "none.db"), "db", "info"]]
        if log == "log without shm":
            Path(f"{path}-shm").unlink()
        before = facts(place)
        for line, code, said in stranger(lines, practice):
            assert code in {0, 6}, (line, said)
        assert facts(place) == before


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Path]:
    """A database to which another process commits as fast as it can."""
    folder = tmp_path / "busy"
    folder.mkdir()
    path = copy("constellations/small.db", folder)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout and writer.stdout.readline() == "writing\n"
    yield path
    alive = writer.poll() is None
    writer.kill()
    writer.wait()
    assert alive, "the writer failed while others read"


@pytest.mark.skipif(not DATABASES, reason="the databases written by the runtime are not on this machine")
def test_reading_beside_a_writer(
    busy: Path, program: Program, words: Words, small: Path, every_reading: list[str]
) -> None:
    lines = [["--db", str(busy), *line[2:]] for line in lines_for(small, words, every_reading)]
    for line in lines:
        done = program(*line)
        # Whoever writes may be a runtime: a rehearsal refuses as the change itself would.
        assert done.code in ({0, 7} if "--dry-run" in line else {0}), (line, done.err)
    assert set(os.listdir(busy.parent)) == {"small.db", "small.db-wal", "small.db-shm"}
