"""`pattern memory` as a person and a script meet it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import loro
import pytest

Cli = Callable[..., Any]
Show = Callable[..., Any]
SMALL = "constellations/small.db"
SCRATCHPAD_LINE = "line 1: Waits ceramic bicycle."


@pytest.fixture
def small(read_only: Callable[[str], Path]) -> Path:
    return read_only(SMALL)


@pytest.fixture
def put(database: Callable[[str], Path]) -> Callable[..., Path]:
    """A copy of the small database with one more block of Marlow's: put("label", snapshot, preview)."""

    def copy(label: str, snapshot: bytes, preview: str | None = None, metadata: str | None = None) -> Path:
        path = database(SMALL)
        connection = apsw.Connection(str(path))
        connection.execute(
            """INSERT INTO memory_blocks (id, agent_id, label, description, block_type, loro_snapshot, content_preview,
                                          metadata, created_at, updated_at)
               VALUES ('mem_put', 'agt_19a6f2c3b40', ?, '', 'core', ?, ?, ?, ?, ?)""",
            (label, snapshot, preview, metadata, "2026-01-08 19:02:18", "2026-01-08 19:02:18"),
        )
        connection.close()
        return path

    return copy


def _snapshot(text: str) -> bytes:
    doc = loro.LoroDoc()
    doc.get_text("content").insert(0, text)
    doc.commit()
    return bytes(doc.export(loro.ExportMode.Snapshot()))


def test_the_list_shows_how_full_blocks_are_and_with_whom_they_are_shared(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "memory", "list", "Juniper", "--format", "table", env={"COLUMNS": "160"})

    assert done.code == 0
    lines = {line.split()[0]: line for line in done.out.splitlines()}
    assert lines["LABEL"].split() == ["LABEL", "TYPE", "USED", "/", "LIMIT", "PERMISSION", "UPDATED", "SHARED", "WITH"]
    assert "██▌░░░░░░░        507/2 000  append" in lines["scratchpad"]
    assert "📌" in lines["scratchpad"]
    assert lines["crew_board"].rstrip().endswith("← Harbor Crew")
    assert "read_only" in lines["commons"]
    assert "retired" not in lines


def test_without_an_owner_the_list_names_the_owners(small: Path, cli: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("--db", small, "memory", "list", "--format", "csv").out)))

    assert len(rows) == 37
    assert next(iter(rows[0])) == "owner"
    board = next(row for row in rows if row["label"] == "crew_board")
    assert (board["owner"], board["used"], board["char_limit"]) == ("Harbor Crew", "254", "2000")
    assert [share["agent_name"] for share in json.loads(board["shared_with"])] == ["Juniper", "Marlow", "Quill ツ שלום"]


def test_deleted_blocks_and_types_can_be_asked_for(small: Path, cli: Cli) -> None:
    words = ("--db", small, "memory", "list", "Juniper", "--json", "--fields", "label,is_active")
    every = json.loads(cli(*words, "--all").out)
    logs = json.loads(cli(*words, "--type", "log").out)

    assert {"label": "retired", "is_active": False} in every
    assert logs == [{"label": "observations", "is_active": True}]
    assert cli(*words, "--inactive").out == cli(*words, "--all").out


def test_a_list_without_rows_says_what_to_do(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "memory", "list", "Night Watch", "--format", "table")

    assert (done.code, done.out) == (0, "")
    assert "--all" in done.err


def test_a_damaged_block_is_marked_and_counted(put: Callable[..., Path], cli: Cli) -> None:
    done = cli("--db", put("broken", b"junk"), "memory", "list", "Marlow", "--format", "table")

    assert done.code == 0
    assert any("broken" in line and "unreadable" in line for line in done.out.splitlines())
    assert "polyglot" in done.out
    assert "1 row could not be decoded" in done.err


@pytest.mark.parametrize("columns", [80, 100, 160])
def test_labels_and_numbers_survive_on_a_narrow_terminal(
    columns: int, database: Callable[[str], Path], seen: Callable[..., str], golden: Callable[[str, str], None]
) -> None:
    golden(f"memory-list-{columns}.txt", seen("--db", database(SMALL), "memory", "list", "Juniper", columns=columns))


def test_show_prints_a_header_line_and_the_content(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "memory", "show", "Juniper", "scratchpad", "--format", "table")

    header, first, *rest = done.out.splitlines()
    assert header.startswith("Juniper/scratchpad · working · text · 507/2 000 · append · pinned · updated ")
    assert (first, len(rest)) == (SCRATCHPAD_LINE, 11)
    assert "agents see lines 5 to 8 of its 12 lines" in done.err


def test_the_header_is_dim_on_a_terminal(small: Path, on_terminal: Show) -> None:
    header, first, *_ = on_terminal("--db", small, "memory", "show", "Juniper", "scratchpad").styled.splitlines()

    assert header.startswith("\x1b[2mJuniper/scratchpad · ")
    assert header.endswith("\x1b[0m")
    assert first == SCRATCHPAD_LINE


def test_no_color_leaves_the_header_plain(small: Path, on_terminal: Show) -> None:
    assert "\x1b" not in on_terminal("--db", small, "memory", "show", "Juniper", "scratchpad", NO_COLOR="1").styled


def test_long_content_goes_through_the_pager(put: Callable[..., Path], tmp_path: Path, on_terminal: Show) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho paged\nexec cat\n")
    pager.chmod(0o755)

    path = put("long", _snapshot("line\n" * 80))
    shown = on_terminal("--db", path, "memory", "show", "Marlow", "long", rows=60, PAGER=str(pager)).styled

    assert shown.startswith("paged\n")
    assert shown.count("line\n") == 80


def test_raw_is_the_exact_text_in_a_pipe(put: Callable[..., Path], cli: Cli) -> None:
    text = "\x1b[31mred\x1b[0m\r\n\u202ertl\x00 no end of line"

    done = cli("--db", put("exact", _snapshot(text)), "memory", "show", "Marlow", "exact", "--raw")

    assert (done.code, done.out, done.err) == (0, text, "")


def test_everywhere_else_harmful_characters_are_visible(put: Callable[..., Path], cli: Cli, on_terminal: Show) -> None:
    path = put("harmful", _snapshot("\x1b[31mred \u202ertl"))

    for words in (("--format", "table"), ("--rendered",), ("--json",), ("--format", "tsv"), ("--format", "markdown")):
        done = cli("--db", path, "memory", "show", "Marlow", "harmful", *words)
        assert "\x1b" not in done.out and "\u202e" not in done.out, words
    assert "\x1b[31m" not in on_terminal("--db", path, "memory", "show", "Marlow", "harmful", "--raw").styled


def test_rendered_is_what_the_runtime_makes_of_it(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "memory", "show", "Juniper", "scratchpad", "--rendered", "--raw")

    assert done.out.startswith("[Showing lines 5-8 of 12]\nline 5: ")
    assert done.out.count("\n") == 4


def test_json_has_the_value_and_the_facts(small: Path, cli: Cli) -> None:
    record = json.loads(cli("--db", small, "memory", "show", "Juniper", "human", "--json").out)

    assert record["value"]["energy"] == 3
    assert record["value"]["extra"] == {"alpha": [1, "two"], "mid": {"x": None}, "zeta": 1}
    assert (record["updates_active"], record["last_seq"], record["char_limit"]) == (15, 15, 3000)
    assert record["text"].startswith("nickname: Robin 7 🐦\n")


def test_json_of_the_rendering_has_it_as_text(small: Path, cli: Cli) -> None:
    words = (
        "--db",
        small,
        "memory",
        "show",
        "Juniper",
        "past_end",
        "--rendered",
        "--json",
        "--fields",
        "text,text_source",
    )

    assert json.loads(cli(*words).out) == {
        "text": "[Viewport: lines 50-54 of 2 (past end of content)]",
        "text_source": "runtime",
    }


def test_a_rendering_of_nothing_prints_nothing(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "memory", "show", "Juniper", "checkpoint_only", "--rendered")

    assert (done.code, done.out) == (0, "")


def test_numbers_that_json_cannot_hold_are_texts(put: Callable[..., Path], cli: Cli) -> None:
    doc = loro.LoroDoc()
    for value in (float("nan"), float("inf"), 2**63 - 1, b"\x00\xff"):
        doc.get_list("items").push(value)
    doc.commit()
    path = put("odd", bytes(doc.export(loro.ExportMode.Snapshot())), metadata='{"schema":{"List":{}}}')

    record = json.loads(cli("--db", path, "memory", "show", "mem_put", "--json").out, parse_constant=pytest.fail)

    assert record["value"] == ["NaN", "Infinity", 9223372036854775807, "AP8="]


def test_chosen_fields_are_printed_in_every_format(small: Path, cli: Cli) -> None:
    words = ("--db", small, "memory", "show", "Juniper", "persona", "--fields", "label,used")

    assert cli(*words).out == "label\tpersona\nused\t255\n"
    assert cli(*words, "--format", "table").out.split() == ["label", "persona", "used", "255"]
    assert json.loads(cli(*words, "--json").out) == {"label": "persona", "used": 255}


def test_a_preview_stands_in_for_an_empty_document_and_is_marked(put: Callable[..., Path], cli: Cli) -> None:
    done = cli("--db", put("rescued", b"", preview="old words"), "memory", "show", "mem_put", "--format", "table")

    assert done.code == 0
    assert "preview from the archive" in done.out.splitlines()[0]
    assert done.out.splitlines()[1:] == ["old words"]
    assert "preview from the archive" in done.err


def test_an_unreadable_document_shows_its_facts_and_ends_with_5(put: Callable[..., Path], cli: Cli) -> None:
    path = put("broken", b"junk")
    on_terminal = cli("--db", path, "memory", "show", "Marlow", "broken", "--format", "table")
    as_json = cli("--db", path, "memory", "show", "Marlow", "broken", "--json")

    assert on_terminal.code == as_json.code == 5
    assert on_terminal.out.startswith("Marlow/broken · core · ")
    assert "warning: the snapshot: it is no Loro data" in on_terminal.err
    assert json.loads(as_json.out)["text_source"] is None
    assert '"error":"integrity"' in as_json.err


def test_an_unreadable_document_with_a_preview_is_shown_with_a_warning(put: Callable[..., Path], cli: Cli) -> None:
    path = put("broken", b"junk", preview="old words")
    done = cli("--db", path, "memory", "show", "Marlow", "broken", "--format", "table")

    assert (done.code, done.out.splitlines()[1]) == (0, "old words")
    assert "it is no Loro data" in done.err
    assert cli("--db", path, "memory", "show", "Marlow", "broken", "--raw").code == 5


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("Juniper", "personna"), 3, "did you mean persona?"),
        (("Junper", "persona"), 3, "did you mean Juniper?"),
        (("mem_",), 3, "one of mem_"),
        (("Juniper",), 2, "memory list"),
    ],
)
def test_what_is_not_found_is_said_in_one_sentence(
    small: Path, cli: Cli, words: tuple[str, ...], code: int, hint: str
) -> None:
    done = cli("--db", small, "memory", "show", *words)

    assert (done.code, done.out) == (code, "")
    assert hint in done.err


@pytest.mark.parametrize("name", ["versions/0001.db", "imported/small-constellation-keep-PARTIAL.db", "wal/live.db"])
def test_every_block_of_other_databases_is_shown(read_only: Callable[[str], Path], cli: Cli, name: str) -> None:
    path = read_only(name)
    before = sorted(entry.name for entry in path.parent.iterdir())
    rows = json.loads(cli("--db", path, "memory", "list", "--json").out)

    done = cli("--db", path, "memory", "show", rows[0]["id"], "--json")

    assert done.code == 0
    assert json.loads(done.out)["label"] == rows[0]["label"]
    assert sorted(entry.name for entry in path.parent.iterdir()) == before


def test_the_help_has_examples_and_statuses(cli: Cli) -> None:
    for words in (("list",), ("show",)):
        out = cli("memory", *words, "--help").out
        assert "Examples:" in out and "Exit status:" in out
