"""One open constellation: transactions that hold under errors and kills, versions, what is refused beside a runtime."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from peewee import SQL, Select

from pattern_cli.errors import (
    ConflictError,
    IntegrityError,
    LockedError,
    NotFoundError,
    PatternError,
    RefusedError,
    SchemaError,
)
from pattern_cli.store import constellation as module
from pattern_cli.store import opening
from pattern_cli.store.checksums import AUTH_INITIAL, PRE_EDIT_INITIAL
from pattern_cli.store.constellation import LIVE_BYTES, LIVE_ROWS, Constellation
from pattern_cli.store.holders import Marks
from tests.store.conftest import OURS, ROOT, RUNTIME, Other

Copy = Callable[[str], Path]
Start = Callable[..., Other]
SMALL = "constellations/small.db"


def descriptions(path: Path) -> set[str | None]:
    with Constellation.open(path) as constellation:
        return {row[0] for row in constellation.rows("SELECT description FROM agents")}


def test_values_and_rows(database: Copy) -> None:
    with Constellation.open(database(SMALL)) as constellation:
        assert list(constellation.rows("SELECT name FROM agents WHERE name = ?", ("Juniper",))) == [("Juniper",)]
        assert constellation.value("SELECT count(*) FROM agents") == 3
        assert constellation.value("SELECT name FROM agents WHERE 0") is None
        assert constellation.value("SELECT name FROM agents WHERE 0", default=5) == 5
        assert constellation.has_table("agents")
        assert constellation.has_table("messages_fts")
        assert not constellation.has_table("recipes")
        assert constellation.has_column("messages", "is_deleted")
        assert not constellation.has_column("messages", "nonsense")
        assert not constellation.has_column("recipes", "id")


def test_peewee_runs_on_the_same_connection(database: Copy) -> None:
    with Constellation.open(database(SMALL), "write") as constellation:
        query = Select(columns=[SQL("count(*)")]).from_(SQL("group_members")).tuples()
        with constellation.transaction() as connection:
            connection.execute("DELETE FROM group_members")
            assert list(constellation.bind(query)) == [(0,)]


@pytest.mark.parametrize("folder", ["versions", "constellations", "imported"])
def test_versions(folder: str, fixtures_dir: Path, database: Copy) -> None:
    for path in sorted((fixtures_dir / folder).glob("*.db")):
        if path.name != "auth.db":
            with Constellation.open(database(f"{folder}/{path.name}")) as constellation:
                assert constellation.version == (int(path.name[:4]) if folder == "versions" else 13)


def test_the_auth_database_is_refused_by_name(database: Copy) -> None:
    path = database("constellations/auth.db")
    for mode in ("read", "write"):
        with pytest.raises(IntegrityError, match="auth database, which holds secrets"):
            Constellation.open(path, mode)  # type: ignore[arg-type]
    assert os.listdir(path.parent) == ["auth.db"]


def test_another_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipes.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE recipes (id)")
    connection.close()
    with pytest.raises(IntegrityError, match="no constellation"):
        Constellation.open(path)


def test_an_empty_file_says_that_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with Constellation.open(path) as constellation:
        assert constellation.version is None
        with pytest.raises(SchemaError) as caught:
            list(constellation.rows("SELECT name FROM agents"))
    assert caught.value.message == f"{path} is an empty database"
    assert "pattern migrate up" in str(caught.value.hint)
    assert path.read_bytes() == b""


def test_a_missing_table_or_column_names_the_migration(database: Copy) -> None:
    with Constellation.open(database("versions/0003.db")) as constellation:
        for sql in ("SELECT * FROM memory_block_updates", "SELECT last_seq FROM memory_blocks"):
            with pytest.raises(SchemaError) as caught:
                list(constellation.rows(sql))
            assert caught.value.exit_code == 6
            assert "pattern migrate" in str(caught.value.hint)
        constellation.require("agents", "name", since=1)
        for table, column in (("memory_block_updates", "seq"), ("memory_blocks", "last_seq")):
            with pytest.raises(SchemaError, match="is at schema version 0003; this needs 0004"):
                constellation.require(table, column, since=4)


def test_writers_want_the_newest_schema(database: Copy) -> None:
    older = database("versions/0012.db")
    with pytest.raises(SchemaError, match="is at schema version 0012; changes need 0013"):
        Constellation.open(older, "write")
    with Constellation.open(older, "write", any_schema=True) as constellation:
        assert constellation.writable
        constellation.connection.execute("DELETE FROM _sqlx_migrations")
    with pytest.raises(SchemaError, match="has no migration ledger"):
        Constellation.open(older, "write")
    newer = database(SMALL)
    connection = apsw.Connection(str(newer))
    connection.execute(
        "INSERT INTO _sqlx_migrations SELECT 14, 'more', installed_on, 1, checksum, 1 FROM _sqlx_migrations LIMIT 1"
    )
    connection.close()
    with pytest.raises(SchemaError, match="this program knows up to 0013"):
        Constellation.open(newer, "write")
    with Constellation.open(newer) as constellation:
        assert constellation.version == 14
        assert constellation.value("SELECT count(*) FROM agents") == 3


@pytest.mark.parametrize(
    ("change", "says", "hint"),
    [
        ("DELETE FROM {} WHERE version IN (5, 11)", "pending in .*: 0005, 0011", "migrate up"),
        ("UPDATE {} SET success = 0 WHERE version = 12", "0012 of .* marked as failed", "refuses such a file too"),
        ("UPDATE {} SET checksum = x'00' WHERE version = 3", "0003 of .* a checksum that no", "a changed build"),
        ("INSERT INTO {} SELECT 8, 'x', 'x', 1, x'00', 1", "version 0008, which this program does not", "update"),
        (f"UPDATE {{}} SET checksum = x'{AUTH_INITIAL}' WHERE version = 1", "auth database", "constellation.db"),
        (f"UPDATE {{}} SET checksum = x'{PRE_EDIT_INITIAL}' WHERE version = 1", "superseded edition", "migrate up"),
    ],
)
def test_writers_want_a_ledger_that_the_runtime_takes(change: str, says: str, hint: str, database: Copy) -> None:
    path = database(SMALL)
    connection = apsw.Connection(str(path))
    connection.execute(change.format("_sqlx_migrations"))
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaError, match=says) as caught:
        Constellation.open(path, "write")
    assert "`pattern migrate status`" in str(caught.value.hint) and hint in str(caught.value.hint)
    assert path.read_bytes() == before
    with Constellation.open(path) as constellation, pytest.raises(SchemaError, match=says):
        constellation.require_newest()
    with Constellation.open(path, "write", any_schema=True) as constellation:
        assert constellation.version == 13


@pytest.mark.parametrize("mode", ["read", "write", "create"])
def test_a_run_is_marked_as_one_of_ours_before_it_has_the_file_open(
    mode: Any, database: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new.db" if mode == "create" else database(SMALL)
    name = {"read": "open_reading", "write": "open_writing", "create": "create"}[mode]
    real, marked = getattr(opening, name), []

    def opens(*arguments: Any) -> Any:
        marked.append(Marks().has(os.getpid()))
        return real(*arguments)

    monkeypatch.setattr(opening, name, opens)
    with Constellation.create(path) if mode == "create" else Constellation.open(path, mode):
        assert marked == [True]
    with pytest.raises(PatternError):
        Constellation.create(path) if mode == "create" else Constellation.open(tmp_path / "none.db", mode)
    assert not Marks().has(os.getpid())


def test_a_transaction_is_kept(database: Copy) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation, constellation.transaction() as connection:
        connection.execute("UPDATE agents SET description = 'kept'")
    assert descriptions(path) == {"kept"}


def test_a_change_writes_or_in_a_dry_run_takes_no_lock(database: Copy) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation, Constellation.open(path) as reader:
        with constellation.change(), reader.change(dry_run=True):
            constellation.connection.execute("UPDATE agents SET description = 'kept'")
        assert not reader.connection.in_transaction
    assert descriptions(path) == {"kept"}


def test_a_dry_run_is_refused_where_the_change_would_be(database: Copy) -> None:
    with (
        Constellation.open(database("versions/0010-preedit.db")) as constellation,
        pytest.raises(SchemaError),
        constellation.change(dry_run=True),
    ):
        pytest.fail("the body must not run")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, NotFoundError])
def test_any_error_undoes_a_transaction(error: type[BaseException], database: Copy) -> None:
    path = database(SMALL)
    before = descriptions(path)
    with Constellation.open(path, "write") as constellation:
        with pytest.raises(error), constellation.transaction() as connection:
            connection.execute("UPDATE agents SET description = 'lost'")
            raise error("stop")
        assert not constellation.connection.in_transaction
        with constellation.transaction():
            pass
    assert descriptions(path) == before


def test_a_broken_rule_is_a_conflict_and_undone(database: Copy) -> None:
    path = database(SMALL)
    before = descriptions(path)
    with Constellation.open(path, "write") as constellation:
        for statement in (
            "UPDATE agents SET name = 'same'",
            "INSERT INTO group_members (group_id, agent_id, joined_at) VALUES ('no', 'no', 'now')",
        ):
            with pytest.raises(ConflictError), constellation.transaction() as connection:
                connection.execute("UPDATE agents SET description = 'lost'")
                connection.execute(statement)
    assert descriptions(path) == before


def test_an_inner_transaction_is_undone_alone(database: Copy) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation, constellation.transaction() as connection:
        connection.execute("UPDATE agents SET description = 'outer'")
        with constellation.transaction():
            connection.execute("UPDATE agents SET description = 'inner' WHERE name = 'Juniper'")
            with pytest.raises(ValueError), constellation.transaction():
                connection.execute("UPDATE agents SET description = 'innermost'")
                raise ValueError
    assert descriptions(path) == {"outer", "inner"}


def test_an_outer_error_undoes_inner_ones(database: Copy) -> None:
    path = database(SMALL)
    before = descriptions(path)
    with Constellation.open(path, "write") as constellation:  # noqa: SIM117
        with pytest.raises(ValueError), constellation.transaction() as connection:
            with constellation.transaction():
                connection.execute("UPDATE agents SET description = 'inner'")
            raise ValueError
    assert descriptions(path) == before


def test_a_full_disk_undoes_everything(database: Copy) -> None:
    path = database(SMALL)
    before = descriptions(path)
    with Constellation.open(path, "write") as constellation:
        pages = constellation.connection.pragma("page_count")
        constellation.connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        with pytest.raises(PatternError, match="no space left"), constellation.transaction() as connection:
            connection.execute("UPDATE agents SET description = 'lost'")
            with constellation.transaction():
                connection.execute("UPDATE agents SET system_prompt = zeroblob(10000000)")
        assert not constellation.connection.in_transaction
    assert descriptions(path) == before


KILLED = """
import os, signal, sys
from pattern_cli.store.constellation import Constellation
with Constellation.open(sys.argv[1], "write") as constellation:
    with constellation.transaction() as connection:
        connection.execute("UPDATE agents SET description = 'first'")
    with constellation.transaction() as connection:
        connection.execute("PRAGMA cache_size = 1; UPDATE messages SET content_preview = 'lost'")
        connection.execute("UPDATE agents SET description = 'lost'")
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
def test_a_kill_in_the_middle_leaves_nothing_of_the_transaction(database: Copy) -> None:
    path = database(SMALL)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert descriptions(path) == {"first"}
    with Constellation.open(path, "write") as constellation:
        assert constellation.value("SELECT count(*) FROM messages WHERE content_preview = 'lost'") == 0
        assert constellation.value("PRAGMA integrity_check") == "ok"


def test_a_lock_of_another_process_is_waited_for_and_then_named(
    database: Copy, other: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_MS", 30)
    path = database(SMALL)
    runtime = other(RUNTIME, path)
    runtime.run("BEGIN IMMEDIATE")
    with Constellation.open(path, "write") as constellation:
        with pytest.raises(LockedError) as caught, constellation.transaction():
            pytest.fail("there is no lock to be had")
        assert caught.value.message == f"{path} is locked by another process"
        runtime.run("COMMIT")
        with constellation.transaction() as connection:
            connection.execute("UPDATE agents SET description = 'mine'")
    assert descriptions(path) == {"mine"}


def test_what_a_runtime_would_not_notice_is_refused_beside_it(database: Copy, other: Start) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        constellation.require_quiet("the change")
        other(OURS, path)
        constellation.require_quiet("the change")
        runtime = other(RUNTIME, path)
        with pytest.raises(RefusedError) as caught:
            constellation.require_quiet("the change")
        assert caught.value.exit_code == 7
        assert caught.value.message.startswith("the change is refused while ")
        assert f"(pid {runtime.pid})" in caught.value.message
        assert "--force" in str(caught.value.hint)
        constellation.require_quiet("the change", force=True)


def test_the_lock_budget_is_that_of_the_architecture() -> None:
    assert (LIVE_ROWS, LIVE_BYTES) == (5_000, 3_000_000)


@pytest.mark.parametrize(("rows", "size", "seconds"), [(5_001, 0, "0.5"), (160_000, 0, "10.0"), (0, 30_000_000, "3.0")])
def test_more_than_the_lock_budget_is_refused_beside_a_runtime(
    rows: int, size: int, seconds: str, database: Copy, other: Start
) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        constellation.require_lock_budget("the import", rows, size)
        other(RUNTIME, path)
        constellation.require_lock_budget("the import", LIVE_ROWS, LIVE_BYTES)
        constellation.require_lock_budget("the import", rows, size, force=True)
        with pytest.raises(RefusedError, match=f"the write lock for about {seconds} s"):
            constellation.require_lock_budget("the import", rows, size)


def test_reopening_follows_a_replaced_file(database: Copy) -> None:
    path, newer = database(SMALL), database("versions/0013.db")
    with Constellation.open(path) as constellation:
        assert constellation.value("SELECT count(*) FROM agents") == 3
        before = constellation.database
        os.replace(newer, path)
        assert constellation.outdated
        constellation.reopen()
        assert not constellation.outdated
        assert constellation.value("SELECT count(*) FROM agents") == 2
        assert constellation.database is not before
        path.unlink()
        with pytest.raises(NotFoundError):
            constellation.reopen()
        os.replace(database(SMALL), path)
        constellation.reopen()
        assert constellation.value("SELECT count(*) FROM agents") == 3


def test_closing_twice_does_no_harm(database: Copy) -> None:
    constellation = Constellation.open(database(SMALL))
    constellation.close()
    constellation.close()
    with Constellation.open(constellation.path):
        assert module.Marks().has(os.getpid())
    assert not module.Marks().has(os.getpid())


def test_create_is_empty_and_closed_without_side_files(tmp_path: Path) -> None:
    with Constellation.create(tmp_path / "new.db") as constellation:
        assert constellation.mode == "create"
        assert constellation.version is None
        assert constellation.holders() == ()
    assert os.listdir(tmp_path) == ["new.db"]
    with pytest.raises(ConflictError):
        Constellation.create(tmp_path / "new.db")


def test_an_empty_file_is_not_touched_by_a_change_that_it_cannot_take(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(SchemaError, match="is an empty database"):
        Constellation.open(path, "write")
    assert path.read_bytes() == b""
    assert list(tmp_path.iterdir()) == [path]
    with Constellation.open(path, "write", any_schema=True) as constellation:
        assert constellation.version is None
