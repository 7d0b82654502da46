from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Database = Callable[[str], Path]
SMALL = "constellations/small.db"


def test_it_backs_up_and_says_what_it_did(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    done = cli("--db", path, "backup", "--format", "table", env={"COLUMNS": "300"})
    assert done.code == 0, done.err
    assert re.search(r"backups/small-\d{8}T\d{6}Z\.db\n", done.out)
    assert re.search(r"729 kB · schema 0013 · \d+ rows in 30 tables", done.out)
    assert "integrity ok" in done.out


def test_as_json_it_is_one_object(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    made = json.loads(cli("backup", "--db", path, "--json").out)
    assert Path(made["path"]).is_file()
    assert made["verified"] is True
    assert made["counts"]["messages"] == 91
    assert json.loads(Path(made["manifest"]).read_text())["hash"] == made["hash"]


def test_the_list_is_newest_first_and_works_without_the_database(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    for _ in range(2):
        assert cli("--db", path, "backup").code == 0
    path.unlink()
    rows = json.loads(cli("--db", path, "backup", "list", "--json").out)
    assert len(rows) == 2
    assert rows[0]["created_at"] >= rows[1]["created_at"]
    assert {row["state"] for row in rows} == {"verified"}


def test_an_empty_list_says_what_to_do(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    done = cli("--db", path, "backup", "list", "--format", "table")
    assert (done.code, done.out) == (0, "")
    assert f"pattern --db {path} backup" in done.err


@pytest.mark.parametrize(
    "order", [("--db", "{}", "backup", "list"), ("backup", "--db", "{}", "list"), ("backup", "list", "--db", "{}")]
)
def test_the_database_may_be_named_anywhere(
    database: Database, cli: Callable[..., Any], order: tuple[str, ...]
) -> None:
    path = database(SMALL)
    cli("--db", path, "backup")
    done = cli(*(word.format(path) for word in order))
    assert done.out.startswith("small-")


def test_a_backup_is_proven_by_name(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    name = Path(json.loads(cli("--db", path, "backup", "--json").out)["path"]).name
    done = cli("--db", path, "backup", "verify", name, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["integrity"] == "ok"


def test_a_manifest_names_its_backup_too(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    made = json.loads(cli("--db", path, "backup", "--json").out)
    done = cli("--db", path, "backup", "verify", Path(made["manifest"]).name, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["path"] == made["path"]


def test_an_empty_place_is_a_mistake(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    for words in (("backup", "-o", ""), ("backup", "list", " ")):
        done = cli("--db", path, *words)
        assert (done.code, done.out) == (2, "")
        assert "backups/ beside the database" in done.err
    assert not (path.parent / "backups").exists()


def test_the_list_does_not_claim_that_a_backup_is_verified_today(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    cli("--db", path, "backup")
    assert cli("--db", path, "backup", "list", "--format", "table").out.endswith("  verified when made\n")


def test_a_tampered_backup_fails_with_status_5(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    backup = Path(json.loads(cli("--db", path, "backup", "--json").out)["path"])
    content = bytearray(backup.read_bytes())
    content[9000] ^= 4
    backup.write_bytes(content)
    done = cli("backup", "verify", backup)
    assert done.code == 5
    assert "content hash differs" in done.err
    assert done.err.count("\n") == 2


def test_a_backup_that_is_not_there_is_status_3(database: Database, cli: Callable[..., Any]) -> None:
    assert cli("--db", database(SMALL), "backup", "verify", "nothing.db").code == 3
    assert cli("--db", "/nowhere/x.db", "backup").code == 3


def test_an_existing_file_is_status_4(database: Database, cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("precious")
    done = cli("--db", database(SMALL), "backup", "-o", tmp_path / "x.db")
    assert done.code == 4
    assert (tmp_path / "x.db").read_text() == "precious"


def test_a_folder_named_with_a_slash_is_made(database: Database, cli: Callable[..., Any], tmp_path: Path) -> None:
    done = cli("--db", database(SMALL), "backup", "-o", f"{tmp_path}/new/place/", "--json")
    assert Path(json.loads(done.out)["path"]).parent == tmp_path / "new" / "place"


def test_unchecked_is_said_in_the_list(database: Database, cli: Callable[..., Any]) -> None:
    path = database(SMALL)
    cli("--db", path, "backup", "--no-verify")
    (row,) = json.loads(cli("--db", path, "backup", "list", "--json").out)
    assert row["state"] == "unverified"


def test_ctrl_c_leaves_nothing(database: Database, tmp_path: Path) -> None:
    path = database("constellations/medium.db")
    folder = tmp_path / "out"
    folder.mkdir()
    script = """
import os, signal, sys
import pattern_cli.backups.snapshot as module
original = module.copy
def copy(source, target, progress):
    return original(source, target, lambda done, total: os.kill(os.getpid(), signal.SIGINT))
module.copy = copy
from pattern_cli.cli.app import run
sys.exit(run(sys.argv[1:]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, "--db", str(path), "backup", "-o", str(folder)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert list(folder.iterdir()) == []


def test_on_a_terminal_there_is_progress(database: Database, on_terminal: Callable[..., Any]) -> None:
    screen = on_terminal("--db", database("constellations/medium.db"), "backup", impatient=True)
    assert screen.code == 0
    assert "backup" in screen.text and "42.2" in screen.text and "MB/s" in screen.text


def test_its_help_shows_examples_and_statuses(cli: Callable[..., Any]) -> None:
    for words in (("backup",), ("backup", "list"), ("backup", "verify")):
        out = cli(*words, "--help").out
        assert "Examples:" in out and "Exit status:" in out
