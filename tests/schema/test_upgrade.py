"""Upgrades of every version the runtime ever wrote, and of databases with something wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.backups.snapshot import snapshot
from pattern_cli.errors import ConflictError, FailureError, IntegrityError, RefusedError, SchemaError
from pattern_cli.schema import upgrade
from pattern_cli.schema.applying import stamp
from pattern_cli.schema.fulltext import INDEXES, rebuild_unsound
from pattern_cli.schema.migrations import known
from pattern_cli.schema.status import Status
from pattern_cli.schema.upgrade import Upgrade
from pattern_cli.store import versions
from pattern_cli.store.constellation import Constellation

ROOT = Path(__file__).resolve().parents[2]
Database = Callable[[str], Path]
PRE_EDIT = ("0001-preedit", "0007-preedit", "0010-preedit")
NAMES = (*(f"{version:04d}" for version in versions.KNOWN), *PRE_EDIT)
OLD = [name for name in NAMES if name != "0013"]


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every ordinary table, with its rowid."""
    connection = apsw.Connection(str(path))
    names = [
        str(name)
        for (name,) in connection.execute("SELECT name FROM pragma_table_list WHERE schema='main' AND type='table'")
    ]
    found = {
        name: connection.execute(f"SELECT rowid, * FROM {name} ORDER BY rowid").fetchall()
        for name in names
        if not name.startswith(("sqlite_", "_sqlx"))
    }
    connection.close()
    return found


def upgraded(path: Path, **options: Any) -> upgrade.Upgraded:
    with Constellation.open(path, "write", any_schema=True) as constellation:
        return Upgrade(constellation).run(None, **options)


@pytest.mark.parametrize("name", NAMES)
def test_every_database_comes_up_with_all_its_rows(name: str, database: Database) -> None:
    path = database(f"versions/{name}.db")
    before = content(path)
    done = upgraded(path)
    after = content(path)
    for table, rows in before.items():
        width = len(rows[0]) if rows else 0
        assert [row[:width] for row in after[table]] == rows, table
    assert (done.version, done.dangling, done.drift) == (13, 0, ())
    if name != "0013":
        assert (done.tables, done.rows) == (29, sum(map(len, before.values())))
    with Constellation.open(path) as constellation:
        Status(constellation).require_current()


@pytest.mark.parametrize("name", NAMES)
def test_its_schema_is_then_the_runtime_s(name: str, database: Database, described: Any, expected: Any) -> None:
    path = database(f"versions/{name}.db")
    upgraded(path)
    found = described(apsw.Connection(str(path)))
    reference = expected(13)
    if name in PRE_EDIT:
        role = next(c for c in reference["tables"]["group_members"]["columns"] if c["name"] == "role")
        assert role["type"] == "JSON"
        role["type"] = "TEXT"
    assert {part: reference[part] for part in found} == found


@pytest.mark.parametrize("name", NAMES)
def test_its_full_text_finds_what_was_there_before(name: str, database: Database) -> None:
    path = database(f"versions/{name}.db")
    upgraded(path)
    connection = apsw.Connection(str(path))
    assert rebuild_unsound(connection) == ()
    (texts,) = connection.execute("SELECT count(*) FROM messages WHERE content_preview <> ''").fetchall()[0]
    (indexed,) = connection.execute("SELECT count(*) FROM messages_fts_docsize WHERE sz <> x'00'").fetchall()[0]
    assert indexed == texts > 0


@pytest.mark.parametrize("name", PRE_EDIT)
def test_the_plan_names_the_checksum_it_rewrites(name: str, database: Database) -> None:
    path = database(f"versions/{name}.db")
    with Constellation.open(path) as constellation:
        plan = Upgrade(constellation).plan()
    assert plan.checksum_rewrite
    first = plan.statements[0]
    assert (first.version, first.description) == (1, "checksum of the superseded edition")
    assert first.statement.startswith("UPDATE _sqlx_migrations SET checksum = X'6962df7e")
    assert upgraded(path).checksum_rewritten


def test_a_plan_changes_nothing_and_lists_all_that_an_upgrade_runs(database: Database) -> None:
    path = database("versions/0011.db")
    before = path.read_bytes()
    with Constellation.open(path) as constellation:
        plan = Upgrade(constellation).plan()
    assert path.read_bytes() == before
    assert (plan.version, plan.newest, plan.pending) == (11, 13, (12, 13))
    ran: list[str] = []
    with Constellation.open(path, "write", any_schema=True) as constellation:
        constellation.connection.exec_trace = lambda cursor, sql, bindings: ran.append(sql) or True
        Upgrade(constellation).run(None)
    for planned in plan.statements:
        wanted = planned.statement.removesuffix(", -1)")
        assert sum(sql.startswith(wanted) for sql in ran) == 1, wanted


def test_with_nothing_pending_nothing_is_done(database: Database) -> None:
    path = database("versions/0013.db")
    with Constellation.open(path) as constellation:
        done = Upgrade(constellation).run(save=lambda _: pytest.fail("no snapshot is needed"))
    assert (done.applied, done.version_before, done.version, done.snapshot) == ((), 13, 13, None)


def test_the_snapshot_is_made_before_anything_is_changed(database: Database) -> None:
    path = database("versions/0005.db")
    before = content(path)
    with Constellation.open(path, "write", any_schema=True) as constellation:
        done = Upgrade(constellation).run(lambda c: snapshot(c, reason="migrate").path)
    assert done.snapshot
    assert content(Path(done.snapshot)) == before
    with Constellation.open(done.snapshot) as constellation:
        assert constellation.version == 5


def test_an_index_that_never_matched_is_made_anew_and_named(database: Database) -> None:
    """What the runtime makes of 0001.db: version 2 without the rows that existed."""
    path = database("versions/0001.db")
    connection = apsw.Connection(str(path))
    second = known()[1]
    for statement in second.statements:
        if "'rebuild'" not in statement:
            connection.execute(statement)
    connection.execute(stamp(second, 1))
    connection.close()
    assert set(upgraded(path).rebuilt) == set(INDEXES)
    assert rebuild_unsound(apsw.Connection(str(path))) == ()


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the last version run further statements, as a defective migration would."""

    def end(*statements: str) -> None:
        last = known()[-1]
        changed = (*known()[:-1], replace(last, statements=(*last.statements, *statements)))
        monkeypatch.setattr(upgrade, "known", lambda: changed)

    return end


def test_an_index_that_does_not_match_afterwards_is_made_anew_and_named(
    database: Database, ending: Callable[..., None]
) -> None:
    ending("INSERT INTO archival_fts (archival_fts) VALUES ('delete-all')")
    path = database("versions/0012.db")
    assert upgraded(path).rebuilt == ("archival_fts",)
    assert rebuild_unsound(apsw.Connection(str(path))) == ()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM messages", "version 0013 broke .*: table messages has 0 rows"),
        ("DROP TRIGGER messages_ad", "trigger messages_ad is missing"),
        ("DROP INDEX idx_messages_deleted", "index idx_messages_deleted is missing"),
        ("UPDATE messages SET agent_id = 'nobody'", "rows of messages point to rows that agents does not have"),
    ],
)
def test_a_version_that_breaks_something_is_undone(
    statement: str, says: str, database: Database, ending: Callable[..., None]
) -> None:
    ending(statement)
    path = database("versions/0011.db")
    before = content(path)
    with Constellation.open(path, "write", any_schema=True) as constellation:
        constellation.connection.execute("PRAGMA foreign_keys = OFF")
        with pytest.raises(IntegrityError, match=says):
            Upgrade(constellation).run(None)
        assert constellation.version == 12
    assert content(path)["messages"] == before["messages"]


def test_what_was_wrong_before_stays_and_is_said(database: Database) -> None:
    path = database("versions/0012.db")
    connection = apsw.Connection(str(path))
    connection.execute("DROP INDEX idx_tasks_due; UPDATE messages SET agent_id = 'nobody'")
    rows = connection.changes()
    connection.close()
    done = upgraded(path)
    assert (done.version, done.drift, done.dangling) == (13, ("index idx_tasks_due is missing",), rows)


def test_a_version_that_does_not_fit_is_named_and_undone(database: Database) -> None:
    path = database("versions/0011.db")
    connection = apsw.Connection(str(path))
    connection.execute("ALTER TABLE memory_block_updates ADD COLUMN is_active")
    connection.close()
    with Constellation.open(path, "write", any_schema=True) as constellation:
        with pytest.raises(SchemaError, match=r"version 0013 does not fit .*duplicate column name: is_active"):
            Upgrade(constellation).run(None)
        assert constellation.version == 12
        assert not constellation.has_column("memory_block_updates", "frontier")


def test_a_gap_in_the_ledger_is_filled(database: Database) -> None:
    path = database("versions/0013.db")
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM _sqlx_migrations WHERE version = 11; ALTER TABLE group_members DROP capabilities")
    connection.close()
    done = upgraded(path)
    assert (done.applied, done.drift) == ((11,), ())


def test_an_empty_file_becomes_a_constellation(tmp_path: Path) -> None:
    Constellation.create(tmp_path / "empty.db").close()
    assert upgraded(tmp_path / "empty.db").applied == versions.KNOWN


def test_a_full_disk_leaves_the_version_before(database: Database) -> None:
    path = database("versions/0002.db")
    with Constellation.open(path, "write", any_schema=True) as constellation:
        pages = constellation.value("PRAGMA page_count")
        constellation.value(f"PRAGMA max_page_count = {pages + 8}")
        with pytest.raises(FailureError, match="no space left"):
            Upgrade(constellation).run(None)
        assert 2 < (constellation.version or 0) < 13
    assert upgraded(path).version == 13


def test_somebody_who_migrated_meanwhile_is_noticed_under_the_lock(database: Database) -> None:
    path = database("versions/0012.db")
    with Constellation.open(path, "write", any_schema=True) as constellation:

        def save(_: Constellation) -> str:
            upgraded(path)
            return "elsewhere"

        with pytest.raises(ConflictError, match=r"has migrated .* meanwhile"):
            Upgrade(constellation).run(save)
        assert constellation.version == 13


def test_rows_that_others_write_between_two_versions_are_no_loss(database: Database) -> None:
    path = database("versions/0009.db")
    writer = apsw.Connection(str(path))
    with Constellation.open(path, "write", any_schema=True) as constellation:
        done = Upgrade(constellation).run(
            None, progress=lambda done, _: writer.execute("DELETE FROM notable_events") if done == 2 else None
        )
    writer.close()
    assert done.version == 13


def test_beside_a_runtime_it_refuses_unless_forced(database: Database, hold: Callable[[Path], int]) -> None:
    path = database("versions/0012.db")
    pid = hold(path)
    with Constellation.open(path, "write", any_schema=True) as constellation:
        assert f"(pid {pid})" in Upgrade(constellation).plan().holders[0]
        with pytest.raises(RefusedError, match=str(pid)):
            Upgrade(constellation).run(save=lambda _: pytest.fail("no snapshot before the refusal"))
        assert constellation.version == 12
        assert Upgrade(constellation).run(None, force=True).version == 13


KILLED = """
import os, signal, sys
import apsw
from pattern_cli.schema.upgrade import Upgrade
from pattern_cli.store.constellation import Constellation

kind, path, left = sys.argv[1], sys.argv[2], int(sys.argv[3])

def count(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return True

class File(apsw.VFSFile):
    def __init__(self, base, name, flags):
        super().__init__(base, name, flags)

    def xWrite(self, data, offset):
        count()
        super().xWrite(data, offset)

class Disk(apsw.VFS):
    def __init__(self):
        super().__init__("counting", "unix", makedefault=True)

    def xOpen(self, name, flags):
        return File("unix", name, flags)

if kind == "write":
    disk = Disk()
with Constellation.open(path, "write", any_schema=True) as constellation:
    if kind == "statement":
        constellation.connection.exec_trace = count
    Upgrade(constellation).run(None)
"""


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        *(("statement", left) for left in (3, 40, 120, 170, 250, 333)),
        *(("write", left) for left in (2, 9, 40, 77, 150)),
    ],
)
def test_a_killed_upgrade_leaves_a_whole_version_and_the_next_one_finishes(
    kind: str, left: int, database: Database
) -> None:
    path = database("versions/0001-preedit.db")
    before = content(path)
    killed = subprocess.run([sys.executable, "-c", KILLED, kind, str(path), str(left)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    with Constellation.open(path) as constellation:
        found = Status(constellation)
        assert found.drift() == ()
        assert found.problems() == ()
        assert constellation.value("PRAGMA integrity_check") == "ok"
        assert constellation.version != 13
    assert upgraded(path).version == 13
    with Constellation.open(path) as constellation:
        Status(constellation).require_current()
    after = content(path)
    for table, rows in before.items():
        width = len(rows[0]) if rows else 0
        assert [row[:width] for row in after[table]] == rows, table
