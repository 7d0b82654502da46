from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Cli = Callable[..., Any]


def test_a_new_constellation_is_current_and_empty(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "lab" / "constellation.db"
    done = cli("init", path, "--json")
    assert done.code == 0, done.err
    record = json.loads(done.out)
    assert (record["path"], record["version"]) == (str(path), 13)
    assert cli("--db", path, "migrate", "status", "--check").code == 0
    assert cli("--db", path, "agents", "list", "--json").out.strip() == "[]"
    assert [file.name for file in path.parent.iterdir()] == ["constellation.db"]


def test_empty_lists_name_the_way_to_bring_something_in(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "constellation.db"
    cli("init", path)
    for words in ("agents list", "groups list", "memory list", "archival list", "messages list", "messages tail"):
        done = cli("--db", path, *words.split(), "--format", "table")
        assert (done.code, done.out) == (0, "")
        assert f"→ pattern --db {path} import ARCHIVE" in done.err or ", pattern import ARCHIVE" in done.err, words


def test_without_a_path_it_is_made_where_the_other_commands_look(tmp_path: Path, cli: Cli) -> None:
    record = json.loads(cli("init", "--json").out)
    assert Path(record["path"]).is_file()
    assert record["next"] == "pattern import ARCHIVE"
    assert json.loads(cli("db", "info", "--json").out)["path"] == record["path"]


def test_the_next_step_names_a_place_that_is_not_the_default(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "other.db"
    assert json.loads(cli("init", path, "--json").out)["next"] == f"pattern --db {path} import ARCHIVE"


def test_an_existing_file_is_never_touched(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "there.db"
    path.write_bytes(b"mine")
    done = cli("init", path)
    assert done.code == 4
    assert "exists already" in done.err
    assert path.read_bytes() == b"mine"


def test_a_folder_is_no_file(tmp_path: Path, cli: Cli) -> None:
    done = cli("init", tmp_path)
    assert done.code == 1
    assert str(tmp_path / "constellation.db") in done.err
