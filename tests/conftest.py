"""Fixtures for all tests: real databases and archives, private copies of them, the program in a subprocess."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pattern_cli.store.constellation import Constellation

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PATTERN_TEST_SHARED", ROOT.parent / "shared"))

# Opens a database with a plain SQLite connection, as the runtime does, and keeps it open.
HOLDER = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("SELECT count(*) FROM agents").fetchall()
print("held", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Result:
    """What one run of the program left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def fixtures_dir() -> Path:
    folder = SHARED / "fixtures"
    if not folder.is_dir():
        pytest.skip("the databases written by the runtime are not on this machine")
    return folder


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    folder = SHARED / "reference"
    if not folder.is_dir():
        pytest.skip("the reference files are not on this machine")
    return folder


@pytest.fixture
def read_only(fixtures_dir: Path) -> Callable[[str], Path]:
    return lambda name: fixtures_dir / name


@pytest.fixture
def database(fixtures_dir: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A private, writable copy of a fixture database; its log comes along when it has content."""

    def copy(name: str) -> Path:
        source = fixtures_dir / name
        folder = tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        log = Path(f"{source}-wal")
        # An empty log belongs to another test that reads the fixture at this moment.
        has_log = log.exists() and log.stat().st_size > 0
        for side in ("", "-wal", "-shm") if has_log else ("",):
            if Path(f"{source}{side}").exists():
                target = folder / f"{source.name}{side}"
                shutil.copyfile(f"{source}{side}", target)
                target.chmod(0o644)
        return folder / source.name

    return copy


@pytest.fixture
def small(database: Callable[[str], Path]) -> Iterator[Constellation]:
    """A private copy of the small constellation, open for changes."""
    with Constellation.open(database("constellations/small.db"), "write") as constellation:
        yield constellation


@pytest.fixture
def hold() -> Iterator[Callable[[Path], int]]:
    """hold(path): another process, no run of this program, has the database open until the test ends; its id."""
    running: list[subprocess.Popen[str]] = []

    def start(path: Path) -> int:
        words = [sys.executable, "-c", HOLDER, str(path)]
        running.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        stream = running[-1].stdout
        assert stream and stream.readline() == "held\n"
        return running[-1].pid

    yield start
    for process in running:
        process.communicate("")


def environment(**extra: str) -> dict[str, str]:
    """A clean environment for the program: no configuration of the person who runs the tests."""
    wanted = {"PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT", "COVERAGE_PROCESS_START"}
    kept = {name: value for name, value in os.environ.items() if name in wanted}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC", "COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1", **extra}


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., Result]:
    """Run the program in a subprocess: cli("agents", "list", stdin=b"", cwd=…, env={…})."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)

    def run(*args: object, stdin: bytes = b"", cwd: Path | None = None, env: dict[str, str] | None = None) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "pattern_cli", *map(str, args)],
            input=stdin,
            capture_output=True,
            cwd=cwd or tmp_path,
            env=environment(
                HOME=str(home), XDG_DATA_HOME=str(home / "data"), **(env or {}) | {"PYTHONPATH": str(ROOT)}
            ),
            timeout=120,
        )
        return Result(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    return run
