"""How files are opened: what a reader leaves behind (nothing), what a writer makes sure of, what is refused and how."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.errors import (
    ConflictError,
    FailureError,
    IntegrityError,
    LockedError,
    NotFoundError,
    PatternError,
    StoppedError,
)
from pattern_cli.store import opening
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.opening import open_reading, open_writing, side
from tests.store.conftest import ROOT, RUNTIME, Other

Start = Callable[..., Other]
Copy = Callable[[str], Path]
SMALL = "constellations/small.db"
as_root = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can become somebody else")

# Everything is imported before the change of user, who may not read this program.
NOBODY = """
import json, os, shutil, sys, tempfile, apsw
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from pattern_cli.errors import PatternError
from pattern_cli.store import opening
from pattern_cli.store.constellation import Constellation
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    with Constellation.open(sys.argv[2], sys.argv[3]) as constellation:
        (count,) = next(constellation.rows("SELECT count(*) FROM agents WHERE description = 'in the log'"))
        copy, private = constellation.read_from_copy, str(constellation._opened.path)
        print(json.dumps({"count": count, "copy": copy, "private": private}))
except PatternError as error:
    print(json.dumps({"error": error.name, "exit": error.exit_code, "message": error.message, "hint": error.hint}))
"""


def facts(path: Path) -> dict[str, str]:
    """The folder's files with their content; the shared memory beside a log may change, and only that."""
    return {
        file.name: "" if file.name.endswith("-shm") else hashlib.sha256(file.read_bytes()).hexdigest()
        for file in path.parent.iterdir()
    }


def without_shm(found: dict[str, str]) -> dict[str, str]:
    return {name: content for name, content in found.items() if not name.endswith("-shm")}


def change(path: Path, count: int = 1) -> None:
    """Commit changes that stay in the log, and die as a killed runtime does."""
    code = f"""
import os, sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0").fetchall()
for number in range({count}):
    connection.execute("UPDATE agents SET description = 'in the log'")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert side(path, "-wal").stat().st_size


def seen(path: Path) -> int:
    """How many agents have the description that is only in the log."""
    with Constellation.open(path) as constellation:
        return int(constellation.value("SELECT count(*) FROM agents WHERE description = 'in the log'"))


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may look into; tmp_path is closed to others."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody(database: Copy, place: Path) -> Callable[..., dict[str, Any]]:
    """Open a database as a user who owns nothing."""
    import json

    def run(path: Path, mode: str = "read") -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-c", NOBODY, str(ROOT), str(path), mode], capture_output=True, text=True, cwd="/"
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return run


@pytest.fixture
def public(database: Copy, place: Path) -> Path:
    """A database in a folder that everybody may read and only its owner may write."""
    path = place / "small.db"
    path.write_bytes(database(SMALL).read_bytes())
    path.chmod(0o644)
    return path


def test_no_log_before_no_log_after(database: Copy) -> None:
    path = database(SMALL)
    before = facts(path)
    with Constellation.open(path) as constellation:
        assert list(constellation.rows("SELECT count(*) FROM messages"))
    assert facts(path) == before


def test_a_log_with_content_is_read_and_stays(database: Copy) -> None:
    path = database(SMALL)
    change(path)
    before = facts(path)
    assert seen(path) == 3
    assert facts(path) == before


def test_a_log_without_shared_memory_is_read_and_stays(database: Copy) -> None:
    path = database(SMALL)
    change(path)
    side(path, "-shm").unlink()
    before = facts(path)
    assert seen(path) == 3
    assert without_shm(facts(path)) == before


def test_an_empty_log_stays(database: Copy) -> None:
    path = database(SMALL)
    side(path, "-wal").write_bytes(b"")
    before = facts(path)
    assert seen(path) == 0
    assert without_shm(facts(path)) == before


def test_a_runtime_killed_while_we_read_keeps_its_log(database: Copy) -> None:
    path = database(SMALL)
    file = path.read_bytes()
    with Constellation.open(path) as constellation:
        assert constellation.value("SELECT count(*) FROM agents") == 3
        change(path)
        log = side(path, "-wal").read_bytes()
        assert constellation.value("SELECT count(*) FROM agents WHERE description = 'in the log'") == 3
    assert path.read_bytes() == file
    assert side(path, "-wal").read_bytes() == log


def test_a_runtime_that_goes_on_is_not_disturbed(database: Copy, other: Start) -> None:
    path = database(SMALL)
    runtime = other(RUNTIME, path)
    for number in range(3):
        assert seen(path) == (3 if number else 0)
        runtime.run("UPDATE agents SET description = 'in the log'")
    assert side(path, "-wal").exists()
    runtime.end()
    assert sorted(file.name for file in path.parent.iterdir()) == ["small.db"]


def test_a_link_reads_the_log_of_the_file_it_leads_to(database: Copy, tmp_path: Path) -> None:
    path = database(SMALL)
    change(path)
    before = facts(path)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    assert seen(link) == 3
    assert facts(path) == before
    assert not Path(f"{link}-shm").exists()


def test_readers_cannot_write(database: Copy) -> None:
    with Constellation.open(database(SMALL)) as constellation:
        for statement in ("UPDATE agents SET name = 'x'", "CREATE TABLE x (y)", "PRAGMA user_version = 5"):
            with pytest.raises(apsw.ReadOnlyError):
                constellation.connection.execute(statement)


@as_root
def test_nobody_reads_a_clean_file_without_a_trace(public: Path, as_nobody: Callable[..., dict[str, Any]]) -> None:
    before = facts(public)
    assert as_nobody(public)["count"] == 0
    assert facts(public) == before


@as_root
def test_nobody_sees_the_log(public: Path, as_nobody: Callable[..., dict[str, Any]]) -> None:
    change(public)
    before = facts(public)
    answer = as_nobody(public)
    assert (answer["count"], answer["copy"]) == (3, False)
    assert facts(public) == before


@as_root
def test_nobody_sees_the_log_of_a_running_runtime(
    public: Path, as_nobody: Callable[..., dict[str, Any]], other: Start
) -> None:
    runtime = other(RUNTIME, public)
    runtime.run("UPDATE agents SET description = 'in the log'")
    before = facts(public)
    assert as_nobody(public)["count"] == 3
    assert facts(public) == before
    runtime.run("UPDATE agents SET description = 'goes on'")


@as_root
def test_a_log_without_shared_memory_is_read_in_a_private_copy(
    public: Path, as_nobody: Callable[..., dict[str, Any]]
) -> None:
    change(public)
    side(public, "-shm").unlink()
    before = facts(public)
    answer = as_nobody(public)
    assert (answer["count"], answer["copy"]) == (3, True)
    assert facts(public) == before
    assert not Path(answer["private"]).parent.exists()


@as_root
def test_a_change_that_was_broken_off_is_rolled_back_in_a_private_copy(
    public: Path, as_nobody: Callable[..., dict[str, Any]]
) -> None:
    """A database that somebody took out of WAL mode, and a writer killed in the middle of a commit."""
    code = """
import os, sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.pragma("journal_mode", "delete")
connection.pragma("cache_size", 1)
connection.execute("BEGIN IMMEDIATE; UPDATE agents SET description = 'in the log'; UPDATE messages SET source = 'x'")
connection.execute("CREATE TABLE filler AS SELECT zeroblob(1000000)")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code, str(public)], check=True)
    assert side(public, "-journal").stat().st_size
    before = facts(public)
    answer = as_nobody(public)
    assert (answer["count"], answer["copy"]) == (0, True)
    assert facts(public) == before


@as_root
def test_through_a_link_nobody_sees_the_log_too(
    public: Path, as_nobody: Callable[..., dict[str, Any]], place: Path
) -> None:
    """`immutable` beside a log would show old data without a word."""
    change(public)
    folder = place / "links"
    folder.mkdir()
    link = folder / "link.db"
    link.symlink_to(public)
    assert as_nobody(link)["count"] == 3


@as_root
def test_a_file_of_ours_in_a_folder_that_is_not(public: Path, as_nobody: Callable[..., dict[str, Any]]) -> None:
    os.chown(public, 65534, 65534)
    before = facts(public)
    assert as_nobody(public)["count"] == 0
    assert facts(public) == before
    assert as_nobody(public, "write")["error"] == "failure"


@as_root
def test_a_file_that_is_not_ours_in_a_folder_of_ours(public: Path, as_nobody: Callable[..., dict[str, Any]]) -> None:
    os.chown(public.parent, 65534, 65534)
    before = facts(public)
    assert as_nobody(public)["count"] == 0
    assert facts(public) == before


@as_root
def test_what_may_not_be_read_or_written_is_said(public: Path, as_nobody: Callable[..., dict[str, Any]]) -> None:
    answer = as_nobody(public, "write")
    assert (answer["error"], answer["exit"]) == ("failure", 1)
    assert answer["message"] == f"{public} may not be written by this user"
    public.chmod(0o600)
    answer = as_nobody(public)
    assert (answer["error"], answer["exit"]) == ("failure", 1)
    assert answer["message"] == f"{public} may not be read by this user"
    assert answer["hint"]
    public.parent.chmod(0o700)
    answer = as_nobody(public)
    assert (answer["error"], answer["exit"]) == ("failure", 1)
    assert answer["message"] == f"{public} cannot be opened: Permission denied"
    assert answer["hint"]


def test_a_frozen_view_knows_that_it_is_outdated(database: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database(SMALL)
    monkeypatch.setattr(os, "access", lambda place, mode: mode == os.R_OK)
    opened = open_reading(path)
    monkeypatch.undo()
    assert opened.frozen
    assert not opened.outdated
    change(path)
    assert opened.outdated
    opened.close()


def test_a_replaced_file_is_noticed_and_its_log_left_alone(database: Copy) -> None:
    path, newer = database(SMALL), database(SMALL)
    with Constellation.open(path) as constellation:
        assert not constellation.outdated
        os.replace(newer, path)
        assert constellation.outdated
        change(path)
        log = side(path, "-wal").read_bytes()
    assert side(path, "-wal").read_bytes() == log


def odd_files(folder: Path) -> dict[str, tuple[Path, type[PatternError], int, str]]:
    """What is at a path that is no database: the file, the error, the exit status, words of the message."""
    (folder / "folder").mkdir()
    (folder / "text.db").write_text("This is no database, however long it gets. " * 100)
    (folder / "short.db").write_bytes(b"SQLite format 3\x00")
    os.mkfifo(folder / "pipe")
    (folder / "dangling").symlink_to(folder / "gone")
    return {
        "missing": (folder / "none.db", NotFoundError, 3, "there is no constellation at"),
        "below a file": (folder / "text.db" / "x.db", NotFoundError, 3, "there is no constellation at"),
        "dangling link": (folder / "dangling", NotFoundError, 3, "there is no constellation at"),
        "folder": (folder / "folder", FailureError, 1, "is a folder"),
        "pipe": (folder / "pipe", FailureError, 1, "is not a regular file"),
        "text": (folder / "text.db", IntegrityError, 5, "is not a SQLite database"),
        "short": (folder / "short.db", IntegrityError, 5, "is too short to be a SQLite database"),
        "long name": (folder / ("x" * 300), FailureError, 1, "cannot be opened"),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
@pytest.mark.parametrize("opener", [open_reading, open_writing])
@pytest.mark.parametrize(
    "kind", ["missing", "below a file", "dangling link", "folder", "pipe", "text", "short", "long name"]
)
def test_what_is_no_database(kind: str, opener: Callable[[Path], Any], tmp_path: Path) -> None:
    path, error, code, words = odd_files(tmp_path)[kind]
    before = sorted(tmp_path.iterdir())
    with pytest.raises(error) as caught:
        opener(path)
    assert type(caught.value) is error
    assert caught.value.exit_code == code
    assert str(path) in caught.value.message
    assert words in caught.value.message
    assert caught.value.hint
    assert sorted(tmp_path.iterdir()) == before


def test_the_folder_of_a_constellation_hints_at_it(tmp_path: Path) -> None:
    (tmp_path / "constellation.db").write_bytes(b"")
    with pytest.raises(FailureError) as caught:
        open_reading(tmp_path)
    assert caught.value.hint == f"use --db {tmp_path / 'constellation.db'}"


@pytest.mark.parametrize("name", ["file:x.db", ":memory:", "a?mode=memory", "a#b %41.db", "ä ö.db", "-.db", "a'b\".db"])
def test_any_name_is_a_file_name(name: str, database: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.replace(database(SMALL), name)
    for opener in (open_reading, open_writing):
        opened = opener(Path(name))
        assert opened.connection.execute("SELECT count(*) FROM agents").fetchall() == [(3,)]
        opened.close()
    assert name in os.listdir()


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes")
def test_a_name_that_is_no_utf8(database: Copy, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.db"))
    os.replace(database(SMALL), path)
    assert seen(path) == 0
    with Constellation.open(path, "write") as constellation:
        assert constellation.value("SELECT count(*) FROM agents") == 3


def test_a_truncated_file_is_damage(database: Copy) -> None:
    path = database(SMALL)
    os.truncate(path, 4096 * 3)
    with pytest.raises(IntegrityError) as caught, Constellation.open(path) as constellation:
        list(constellation.rows("SELECT * FROM messages"))
    assert caught.value.exit_code == 5
    assert str(path) in caught.value.message


def test_an_exclusive_lock_of_another_process(database: Copy, other: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_MS", 20)
    path = database(SMALL)
    runtime = other(RUNTIME, path)
    runtime.run("PRAGMA locking_mode=EXCLUSIVE")
    runtime.run("UPDATE agents SET name = name")
    for opener in (open_reading, open_writing):
        with pytest.raises(LockedError) as caught:
            opener(path)
        assert caught.value.message == f"{path} is locked by another process"
        assert caught.value.hint


def test_patience_is_five_seconds_as_the_runtimes() -> None:
    assert opening.BUSY_TIMEOUT_MS == 5_000


def test_a_writer_is_set_up_for_a_power_cut(database: Copy) -> None:
    opened = open_writing(database(SMALL))
    pragma = {name: opened.connection.pragma(name) for name in ("foreign_keys", "synchronous", "journal_mode")}
    opened.close()
    assert pragma == {"foreign_keys": 1, "synchronous": 2, "journal_mode": "wal"}


def test_create_makes_a_private_file_and_refuses_an_existing_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "constellation.db"
    opened = opening.create(path)
    assert opened.connection.pragma("journal_mode") == "wal"
    opened.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for existing in (path, tmp_path / "link.db"):
        if existing != path:
            existing.symlink_to(tmp_path / "gone")
        with pytest.raises(ConflictError) as caught:
            opening.create(existing)
        assert caught.value.message == f"{existing} exists already"
    with pytest.raises(FailureError, match="is a folder"):
        opening.create(tmp_path)
    with pytest.raises(FailureError, match="cannot be created"):
        opening.create(path / "below a file.db")


def test_a_file_that_could_not_be_set_up_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a full disk."""
    monkeypatch.setattr(opening, "_writer", lambda path: (_ for _ in ()).throw(FailureError("no space left")))
    with pytest.raises(FailureError):
        opening.create(tmp_path / "new.db")
    assert list(tmp_path.iterdir()) == []


LONG = """
import sys, time
from pattern_cli.errors import StoppedError
from pattern_cli.store.constellation import Constellation
sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
with Constellation.open(sys.argv[1], "write") as constellation:
    print("open", flush=True)
    try:
        with constellation.transaction() as connection:
            connection.execute("UPDATE agents SET description = 'lost'")
            list(constellation.rows(sql))
    except KeyboardInterrupt:
        print("stopped", constellation.connection.in_transaction, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_stops_a_long_query_at_once_and_undoes_the_transaction(database: Copy, other: Start) -> None:
    path = database(SMALL)
    running = other(LONG, path)
    deadline = time.monotonic() + 20
    # Until the statement holds the lock it has not begun.
    probe = apsw.Connection(str(path))
    while time.monotonic() < deadline:
        try:
            probe.execute("BEGIN IMMEDIATE; ROLLBACK")
        except apsw.BusyError:
            break
    probe.close()
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.process.stdout
    assert running.process.stdout.readline() == "stopped False\n"
    assert time.monotonic() - began < 2
    with Constellation.open(path) as constellation:
        assert constellation.value("SELECT count(*) FROM agents WHERE description = 'lost'") == 0


def test_an_interrupt_of_sqlite_is_a_stop(database: Copy) -> None:
    with Constellation.open(database(SMALL)) as constellation:
        constellation.connection.set_progress_handler(lambda: True, 1)
        with pytest.raises(StoppedError):
            list(constellation.rows("SELECT * FROM messages"))


@pytest.fixture
def may_not_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says to a user who may only read."""
    asked = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and asked(path, mode))


def test_a_private_copy_is_made_again_when_the_file_changed_meanwhile(
    database: Copy, may_not_write: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = database(SMALL)
    change(path)
    side(path, "-shm").unlink()
    copied, owner = shutil.copyfile, []

    def copy_and_commit(source: Path, target: str) -> None:
        copied(source, target)
        if not owner:
            owner.append(apsw.Connection(str(path)))
            owner[0].execute("PRAGMA wal_checkpoint(RESTART); UPDATE agents SET description = 'new'").fetchall()

    monkeypatch.setattr(shutil, "copyfile", copy_and_commit)
    with Constellation.open(path) as constellation:
        assert set(constellation.rows("SELECT description FROM agents")) == {("new",)}
    owner[0].close()


def test_a_file_that_never_stays_the_same_is_given_up(
    database: Copy, may_not_write: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = database(SMALL)
    change(path)
    side(path, "-shm").unlink()
    copied, log = shutil.copyfile, side(path, "-wal")

    def copy_and_change(source: Path, target: str) -> None:
        copied(source, target)
        os.utime(log, ns=(0, log.stat().st_mtime_ns + 1_000_000_000))

    monkeypatch.setattr(shutil, "copyfile", copy_and_change)
    with pytest.raises(LockedError, match="changes all the time"):
        open_reading(path)


def test_a_change_while_reading_without_locks_is_said(database: Copy, may_not_write: None) -> None:
    path = database(SMALL)
    with pytest.raises(ConflictError, match="may be of two states"), Constellation.open(path) as constellation:
        assert constellation.value("SELECT count(*) FROM agents") == 3
        change(path)


def test_an_error_while_reading_without_locks_is_not_hidden(database: Copy, may_not_write: None) -> None:
    path = database(SMALL)
    with pytest.raises(KeyError), Constellation.open(path):
        change(path)
        raise KeyError
