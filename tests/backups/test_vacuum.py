from __future__ import annotations

import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.backups import finished, vacuum
from pattern_cli.backups.catalog import backups
from pattern_cli.backups.equality import attached, differences
from pattern_cli.backups.vacuum import Vacuum, Vacuumed
from pattern_cli.errors import ConflictError, FailureError, IntegrityError, LockedError, RefusedError, SchemaError
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
SMALL = "constellations/small.db"
VERSIONS = [
    "0001",
    "0001-preedit",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
]

OURS = """
import sys, time
from pattern_cli.store.constellation import Constellation
with Constellation.open(sys.argv[1]) as constellation:
    print(constellation.value("SELECT count(*) FROM messages"), flush=True)
    time.sleep(60)
"""
VACUUM = """
import sys
from pattern_cli.backups.vacuum import Vacuum
from pattern_cli.store.constellation import Constellation
print("ready", flush=True)
sys.stdin.readline()
with Constellation.open(sys.argv[1], "write") as constellation:
    Vacuum(constellation).run(take_snapshot=False, progress=lambda done, total: print(done, flush=True))
"""


def run(path: Path, **options: Any) -> Vacuumed:
    with Constellation.open(path, "write", any_schema=True) as constellation:
        return Vacuum(constellation).run(**({"take_snapshot": False} | options))


def execute(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement).fetchall()
    connection.close()


@pytest.fixture
def roomy(database: Database) -> Path:
    """A database with as many unused pages as used ones, fragmented."""
    path = database("constellations/medium.db")
    execute(path, "DELETE FROM messages WHERE rowid % 2", "DELETE FROM memory_block_updates WHERE rowid % 3")
    return path


def copy_of(path: Path, folder: Path) -> Path:
    target = folder / "before.db"
    source, copy = apsw.Connection(str(path)), apsw.Connection(str(target))
    with copy.backup("main", source, "main") as backup:
        backup.step(-1)
    copy.close()
    source.close()
    return target


def differ(one: Path, other: Path) -> list[str]:
    connection = apsw.Connection(str(one))
    try:
        with attached(connection, other):
            return list(differences(connection))
    finally:
        connection.close()


def folder_of(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


def test_it_gives_unused_space_back_and_keeps_everything(roomy: Path, tmp_path: Path) -> None:
    before, size = copy_of(roomy, tmp_path), roomy.stat().st_size
    done = run(roomy)
    assert done.freed == size - roomy.stat().st_size > 5_000_000
    assert (done.size_before, done.size_after) == (size, roomy.stat().st_size)
    assert differ(before, roomy) == []
    assert finished.problems_in(roomy) == []
    assert folder_of(roomy) == [roomy.name]


def test_it_stays_the_same_file(roomy: Path) -> None:
    roomy.chmod(0o640)
    before = roomy.stat()
    run(roomy)
    after = roomy.stat()
    assert after.st_ino == before.st_ino
    assert stat.S_IMODE(after.st_mode) == 0o640


def test_a_log_that_was_left_is_folded_in(database: Database, tmp_path: Path) -> None:
    path = database("wal/live.db")
    before = copy_of(database("wal/live.db"), tmp_path)
    done = run(path)
    assert done.freed > 4_000_000
    assert differ(before, path) == []
    assert folder_of(path) == [path.name]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_schema_version_can_be_vacuumed(database: Database, tmp_path: Path, version: str) -> None:
    path = database(f"versions/{version}.db")
    before = copy_of(path, tmp_path)
    run(path)
    assert differ(before, path) == []


def test_a_vector_table_needs_no_extension(database: Database, tmp_path: Path) -> None:
    path = database("constellations/small-embeddings.db")
    before = copy_of(path, tmp_path)
    assert run(path).tables == 48
    assert differ(before, path) == []


def test_a_vector_table_still_answers(database: Database) -> None:
    vec = pytest.importorskip("sqlite_vec")
    path = database("constellations/small-embeddings.db")

    def nearest() -> list[Any]:
        connection = apsw.Connection(str(path))
        connection.enable_load_extension(True)
        connection.load_extension(vec.loadable_path())
        sql = """SELECT rowid, distance FROM embeddings WHERE k = 5
                 AND embedding MATCH (SELECT embedding FROM embeddings ORDER BY rowid LIMIT 1)"""
        return connection.execute(sql).fetchall()

    before = nearest()
    run(path)
    assert len(before) == 5
    assert nearest() == before


def test_a_snapshot_is_made_first(roomy: Path) -> None:
    done = run(roomy, take_snapshot=True)
    (found,) = backups(roomy)
    assert (found.path, found.reason, found.state) == (done.snapshot, "vacuum", "verified")
    assert differ(Path(found.path), roomy) == []


def test_the_connection_can_be_used_afterwards(roomy: Path) -> None:
    found = "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'kettle OR harbor OR a OR is'"
    with Constellation.open(roomy, "write") as constellation:
        count = constellation.value(found)
        Vacuum(constellation).run(take_snapshot=False)
        assert constellation.value(found) == count > 0
        with constellation.transaction() as connection:
            connection.execute("DELETE FROM messages")
        assert constellation.value(found) == 0


def test_it_refuses_while_another_process_has_the_file(database: Database, held: Any) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    held(path)
    with pytest.raises(RefusedError, match=r"python.* \(pid \d+\) has .*small\.db open"):
        run(path)
    assert path.read_bytes() == before


def test_a_run_of_this_program_counts_too(database: Database, started: Any) -> None:
    path = database(SMALL)
    assert started(OURS, path).line() == "91"
    with pytest.raises(RefusedError):
        run(path)


def test_forced_beside_an_idle_holder_both_go_on(roomy: Path, held: Any, tmp_path: Path) -> None:
    holder = held(roomy)
    before = copy_of(roomy, tmp_path)
    count = holder.ask()
    run(roomy, force=True)
    assert holder.ask() == count
    holder.kill()
    assert differ(before, roomy) == []


def test_a_holder_that_came_during_the_proof_stops_it(
    roomy: Path, held: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = copy_of(roomy, tmp_path)
    prove = vacuum.prove

    def slowly(original: apsw.Connection, packed: Path) -> Any:
        held(roomy)
        return prove(original, packed)

    monkeypatch.setattr(vacuum, "prove", slowly)
    with pytest.raises(RefusedError):
        run(roomy)
    assert differ(before, roomy) == []


def test_a_commit_during_the_proof_is_not_lost(roomy: Path, monkeypatch: pytest.MonkeyPatch, started: Any) -> None:
    prove = vacuum.prove

    def beside(original: apsw.Connection, packed: Path) -> Any:
        result = prove(original, packed)
        started(DELETE, roomy).process.wait(30)
        return result

    monkeypatch.setattr(vacuum, "prove", beside)
    size = roomy.stat().st_size
    with pytest.raises(ConflictError, match="has changed"):
        run(roomy)
    assert roomy.stat().st_size == size
    connection = apsw.Connection(str(roomy))
    assert connection.execute("SELECT count(*) FROM agents WHERE name = 'Elm'").fetchall() == [(0,)]


DELETE = "import sys, apsw; apsw.Connection(sys.argv[1]).execute(\"DELETE FROM agents WHERE name = 'Elm'\")"


@pytest.mark.parametrize("when", ["before the comparison", "during it", "before the check"])
def test_a_commit_after_the_packing_is_no_damage(
    when: str, roomy: Path, monkeypatch: pytest.MonkeyPatch, started: Any
) -> None:
    module, name = {
        "before the comparison": (vacuum, "prove"),
        "during it": (vacuum.equality, "differences"),
        "before the check": (finished, "problems_in"),
    }[when]
    real = getattr(module, name)

    def after_a_commit(*arguments: Any) -> Any:
        assert started(DELETE, roomy).process.wait(30) == 0
        return real(*arguments)

    monkeypatch.setattr(module, name, after_a_commit)
    size = roomy.stat().st_size
    with pytest.raises(ConflictError, match=r"another process has changed .*nothing was done"):
        run(roomy)
    assert roomy.stat().st_size == size
    assert folder_of(roomy) == [roomy.name]


def test_a_writer_that_keeps_the_lock_is_said(roomy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = apsw.Connection(str(roomy))
    other.execute("BEGIN IMMEDIATE")
    with Constellation.open(roomy, "write") as constellation:
        constellation.connection.set_busy_timeout(50)
        with pytest.raises(LockedError):
            Vacuum(constellation).run(take_snapshot=False)
    other.execute("ROLLBACK")


def test_an_unequal_copy_is_never_used(roomy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = copy_of(roomy, tmp_path)
    prove = vacuum.prove

    def spoiled(original: apsw.Connection, packed: Path) -> Any:
        execute(packed, "UPDATE memory_blocks SET loro_snapshot = x'00' WHERE rowid = 1")
        return prove(original, packed)

    monkeypatch.setattr(vacuum, "prove", spoiled)
    with pytest.raises(IntegrityError, match="1 rows of table memory_blocks differ"):
        run(roomy)
    assert differ(before, roomy) == []
    assert folder_of(roomy) == [roomy.name]


def test_a_damaged_database_is_left_alone(database: Database) -> None:
    path = database(SMALL)
    with path.open("r+b") as file:
        file.seek(4096 * 50)
        file.write(b"\xa5" * 4096 * 40)
    before = path.read_bytes()
    with pytest.raises(IntegrityError):
        run(path)
    assert path.read_bytes() == before
    assert folder_of(path) == [path.name]


def test_a_full_text_index_that_does_not_match_is_rebuilt(database: Database) -> None:
    path = database(SMALL)
    execute(path, "INSERT INTO messages_fts(messages_fts) VALUES ('delete-all')")
    assert run(path).rebuilt == ("messages_fts",)
    execute(path, "INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)")
    assert run(path).rebuilt == ()


def test_a_newer_schema_is_left_alone(database: Database) -> None:
    path = database(SMALL)
    execute(path, "UPDATE _sqlx_migrations SET version = 14 WHERE version = 13")
    with pytest.raises(SchemaError, match="0014"):
        run(path)


def test_a_reader_cannot_vacuum(database: Database) -> None:
    with Constellation.open(database(SMALL)) as constellation, pytest.raises(FailureError, match="for writing"):
        Vacuum(constellation).run()


def test_a_full_disk_is_said_before_anything_is_written(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database(SMALL)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 1000})())
    with pytest.raises(FailureError, match=r"the vacuum needs 2\.\d MB"):
        run(path, take_snapshot=True)
    assert folder_of(path) == [path.name]


def test_a_write_error_changes_nothing(roomy: Path, started: Any, tmp_path: Path) -> None:
    before = copy_of(roomy, tmp_path)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, 10_000_000))\n"
    process = started(limit + VACUUM, roomy)
    assert process.line() == "ready"
    process.process.communicate("\n")
    assert process.process.returncode == 1
    assert differ(before, roomy) == []
    assert folder_of(roomy) == [roomy.name]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_interrupted_while_copying_back_it_is_as_before(roomy: Path, tmp_path: Path, share: float) -> None:
    before, size = copy_of(roomy, tmp_path), roomy.stat().st_size

    def stop(done: int, total: int | None) -> None:
        if total is not None and done >= share * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(roomy, progress=stop)
    assert differ(before, roomy) == []
    assert roomy.stat().st_size == size
    assert folder_of(roomy) == [roomy.name]


# The kernel kills the process in the middle of the write that would make a file longer than this.
LIMIT = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit of the kernel")
@pytest.mark.parametrize("place", ["packing", "log", "commit"])
def test_killed_in_the_middle_of_a_write_it_is_as_before(place: str, roomy: Path, tmp_path: Path, started: Any) -> None:
    before = copy_of(roomy, tmp_path)
    packed = tmp_path / "packed.db"
    execute(roomy, f"VACUUM INTO '{packed}'")
    pages = packed.stat().st_size // 4096
    # A log has 32 bytes and, for every page, 24 more than the page; the last one is the commit.
    log = 32 + pages * 4120
    limit = {"packing": pages // 2 * 4096, "log": pages * 4096 + 1, "commit": log - 1}[place]
    process = started(LIMIT + VACUUM, roomy, limit)
    process.process.communicate("\n")
    assert process.process.returncode == -signal.SIGXFSZ
    assert differ(before, roomy) == []
    assert finished.problems_in(copy_of(roomy, packed.parent / "..")) == []
    run(roomy)
    assert differ(before, roomy) == []


def test_killed_after_the_commit_it_is_as_after(roomy: Path, tmp_path: Path, started: Any) -> None:
    before, size = copy_of(roomy, tmp_path), roomy.stat().st_size
    script = """
import os, signal
from pattern_cli.backups import vacuum as module
original = module.Vacuum._copy_back
module.Vacuum._copy_back = lambda *arguments: (original(*arguments), os.kill(os.getpid(), signal.SIGKILL))
"""
    process = started(script + VACUUM, roomy)
    process.process.communicate("\n")
    assert process.process.returncode == -signal.SIGKILL
    assert differ(before, roomy) == []
    assert roomy.stat().st_size < size, "the first reader folds the log in"
    assert finished.problems_in(roomy) == []


def test_killed_while_copying_back_it_is_as_before(roomy: Path, tmp_path: Path, started: Any) -> None:
    before, size = copy_of(roomy, tmp_path), roomy.stat().st_size
    process = started(
        VACUUM.replace("print(done, flush=True)", "(print(done, flush=True), sys.stdin.readline())"), roomy
    )
    process.process.stdin.write("\n\n\n\n")
    process.process.stdin.flush()
    assert [process.line() for _ in range(2)] == ["ready", "0"]
    assert int(process.line()) > 0
    process.kill()
    assert differ(before, roomy) == []
    assert roomy.stat().st_size == size


def test_the_plan_changes_nothing_and_tells_what_comes_back(roomy: Path) -> None:
    before = roomy.read_bytes()
    with Constellation.open(roomy) as constellation:
        plan = Vacuum(constellation).plan()
    assert roomy.read_bytes() == before
    assert plan.size == len(before)
    assert plan.free_size == plan.freelist_count * 4096 > 1_000_000
    assert plan.holders == ()
    assert run(roomy).freed >= plan.free_size


def test_the_plan_names_who_has_the_file(database: Database, held: Any) -> None:
    path = database(SMALL)
    holder = held(path)
    with Constellation.open(path) as constellation:
        (name,) = Vacuum(constellation).plan().holders
    assert f"(pid {holder.process.pid})" in name
