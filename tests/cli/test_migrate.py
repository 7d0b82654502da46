from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pexpect
import pytest

from pattern_cli.store import versions

Database = Callable[[str], Path]
Cli = Callable[..., Any]


def change(path: Path, sql: str) -> Path:
    connection = apsw.Connection(str(path))
    connection.execute(sql)
    connection.close()
    return path


def test_status_shows_every_version(database: Database, cli: Cli) -> None:
    done = cli("--db", database("versions/0010-preedit.db"), "migrate", "status", "--json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)
    assert [row["version"] for row in rows] == list(versions.KNOWN)
    assert [row["checksum_state"] for row in rows] == ["pre-edit", *["ok"] * 8, *[None] * 3]
    assert [row["state"] for row in rows] == [*["applied"] * 9, *["pending"] * 3]
    assert rows[0]["installed_on"] == "2026-11-23T13:27:03Z"


@pytest.mark.parametrize(("name", "code"), [("0013", 0), ("0012", 6), ("0001-preedit", 6)])
def test_check_tells_whether_something_is_pending_and_still_prints(
    name: str, code: int, database: Database, cli: Cli
) -> None:
    done = cli("--db", database(f"versions/{name}.db"), "migrate", "status", "--check")
    assert done.code == code
    assert len(done.out.splitlines()) == len(versions.KNOWN)
    assert (" migrate up` brings it" in done.err) == (code == 6)


def test_status_says_what_differs_from_the_known_schema(database: Database, cli: Cli) -> None:
    path = change(database("versions/0013.db"), "DROP INDEX idx_tasks_due")
    done = cli("--db", path, "migrate", "status")
    assert done.code == 0
    assert "index idx_tasks_due is missing" in done.err


@pytest.mark.parametrize("command", ["plan", "up"])
@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 3", "checksum"),
        ("UPDATE _sqlx_migrations SET success = 0 WHERE version = 12", "marked as failed"),
        ("UPDATE _sqlx_migrations SET version = 14 WHERE version = 13", "0014"),
        ("DROP TABLE _sqlx_migrations", "missing"),
    ],
)
def test_nothing_is_built_on_a_ledger_that_is_wrong(
    command: str, sql: str, says: str, database: Database, cli: Cli
) -> None:
    path = change(database("versions/0013.db"), sql)
    before = path.read_bytes()
    done = cli("--db", path, "migrate", command)
    assert done.code == 6
    assert says in done.err
    assert "Traceback" not in done.err
    assert path.read_bytes() == before


def test_status_shows_a_wrong_ledger_and_says_why_it_is_wrong(database: Database, cli: Cli) -> None:
    path = change(database("versions/0013.db"), "UPDATE _sqlx_migrations SET success = 0 WHERE version = 12")
    done = cli("--db", path, "migrate", "status", "--json")
    assert done.code == 0
    assert json.loads(done.out)[10]["state"] == "dirty"
    assert "marked as failed" in done.err
    assert cli("--db", path, "migrate", "status", "--check").code == 6


def test_plan_lists_statements_and_names_the_checksum(database: Database, cli: Cli) -> None:
    path = database("versions/0010-preedit.db")
    before = path.read_bytes()
    rows = json.loads(cli("--db", path, "migrate", "plan", "--json").out)
    assert rows[0]["description"] == "checksum of the superseded edition"
    assert {row["version"] for row in rows} == {1, 11, 12, 13}
    assert "ALTER TABLE group_members ADD COLUMN capabilities JSON DEFAULT '[]'" in [row["statement"] for row in rows]
    assert path.read_bytes() == before


def test_plan_as_a_script_is_what_another_sqlite_runs(database: Database, cli: Cli) -> None:
    path = database("versions/0007.db")
    sql = cli("--db", path, "migrate", "plan", "--sql").out
    assert "-- 0009 agent atproto endpoints\nBEGIN IMMEDIATE;" in sql
    subprocess.run(["sqlite3", "-bail", str(path)], input=sql, text=True, check=True)
    assert cli("--db", path, "migrate", "status", "--check").code == 0


def test_a_current_database_says_so(database: Database, cli: Cli) -> None:
    path = database("versions/0013.db")
    before = path.read_bytes()
    planned = cli("--db", path, "migrate", "plan")
    assert (planned.code, planned.out) == (0, "")
    assert "nothing is pending" in planned.err
    done = cli("--db", path, "migrate", "up", "--format", "table")
    assert done.code == 0
    assert "nothing was pending" in done.out
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_up_makes_a_snapshot_and_says_what_it_did(database: Database, cli: Cli) -> None:
    path = database("versions/0010-preedit.db")
    done = cli("--db", path, "migrate", "up", "--yes", "--json")
    assert done.code == 0, done.err
    record = json.loads(done.out)
    assert (record["version_before"], record["version"], record["applied"]) == (10, 13, [11, 12, 13])
    assert record["checksum_rewritten"] is True
    assert (record["rebuilt"], record["drift"], record["dangling"]) == ([], [], 0)
    manifest = json.loads(Path(f"{record['snapshot']}.json").read_text())
    assert (manifest["reason"], manifest["version"], manifest["verified"]) == ("migrate", 10, True)
    assert cli("--db", path, "migrate", "status", "--check").code == 0
    assert cli("--db", path, "agents", "list").code == 0


def test_without_a_snapshot_there_is_none(database: Database, cli: Cli) -> None:
    path = database("versions/0012.db")
    assert cli("--db", path, "migrate", "up", "--yes", "--no-snapshot").code == 0
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_elsewhere_than_on_a_terminal_it_needs_yes(database: Database, cli: Cli) -> None:
    path = database("versions/0012.db")
    before = path.read_bytes()
    done = cli("--db", path, "migrate", "up")
    assert done.code == 7
    assert "--yes" in done.err
    assert path.read_bytes() == before


def test_a_dry_run_changes_nothing(database: Database, cli: Cli) -> None:
    path = database("versions/0007-preedit.db")
    before = path.read_bytes()
    done = cli("--db", path, "migrate", "up", "--dry-run", "--json")
    record = json.loads(done.out)
    assert (record["pending"], record["checksum_rewrite"]) == ([9, 10, 11, 12, 13], True)
    shown = cli("--db", path, "migrate", "up", "--dry-run", "--format", "table").out
    assert "0007 → 0013" in shown
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_rebuilt_index_is_warned_of(database: Database, cli: Cli) -> None:
    path = change(database("versions/0012.db"), "INSERT INTO archival_fts(archival_fts) VALUES ('delete-all')")
    done = cli("--db", path, "migrate", "up", "--yes")
    assert done.code == 0
    assert "archival_fts did not match its table and was rebuilt" in done.err


def test_it_refuses_beside_a_runtime(database: Database, cli: Cli, hold: Callable[[Path], int]) -> None:
    path = database("versions/0012.db")
    pid = hold(path)
    done = cli("--db", path, "migrate", "up", "--yes")
    assert done.code == 7
    assert f"(pid {pid})" in done.err
    assert not (path.parent / "backups").exists()
    assert f"(pid {pid})" in cli("--db", path, "migrate", "up", "--dry-run", "--format", "table").out
    assert cli("--db", path, "migrate", "up", "--yes", "--force").code == 0


def test_two_upgrades_at_once_do_not_harm_each_other(database: Database, cli: Cli) -> None:
    path = database("versions/0001.db")
    command = [sys.executable, "-m", "pattern_cli", "--db", str(path), "migrate", "up", "--yes", "--no-snapshot"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 4])
    assert cli("--db", path, "migrate", "status", "--check").code == 0


def test_another_user_s_current_database_can_be_checked(database: Database, cli: Cli) -> None:
    path = database("versions/0013.db")
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        assert cli("--db", path, "migrate", "status", "--check").code == 0
        assert cli("--db", path, "migrate", "up").code == 0
    finally:
        path.parent.chmod(0o755)


@pytest.mark.parametrize(("answer", "code", "pending"), [("y", 0, 0), ("n", 7, 6)])
def test_on_a_terminal_it_asks(answer: str, code: int, pending: int, database: Database, cli: Cli) -> None:
    path = database("versions/0012.db")
    command = ["-m", "pattern_cli", "--db", str(path), "migrate", "up"]
    child = pexpect.spawn(sys.executable, command, encoding="utf-8", timeout=30, dimensions=(40, 100))
    child.expect_exact("is at schema 0012, pending 0013; a snapshot is made first")
    child.expect_exact(f"migrate {path}? [y/N]")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code
    assert cli("--db", path, "migrate", "status", "--check").code == pending
