"""Who else has a database open: found by lock, told apart by mark, named where the system can (architecture.md §2)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pattern_cli.store import holders as module
from pattern_cli.store.constellation import Constellation, describe
from pattern_cli.store.holders import Holder, Marks, Probe, holders, started
from pattern_cli.store.opening import side
from tests.store.conftest import OURS, ROOT, RUNTIME, Other

Start = Callable[..., Other]
SMALL = "constellations/small.db"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="no fcntl")


@pytest.fixture(autouse=True)
def runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Marks of this test's processes go where no other test looks."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder / "pattern-constellation"


@pytest.fixture
def without_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without `/proc/locks`."""
    monkeypatch.setattr(module, "_LOCKS", tmp_path / "none")


def test_nobody_else(database: Callable[[str], Path]) -> None:
    with Constellation.open(database(SMALL)) as constellation:
        assert constellation.holders() == ()
        assert constellation.live_holder() is None


@linux_only
def test_the_runtime_is_found_by_its_lock(database: Callable[[str], Path], other: Start) -> None:
    path = database(SMALL)
    runtime = other(RUNTIME, path)
    with Constellation.open(path) as constellation:
        (holder,) = constellation.holders()
        assert holder == (runtime.pid, Path(f"/proc/{runtime.pid}/comm").read_text().strip(), False)
        assert constellation.live_holder() == holder
        assert describe(holder) == f"{holder.command} (pid {runtime.pid})"
        runtime.end()
        assert constellation.holders() == ()


@linux_only
def test_an_idle_holder_of_a_database_without_changes_is_found(database: Callable[[str], Path], other: Start) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        runtime = other(RUNTIME, path)
        assert [holder.pid for holder in constellation.holders()] == [runtime.pid]


@linux_only
def test_runs_of_this_program_are_told_apart(database: Callable[[str], Path], other: Start) -> None:
    path = database(SMALL)
    ours, runtime = other(OURS, path), other(RUNTIME, path)
    with Constellation.open(path) as constellation:
        assert {holder.pid: holder.is_ours for holder in constellation.holders()} == {
            ours.pid: True,
            runtime.pid: False,
        }
        assert constellation.live_holder() == next(h for h in constellation.holders() if h.pid == runtime.pid)
        runtime.kill()
        assert constellation.live_holder() is None
        assert [holder.pid for holder in constellation.holders()] == [ours.pid]


@linux_only
def test_a_link_leads_to_the_same_holders(database: Callable[[str], Path], other: Start, tmp_path: Path) -> None:
    path = database(SMALL)
    runtime = other(RUNTIME, path)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with Constellation.open(link) as constellation:
        assert [holder.pid for holder in constellation.holders()] == [runtime.pid]


@linux_only
def test_holders_of_another_database_do_not_count(database: Callable[[str], Path], other: Start) -> None:
    other(RUNTIME, database(SMALL))
    with Constellation.open(database(SMALL)) as constellation:
        assert constellation.holders() == ()


@linux_only
@pytest.mark.skipif(not shutil.which("unshare") or os.geteuid() != 0, reason="needs root and unshare")
def test_a_holder_in_another_container_is_seen_without_a_name(database: Callable[[str], Path], other: Start) -> None:
    path = database(SMALL)
    other(RUNTIME, path)
    inside = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-m", "pattern_cli"]
    done = subprocess.run(
        [*inside, "--db", str(path), "db", "info", "--json", "--fields", "holders"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if "unshare" in done.stderr:
        pytest.skip(done.stderr)
    assert json.loads(done.stdout) == {"holders": [{"pid": None, "command": "", "is_ours": False}]}


INSIDE = """
import subprocess, sys
from pattern_cli.store.constellation import Constellation
path = sys.argv[1]
with Constellation.open(path):
    program = [sys.executable, "-m", "pattern_cli", "--db", path, "db", "info", "--json", "--fields", "holders"]
    print(subprocess.run(program, capture_output=True, text=True, check=True).stdout)
"""


@linux_only
@pytest.mark.skipif(not shutil.which("unshare") or os.geteuid() != 0, reason="needs root and unshare")
def test_a_run_of_ours_does_not_hide_a_holder_in_another_container(
    database: Callable[[str], Path], other: Start
) -> None:
    path = database(SMALL)
    other(RUNTIME, path)
    done = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", INSIDE, str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if "unshare" in done.stderr:
        pytest.skip(done.stderr)
    unnamed, ours = json.loads(done.stdout)["holders"]
    assert unnamed == {"pid": None, "command": "", "is_ours": False}
    assert ours["is_ours"]


@posix_only
def test_without_proc_a_lock_names_its_process(
    database: Callable[[str], Path], other: Start, without_proc: None
) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        assert constellation.holders() == ()
        runtime = other(RUNTIME, path)
        (holder,) = constellation.holders()
        assert (holder.pid, holder.is_ours) == (runtime.pid, False)
        runtime.end()
        assert constellation.holders() == ()


@posix_only
def test_without_proc_our_own_runs_are_told_apart(
    database: Callable[[str], Path], other: Start, without_proc: None
) -> None:
    path = database(SMALL)
    ours = other(OURS, path)
    with Constellation.open(path) as constellation:
        assert [(holder.pid, holder.is_ours) for holder in constellation.holders()] == [(ours.pid, True)]
        assert constellation.live_holder() is None


def test_where_locks_cannot_be_asked_for_the_file_counts_as_held(
    database: Callable[[str], Path], without_proc: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with Constellation.open(database(SMALL), "write") as constellation:
        holder = constellation.live_holder()
        assert holder == Holder(None, "", False)
        assert "cannot tell" in describe(holder)


@posix_only
@pytest.mark.parametrize("proc", [True, False], ids=["proc", "getlk"])
def test_asking_never_drops_our_own_locks(
    proc: bool, database: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Closing any descriptor of a file drops all locks this process has on it."""
    if not proc:
        monkeypatch.setattr(module, "_LOCKS", tmp_path / "none")
    path = database(SMALL)
    question = """
import sys
from pathlib import Path
from pattern_cli.store.holders import Probe, holders
print([holder.pid for holder in holders(Path(sys.argv[1]), Probe(Path(sys.argv[1])))])
"""

    def seen_from_outside() -> str:
        return subprocess.run(
            [sys.executable, "-c", question, str(path)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ).stdout.strip()

    with Constellation.open(path, "write") as first:
        second = Constellation.open(path)
        assert first.holders() == second.holders() == ()
        second.close()
        assert first.holders() == ()
        assert seen_from_outside() == str([os.getpid()])
        with first.transaction():
            assert first.holders() == ()
            assert seen_from_outside() == str([os.getpid()])
    assert seen_from_outside() == "[]"


def test_no_descriptor_is_left_open(database: Callable[[str], Path], without_proc: None) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        constellation.holders()
        with Constellation.open(path) as second:
            second.holders()
    assert module._done == []


def test_a_mark_tells_a_process_of_ours(runtime_folder: Path) -> None:
    marks = Marks()
    assert not marks.has(os.getpid())
    marks.set()
    assert marks.folder == runtime_folder
    assert runtime_folder.stat().st_mode & 0o077 == 0
    assert marks.has(os.getpid())
    marks.clear()
    assert list(runtime_folder.iterdir()) == []


def test_the_mark_stays_until_the_last_file_is_closed(database: Callable[[str], Path]) -> None:
    path = database(SMALL)
    with Constellation.open(path):
        with Constellation.open(path):
            pass
        assert Marks().has(os.getpid())
    assert not Marks().has(os.getpid())


@linux_only
def test_a_later_process_of_the_same_number_is_no_run_of_ours(
    runtime_folder: Path, other: Start, database: Callable[[str], Path]
) -> None:
    runtime = other(RUNTIME, database(SMALL))
    runtime_folder.mkdir()
    mark = runtime_folder / str(runtime.pid)
    mark.write_text(str(int(started(runtime.pid)) - 1))
    assert not Marks().has(runtime.pid)
    mark.write_text(started(runtime.pid))
    assert Marks().has(runtime.pid)


@linux_only
def test_the_mark_of_a_dead_process_does_not_count(
    database: Callable[[str], Path], other: Start, runtime_folder: Path
) -> None:
    ours = other(OURS, database(SMALL))
    assert Marks().has(ours.pid)
    ours.kill()
    assert (runtime_folder / str(ours.pid)).exists()
    assert not Marks().has(ours.pid)


@linux_only
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_marks_in_a_folder_of_somebody_else_are_not_believed(runtime_folder: Path) -> None:
    marks = Marks()
    marks.set()
    os.chown(runtime_folder, 65534, 65534)
    assert not marks.has(os.getpid())
    marks.clear()


def test_a_folder_for_marks_that_cannot_be_made_does_no_harm(
    database: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "file"))
    with Constellation.open(database(SMALL)) as constellation:
        assert constellation.holders() == ()


def test_without_a_runtime_folder_a_temporary_one_of_this_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert Marks().folder == tmp_path / f"pattern-constellation-{os.getuid()}"


@linux_only
def test_odd_lines_of_the_lock_table(
    database: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = database(SMALL)
    status = path.stat()
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    table = tmp_path / "locks"
    table.write_text(
        f"1: POSIX  ADVISORY  READ  1 {device}:{status.st_ino} 128 128\n"
        f"1: -> POSIX  ADVISORY  WRITE 4711 {device}:{status.st_ino} 128 128\n"
        f"2: FLOCK  ADVISORY  WRITE 4712 {device}:{status.st_ino} 0 EOF\n"
        "3: POSIX  ADVISORY  WRITE 4713 <none>:0 0 EOF\n"
        f"4: OFDLCK ADVISORY  READ  -1 {device}:{status.st_ino} 128 128\n"
        f"5: POSIX  ADVISORY  READ  {os.getpid()} {device}:{status.st_ino} 128 128\n"
    )
    monkeypatch.setattr(module, "_LOCKS", table)
    probe = Probe(path)
    assert [holder.pid for holder in holders(path, probe)] == [None, 1]
    assert not side(path, "-shm").exists()


@linux_only
def test_a_lock_under_another_device_number_counts_only_for_who_has_the_file_open(
    database: Callable[[str], Path], other: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Overlay file systems: the lock table names another device than `stat`."""
    path = database(SMALL)
    with_it, without_it = other(RUNTIME, path), other(RUNTIME, database(SMALL))
    table = tmp_path / "locks"
    table.write_text(
        "".join(f"1: POSIX  ADVISORY  READ  {o.pid} ff:fe:{path.stat().st_ino} 1 2\n" for o in (with_it, without_it))
    )
    monkeypatch.setattr(module, "_LOCKS", table)
    assert [holder.pid for holder in holders(path, Probe(path))] == [with_it.pid]
