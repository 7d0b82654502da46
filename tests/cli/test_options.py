"""How commands are declared: shared options before and after, help sections, what a `Run` writes, says and asks."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pexpect
import pytest
import typer
from typer._click.exceptions import ClickException

from pattern_cli.cli.making import acts, walk
from pattern_cli.cli.options import EXITS, Group, Run, Together, field_names
from pattern_cli.errors import RefusedError, UsageError
from pattern_cli.render.formats import Format
from pattern_cli.render.tables import Column, Layout, Line, Table

ROOT = Path(__file__).resolve().parents[2]
Captured = pytest.CaptureFixture[str]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    count: int = 0
    damage: tuple[str, ...] = ()


TABLE = Table((Column("name", "NAME"), Column("count", "COUNT")), record=Row)
LAYOUT = Layout(lines=(Line("name", "name"),))
runs: list[tuple[Run, dict[str, Any]]] = []
toys = Group("toys", help="Toys: things to try.")
alone = Group("alone", help="One command.", alone=True)


@toys.command("list", rows=TABLE, examples=("pattern toys list", "pattern toys list --json"), exits=(7,))
def list_toys(
    run: Run, words: Annotated[list[str] | None, typer.Argument(help="Any.")] = None, loud: bool = False
) -> None:
    """List the toys.

    More about toys.
    """
    runs.append((run, {"words": words, "loud": loud}))
    run.rows([Row("bear", 2), Row("kite", 1, ("odd",))])


@toys.command("show", record=LAYOUT, examples=("pattern toys show",))
def show_toy(run: Run) -> None:
    """Show a toy."""
    runs.append((run, {}))
    run.show(Row("kite", 1, ("count: odd", "name: odd")))


class Looks(Together):
    colour: Annotated[str | None, typer.Option("--colour", help="Only of this colour.")] = None
    broken: Annotated[bool, typer.Option("--broken", help="Broken ones too.")] = False


@toys.command("find", rows=TABLE, examples=("pattern toys find",))
def find_toys(
    run: Run, place: Annotated[str | None, typer.Argument(help="Where.")] = None, *, looks: Looks, loud: bool = False
) -> None:
    """Find toys."""
    runs.append((run, {"place": place, "looks": vars(looks), "loud": loud}))


@toys.command("wind", examples=("pattern toys wind",), db=False)
def wind_toy(run: Run) -> None:
    """Wind a toy up."""
    runs.append((run, {}))


@alone.default(record=LAYOUT, examples=("pattern alone",), exits=(6,))
def do_alone(run: Run, much: bool = False) -> None:
    """Do it alone."""
    runs.append((run, {"much": much}))


@alone.command("list", rows=TABLE, examples=("pattern alone list",))
def list_alone(run: Run) -> None:
    """List what was done."""
    runs.append((run, {}))


def invoke(group: Group, *words: str) -> tuple[Run, dict[str, Any]]:
    """Run a command of a group and return the `Run` and the arguments it got."""
    runs.clear()
    command: Any = typer.main.get_command(group.app)
    with command.make_context("pattern", list(words)) as context:
        command.invoke(context)
    ((run, given),) = runs
    return run, given


def help_of(group: Group, *words: str) -> str:
    command: Any = typer.main.get_command(group.app)
    for word in words:
        command = command.commands[word]
    context = command.make_context("pattern", [], resilient_parsing=True)
    return str(command.get_help(context))


def nested() -> Group:
    """`kit`, in it `kit box` and in that `kit box lid`."""
    kit, box, lid = (Group(name, help=f"A {name}.") for name in ("kit", "box", "lid"))

    @kit.command("list", rows=TABLE, examples=("pattern kit list",))
    def _list(run: Run) -> None:
        """List the kits."""
        runs.append((run, {}))

    @box.default(record=LAYOUT, examples=("pattern kit box",))
    def _box(run: Run) -> None:
        """Look at the box."""
        runs.append((run, {}))

    @lid.command("turn", record=LAYOUT, examples=("pattern kit box lid turn 3",), exits=(4,))
    def _turn(run: Run, times: Annotated[int, typer.Argument(help="How often.")] = 1) -> None:
        """Turn the lid."""
        runs.append((run, {"times": times}))

    box.add(lid)
    kit.add(box)
    return kit


def test_groups_nest_to_any_depth() -> None:
    kit = nested()
    command: Any = typer.main.get_command(kit.app)
    found = dict(walk(command, "pattern kit"))
    lid = "pattern kit box lid"
    assert list(found) == ["pattern kit", "pattern kit list", "pattern kit box", lid, f"{lid} turn"]
    assert [path for path, one in found.items() if acts(one)] == ["pattern kit list", "pattern kit box", f"{lid} turn"]
    assert list(dict(walk(command)))[1:3] == ["list", "box"]
    assert found[f"{lid} turn"].exits == (0, 1, 2, 3, 4, 5, 130)
    assert "Examples:\n  pattern kit box lid turn 3\n" in help_of(kit, "box", "lid", "turn")
    assert "turn  Turn the lid." in help_of(kit, "box", "lid")


def test_a_command_far_down_gets_the_options_before_it() -> None:
    run, given = invoke(nested(), "box", "--db", "x.db", "lid", "turn", "2", "--json")
    assert (run.db, run.form, given) == ("x.db", Format.json, {"times": 2})
    run, _ = invoke(nested(), "box", "--json")
    assert run.form is Format.json


def test_a_group_far_down_shows_its_help_and_knows_its_commands() -> None:
    with pytest.raises(ClickException, match="Turn the lid"):
        invoke(nested(), "box", "lid")
    with pytest.raises(ClickException, match="No such command 'trun'"):
        invoke(nested(), "box", "lid", "trun")


def test_a_command_gets_a_run_and_its_own_arguments(capsys: Captured) -> None:
    run, given = invoke(toys, "list", "a", "b", "--loud")
    assert given == {"words": ["a", "b"], "loud": True}
    assert (run.db, run.form, run.fields) == (None, None, ())
    assert capsys.readouterr().out == "bear\t2\nkite\t1\n"


def test_shared_options(capsys: Captured) -> None:
    run, _ = invoke(toys, "list", "--db", "x.db", "--format", "csv", "--fields", " count , name,")
    assert (run.db, run.form, run.fields) == ("x.db", Format.csv, ("count", "name"))
    assert capsys.readouterr().out == "count,name\n2,bear\n1,kite\n"
    run, _ = invoke(toys, "list", "--json")
    assert run.form is Format.json


def test_options_before_a_subcommand_count_behind_it(capsys: Captured) -> None:
    run, _ = invoke(alone, "--db", "x.db", "--json", "list")
    assert (run.db, run.form) == ("x.db", Format.json)
    run, _ = invoke(alone, "--db", "x.db", "list", "--db", "y.db", "--format", "csv")
    assert (run.db, run.form) == ("y.db", Format.csv)
    run, _ = invoke(alone, "--db", "x.db", "list", "--db", "")
    assert run.db == ""
    run, given = invoke(alone, "--much", "--db", "x.db")
    assert (run.db, given) == ("x.db", {"much": True})


def test_shared_options_may_stand_between_group_and_command(capsys: Captured) -> None:
    run, _ = invoke(toys, "--db", "x.db", "--json", "--fields", "name", "list")
    assert (run.db, run.form, run.fields) == ("x.db", Format.json, ("name",))
    assert "--db" not in help_of(toys)
    run, _ = invoke(toys, "--json", "list", "--format", "csv")
    assert run.form is Format.csv
    run, _ = invoke(toys, "--format", "csv", "list", "--json")
    assert run.form is Format.json


def test_a_dry_run_only_reads(database: Callable[[str], Path]) -> None:
    run = Run(str(database("constellations/small.db")))
    for dry_run, mode in ((True, "read"), (False, "write")):
        with run.open_to_change(dry_run) as constellation:
            assert constellation.mode == mode


def test_remarks_are_told_but_not_beside_json(capsys: Captured) -> None:
    Run(form=Format.json).tell(["odd"])
    assert capsys.readouterr().err == ""
    Run(form=Format.table).tell(["odd"])
    assert "odd" in capsys.readouterr().err


def test_two_formats_contradict_each_other() -> None:
    for words in (("list", "--json", "--format", "csv"), ("--json", "--format", "csv", "list")):
        with pytest.raises(UsageError, match="--json and --format csv contradict each other"):
            invoke(toys, *words)
    run, _ = invoke(toys, "list", "--json", "--format", "json")
    assert run.form is Format.json


def test_a_text_alone_goes_not_with_a_format_or_fields() -> None:
    Run().text_alone("--raw")
    for run, other in ((Run(form=Format.json), "--format json"), (Run(fields=("a",)), "--fields")):
        with pytest.raises(UsageError, match=f"--raw is the text alone, so it goes not with {other}"):
            run.text_alone("--raw")


@pytest.mark.parametrize("words", [("--fields", ""), ("--fields", ","), ("--fields", " , ")])
def test_no_field_is_a_mistake(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="names no field"):
        invoke(toys, "list", *words)


def test_names_of_fields() -> None:
    assert field_names(None) == ()
    assert field_names("a, b,a") == ("a", "b", "a")


def test_a_command_without_output_or_database_has_no_such_options() -> None:
    invoke(toys, "wind")
    for option in ("--db", "--format", "--json", "--fields"):
        with pytest.raises(ClickException):
            invoke(toys, "wind", option, "json")
        assert option not in help_of(toys, "wind")


def test_options_that_are_declared_together_come_as_one_argument() -> None:
    _, given = invoke(toys, "find", "--colour", "red", "attic", "--loud")
    assert given == {"place": "attic", "looks": {"colour": "red", "broken": False}, "loud": True}
    _, given = invoke(toys, "find")
    assert given == {"place": None, "looks": {"colour": None, "broken": False}, "loud": False}
    text = help_of(toys, "find")
    assert text.index("--colour") < text.index("--broken") < text.index("--loud") < text.index("--db")
    assert "looks" not in text


def test_help_sections() -> None:
    text = help_of(toys, "list")
    assert "List the toys.\n" in text
    assert "More about toys." in text
    assert "\nExamples:\n  pattern toys list\n  pattern toys list --json\n" in text
    assert text[text.index("\nExit status:\n") :].splitlines()[2:] == [
        f"  {code:<4} {EXITS[code]}" for code in (0, 1, 2, 3, 4, 5, 7, 130)
    ]
    statuses = help_of(toys, "wind")
    assert "  3 " not in statuses[statuses.index("Exit status:") :]
    assert "Toys: things to try." in help_of(toys)
    assert help_of(toys).index("list") < help_of(toys).index("show") < help_of(toys).index("wind")
    assert "\nExamples:\n  pattern alone\n" in help_of(alone)


def test_rows_that_are_damaged_are_counted_on_standard_error(capsys: Captured) -> None:
    invoke(toys, "list", "--json")
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 2
    assert err == "warning: 1 row could not be decoded completely and is shown as stored; the field damage says why\n"


def test_a_record_that_is_damaged_says_why(capsys: Captured) -> None:
    invoke(toys, "show", "--json")
    assert capsys.readouterr().err == "warning: count: odd\nwarning: name: odd\n"


def test_lines_and_streams(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    Run(form=Format.json, fields=("name",)).lines([b'{"name":"a"}', Row("b", 1, ("x",))], ("name", "count"), ("name",))
    out, err = capsysbinary.readouterr()
    assert [row["name"] for row in json.loads(out)] == ["a", "b"]
    assert err.startswith(b"warning: 1 row")
    with pytest.raises(UsageError):
        Run(form=Format.json, fields=("colour",)).lines([], (), ("name",))
    for form, expected in (
        (Format.table, b"a!\n"),
        (Format.tsv, b"a\t1\n"),
        (Format.ndjson, b'{"name":"a","count":1}\n'),
    ):
        run = Run(form=form, view=TABLE)
        run.stream([Row("a", 1)], lambda row: [[(row.name, "bold"), ("!", "")]], ("name", "count"), ("name", "count"))
        assert capsysbinary.readouterr().out == expected


def test_remarks(capsys: Captured) -> None:
    run = Run()
    run.note("by the way")
    run.warn("look\nout")
    assert capsys.readouterr() == ("", "note:  by the way\nwarning: look\\nout\n")


def test_a_confirmation_elsewhere_than_on_a_terminal() -> None:
    Run().confirm("deleting it", yes=True)
    with pytest.raises(RefusedError) as caught:
        Run().confirm("deleting it", yes=False)
    assert caught.value.message == "deleting it needs a confirmation"
    assert "--yes" in str(caught.value.hint)


ASKING = """
from pattern_cli.cli.options import Run
from pattern_cli.errors import RefusedError
import typer
try:
    Run().confirm("deleting \\x1b[31mit", yes=False)
    print("confirmed")
except RefusedError as error:
    print(error.message)
except typer.Abort:
    print("aborted")
"""


@posix_only
@pytest.mark.parametrize(
    ("answer", "said"),
    [("y\n", "confirmed"), ("n\n", "not confirmed; nothing was changed"), ("\n", "not confirmed; nothing was changed")],
)
def test_a_confirmation_on_a_terminal(answer: str, said: str, tmp_path: Path) -> None:
    script = tmp_path / "ask.py"
    script.write_text(ASKING)
    child = pexpect.spawn(
        sys.executable, [str(script)], env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=30, encoding="utf-8"
    )
    # A name in the question is text from a database.
    child.expect_exact("deleting \\x1b[31mit? [y/N]: ")
    child.send(answer)
    child.expect_exact(said)
    child.expect(pexpect.EOF)


def test_progress_is_for_a_terminal(capsys: Captured) -> None:
    with Run().progress("copying", "bytes") as report:
        assert report is None
    assert capsys.readouterr() == ("", "")


@posix_only
def test_format_without_being_asked(tmp_path: Path) -> None:
    script = tmp_path / "ask.py"
    script.write_text("from pattern_cli.cli.options import Run\nprint(Run().format.value, Run().terminal)\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shown = pexpect.run(shlex.join([sys.executable, str(script)]), env=environment, timeout=30)
    assert shown.decode().split() == ["table", "True"]
    piped = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, check=True)
    assert piped.stdout.split() == ["tsv", "False"]


def test_opening_through_a_run(database: Callable[[str], Path]) -> None:
    path = database("constellations/small.db")
    with Run(str(path)).open() as constellation:
        assert constellation.mode == "read"
    with Run(str(path)).open("write") as constellation:
        assert constellation.writable
