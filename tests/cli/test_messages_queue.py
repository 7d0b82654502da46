"""`messages send` and `messages queue` as a person uses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Database = Callable[[str], Path]
SMALL = "constellations/small.db"


def test_a_message_is_sent_and_waits(database: Database, cli: Cli, seen: Callable[..., str]) -> None:
    path = database(SMALL)
    sent = json.loads(cli("--db", path, "messages", "send", "Juniper", "Hello there", "--as", "ada", "--json").out)
    waiting = json.loads(cli("--db", path, "messages", "queue", "Juniper", "--json").out)

    assert [row["id"] for row in waiting] == [sent["id"]]
    assert waiting[0]["sender"] == "cli ada"
    screen = seen("--db", path, "messages", "queue", "Juniper")
    assert "Hello there" in screen
    assert "waits" in screen


def test_a_text_comes_from_a_file_or_standard_input(database: Database, cli: Cli, tmp_path: Path) -> None:
    path = database(SMALL)
    (tmp_path / "letter.md").write_text("from a file\n", encoding="utf-8")
    contents = [
        json.loads(cli("--db", path, "messages", "send", "Juniper", word, "--json", stdin=b"from a pipe").out)[
            "content"
        ]
        for word in ("@letter.md", "-", "@@plain")
    ]

    assert contents == ["from a file\n", "from a pipe", "@plain"]


def test_it_is_said_when_the_agent_gets_it(database: Database, seen: Callable[..., str]) -> None:
    path = database(SMALL)

    assert "when a runtime next runs Marlow, after 2 messages" in seen("--db", path, "messages", "send", "Marlow", "x")


def test_with_a_runtime_it_is_within_seconds(database: Database, seen: Callable[..., str], hold: Any) -> None:
    path = database(SMALL)
    hold(path)

    assert "within seconds" in seen("--db", path, "messages", "send", "Juniper", "x")


def test_an_agent_that_is_not_active_is_told_of(database: Database, cli: Cli, run_sql: Any) -> None:
    path = database(SMALL)
    run_sql(path, "UPDATE agents SET status = 'hibernated' WHERE name = 'Juniper'")
    done = cli("--db", path, "messages", "send", "Juniper", "x")

    assert done.code == 0
    assert "Juniper is hibernated" in done.err


def test_a_mailbox_that_is_stopped_is_told_of(database: Database, cli: Cli, run_sql: Any) -> None:
    path = database(SMALL)
    run_sql(path, "UPDATE queued_messages SET created_at = '' WHERE target_agent_id = 'agt_19a6f2c3b40'")
    done = cli("--db", path, "messages", "send", "Marlow", "x")

    assert done.code == 0
    assert "delivers nothing to Marlow" in done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("Junper", "x"), 3, "did you mean Juniper"),
        (("Juniper", ""), 2, "empty"),
        (("Juniper", "-"), 2, "standard input is no UTF-8 text: byte 1"),
        (("Juniper", "@nowhere.md"), 1, "nowhere.md cannot be read"),
        (("Juniper", "x", "--metadata", "{"), 2, "--metadata is no JSON"),
        (("Juniper", "x", "--metadata", "[1]"), 2, "must be a JSON object"),
        (("Juniper", "x", "--metadata", '{"guild_id": 7}'), 2, '"guild_id"'),
        (("Juniper", "x", "--as", "ada", "--from", "Marlow"), 2, "not from both"),
        (("Harbor Crew", "x"), 3, "send to its members"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_stored(
    database: Database, cli: Cli, words: tuple[str, ...], code: int, said: str
) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    done = cli("--db", path, "messages", "send", *words, stdin=b"a\xff")

    assert done.code == code
    assert said in done.err
    assert done.err.count("error:") == 1
    assert path.read_bytes() == before


def test_an_older_schema_is_not_written(database: Database, cli: Cli) -> None:
    done = cli("--db", database("versions/0011.db"), "messages", "send", "x", "y")

    assert done.code == 6
    assert "migrate up" in done.err
