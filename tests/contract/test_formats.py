"""Every command in every format: lists are arrays, records are objects, --fields chooses, --db stands anywhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.render.formats import Format

Program = Callable[..., Any]
Words = Callable[[str, Path], list[str]]


def is_list(command: str) -> bool:
    return command.split()[-1:] in (
        ["list"],
        ["tail"],
        ["queue"],
        ["shared"],
        ["search"],
        ["search-by-metadata"],
        ["plan"],
        ["history"],
        ["blame"],
        ["undo"],
        ["redo"],
    ) or command in ("migrate status",)


@pytest.mark.parametrize("form", [form.value for form in Format])
def test_every_format(command: str, form: str, small: Path, program: Program, words: Words) -> None:
    done = program("--db", small, *words(command, small), "--format", form)
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    assert done.out.endswith("\n")


def test_json_is_one_value(command: str, small: Path, program: Program, words: Words) -> None:
    line = words(command, small)
    value = json.loads(program("--db", small, *line, "--format", "json").out)
    assert isinstance(value, list if is_list(command) else dict)
    assert value


def test_json_in_short(reading: str, small: Path, program: Program, words: Words) -> None:
    line = words(reading, small)
    volatile = {"pid", "seconds", "elapsed"}
    short, long = (json.loads(program("--db", small, *line, *form).out) for form in (("--json",), ("--format", "json")))
    if isinstance(short, dict):
        short, long = ({k: v for k, v in value.items() if k not in volatile} for value in (short, long))
    assert short == long


def test_ndjson_has_the_same_values(reading: str, small: Path, program: Program, words: Words) -> None:
    line = words(reading, small)
    rows = [json.loads(row) for row in program("--db", small, *line, "--format", "ndjson").out.splitlines()]
    whole = json.loads(program("--db", small, *line, "--format", "json").out)
    whole = whole if isinstance(whole, list) else [whole]
    assert [row.keys() for row in rows] == [row.keys() for row in whole]


def test_fields_choose_and_order(command: str, small: Path, program: Program, words: Words) -> None:
    value = json.loads(program("--db", small, *words(command, small), "--json").out)
    row = value[0] if isinstance(value, list) else value
    chosen = list(reversed(list(row)))[:2]
    fields = ("--fields", ",".join(chosen))
    picked = json.loads(program("--db", small, *words(command, small), "--json", *fields).out)
    for found in picked if isinstance(picked, list) else [picked]:
        assert list(found) == chosen
    lines = list(
        csv.reader(io.StringIO(program("--db", small, *words(command, small), "--format", "csv", *fields).out))
    )
    assert lines[0] == chosen
    tsv = program("--db", small, *words(command, small), "--format", "tsv", *fields).out.splitlines()
    assert {line.count("\t") for line in tsv} == {1}
    shown = program("--db", small, *words(command, small), "--format", "table", *fields)
    assert shown.code == 0
    assert chosen[0].upper().replace("_", " ") in shown.out or chosen[0] in shown.out


def test_an_unknown_field_is_named(command: str, small: Path, program: Program, words: Words) -> None:
    before = small.read_bytes()
    done = program("--db", small, *words(command, small), "--fields", "nonsense", "--json")
    assert done.code == 2
    assert small.read_bytes() == before
    said = json.loads(done.err.splitlines()[-1])
    assert said["error"] == "usage"
    assert "nonsense" in said["message"]


def test_a_pipe_gets_tsv(reading: str, small: Path, program: Program, words: Words) -> None:
    line = words(reading, small)
    if reading == "memory show":
        pytest.skip("pipes the field and value of a block")
    assert (
        program("--db", small, *line).out.splitlines()[:1]
        == (program("--db", small, *line, "--format", "tsv").out.splitlines()[:1])
    )


def test_markdown_is_a_table(reading: str, small: Path, program: Program, words: Words) -> None:
    lines = program("--db", small, *words(reading, small), "--format", "markdown").out.splitlines()
    assert set(lines[1]) <= set("| -:")
    bars = {line.replace("\\|", "").count("|") for line in lines}
    assert len(bars) == 1


def test_db_before_and_after_the_command(reading: str, small: Path, program: Program, words: Words) -> None:
    line = words(reading, small)
    before = program("--db", small, *line, "--format", "csv")
    after = program(*line, "--format", "csv", "--db", small)
    assert (before.code, before.out.splitlines()[:1]) == (after.code, after.out.splitlines()[:1])
    assert after.code == 0


def test_the_last_db_counts(reading: str, small: Path, program: Program, words: Words, tmp_path: Path) -> None:
    if not reading:
        pytest.skip("the program alone has one place for --db")
    assert program("--db", tmp_path / "none.db", *words(reading, small), "--db", small).code == 0


def test_environment_names_the_database(
    reading: str, small: Path, program: Program, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = words(reading, small)
    monkeypatch.setenv("PATTERN_DB", str(small))
    assert program(*line, "--format", "ndjson").code == 0


def test_every_view_knows_its_fields(command: str, tree: dict[str, Any]) -> None:
    from pattern_cli.render.tables import Table, fields_of

    view = getattr(tree[command], "view", None)
    if view is not None:
        known = fields_of(view)
        assert known
        keys = [column.key for column in view.columns] if isinstance(view, Table) else [line.key for line in view.lines]
        assert set(keys) <= set(known)
