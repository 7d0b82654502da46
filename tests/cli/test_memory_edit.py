"""`pattern memory set`, `append`, `replace` and `edit` as a person and a script meet them."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Sql = Callable[..., list[Any]]


@pytest.fixture
def small(database: Callable[[str], Path]) -> Path:
    return database("constellations/small.db")


@pytest.fixture
def shown(cli: Cli, small: Path) -> Callable[..., str]:
    """The text of one of Juniper's blocks, byte for byte."""
    return lambda label, owner="Juniper": str(cli("--db", small, "memory", "show", owner, label, "--raw").out)


@pytest.fixture
def editor(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """editor("text.replace(…)"): the environment in which an editor makes that of `text`."""

    def use(expression: str) -> dict[str, str]:
        script = tmp_path / "editor.py"
        script.write_text(
            "import sys, pathlib\npath = pathlib.Path(sys.argv[1])\ntext = path.read_bytes().decode()\n"
            f"path.write_bytes(({expression}).encode())\n"
        )
        return {
            "EDITOR": f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}",
            "XDG_STATE_HOME": str(tmp_path / "state"),
        }

    return use


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "state").rglob("*.*"))


def test_set_from_a_word_a_file_and_standard_input(cli: Cli, small: Path, tmp_path: Path, shown: Any) -> None:
    (tmp_path / "notes.md").write_bytes("from a file\r\n☕".encode())
    for word, stdin, text in (
        ("a word", b"", "a word"),
        ("@notes.md", b"", "from a file\r\n☕"),
        ("-", b"from a pipe\n", "from a pipe\n"),
        ("@@at", b"", "@at"),
    ):
        done = cli("--db", small, "memory", "set", "Juniper", "persona", word, stdin=stdin)
        assert (done.code, done.err, shown("persona")) == (0, "", text)


def test_a_change_says_what_it_did(cli: Cli, small: Path, on_terminal: Any) -> None:
    done = cli("--db", small, "memory", "append", "Juniper", "finished_plan", " More.", "--json")
    record = json.loads(done.out)
    assert record["seq"] == 2 and record["updated_at"].endswith("Z")
    assert (record["used"] - record["used_before"], record["before"], record["changed"]) == (6, "", True)
    text = on_terminal("--db", small, "memory", "append", "Juniper", "finished_plan", "!").text
    assert text == "Juniper/finished_plan\nstored  update 3\nholds   24 characters (+1)\n"
    again = on_terminal("--db", small, "memory", "replace", "Juniper", "finished_plan", "More", "More").text
    assert "stored  nothing: the content is so already" in again


def test_a_dry_run_shows_the_difference_in_colour(cli: Cli, small: Path, on_terminal: Any) -> None:
    words = ("--db", small, "memory", "replace", "Juniper", "persona", "careful", "quick", "--dry-run")
    before = small.read_bytes()
    screen = on_terminal(*words)
    assert "nothing was written" in screen.text and "\x1b[31m[-careful-]\x1b[0m\x1b[32m{+quick+}" in screen.styled
    assert "[-careful-]{+quick+}" in cli(*words, "--format", "table").out
    record = json.loads(cli(*words, "--json").out)
    assert (
        record["dry_run"] and record["seq"] is None and record["after"] == record["before"].replace("careful", "quick")
    )
    assert small.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("set", "Junper", "persona", "x"), 3, "did you mean Juniper?"),
        (("set", "Juniper", "persna", "x"), 3, "did you mean persona?"),
        (("set", "Juniper", "todo", "x"), 2, "holds a list, no text"),
        (("set", "Juniper", "old_minutes", "x"), 7, "its permission is read_only (nobody changes it)"),
        (("set", "Juniper", "scratchpad", "x"), 7, "its permission is append (text may only be added)"),
        (("set", "Juniper", "retired", "x"), 7, "is deleted"),
        (("append", "Juniper", "shared_0", "x"), 7, "the permission that Juniper has for it"),
        (("append", "Juniper", "persona", "x" * 6000), 7, "would have 6255 characters, its limit is 5000 (now 255)"),
        (("replace", "Juniper", "persona", "kettel", "x"), 3, '"kettel" does not stand in the text'),
        (("replace", "Juniper", "persona", "e", "x"), 3, "times in the text"),
        (("replace", "Juniper", "persona", "(", "x", "--regex"), 2, "is no regular expression"),
        (("set", "Juniper", "persona", "@none.md"), 1, "none.md cannot be read"),
        (("append", "Juniper", "persona", "--line"), 2, "TEXT|@FILE|-"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    cli: Cli, small: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    before = small.read_bytes()
    done = cli("--db", small, "memory", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err and done.err.startswith("error: ") and done.err.count("\n") == 2
    assert small.read_bytes() == before


def test_bytes_that_are_no_text_are_refused(cli: Cli, small: Path) -> None:
    done = cli("--db", small, "memory", "set", "Juniper", "persona", "-", stdin=b"\xff\xfe")
    assert done.code == 2 and "standard input is no UTF-8 text: byte 0 is wrong" in done.err


def test_an_administrator_may(cli: Cli, small: Path, shown: Any) -> None:
    for words in (
        ("set", "Juniper", "old_minutes", "x", "--as-admin"),
        ("append", "Juniper", "persona", "x" * 6000, "--force-limit"),
    ):
        assert cli("--db", small, "memory", *words).code == 0
    assert shown("old_minutes") == "x" and len(shown("persona")) == 6255


def test_groups_and_the_constellation(cli: Cli, small: Path, shown: Any) -> None:
    for owner, label in (("Harbor Crew", "crew_board"), ("_constellation_", "commons")):
        assert cli("--db", small, "memory", "append", owner, label, "A notice.", "--line").code == 0
        assert shown(label, owner).endswith("\nA notice.\n")


def test_a_text_is_edited_as_it_is(cli: Cli, small: Path, editor: Any, shown: Any, tmp_path: Path) -> None:
    before = shown("persona")
    done = cli("--db", small, "memory", "edit", "Juniper", "persona", env=editor("text.replace('careful', 'quick')"))
    assert (done.code, shown("persona"), kept(tmp_path)) == (0, before.replace("careful", "quick"), [])


def test_a_line_break_that_the_editor_added_is_not_stored(cli: Cli, small: Path, editor: Any, shown: Any) -> None:
    cli("--db", small, "memory", "set", "Juniper", "persona", "no end")
    cli("--db", small, "memory", "edit", "Juniper", "persona", env=editor("text + ', really' + chr(10)"))
    assert shown("persona") == "no end, really"


def test_an_unchanged_text_writes_nothing(cli: Cli, small: Path, editor: Any) -> None:
    done = cli("--db", small, "memory", "edit", "Juniper", "todo", "--json", env=editor("text"))
    assert json.loads(done.out)["changed"] is False


def test_a_list_is_edited_as_toml(cli: Cli, small: Path, editor: Any, run_sql: Sql) -> None:
    env = editor("text.replace('\"not json\"', '\"no json\"').replace('42,', '')")
    done = cli("--db", small, "memory", "edit", "Juniper", "todo", "--json", env=env)
    value = json.loads(cli("--db", small, "memory", "show", "Juniper", "todo", "--json").out)["value"]
    assert done.code == 0 and value[-1] == "no json" and 42 not in value and len(value) == 10
    (size,) = run_sql(small, "SELECT max(byte_size) FROM memory_block_updates WHERE source = 'manual'")[0]
    assert size < 200


def test_a_block_that_was_changed_meanwhile_keeps_both_texts(
    cli: Cli, small: Path, editor: Any, shown: Any, tmp_path: Path
) -> None:
    program = f"{shlex.quote(sys.executable)} -m pattern_cli --db {shlex.quote(str(small))}"
    command = f"{program} memory set Juniper persona theirs"
    env = editor(f"(__import__('subprocess').run({command!r}, shell=True, check=True), 'mine')[1]")
    done = cli("--db", small, "memory", "edit", "Juniper", "persona", env=env)
    assert done.code == 4 and "Juniper/persona was changed meanwhile" in done.err
    (file,) = kept(tmp_path)
    assert file.read_text() == "mine" and str(file) in done.err.replace("\n", "") and shown("persona") == "theirs"


@pytest.mark.parametrize(
    ("label", "expression", "said"),
    [
        ("todo", "text + 'items = 1'", "the edited text is no TOML"),
        ("todo", "'items = 1'", "is a list, which 1 is not"),
    ],
)
def test_a_mistake_keeps_the_text(
    cli: Cli, small: Path, editor: Any, tmp_path: Path, label: str, expression: str, said: str
) -> None:
    done = cli("--db", small, "memory", "edit", "Juniper", label, env=editor(expression))
    assert done.code == 2 and said in done.err and "your text is kept in" in done.err
    assert [file.suffix for file in kept(tmp_path)] == [".toml"]


def test_what_cannot_be_changed_is_said_before_anybody_types(
    cli: Cli, small: Path, editor: Any, tmp_path: Path
) -> None:
    done = cli("--db", small, "memory", "edit", "Juniper", "old_minutes", env=editor("1/0"))
    assert done.code == 7 and "its permission is read_only" in done.err
    assert not (tmp_path / "state").exists()


def test_a_dry_run_keeps_what_was_typed(cli: Cli, small: Path, editor: Any, shown: Any, tmp_path: Path) -> None:
    words = ("--db", small, "memory", "edit", "Juniper", "persona", "--dry-run", "--format", "table")
    before = shown("persona")
    done = cli(*words, env=editor("'mine'"))
    (file,) = kept(tmp_path)
    assert (file.read_text(), shown("persona")) == ("mine", before)
    assert "your text is kept in" in done.err and "nothing was written" in done.out
