"""`pattern` alone: the first screen on every database, and what an empty place says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import OURS, RUNTIME, Other

Seen = Callable[..., str]
Golden = Callable[[str, str], None]
Copy = Callable[[str], Path]
LABELS = ("constellation", "in use by", "agents", "groups", "memory", "archival", "messages", "backup")


@pytest.mark.parametrize(("name", "columns"), [("small", 100), ("medium", 80), ("medium", 140)])
def test_the_first_screen(
    name: str, columns: int, database: Copy, seen: Seen, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = database(f"constellations/{name}.db")
    monkeypatch.chdir(path.parent)
    golden(f"home-{name}-{columns}.txt", seen("--db", path.name, columns=columns))


def test_an_older_schema_names_the_next_step(
    database: Copy, seen: Seen, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = database("versions/0004.db")
    monkeypatch.chdir(path.parent)
    golden("home-older.txt", seen("--db", path.name))


@pytest.mark.parametrize("folder", ["constellations", "versions", "imported", "wal"])
def test_every_database_has_a_first_screen(folder: str, fixtures_dir: Path, database: Copy, seen: Seen) -> None:
    for source in sorted((fixtures_dir / folder).glob("*.db")):
        if source.name != "auth.db":
            for columns in (80, 140):
                lines = seen("--db", database(f"{folder}/{source.name}"), columns=columns).splitlines()
                assert max(map(len, lines)) <= columns
                labels = [line[:13].strip() for line in lines if line[0] != " "]
                assert [label for label in LABELS if label in labels] == labels
                assert {"constellation", "agents", "memory", "messages", "backup"} <= set(labels)


def test_the_home_is_a_tilde(database: Copy, seen: Seen, tmp_path: Path) -> None:
    path = database("constellations/small.db")
    assert seen("--db", path, columns=140).startswith(f"constellation  ~/{path.relative_to(tmp_path)}   729 kB")


def test_who_uses_it(database: Copy, seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    path = database("constellations/small.db")
    assert "in use by      nobody now; last message 2 d ago\n" in seen("--db", path)
    ours, runtime = Other(OURS, path), Other(RUNTIME, path)
    try:
        assert f"(pid {runtime.pid}), last message 2 d ago\n" in seen("--db", path)
        runtime.end()
        assert "in use by      nobody now; last message 2 d ago\n" in seen("--db", path)
    finally:
        ours.kill()
        runtime.kill()


def test_an_empty_place_names_the_three_commands(cli: Callable[..., Any], tmp_path: Path) -> None:
    done = cli()
    assert (done.code, done.err) == (0, "")
    assert f"There is no constellation at {tmp_path}/home/data/pattern/constellation.db (data directory)." in done.out
    for command in ("pattern init", "pattern import ARCHIVE --create", "pattern --db FILE"):
        assert f"\n  {command} " in done.out
    done = cli(env={"PATTERN_DB": "lab.db"})
    assert "There is no constellation at lab.db (PATTERN_DB)." in done.out


@pytest.mark.parametrize("words", [("--db", "lab.db"), ("--json",), ("--format", "csv"), ("--fields", "path")])
def test_a_script_gets_an_error_instead(words: tuple[str, ...], cli: Callable[..., Any]) -> None:
    done = cli(*words)
    assert (done.code, done.out) == (3, "")
    assert "there is no constellation at" in done.err


def test_mistakes_of_the_place_are_errors(cli: Callable[..., Any], tmp_path: Path) -> None:
    assert cli("--db", "").code == 2
    assert cli(env={"PATTERN_DB": str(tmp_path)}).code == 1
    (tmp_path / "pattern.toml").write_text("[database]\n")
    done = cli()
    assert (done.code, done.out) == (2, "")
    assert "[database] in pattern.toml has no path" in done.err
    (tmp_path / "pattern.toml").write_text('[database]\npath = "lab"\n')
    assert "There is no constellation at lab/constellation.db (pattern.toml)." in cli().out


def test_for_scripts(database: Copy, cli: Callable[..., Any]) -> None:
    path = database("constellations/small.db")
    found = json.loads(cli("--db", path, "--json").out)
    assert (found["path"], found["version"], found["health"]) == (str(path), 13, "healthy")
    assert found["agents"] == {"active": 1, "hibernated": 1, "archived": 1}
    assert len(found["messages_per_day"]) == 14
    assert json.loads(cli("--db", path, "--json", "--fields", "version").out) == {"version": 13}
    assert cli("--db", path).out.splitlines()[0] == f"path\t{path}"
