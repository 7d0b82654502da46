from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

Database = Callable[[str], Path]


def test_info_says_why_this_file(database: Database, cli: Callable[..., Any]) -> None:
    path = database("constellations/small.db")
    assert json.loads(cli("--db", path, "db", "info", "--json").out)["location"] == "--db"
    named = cli("db", "info", "--json", env={"PATTERN_DB": str(path)})
    assert json.loads(named.out)["location"] == "PATTERN_DB"


def test_info_for_people(database: Database, cli: Callable[..., Any]) -> None:
    out = cli("--db", database("wal/live.db"), "db", "info", "--format", "table").out
    assert "938 kB and 4.2 MB in its log" in out
    assert "live.db-wal 4.2 MB" in out
    assert "nobody else" in out


def test_stats_for_people(database: Database, cli: Callable[..., Any]) -> None:
    out = cli("--db", database("constellations/small-embeddings.db"), "db", "stats", "--format", "table").out
    assert "20 vectors of 8 numbers" in out
    assert "86 (+5 deleted), 18 archived" in out
    assert "91 of 91" in out


def test_stats_as_json(database: Database, cli: Callable[..., Any]) -> None:
    out = cli("--db", database("constellations/small.db"), "db", "stats", "--json", "--top", "1").out
    record = json.loads(out)
    assert record["messages"] == 86
    assert [agent["name"] for agent in record["top_agents"]] == ["Juniper"]
    assert record["full_text"][0] == {"name": "archival_fts", "table": "archival_entries", "rows": 17, "indexed": 17}


def test_names_that_would_break_the_screen_are_escaped(database: Database, cli: Callable[..., Any]) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE agents SET name = 'Ju' || char(10, 27) || '[31mniper' WHERE name = 'Juniper'")
    connection.close()
    out = cli("--db", path, "db", "stats", "--format", "table").out
    assert "Ju\\n\\x1b[31mniper" in out


@pytest.mark.parametrize("command", ["info", "stats"])
@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv", "tsv", "markdown"])
def test_every_format_works(database: Database, cli: Callable[..., Any], command: str, form: str) -> None:
    done = cli("--db", database("versions/0001.db"), "db", command, "--format", form)
    assert (done.code, done.err) == (0, "")
    assert done.out


def test_holders_are_objects_in_json(database: Database, cli: Callable[..., Any]) -> None:
    path = database("constellations/small.db")
    other = apsw.Connection(str(path))
    other.execute("SELECT count(*) FROM agents").fetchall()
    (holder,) = json.loads(cli("--db", path, "db", "info", "--json").out)["holders"]
    other.close()
    assert holder == {"pid": os.getpid(), "command": holder["command"], "is_ours": False}
