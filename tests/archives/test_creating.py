from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.archives.creating import new_constellation, rehearsal
from pattern_cli.errors import ConflictError
from pattern_cli.store.unfinished import LEFTOVER_AGE_S

ROOT = Path(__file__).resolve().parents[2]


def test_it_gets_its_name_complete_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "lab" / "constellation.db"
    with new_constellation(path) as constellation:
        assert not path.exists()
        assert constellation.path == path
        assert constellation.version == 13
    assert [file.name for file in path.parent.iterdir()] == ["constellation.db"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_error_nothing_is_there(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "constellation.db"
    with pytest.raises(error), new_constellation(path):
        raise error
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "constellation.db"
    path.write_text("precious")
    for create in (new_constellation, rehearsal):
        with pytest.raises(ConflictError, match="exists already"), create(path):
            pass
    assert path.read_text() == "precious"
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConflictError, match="exists already"), new_constellation(path):
        pass


def test_the_log_of_a_database_that_is_gone_is_not_played_into_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "constellation.db"
    log = tmp_path / "constellation.db-wal"
    log.write_bytes(b"of another database")
    for create in (new_constellation, rehearsal):
        with pytest.raises(ConflictError, match="log of a database that is gone"), create(path):
            pass
    assert list(tmp_path.iterdir()) == [log]


def test_what_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "constellation.db"
    with pytest.raises(ConflictError, match="exists already"), new_constellation(path):
        path.write_text("faster")
    assert path.read_text() == "faster"
    assert len(list(tmp_path.iterdir())) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from pattern_cli.archives.creating import new_constellation
with new_constellation(Path(sys.argv[1])) as constellation:
    constellation.connection.execute("CREATE TABLE more(x)")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_one_leaves_no_name_and_the_next_one_tidies_up(tmp_path: Path) -> None:
    path = tmp_path / "constellation.db"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    left = [file for file in tmp_path.iterdir() if file.name.endswith(".partial")]
    assert left
    for file in left:
        long_ago = file.stat().st_mtime - LEFTOVER_AGE_S - 60
        os.utime(file, (long_ago, long_ago))
    mine = tmp_path / f".constellation.db.{os.getppid()}.partial"
    mine.write_text("of a process that lives")
    os.utime(mine, (0, 0))
    with new_constellation(path):
        pass
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([path.name, mine.name])


def test_a_rehearsal_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped: Path, planning: Any
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with rehearsal(tmp_path / "constellation.db") as constellation:
        assert constellation.version == 13
    assert list(tmp_path.iterdir()) == []
