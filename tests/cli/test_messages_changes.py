"""Archiving, deleting and purging messages as a person does it: preview, question, result."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Database = Callable[[str], Path]
SMALL = "constellations/small.db"
COUNT = "SELECT count(*), total(is_archived), total(is_deleted) FROM messages"


def test_a_preview_shows_counts_and_both_ends(database: Database, seen: Callable[..., str]) -> None:
    screen = seen("--db", database(SMALL), "messages", "archive", "--agent", "Marlow", "--role", "tool", "--dry-run")

    assert "18 messages would be archived" in screen
    assert "4 chosen, 14 more of the same batches" in screen
    assert "Marlow: 8 assistant, 1 system, 4 tool, 5 user" in screen
    assert "… 12 more …" in screen


def test_on_a_terminal_it_is_asked_after_the_preview(
    database: Database, on_terminal: Callable[..., Any], run_sql: Any
) -> None:
    path = database(SMALL)
    words = ("--db", path, "messages", "delete", "--agent", "Marlow", "--role", "tool")
    refused = on_terminal(*words, answer="n")
    assert refused.code == 7
    assert refused.text.index("… 12 more …") < refused.text.index("delete 18 messages?")
    before = run_sql(path, COUNT)
    assert on_terminal(*words, answer="y").code == 0
    assert run_sql(path, COUNT)[0][2] == before[0][2] + 18


@pytest.mark.parametrize("action", ["archive", "unarchive", "delete", "undelete", "purge"])
def test_a_script_must_say_yes(database: Database, cli: Cli, action: str) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "messages", action, "--everything")

    assert done.code == 7
    assert "--yes" in done.err
    assert path.read_bytes() == before


def test_there_and_back_and_for_good(database: Database, cli: Cli, run_sql: Any) -> None:
    path = database(SMALL)

    def change(*words: str) -> Any:
        done = cli("--db", path, "messages", *words, "--yes", "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    ((every, archived, deleted),) = run_sql(path, COUNT)
    ((both,),) = run_sql(path, "SELECT count(*) FROM messages WHERE is_archived AND is_deleted")
    kept = every - deleted
    assert change("archive", "--everything")["changed"] == kept - (archived - both)
    assert change("unarchive", "--everything")["changed"] == kept
    removed = change("delete", "--everything")
    assert Path(removed["snapshot"]).is_file()
    assert removed["changed"] == kept
    purged = change("purge", "--everything", "--no-snapshot")
    assert (purged["changed"], purged["snapshot"]) == (every, None)
    assert run_sql(path, COUNT)[0][0] == 0


def test_ids_are_taken_by_their_beginnings(database: Database, cli: Cli, run_sql: Any) -> None:
    path = database(SMALL)
    done = cli("--db", path, "messages", "delete", "msg_3d6100", "--exact", "--yes", "--no-snapshot", "--json")

    assert json.loads(done.out)["changed"] == 1
    assert "1 batch changed in part only" in done.err
    assert run_sql(path, "SELECT is_deleted FROM messages WHERE id LIKE 'msg_3d6100%'") == [(1,)]


def test_what_is_so_already_needs_no_question(database: Database, cli: Cli, run_sql: Any) -> None:
    path = database(SMALL)
    run_sql(path, "UPDATE messages SET is_archived = 1")
    done = cli("--db", path, "messages", "archive", "--everything")

    assert done.code == 0
    assert "nothing to change" in done.err


def test_vectors_of_the_runtime_are_told_of(database: Database, cli: Cli) -> None:
    done = cli("--db", database("constellations/small-embeddings.db"), "messages", "purge", "--everything", "--yes")

    assert done.code == 0
    assert "table embeddings" in done.err


def test_a_runtime_at_work_is_left_alone(database: Database, cli: Cli, hold: Any) -> None:
    path = database(SMALL)
    hold(path)
    words = ("--db", path, "messages", "archive", "--agent", "Juniper", "--yes")
    done = cli(*words)

    assert done.code == 7
    assert "has no answer yet" in done.err
    assert cli(*words, "--force").code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "not said which messages"),
        (("--everything", "--role", "user"), 2, "exclude each other"),
        (("msg_3d6100", "--everything"), 2, "exclude each other"),
        (("msg_3d6100", "--role", "user"), 2, "not by both"),
        (("msg_",), 3, "fits several messages"),
        (("msg_nothing",), 3, "no message has an id that begins with"),
        (("--agent", "Junper"), 3, "did you mean Juniper"),
        (("--role", "robot"), 2, 'no message has the role "robot"'),
        (("--batch", "9"), 3, "no batch"),
        (("--until", "soon"), 2, "not a time"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_changed(
    database: Database, cli: Cli, words: tuple[str, ...], code: int, said: str
) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "messages", "delete", *words, "--yes")

    assert done.code == code
    assert said in done.err
    assert done.err.count("error:") == 1
    assert path.read_bytes() == before
