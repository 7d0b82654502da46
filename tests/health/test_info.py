from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from pattern_cli.health.info import DatabaseInfo, info
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
ROOT = Path(__file__).resolve().parents[2]
FOREIGN = "import sys, apsw; c = apsw.Connection(sys.argv[1]); c.execute('SELECT 1 FROM agents').fetchall(); "
OURS = "import sys; from pattern_cli.store.constellation import Constellation; c = Constellation.open(sys.argv[1]); "
WAIT = "print('ready', flush=True); sys.stdin.read()"


def facts(path: Path, location: str | None = None) -> DatabaseInfo:
    with Constellation.open(path) as constellation:
        return info(constellation, location)


def test_a_closed_file_has_no_side_files_and_no_holders(database: Database) -> None:
    found = facts(database("constellations/small.db"), "PATTERN_DB")
    assert (found.location, found.holders, found.side_files) == ("PATTERN_DB", (), ())
    assert (found.size, found.wal_size, found.total_size) == (729_088, 0, 729_088)
    assert (found.page_size, found.page_count) == (4096, 178)
    assert (found.version, found.newest_version) == (13, 13)
    assert (found.journal_mode, found.encoding, found.auto_vacuum) == ("wal", "UTF-8", "none")
    assert found.permissions == "0644"
    assert found.modified_at.endswith("Z")


def test_a_log_counts_into_the_size(database: Database) -> None:
    found = facts(database("wal/live.db"))
    assert found.wal_size == 4_173_592
    assert found.total_size == found.size + found.wal_size
    assert [file.name for file in found.side_files] == ["live.db-wal", "live.db-shm"]


@pytest.mark.parametrize(("script", "ours"), [(FOREIGN, False), (OURS, True)])
def test_who_has_it_open_is_told(database: Database, script: str, ours: bool) -> None:
    path = database("constellations/small.db")
    process = subprocess.Popen(
        [sys.executable, "-c", script + WAIT, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    (holder,) = facts(path).holders
    process.communicate()
    assert (holder.pid, holder.is_ours) == (process.pid, ours)
    assert holder.command.startswith("python")


def test_unused_pages_are_counted(database: Database) -> None:
    path = database("constellations/medium.db")
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM memory_block_updates")
    connection.close()
    found = facts(path)
    assert found.free_size == found.freelist_count * 4096 > 5_000_000


def test_another_journal_mode_is_told(database: Database) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    connection.close()
    assert facts(path).journal_mode == "delete"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(("name", "copied"), [("constellations/small.db", False), ("wal/live.db", True)])
def test_a_file_of_somebody_else_is_read_too(fixtures_dir: Path, name: str, copied: bool) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder) / "c.db"
        for suffix in ("", "-wal"):
            # An empty log beside a fixture belongs to another test that is reading it just now.
            source = Path(f"{fixtures_dir / name}{suffix}")
            if source.exists() and source.stat().st_size:
                shutil.copyfile(source, f"{path}{suffix}")
        script = f"""
import os, sys; sys.path.insert(0, {str(ROOT)!r})
import apsw, platformdirs
from pattern_cli.health.info import info
from pattern_cli.store.constellation import Constellation
os.setgid(65534); os.setuid(65534)
with Constellation.open(sys.argv[1]) as constellation:
    found = info(constellation)
print(found.journal_mode, found.read_from_copy, found.version, found.holders)
"""
        done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, cwd="/")
        if "Permission" in done.stderr or "ModuleNotFound" in done.stderr:
            pytest.skip("another user may not read this installation")
        assert done.stdout == f"wal {copied} 13 ()\n", done.stderr
        assert "c.db-shm" not in os.listdir(folder)
