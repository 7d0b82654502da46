"""Rows and records in every format: what is written, in which order, streamed, and counted."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import UsageError
from pattern_cli.render import output
from pattern_cli.render.formats import Format
from pattern_cli.render.output import Counted, write_document, write_lines, write_record, write_rows, write_text
from pattern_cli.render.tables import Column, Layout, Line, Table

ROOT = Path(__file__).resolve().parents[2]
Captured = pytest.CaptureFixture[str]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    count: int | None
    tags: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()


TABLE = Table((Column("name", "NAME"), Column("count", "COUNT", right=True)), empty="no rows yet", record=Row)
ROWS = (Row("Juniper", 19, ("a", "b")), Row('tab\there "q" | \\ *x*', None, (), ("count: not a whole number",)))
HOSTILE = "a\x1b[31m\u202e\udcff\nb"


def written(capsys: Captured, rows: Any, form: Format, fields: tuple[str, ...] = (), table: Table = TABLE) -> str:
    write_rows(rows, table, form, fields)
    return capsys.readouterr().out


def test_tsv_is_columns_without_a_head(capsys: Captured) -> None:
    assert written(capsys, ROWS, Format.tsv) == 'Juniper\t19\ntab\\there "q" | \\\\ *x*\t\n'
    assert written(capsys, ROWS, Format.tsv, ("tags", "name")) == '["a","b"]\tJuniper\n[]\ttab\\there "q" | \\\\ *x*\n'
    assert written(capsys, (), Format.tsv) == ""


def test_csv_has_a_head(capsys: Captured) -> None:
    assert written(capsys, ROWS, Format.csv) == 'name,count\nJuniper,19\n"tab\there ""q"" | \\ *x*",\n'
    assert written(capsys, (), Format.csv) == "name,count\n"


@given(st.lists(st.builds(Row, st.text(), st.integers() | st.none()), max_size=4))
def test_csv_is_read_back_by_others(rows: list[Row]) -> None:
    stream = io.StringIO()
    stdout, sys.stdout = sys.stdout, stream
    try:
        write_rows(rows, TABLE, Format.csv, ())
    finally:
        sys.stdout = stdout
    found = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    assert found[0] == ["name", "count"]
    assert [line[1] for line in found[1:]] == ["" if row.count is None else str(row.count) for row in rows]
    assert len(found) == len(rows) + 1


def test_json_is_an_array_of_whole_rows(capsys: Captured) -> None:
    found = json.loads(written(capsys, ROWS, Format.json))
    assert found == [
        {"name": row.name, "count": row.count, "tags": list(row.tags), "damage": list(row.damage)} for row in ROWS
    ]
    assert written(capsys, (), Format.json) == "[]\n"
    assert json.loads(written(capsys, ROWS, Format.json, ("count",))) == [{"count": 19}, {"count": None}]


def test_ndjson_is_a_row_a_line(capsys: Captured) -> None:
    lines = written(capsys, ROWS, Format.ndjson).splitlines()
    assert [json.loads(line)["name"] for line in lines] == [row.name for row in ROWS]
    assert lines[0] == '{"name":"Juniper","count":19,"tags":["a","b"],"damage":[]}'
    assert written(capsys, (), Format.ndjson) == ""


def test_markdown(capsys: Captured) -> None:
    assert written(capsys, ROWS, Format.markdown) == (
        '| name | count |\n| --- | ---: |\n| Juniper | 19 |\n| tab\\\\there "q" \\| \\\\ \\*x\\* |  |\n'
    )


def test_a_table_has_a_head_and_no_blanks_at_the_ends(capsys: Captured) -> None:
    assert written(capsys, ROWS, Format.table) == (
        'NAME                   COUNT\nJuniper                   19\ntab\\there "q" | \\ *x*\n'
    )


def test_a_column_that_another_one_tells_is_for_pipes(capsys: Captured) -> None:
    table = Table((Column("name", "NAME"), Column("count", "COUNT", told=True)), record=Row)
    for form, fields, expected in (
        (Format.table, (), "NAME\na\n"),
        (Format.table, ("name", "count"), "NAME  COUNT\na     1\n"),
        (Format.tsv, (), "a\t1\n"),
        (Format.csv, (), "name,count\na,1\n"),
    ):
        write_rows([Row("a", 1)], table, form, fields)
        assert capsys.readouterr().out == expected


def test_an_empty_table_says_what_to_do_on_standard_error(capsys: Captured) -> None:
    write_rows((), TABLE, Format.table, ())
    assert capsys.readouterr() == ("", "no rows yet\n")


@pytest.mark.parametrize("form", list(Format))
def test_an_unknown_field_is_refused_before_anything_is_read(form: Format, capsys: Captured) -> None:
    def rows() -> Iterator[Row]:
        pytest.fail("nothing may be read")
        yield ROWS[0]

    with pytest.raises(UsageError) as caught:
        write_rows(rows(), TABLE, form, ("name", "colour"))
    assert caught.value.message == 'there is no field "colour"'
    assert caught.value.hint == "fields: name, count, tags, damage"
    with pytest.raises(UsageError):
        write_record(ROWS[0], Layout(), form, ("colour",))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("form", [form for form in Format if form is not Format.table])
def test_rows_are_streamed(form: Format, capsys: Captured) -> None:
    def rows() -> Iterator[Row]:
        yield Row("first", 1)
        assert "first" in capsys.readouterr().out
        yield Row("second", 2)

    write_rows(rows(), TABLE, form, ())
    assert "second" in capsys.readouterr().out


@pytest.mark.parametrize("form", list(Format))
def test_rows_and_damage_are_counted(form: Format, capsys: Captured) -> None:
    counted = write_rows(ROWS, TABLE, form, ())
    assert (counted.count, counted.damaged) == (2, 1)
    counted = Counted([{"damage": ["x"]}, {"damage": []}, {}])
    assert len(list(counted)) == 3
    assert (counted.count, counted.damaged) == (3, 1)


@pytest.mark.parametrize("form", list(Format))
def test_harm_in_rows_and_records_is_shown_not_done(form: Format, capsys: Captured) -> None:
    write_rows([Row(HOSTILE, 1, (HOSTILE,))], TABLE, form, ())
    write_rows([Row(HOSTILE, 1, (HOSTILE,))], TABLE, form, ("tags", "name"))
    layout = Layout(title=lambda r: r.name, lines=(Line("name", "name"),), bodies=(("text", lambda r: r.name),))
    write_record(Row(HOSTILE, 1, (HOSTILE,)), layout, form, ())
    write_record(Row(HOSTILE, 1, (HOSTILE,)), layout, form, ("tags",))
    out = capsys.readouterr().out
    assert not set("\x1b\u202e\udcff") & set(out)
    assert "\\x1b[31m" in out or "\\u001b[31m" in out or "\\x1b\\[31m" in out


LAYOUT = Layout(
    title=lambda row: row.name,
    lines=(Line("count", "how many"), Line("tags", "tags", show=", ".join), Line("name", "again", of_row=lambda r: "")),
    bodies=(
        ("body", lambda row: "one\ttab\ntwo\n\n"),
        ("", lambda row: [("red", "red"), (" plain", "")]),
        ("no", lambda row: ""),
    ),
)


def test_a_record_for_people(capsys: Captured) -> None:
    write_record(Row("Juniper", 5, ("a", "b")), LAYOUT, Format.table, ())
    assert capsys.readouterr().out == "Juniper\nhow many  5\ntags      a, b\n\nbody\none     tab\ntwo\n\nred plain\n"


def test_a_record_in_other_formats(capsys: Captured) -> None:
    record = Row("Juniper", None, ("a",))

    def shown(form: Format, *fields: str) -> str:
        write_record(record, LAYOUT, form, fields)
        return capsys.readouterr().out

    assert shown(Format.tsv) == 'name\tJuniper\ncount\t\ntags\t["a"]\ndamage\t[]\n'
    assert shown(Format.csv) == 'name,count,tags,damage\nJuniper,,"[""a""]",[]\n'
    assert shown(Format.ndjson, "tags", "name") == '{"tags":["a"],"name":"Juniper"}\n'
    assert json.loads(shown(Format.json)) == {"name": "Juniper", "count": None, "tags": ["a"], "damage": []}
    assert shown(Format.markdown, "name") == "| field | value |\n| --- | --- |\n| name | Juniper |\n"
    assert shown(Format.table, "tags", "name") == 'tags  ["a"]\nname  Juniper\n'


def test_finished_objects_and_rows_mix_in_lines(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = [b'{"name":"a"},\n  {"name":"b"}', Row("c", 1, (), ("odd",))]
    counted = write_lines(lines, Format.json, ("name",))
    assert [row["name"] for row in json.loads(capsysbinary.readouterr().out)] == ["a", "b", "c"]
    assert counted.damaged == 1
    write_lines([b'{"name":"a"}\n{"name":"b"}', Row("c\x7f", 1)], Format.ndjson, ("name",))
    assert capsysbinary.readouterr().out == b'{"name":"a"}\n{"name":"b"}\n{"name":"c\\u007f"}\n'
    write_lines([], Format.json, ())
    assert capsysbinary.readouterr().out == b"[]\n"
    write_lines([], Format.ndjson, ())
    assert capsysbinary.readouterr().out == b""


def test_texts(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write_text("one\ntwo\x1b")
    write_text("ends\n")
    write_text("raw\x1b\udcff", raw=True)
    write_document("head\nline", "body\x1b")
    write_document("only a head", "")
    sys.stdout.flush()
    assert capsysbinary.readouterr().out == b"one\ntwo\\x1b\nends\nraw\x1b\xffhead\\nline\nbody\\x1b\nonly a head\n"


PAGED = """
import sys
from pattern_cli.render.output import paged
paged("".join(f"line {number}\\n" for number in range(int(sys.argv[1]))))
print("after")
"""


@pytest.fixture
def on_terminal(tmp_path: Path) -> Callable[..., str]:
    """What a terminal of ten lines shows of a text of so many lines with that pager."""

    def run(lines: int, pager: str | None) -> str:
        kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        more = {} if pager is None else {"PAGER": pager}
        shown = pexpect.run(
            f"{sys.executable} -c '{PAGED}' {lines}",
            env={**kept, **more, "PYTHONPATH": str(ROOT)},
            dimensions=(10, 80),
            timeout=30,
        )
        return shown.decode().replace("\r\n", "\n")

    return run


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.parametrize(
    ("lines", "pager", "paged"),
    [
        (20, "sed s/line/paged/", True),
        (9, "sed s/line/paged/", False),
        (10, "sed s/line/paged/", True),
        (20, "", False),
        (20, "  ", False),
        (20, "no-such-pager", False),
        (20, "sed 's/unfinished", False),
        (20, "head -1", None),
    ],
)
def test_the_persons_pager(lines: int, pager: str, paged: bool | None, on_terminal: Callable[..., str]) -> None:
    shown = on_terminal(lines, pager).splitlines()
    assert shown[-1] == "after"
    if paged is None:  # a pager that ends early
        assert shown == ["line 0", "after"]
    else:
        assert shown[:-1] == [f"{'paged' if paged else 'line'} {number}" for number in range(lines)]


def test_a_pipe_is_never_paged(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PAGED, "500"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PAGER": "sed s/line/paged/"},
    )
    assert "paged" not in done.stdout
    assert output.paged.__doc__
