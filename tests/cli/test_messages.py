from __future__ import annotations

import csv
import json
import os
import pty
import queue
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.messages.rows import FIELDS

Database = Callable[[str], Path]
Cli = Callable[..., Any]
Show = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
SMALL = "constellations/small.db"
DEADLINE = 20.0


def test_a_pipe_gets_all_messages_oldest_first(database: Database, cli: Cli) -> None:
    done = cli("--db", database(SMALL), "messages", "list")
    lines = done.out.splitlines()
    assert done.code == 0 and done.err == ""
    assert len(lines) == 68
    assert lines[-1].split("\t") == [
        "2026-11-23T13:36:32.814870709Z",
        "Quill ツ שלום",
        "user",
        "from the default generator",
        "msg_60a0f81ac9f64eb5ba67ded2258db819",
    ]


def test_a_terminal_gets_the_newest_50_and_is_told_so(database: Database, on_terminal: Show) -> None:
    path = database(SMALL)
    shown = on_terminal("--db", path, "messages", "list").text
    assert shown.splitlines()[0].split() == ["TIME", "AGENT", "ROLE", "TEXT", "ID"]
    assert sum("2025-11-1" in line or "2026-11-2" in line for line in shown.splitlines()) == 50
    assert "the newest 50; --limit N shows more" in shown
    more = on_terminal("--db", path, "messages", "list", "--limit", "60").text
    assert sum("2025-11-1" in line or "2026-11-2" in line for line in more.splitlines()) == 60
    assert "the newest" not in more


def test_a_terminal_dims_thinking_and_marks_tools(database: Database, on_terminal: Show) -> None:
    screen = on_terminal("--db", database(SMALL), "messages", "list", "--archived", "-n", "100", columns=200)
    shown = screen.styled
    assert "\x1b[2m[thinking] Hmm" in shown
    assert '⚙ search {"query": "cedar"' in screen.text
    assert "\x1b[31m ↩ no such entry" in shown


def test_a_list_that_fits_says_nothing(database: Database, on_terminal: Show) -> None:
    assert "the newest" not in on_terminal("--db", database(SMALL), "messages", "list", "Marlow").styled


def test_every_format_has_the_same_messages(database: Database, cli: Cli) -> None:
    path = database(SMALL)

    def out(form: str, *words: str) -> str:
        done = cli("--db", path, "messages", "list", "Juniper", "--format", form, *words)
        assert (done.code, done.err) == (0, "")
        return str(done.out)

    whole = json.loads(out("json"))
    assert [json.loads(line) for line in out("ndjson").splitlines()] == whole
    ids = [row["id"] for row in whole]
    assert len(ids) == 27
    assert [row["id"] for row in csv.DictReader(out("csv").splitlines())] == ids
    assert [line.rsplit("\t", 1)[1] for line in out("tsv").splitlines()] == ids
    assert [line.split(" | ")[-1].rstrip(" |") for line in out("markdown").splitlines()[2:]] == ids
    assert all(id[:16] in out("table") for id in ids)
    assert list(whole[0]) == list(FIELDS)


def test_text_is_in_json_when_asked_for(database: Database, cli: Cli) -> None:
    done = cli("--db", database(SMALL), "messages", "list", "--format", "ndjson", "--fields", "text,id", "-n", "1")
    assert json.loads(done.out) == {"text": "from the default generator", "id": "msg_60a0f81ac9f64eb5ba67ded2258db819"}


@pytest.mark.parametrize("form", ["json", "ndjson", "tsv", "table"])
def test_an_unknown_field_is_a_usage_error(database: Database, cli: Cli, form: str) -> None:
    done = cli("--db", database(SMALL), "messages", "list", "--format", form, "--fields", "id,nothing")
    assert (done.code, done.out) == (2, "")
    assert "nothing" in done.err


def test_an_empty_list_is_an_empty_array_and_a_hint_on_a_terminal(
    database: Database, cli: Cli, on_terminal: Show
) -> None:
    path = database(SMALL)
    assert cli("--db", path, "messages", "list", "--source", "nowhere", "--json").out == "[]\n"
    assert cli("--db", path, "messages", "list", "--source", "nowhere", "--format", "ndjson").out == ""
    assert "--archived" in on_terminal("--db", path, "messages", "list", "--source", "nowhere").styled


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ((), 68),
        (("--archived",), 86),
        (("--deleted",), 72),
        (("--archived", "--deleted"), 91),
        (("Juniper",), 27),
        (("ea0f0a49523a4b939139570e2791c66a",), 27),
        (("ea0f",), 27),
        (("--role", "tool"), 9),
        (("--batch", "31059801918603264"), 5),
        (("--batch", "310598019186"), 5),
        (("--source", "discord"), 7),
        (("--since", "2026-01-01"), 9),
        (("--until", "2025-11-10T10:19:00.456789Z"), 5),
        (("--since", "2025-11-10T10:19:00.456789Z", "--until", "2025-11-10 10:19:00.456789"), 5),
        (("--since", "1h"), 0),
        (("-n", "3"), 3),
    ],
)
def test_filters_and_counts(database: Database, cli: Cli, words: tuple[str, ...], count: int) -> None:
    done = cli("--db", database(SMALL), "messages", "list", *words, "--format", "ndjson")
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == count


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("list", "Junper"), 3, "Juniper"),
        (("list", "--batch", "nothing"), 3, "batch"),
        (("list", "--role", "asistant"), 2, "asistant"),
        (("list", "--since", "whenever"), 2, "whenever"),
        (("list", "-n", "0"), 2, "0"),
        (("show", "nothing"), 3, "nothing"),
        (("show", "msg_"), 3, "several"),
        (("tail", "Junper"), 3, "Juniper"),
        (("tail", "-f", "--json"), 2, "ndjson"),
        (("tail", "-n", "-1"), 2, "-1"),
    ],
)
def test_mistakes_are_named(database: Database, cli: Cli, words: tuple[str, ...], code: int, said: str) -> None:
    done = cli("--db", database(SMALL), "messages", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_rows_that_cannot_be_decoded_are_shown_and_counted(database: Database, cli: Cli) -> None:
    path = database(SMALL)
    connection = apsw.Connection(str(path))
    connection.execute(
        "UPDATE messages SET content_json = '{' WHERE rowid = 91; UPDATE messages SET role = 'x' WHERE rowid = 90"
    )
    connection.close()
    for form in ("tsv", "json", "ndjson", "csv", "table"):
        done = cli("--db", path, "messages", "list", "--format", form)
        assert done.code == 0
        assert "warning: 2 rows could not be decoded" in done.err
    rows = json.loads(cli("--db", path, "messages", "list", "--json").out)
    assert [row["damage"] for row in rows if row["damage"]] == [
        ["role: 'x' is not one of user, assistant, system, tool"],
        ["content_json: not valid JSON"],
    ]


def test_harmful_characters_are_visible_in_every_format(database: Database, cli: Cli) -> None:
    path = database(SMALL)
    for form in ("tsv", "json", "ndjson", "csv", "table", "markdown"):
        out = cli("--db", path, "messages", "list", "--format", form).out
        assert "\u202e" not in out
        assert "\\u202e" in out


@pytest.fixture
def ids(database: Database) -> dict[str, str]:
    """The id of a message by what is in it, and the database."""
    path = database(SMALL)
    connection = apsw.Connection(str(path))
    found = {
        word: connection.execute(f"SELECT id FROM messages WHERE content_json GLOB '*{word}*' LIMIT 1").fetchall()[0][0]
        for word in ("RedactedThinking", "Image", "ToolCalls", "ToolResponses", "heron", "without any batch")
        if word != "heron"
    }
    connection.close()
    return {**found, "db": str(path)}


def test_show_makes_all_content_readable(ids: dict[str, str], cli: Cli) -> None:
    out = cli("--db", ids["db"], "messages", "show", ids["RedactedThinking"], "--format", "table").out
    assert out.startswith("Juniper  → assistant (archived)\n")
    assert "batch     31059219958923264 · 2 of 5 · system_trigger" in out
    assert "[thinking] Hmm, Copper river" in out
    assert "[redacted thinking, 12 characters]" in out
    assert '⚙ block {"op": "append", "label": "todo", "n": 9007199254740993}\n  ↩ done\n' in out
    assert '"timestamp": "2025-11-10T07:51:00.456789Z"' in out
    images = cli("--db", ids["db"], "messages", "show", ids["Image"], "--format", "table").out
    assert "[image image/png, 70 bytes]" in images
    assert "[image image/jpeg, https://example.org/cat.jpg]" in images


def test_show_pairs_calls_and_responses(ids: dict[str, str], cli: Cli) -> None:
    call = cli("--db", ids["db"], "messages", "show", ids["ToolCalls"], "--format", "table").out
    assert "⚙ recall {}\n  ↩ no such entry" in call
    response = cli("--db", ids["db"], "messages", "show", ids["ToolResponses"], "--format", "table").out
    assert "↩ recall no such entry" in response
    record = json.loads(cli("--db", ids["db"], "messages", "show", ids["ToolCalls"], "--json").out)
    assert [(use["name"], use["is_error"]) for use in record["tools"]] == [("search", False), ("recall", True)]
    assert record["tools"][0]["response_message"] == ids["ToolResponses"]
    assert record["content_json"]["ToolCalls"][0]["fn_name"] == "search"
    assert record["text"].startswith("[calls search]")


def test_show_dims_thinking_on_a_terminal(ids: dict[str, str], on_terminal: Show) -> None:
    shown = on_terminal("--db", ids["db"], "messages", "show", ids["RedactedThinking"]).styled
    assert "\x1b[2m[thinking] Hmm" in shown
    assert "\x1b[36m⚙ block" in shown
    assert (
        "\x1b[3" not in on_terminal("--db", ids["db"], "messages", "show", ids["RedactedThinking"], NO_COLOR="1").styled
    )


def test_show_raw_is_the_text_alone_byte_for_byte(ids: dict[str, str], cli: Cli, on_terminal: Show) -> None:
    done = cli("--db", ids["db"], "messages", "show", ids["without any batch"], "--raw")
    assert (done.out, done.err) == ("a message without any batch", "")
    connection = apsw.Connection(ids["db"])
    connection.execute(
        "UPDATE messages SET content_json = json_object('Text', ?) WHERE id = ?", ("\x1b[31m\u202e", ids["Image"])
    )
    connection.close()
    assert cli("--db", ids["db"], "messages", "show", ids["Image"], "--raw").out == "\x1b[31m\u202e"
    assert "\\x1b[31m\\u202e" in on_terminal("--db", ids["db"], "messages", "show", ids["Image"], "--raw").styled


@pytest.mark.parametrize("words", [("--json",), ("--format", "table"), ("--fields", "id")])
def test_show_raw_goes_not_with_a_format_or_fields(ids: dict[str, str], cli: Cli, words: tuple[str, ...]) -> None:
    done = cli("--db", ids["db"], "messages", "show", ids["Image"], "--raw", *words)
    assert (done.code, done.out) == (2, "")


def test_until_a_date_is_until_the_end_of_that_day(database: Database, cli: Cli) -> None:
    path = database(SMALL)
    rows = json.loads(cli("--db", path, "messages", "list", "--json", "--fields", "created_at").out)
    day = rows[0]["created_at"][:10]
    on_it = sum(row["created_at"][:10] == day for row in rows)
    found = json.loads(cli("--db", path, "messages", "list", "--since", day, "--until", day, "--json").out)
    assert len(found) == on_it > 0


def test_tail_shows_ten_messages(database: Database, cli: Cli) -> None:
    assert len(cli("--db", database(SMALL), "messages", "tail").out.splitlines()) == 10


def test_tail_has_a_line_for_every_tool_and_every_response(database: Database, cli: Cli) -> None:
    lines = cli("--db", database(SMALL), "messages", "tail", "Marlow", "-n", "40", "--format", "table").out.splitlines()
    (call,) = [number for number, line in enumerate(lines) if "⚙ search" in line and "bicycle" in line]
    for line, pattern in zip(
        lines[call : call + 5],
        (
            r'⚙ search +\{"query": "bicycle", .*\}$',
            r"⚙ recall +\{\}$",
            r"↩ search +Orchard [^·]*$",
            r"↩ recall +no such entry$",
            r"→ assistant +Orchard narrow",
        ),
        strict=True,
    ):
        assert re.match(rf"2025-11-10 21:20:00  Marlow +{pattern}", line)


def test_a_failing_response_is_red_and_the_others_are_not(database: Database, on_terminal: Show) -> None:
    lines = on_terminal(
        "--db", database(SMALL), "messages", "tail", "Marlow", "-n", "40", columns=80
    ).styled.splitlines()
    failing = [line for line in lines if "no such entry" in line]
    assert failing and all(re.search(r"\x1b\[31m +↩ recall", line) for line in failing)
    assert not [line for line in lines if "↩ search" in line and "\x1b[31m" in line]


def test_what_is_said_beside_a_call_has_a_line_of_its_own(database: Database, cli: Cli) -> None:
    lines = cli("--db", database(SMALL), "messages", "tail", "-n", "40", "--format", "table").out.splitlines()
    *_, call = [number for number, line in enumerate(lines) if "9007199254740993" in line]
    assert re.search(r"→ assistant +\[thinking\] Hmm.*Bicycle under saffron Tuesday\.$", lines[call - 1])
    assert re.search(r'⚙ block +\{"op": "append"', lines[call])


@pytest.mark.parametrize("command", ["list", "tail"])
def test_an_empty_message_says_so(database: Database, cli: Cli, command: str) -> None:
    path = database(SMALL)
    rows = json.loads(cli("--db", path, "messages", "list", "--json", "--fields", "id,text").out)
    empty = [row["id"] for row in rows if not row["text"].strip()]
    assert empty
    out = cli("--db", path, "messages", command, "-n", "100", "--format", "table").out
    assert out.count("(empty)") == len(empty)
    assert "\n(empty)\n" in cli("--db", path, "messages", "show", empty[0], "--format", "table").out


def test_tail_on_a_terminal_cuts_lines_at_its_width(database: Database, on_terminal: Show) -> None:
    shown = on_terminal("--db", database(SMALL), "messages", "tail", "-n", "30", columns=70).text
    lines = shown.splitlines()
    assert len(lines) >= 30
    assert any(line.endswith("…") for line in lines)


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "tsv", "markdown", "table"])
def test_tail_has_every_format(database: Database, cli: Cli, form: str) -> None:
    done = cli("--db", database(SMALL), "messages", "tail", "-n", "2", "--format", form)
    assert (done.code, done.err) == (0, "")
    assert "from the default generator" in done.out
    if form == "json":
        assert len(json.loads(done.out)) == 2


class Following:
    """`messages tail -f` in another process, its lines as they come."""

    def __init__(self, path: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pattern_cli", "--db", str(path), "messages", "tail", "-f", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def line(self) -> str:
        return self.lines.get(timeout=DEADLINE)

    def end(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        assert self.process.stderr
        return self.process.wait(DEADLINE), self.process.stderr.read()


@pytest.fixture
def following() -> Iterator[Callable[..., Following]]:
    running: list[Following] = []

    def start(path: Path, *words: str) -> Following:
        running.append(Following(path, *words))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()


def say(path: Path, text: str) -> None:
    """Another connection commits a message."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(5000)
    connection.execute(
        """INSERT INTO messages (id, agent_id, position, role, content_json, content_preview, created_at)
           SELECT 'msg_' || hex(randomblob(16)), id, '41395935909707776', 'user', json_object('Text', ?1), ?1,
                  '2026-12-08T19:02:18+00:00' FROM agents WHERE name = 'Juniper'""",
        (text,),
    )
    connection.close()


@pytest.mark.parametrize(
    ("form", "begin"),
    [("ndjson", '{"id":"msg_'), ("tsv", "2026-12-08T19:02:18Z\tJuniper\tuser\thello"), ("table", "")],
)
def test_following_prints_each_message_at_once(
    database: Database, following: Callable[..., Following], form: str, begin: str
) -> None:
    path = database(SMALL)
    process = following(path, "--format", form, "-n", "1")
    assert "from the default generator" in process.line()
    for text in ("hello 1", "hello 2"):
        say(path, text)
        line = process.line()
        assert line.startswith(begin) and text in line
    assert process.end(signal.SIGINT) == (130, "")


def test_following_goes_on_after_a_row_it_cannot_decode(
    database: Database, following: Callable[..., Following]
) -> None:
    path = database(SMALL)
    process = following(path, "-n", "1")
    assert process.line()
    connection = apsw.Connection(str(path))
    connection.execute(
        """INSERT INTO messages (id, agent_id, position, role, content_json, created_at)
           SELECT 'm', id, 'p', 'x', '{', 'y' FROM agents LIMIT 1"""
    )
    connection.close()
    assert process.line().startswith("y\t")
    say(path, "after it")
    assert "after it" in process.line()


def test_following_ends_without_a_word_on_ctrl_c_while_idle(
    database: Database, following: Callable[..., Following]
) -> None:
    process = following(database(SMALL), "-n", "1")
    process.line()
    assert process.end(signal.SIGINT) == (130, "")


def test_following_ends_when_its_reader_is_gone_though_nothing_happens(database: Database) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pattern_cli", "--db", str(database(SMALL)), "messages", "tail", "-f", "-n", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout and process.stderr
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(DEADLINE) == 0
    assert process.stderr.read() == b""


def test_following_on_a_terminal_shows_new_lines(database: Database) -> None:
    path = database(SMALL)
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pattern_cli", "--db", str(path), "messages", "tail", "-f", "-n", "1"],
        stdout=side,
        stderr=side,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(side)

    def read_until(text: bytes) -> bytes:
        shown = b""
        deadline = time.monotonic() + DEADLINE
        while text not in shown:
            ready, _, _ = select.select([main], [], [], deadline - time.monotonic())
            assert ready, shown
            shown += os.read(main, 65536)
        return shown

    try:
        read_until(b"default generator")
        say(path, "on the terminal")
        assert b"\x1b[1m" in read_until(b"on the terminal")
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130
    finally:
        process.kill()
        process.wait()
        os.close(main)


@pytest.mark.parametrize("name", ["wal/live.db", "versions/0001.db", "imported/small-agent-full-new.db"])
def test_every_database_is_listed_shown_and_tailed(database: Database, cli: Cli, name: str) -> None:
    path = database(name)
    rows = [json.loads(line) for line in cli("--db", path, "messages", "list", "--format", "ndjson").out.splitlines()]
    assert rows
    assert cli("--db", path, "messages", "show", rows[-1]["id"]).code == 0
    assert cli("--db", path, "messages", "tail").out
