"""Adding, editing, deleting and searching archival entries as a person does it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Database = Callable[[str], Path]
SMALL = "constellations/small.db"
CONTENT = "SELECT content, metadata FROM archival_entries WHERE id LIKE ?"


def script(folder: Path, body: str) -> str:
    """An editor: a program that gets the file's name as its argument."""
    file = folder / "editor.py"
    file.write_text(f"import pathlib, sys\nfile = pathlib.Path(sys.argv[1])\n{body}\n", encoding="utf-8")
    return f"{sys.executable} {file}"


def test_an_entry_is_added_found_and_shown(database: Database, cli: Cli) -> None:
    path = database(SMALL)
    words = ("archival", "add", "Juniper", "The zeppelin lands.", "--metadata", '{"topic": "sky", "n": [1, 2]}')
    added = json.loads(cli("--db", path, *words, "--json").out)
    by_metadata = cli("--db", path, "archival", "search-by-metadata", "topic=sky", "n=2", "--json").out
    by_text = cli("--db", path, "search", "zeppelin", "--json").out

    assert [row["id"] for row in json.loads(by_metadata)] == [added["id"]]
    assert [row["id"] for row in json.loads(by_text)] == [added["id"]]


def test_texts_and_metadata_come_from_files(database: Database, cli: Cli, tmp_path: Path) -> None:
    path = database(SMALL)
    (tmp_path / "note.md").write_text("from a file\n", encoding="utf-8")
    (tmp_path / "meta.json").write_text('["a"]', encoding="utf-8")
    done = cli("--db", path, "archival", "add", "Juniper", "@note.md", "--metadata", "@meta.json", "--json")
    piped = cli("--db", path, "archival", "add", "Juniper", "-", "--json", stdin=b"from a pipe")

    assert (json.loads(done.out)["content"], json.loads(done.out)["metadata"]) == ("from a file\n", ["a"])
    assert json.loads(piped.out)["content"] == "from a pipe"


def test_an_owner_whose_entries_nobody_finds_is_told_of(database: Database, cli: Cli) -> None:
    done = cli("--db", database(SMALL), "archival", "add", "Harbor Crew", "A note.")

    assert done.code == 0
    assert "no agent finds entries of Harbor Crew" in done.err


def test_the_editor_gets_the_content_and_its_result_is_stored(
    database: Database, cli: Cli, run_sql: Any, tmp_path: Path
) -> None:
    path = database(SMALL)
    editor = script(tmp_path, "file.write_text('EDITED ' + file.read_text())")
    done = cli("--db", path, "archival", "edit", "arch_e8e6", "--editor", env={"EDITOR": editor})

    assert done.code == 0, done.err
    ((content, metadata),) = run_sql(path, CONTENT, "arch_e8e6%")
    assert content.startswith("EDITED Archive note 1:")
    assert metadata == '{"topic":"kettle","score":1}'


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("sys.exit(3)", 1, "ended with status 3"),
        ("file.write_bytes(b'a\\xff')", 2, "no UTF-8"),
        ("file.write_text('')", 2, "empty"),
    ],
)
def test_an_editor_that_fails_changes_nothing(
    database: Database, cli: Cli, tmp_path: Path, body: str, code: int, said: str
) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "archival", "edit", "arch_e8e6", "-e", env={"EDITOR": script(tmp_path, body)})

    assert (done.code, path.read_bytes()) == (code, before)
    assert said in done.err


def test_an_editor_that_saves_nothing_changes_nothing(database: Database, cli: Cli, tmp_path: Path) -> None:
    path = database(SMALL)
    done = cli("--db", path, "archival", "edit", "arch_e8e6", "-e", "--json", env={"EDITOR": script(tmp_path, "")})

    assert done.code == 0
    assert json.loads(done.out)["columns"] == []


def test_a_change_while_the_editor_is_open_is_a_conflict_and_the_text_is_kept(
    database: Database, cli: Cli, run_sql: Any, tmp_path: Path
) -> None:
    path = database(SMALL)
    meanwhile = f"""import apsw
connection = apsw.Connection({str(path)!r})
connection.execute("UPDATE archival_entries SET content = 'theirs' WHERE id LIKE 'arch_e8e6%'")
connection.close()
file.write_text('mine')"""
    done = cli("--db", path, "archival", "edit", "arch_e8e6", "-e", env={"EDITOR": script(tmp_path, meanwhile)})

    assert done.code == 4
    assert "changed meanwhile" in done.err
    kept = done.err.split("your text is kept in ")[1].split()[0]
    assert Path(kept).read_text(encoding="utf-8") == "mine"
    assert run_sql(path, CONTENT, "arch_e8e6%")[0][0] == "theirs"


def test_deleting_a_part_shows_and_takes_the_whole_note(
    database: Database, on_terminal: Callable[..., Any], run_sql: Any
) -> None:
    path = database(SMALL)
    words = ("--db", path, "archival", "delete", "arch_ce7b")
    refused = on_terminal(*words, answer="n")
    assert refused.code == 7
    assert "1 named, 3 more parts of the same notes" in refused.text
    assert refused.text.count("← a part of the same note") == 3
    assert run_sql(path, "SELECT count(*) FROM archival_entries") == [(17,)]
    assert on_terminal(*words, answer="y").code == 0
    assert run_sql(path, "SELECT count(*) FROM archival_entries") == [(13,)]


def test_a_script_must_say_yes_and_gets_a_snapshot(database: Database, cli: Cli) -> None:
    path = database(SMALL)
    assert cli("--db", path, "archival", "delete", "arch_ce7b").code == 7
    done = json.loads(cli("--db", path, "archival", "delete", "arch_ce7b", "--yes", "--json").out)

    assert done["deleted"] == 4
    assert Path(done["snapshot"]).is_file()


def test_entries_with_damaged_metadata_are_told_of(database: Database, cli: Cli, run_sql: Any) -> None:
    path = database(SMALL)
    run_sql(path, "UPDATE archival_entries SET metadata = '{' WHERE id LIKE 'arch_e8e6%'")
    done = cli("--db", path, "archival", "search-by-metadata", "score", "--json")

    assert len(json.loads(done.out)) == 2
    assert "1 entry passed over" in done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "Junper", "x"), 3, "did you mean Juniper"),
        (("add", "Juniper", " "), 2, "empty"),
        (("add", "Juniper", "-"), 2, "standard input is no UTF-8 text"),
        (("add", "Juniper", "x", "--metadata", "{"), 2, "--metadata is no JSON"),
        (("add", "Juniper", "x", "--metadata", "5"), 2, "bare number"),
        (("add", "Juniper", "x", "--metadata", "NaN"), 2, "no JSON"),
        (("edit", "arch_e8e6"), 2, "neither content nor metadata"),
        (("edit", "arch_e8e6", "x", "--editor"), 2, "exclude each other"),
        (("edit", "arch_nothing", "x"), 3, "no archival entry has an id that begins with"),
        (("edit", "arch_", "x"), 3, "fits several archival entries"),
        (("delete", "arch_nothing", "--yes"), 3, "no archival entry has an id that begins with"),
        (("search-by-metadata", "=x"), 2, "names no key"),
        (("search-by-metadata", "a", "--agent", "Junper"), 3, "did you mean Juniper"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    database: Database, cli: Cli, words: tuple[str, ...], code: int, said: str
) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "archival", *words, stdin=b"a\xff")

    assert done.code == code
    assert said in done.err
    assert done.err.count("error:") == 1
    assert path.read_bytes() == before
