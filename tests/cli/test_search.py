from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pexpect
import pytest

from pattern_cli.cli.search import _score

Database = Callable[[str], Path]
Cli = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
KEYS = [
    "rank", "score", "kind", "id", "short_id", "agent_id", "agent_name", "label", "role", "batch_id", "position",
    "source", "created_at", "updated_at", "snippet", "highlights", "all_words", "bm25", "is_archived", "is_deleted",
    "is_active", "damage",
]  # fmt: skip


@pytest.fixture
def small(database: Database) -> Path:
    return database("constellations/small.db")


@pytest.fixture
def terminal() -> Callable[..., str]:
    """What the program shows on a terminal of so many columns."""

    def run(*args: object, columns: int = 130, **environment: str) -> str:
        shown = pexpect.run(
            " ".join([sys.executable, "-m", "pattern_cli", *(f"'{arg}'" for arg in args)]),
            env={
                **{name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS"}},
                "PYTHONPATH": str(ROOT), "PAGER": "cat", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                **environment,
            },
            dimensions=(40, columns),
            timeout=60,
        )  # fmt: skip
        return str(shown.decode())

    return run


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def test_hits_as_json(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "search", "slow kettle", "--json")
    hits = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert all(list(hit) == KEYS for hit in hits)
    assert [hit["rank"] for hit in hits] == list(range(1, 21))
    assert {hit["kind"] for hit in hits} == {"message", "memory", "archival"}
    for hit in hits:
        for begin, end in hit["highlights"]:
            assert hit["snippet"][begin:end].lower() in {"slow", "kettle"}


def test_a_pipe_gets_one_line_a_hit_and_nothing_else(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "search", "slow", "kettle", "--limit", "3")
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert (done.code, done.err, len(lines)) == (0, "", 3)
    assert lines[0][0] == "1.0"
    assert "«kettle»" in lines[0][5]


def test_words_may_be_given_one_by_one(small: Path, cli: Cli) -> None:
    assert cli("--db", small, "search", "slow", "kettle").out == cli("--db", small, "search", "slow kettle").out


@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv", "tsv", "markdown"])
def test_every_format_and_chosen_fields(small: Path, cli: Cli, form: str) -> None:
    done = cli("--db", small, "search", "kettle", "--format", form, "--fields", "kind,id", "-n", "1")
    assert (done.code, done.err) == (0, "")
    assert "mem_a320b8" in done.out


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_a_hit_in_memory_has_its_label_in_a_pipe(small: Path, cli: Cli, form: str) -> None:
    assert "undo_branch" in cli("--db", small, "search", "kettle", "--in", "memory", "--format", form).out


@pytest.mark.parametrize(("columns", "least"), [(80, 32), (100, 32), (140, 50)])
def test_snippets_have_room(small: Path, terminal: Callable[..., str], columns: int, least: int) -> None:
    head, *lines = plain(terminal("--db", small, "search", "kettle", columns=columns)).splitlines()
    assert head.index("ID") - head.index("FOUND") - 2 >= least
    assert all("«" in line for line in lines[:-1])


def test_a_hit_never_has_the_score_of_none() -> None:
    """A word in more than half of all texts weighs next to nothing."""
    assert [_score(score) for score in (1.0, 0.5, 0.01, 0.0099, 0.0)] == ["1.00", "0.50", "0.01", "<0.01", "<0.01"]


def test_an_unknown_field(small: Path, cli: Cli) -> None:
    for text in ("kettle", "nowhere"):
        done = cli("--db", small, "search", text, "--fields", "colour")
        assert (done.code, done.out) == (2, "")


def test_a_terminal_shows_marks_colours_and_a_closing_remark(small: Path, terminal: Callable[..., str]) -> None:
    shown = terminal("--db", small, "search", "slow kettle", "-n", "3")
    assert "«\x1b[1;33mkettle\x1b[0m»" in shown
    assert re.search(r"note:  3 hits in \d+ ms \(text\) · more: --limit 6\s*$", plain(shown))
    assert "Juniper/scratchpad" in shown
    assert re.search(r"mem_[0-9a-f]{6}\b", shown)


def test_the_first_found_word_stays_on_a_narrow_terminal(small: Path, terminal: Callable[..., str]) -> None:
    lines = plain(terminal("--db", small, "search", "kettle", columns=100)).splitlines()
    assert all("«" in line for line in lines[1:-1])


def test_without_colour_the_marks_stay(small: Path, terminal: Callable[..., str]) -> None:
    shown = terminal("--db", small, "search", "slow kettle", "-n", "3", NO_COLOR="1")
    assert "«kettle»" in plain(shown)
    assert "\x1b[1;33m" not in shown


def test_no_hits_are_no_failure(small: Path, cli: Cli, terminal: Callable[..., str]) -> None:
    done = cli("--db", small, "search", "nowhere")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert json.loads(cli("--db", small, "search", "nowhere", "--json").out) == []
    assert "nothing holds nowhere → word* finds continuations" in terminal("--db", small, "search", "nowhere")
    assert "there is no word in that text" in terminal("--db", small, "search", "…")


@pytest.mark.parametrize("text", ["what's \"up", '"', "", "-", "a AND", "(((", "🫖", "x" * 100_000, "w " * 50_000])
def test_any_text_is_valid(small: Path, cli: Cli, text: str) -> None:
    done = cli("--db", small, "search", "--json", "--", text)
    assert done.code == 0
    assert isinstance(json.loads(done.out), list)


def test_a_text_may_begin_with_a_minus(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "search", "--json", "--in", "messages", "--", "-slow kettle")
    assert done.code == 0
    assert not any("slow" in hit["snippet"].lower() for hit in json.loads(done.out))
    refused = cli("--db", small, "search", "--", "-slow")
    assert (refused.code, refused.out) == (2, "")
    assert "the text only says what not to find" in refused.err


def test_filters(small: Path, cli: Cli) -> None:
    def hits(*options: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(cli("--db", small, "search", "slow kettle", "--json", *options).out)
        return found

    assert {hit["kind"] for hit in hits("--in", "memory, archival")} == {"memory", "archival"}
    assert {hit["agent_name"] for hit in hits("--agent", "Marlow")} == {"Marlow"}
    assert {hit["role"] for hit in hits("--role", "user")} == {"user"}
    assert all(hit["created_at"] >= "2025-11-10T12" for hit in hits("--since", "2025-11-10T12:00Z", "--in", "messages"))
    assert hits("--until", "100y") == []
    for option, key in {"--archived": "is_archived", "--deleted": "is_deleted"}.items():
        assert not any(hit[key] for hit in hits("--limit", "500"))
        assert any(hit[key] for hit in hits("--limit", "500", option))


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--in", "mail"), 2, '"mail" cannot be searched'),
        (("--in", "memory", "--role", "user"), 2, "--role fits messages only"),
        (("--role", "chef"), 2, 'no message has the role "chef"'),
        (("--agent", "Junper"), 3, "did you mean Juniper?"),
        (("--batch", "nothing"), 3, "no batch has an id"),
        (("--since", "soon"), 2, '"soon" is not a time'),
        (("--syntax", "fts5", "--in", "messages", "--agent", "Juniper"), 0, ""),
    ],
)
def test_faulty_options(small: Path, cli: Cli, options: tuple[str, ...], code: int, said: str) -> None:
    done = cli("--db", small, "search", "kettle", *options)
    assert done.code == code
    assert said in done.err


def test_an_expert_expression_fails_in_the_words_of_fts5(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "search", "--syntax", "fts5", "slow AND", "--json")
    assert (done.code, done.out) == (2, "")
    said = json.loads(done.err)
    assert said["error"] == "usage"
    assert said["message"] == "'slow AND' is not an FTS5 query: syntax error near \"\""


def test_an_index_that_cannot_be_used_is_named(database: Database, cli: Cli) -> None:
    done = cli("--db", database("versions/0001.db"), "search", "kettle")
    assert done.code == 0
    assert "the full-text index of messages cannot be used: it does not exist" in done.err


def test_control_characters_do_not_reach_a_terminal(small: Path, cli: Cli) -> None:
    connection = apsw.Connection(str(small))
    hostile = "\x1b[2J\u202ekettle\u202c\x07 \x1b]0;title\x07 hostile"
    connection.execute("UPDATE messages SET content_preview = ?", (hostile,))
    connection.close()
    for form in ("table", "tsv", "json", "csv", "markdown"):
        out = cli("--db", small, "search", "hostile", "--in", "messages", "--format", form, "-n", "2").out
        assert "hostile" in out
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", out)


WRITER = """
import sys, time, apsw
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(5000)
number = 0
while True:
    number += 1
    connection.execute(
        "INSERT INTO messages(id, agent_id, position, batch_id, role, content_json, content_preview, created_at)"
        " SELECT ?1, id, '1', '1', 'user', '{}', 'written beside', '2026-01-08 00:00:00' FROM agents LIMIT 1",
        (f"beside{number}",),
    )
    connection.execute("UPDATE messages SET content_preview = 'changed beside' WHERE id = ?", (f"beside{number - 1}",))
    print(number, flush=True)
"""


def test_searching_beside_a_writer(small: Path, cli: Cli) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(small)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout
        writer.stdout.readline()
        for _ in range(5):
            done = cli("--db", small, "search", "beside", "--json")
            assert (done.code, done.err) == (0, "")
            assert len(json.loads(done.out)) >= 1
    finally:
        writer.kill()
        writer.wait()


def test_reading_leaves_no_trace(small: Path, cli: Cli) -> None:
    before = {file.name: file.read_bytes() for file in small.parent.iterdir()}
    assert cli("--db", small, "search", "slow kettle").code == 0
    assert {file.name: file.read_bytes() for file in small.parent.iterdir()} == before
