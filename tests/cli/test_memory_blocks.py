"""`pattern memory create`, `meta`, `delete`, `restore` and `purge` as a person meets them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def small(database: Callable[[str], Path]) -> Path:
    return database("constellations/small.db")


def test_create_from_every_place(small: Path, cli: Run, tmp_path: Path) -> None:
    (tmp_path / "text.md").write_text("from a file ☕\n", encoding="utf-8")
    create = ("--db", small, "memory", "create", "Juniper")
    assert cli(*create, "one", "--from", "@text.md").code == 0
    assert cli(*create, "two", "--from", "-", stdin=b"from a pipe\r\n").code == 0
    assert cli("--db", small, "memory", "show", "Juniper", "one", "--raw").out == "from a file ☕\n"
    bad = cli(*create, "three", "--from", "-", stdin=b"\xff\xfe")
    assert (bad.code, bad.err.splitlines()[0]) == (
        2,
        "error: --from: standard input is no UTF-8 text: byte 0 is wrong",
    )
    assert cli("--db", small, "memory", "show", "Juniper", "three").code == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("card.toml", '[[Map.fields]]\nname = "who"\ndescription = "a name"\nfield_type = "Text"\nrequired = true\n'),
        (
            "card.json",
            '{"schema": {"Map": {"fields": [{"name": "who", "description": "a name", "field_type": "Text", '
            '"required": true}]}}}',
        ),
    ],
)
def test_a_schema_from_a_file(small: Path, cli: Run, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    done = cli("--db", small, "memory", "create", "Juniper", "card", "--schema", f"@{name}", "--json")
    (field,) = json.loads(done.out)["schema"]["Map"]["fields"]
    assert field == {
        "name": "who",
        "description": "a name",
        "field_type": "Text",
        "required": True,
        "default": None,
        "read_only": False,
    }
    both = cli("--db", small, "memory", "create", "Juniper", "x", "--schema", f"@{name}", "--field", "a:Text")
    assert (both.code, "--field goes not with it" in both.err) == (2, True)


def test_fields_by_words(small: Path, cli: Run) -> None:
    words = ("--schema", "list", "--field", "title:Text:what to do", "--field", "done:bool", "--max-items", "9")
    done = cli("--db", small, "memory", "create", "Marlow", "plan", *words, "--from", '[{"title": "tea"}]', "--json")
    made = json.loads(done.out)
    assert (made["schema_type"], made["seq"], made["schema"]["List"]["max_items"]) == ("list", 1, 9)
    shown = json.loads(cli("--db", small, "memory", "show", "Marlow", "plan", "--json").out)
    assert shown["value"] == [{"title": "tea"}]


def test_remarks_are_notes_or_keys(small: Path, cli: Run) -> None:
    line = ("--db", small, "memory", "create", "Juniper", "Persona", "--dry-run")
    told = cli(*line)
    assert 'note:  "Juniper" also has a block "persona"' in told.err
    told = cli(*line, "--json")
    assert told.err == "" and len(json.loads(told.out)["remarks"]) == 2


def test_a_deleted_block_says_the_ways_out(small: Path, cli: Run) -> None:
    done = cli("--db", small, "memory", "create", "Juniper", "retired")
    assert done.code == 4
    assert 'has a deleted block "retired", which keeps the label' in done.err
    assert 'memory restore "Juniper" "retired"` brings it back' in done.err


def test_meta(small: Path, cli: Run) -> None:
    line = ("--db", small, "memory", "meta", "Juniper", "scratchpad")
    done = cli(*line, "--permission", "Read-Only", "--unpinned", "--limit", "9", "--viewport", "2..4", "--json")
    changes = {one["name"]: (one["before"], one["after"]) for one in json.loads(done.out)["changes"]}
    assert changes == {
        "permission": ("append", "read_only"),
        "pinned": (True, False),
        "char_limit": (2000, 9),
        "viewport": ({"start_line": 5, "display_lines": 4}, {"start_line": 2, "display_lines": 3}),
    }
    assert cli(*line, "--viewport", "none").code == 0
    assert cli(*line, "--rename", "pad").code == 0
    assert cli("--db", small, "memory", "show", "Juniper", "pad").code == 0
    assert "nothing is named that shall change" in cli("--db", small, "memory", "meta", "Juniper", "pad").err


def test_beside_a_runtime(small: Path, cli: Run, hold: Callable[[Path], int]) -> None:
    hold(small)
    memory = ("--db", small, "memory")
    assert cli(*memory, "create", "Juniper", "fresh", "--from", "words").code == 0
    for option in (("--permission", "append"), ("--type", "working"), ("--pinned",), ("--description", "x")):
        assert cli(*memory, "meta", "Juniper", "persona", *option).code == 0, option
    limit = cli(*memory, "meta", "Juniper", "persona", "--limit", "9000")
    assert limit.code == 0 and "keeps limit, label and schema until it restarts" in limit.err
    for option, reason in (
        (("--viewport", "1..5"), "keeps the one it has loaded until it restarts"),
        (("--rename", "self"), "would no longer save its edits"),
    ):
        for more in ((), ("--dry-run",)):
            refused = cli(*memory, "meta", "Juniper", "persona", *option, *more)
            assert refused.code == 7 and reason in refused.err and "--force" in refused.err
        assert cli(*memory, "meta", "Juniper", "persona", *option, "--force").code == 0
    gone = cli(*memory, "delete", "Juniper", "self", "--as-admin", "--yes")
    assert gone.code == 0 and "still finds it by its label until it restarts" in gone.err
    purge = cli(*memory, "purge", "Juniper", "self", "--yes")
    assert purge.code == 7 and "would fail to save its edits" in purge.err
    assert not (small.parent / "backups").exists()
    assert cli(*memory, "restore", "Juniper", "self").code == 0
    assert cli(*memory, "share", "Juniper", "self", "Marlow").code == 0
    assert cli(*memory, "unshare", "Juniper", "self", "Marlow").code == 0
    assert cli(*memory, "purge", "Juniper", "self", "--as-admin", "--yes", "--force").code == 0


def test_delete_asks(small: Path, cli: Run, on_terminal: Callable[..., Any]) -> None:
    line = ("--db", small, "memory", "delete", "Harbor Crew", "crew_board", "--as-admin")
    refused = cli(*line)
    assert refused.code == 7 and "--yes" in refused.err
    no = on_terminal(*line, answer="n")
    assert no.code == 7 and "is shared with Juniper, Marlow, Quill" in no.text
    yes = on_terminal(*line, answer="y")
    assert yes.code == 0 and "deleted" in yes.text
    again = cli(*line)
    assert again.code == 0, "what is deleted already needs no question"


def test_purge_saves_first(small: Path, cli: Run, on_terminal: Callable[..., Any]) -> None:
    line = ("--db", small, "memory", "purge", "Juniper", "retired")
    assert cli(*line).code == 7
    plan = json.loads(cli(*line, "--dry-run", "--json").out)
    assert plan["dry_run"] and plan["updates"] == 1 and plan["snapshot"] is None
    asked = on_terminal(*line, answer="n")
    assert asked.code == 7 and "which cannot be brought back" in asked.text
    done = json.loads(cli(*line, "--yes", "--json").out)
    assert not done["dry_run"]
    held = cli("--db", done["snapshot"], "memory", "show", "Juniper", "retired")
    assert held.code == 0
    assert cli("--db", small, "memory", "show", "Juniper", "retired").code == 3


def test_a_label_cannot_write_on_the_terminal(small: Path, run_sql: Run, on_terminal: Callable[..., Any]) -> None:
    run_sql(small, "UPDATE memory_blocks SET label = 'a' || char(27) || '[2Jb' WHERE label = 'retired'")
    id = run_sql(small, "SELECT id FROM memory_blocks WHERE is_active = 0")[0][0]
    asked = on_terminal("--db", small, "memory", "purge", id, answer="n")
    assert asked.code == 7 and "\x1b[2J" not in asked.styled
    assert r"purge Juniper/a\x1b[2Jb for good? [y/N]" in asked.styled


def test_no_snapshot(small: Path, cli: Run) -> None:
    done = cli("--db", small, "memory", "purge", "Juniper", "retired", "--yes", "--no-snapshot", "--json")
    assert json.loads(done.out)["snapshot"] is None and not (small.parent / "backups").exists()


@pytest.mark.parametrize(
    ("line", "code", "said", "hint"),
    [
        (("create", "Junper", "x"), 3, 'no agent or group named "Junper"', "did you mean Juniper?"),
        (("create", "Juniper", "x\x1b[1m"), 2, "U+001B", "control characters"),
        (("create", "Juniper", "x", "--schema", "lst"), 2, '"lst" is no schema', "did you mean list?"),
        (("create", "Juniper", "x", "--permission", "reed-only"), 2, "is no permission", "did you mean read_only?"),
        (("create", "Juniper", "x", "--limit", "-5"), 2, "-5 cannot be a limit", "from 1"),
        (("create", "Juniper", "x", "--limit", "2", "--from", "abc"), 7, "3 characters, its limit is 2", "--limit 3"),
        (("create", "Juniper", "x", "--schema", "@none.json"), 1, "none.json cannot be read", "@@"),
        (("meta", "Juniper", "persna", "--pinned"), 3, 'has no block "persna"', "did you mean persona?"),
        (("meta", "Juniper", "persona", "--limit", "99999999999999999999"), 2, "cannot be a limit", "from 1"),
        (("delete", "Juniper", "persona"), 7, "only admin allows it", "--as-admin"),
        (("purge", "Marlow", "crew_board"), 7, "only receives", "Harbor Crew"),
    ],
)
def test_mistakes(small: Path, cli: Run, line: tuple[str, ...], code: int, said: str, hint: str) -> None:
    before = small.read_bytes()
    done = cli("--db", small, "memory", *line)
    error, told = done.err.splitlines()[:2]
    assert (done.code, done.out) == (code, "")
    assert said in error and hint in told
    assert small.read_bytes() == before


def test_screens(small: Path, seen: Callable[..., str]) -> None:
    screen = seen("--db", small, "memory", "create", "Harbor Crew", "plan", "--members", "--dry-run")
    assert "is           working · text · read_write" in screen
    assert "shared with  Juniper, Marlow, Quill" in screen
    screen = seen("--db", small, "memory", "meta", "Juniper", "persona", "--pinned", "--dry-run")
    assert "changed  pinned false → true" in screen and "dry run  nothing was written" in screen


def test_one_standard_input_for_two(small: Path, cli: Run) -> None:
    done = cli("--db", small, "memory", "create", "Juniper", "x", "--from", "-", "--description", "-", stdin=b"words")
    assert done.code == 2 and "cannot both be standard input" in done.err


def test_two_at_once_get_one_label(small: Path) -> None:
    words = [sys.executable, "-m", "pattern_cli", "--db", str(small), "memory", "create", "Juniper", "both"]
    running = [subprocess.Popen([*words, "--from", text], stderr=subprocess.PIPE, text=True) for text in ("a", "b")]
    told = [process.communicate()[1] for process in running]
    assert sorted(process.returncode for process in running) == [0, 4]
    assert any('"Juniper" has a block "both" already' in said for said in told)


def test_content_that_is_too_large_beside_a_runtime_leaves_no_block(
    small: Path, cli: Run, hold: Callable[[Path], int]
) -> None:
    hold(small)
    line = ("--db", small, "memory", "create", "Juniper", "large", "--limit", "9000000", "--from", "-")
    # Random enough that it cannot be packed.
    large = "".join(f"{number * 2_654_435_761 % 2**32:08x}" for number in range(1_000_000)).encode()
    done = cli(*line, stdin=large)
    assert done.code == 7 and "would hold the write lock" in done.err
    assert cli("--db", small, "memory", "show", "Juniper", "large").code == 3
