"""Tables and records as Rich draws them: width, colour, pieces, labels, and nothing read as markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from pattern_cli.render.tables import Column, Layout, Line, Table
from pattern_cli.render.terminal import console, print_fields, print_record, print_table

Captured = pytest.CaptureFixture[str]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    status: str
    text: str = ""


COLUMNS = (
    Column("name", "NAME", style="bold"),
    Column("status", "STATUS", show=str.upper, style=lambda row: "red" if row.status == "bad" else "green"),
    Column("text", "TEXT", wide=True),
)
TABLE = Table(COLUMNS, empty="nothing")


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def lines(capsys: Captured) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_table_in_a_pipe_is_wide_enough(capsys: Captured) -> None:
    print_table([Row("a", "good", "x" * 150)], COLUMNS, "nothing")
    assert lines(capsys) == ["NAME  STATUS  TEXT", "a     GOOD    " + "x" * 150]
    assert console().width == 200


@pytest.mark.parametrize("columns", [30, 60, 100])
def test_columns_set_the_width_and_wide_cells_give_way(
    columns: int, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table([Row("name", "good", "x" * 500), Row("other", "bad", "short")], COLUMNS, "nothing")
    shown = lines(capsys)
    assert len(shown) == 3
    assert len(shown[1]) == columns
    assert shown[1].startswith("name   GOOD    xxx")
    assert shown[1].endswith("x…")


def test_a_narrow_terminal_cuts_every_cell_on_one_line(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    print_table([Row("a long name", "a long status", "text " * 9)], COLUMNS, "nothing")
    shown = lines(capsys)
    assert len(shown) == 2
    assert max(map(len, shown)) <= 12


def test_no_column_is_gone_and_no_header_wraps(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    columns = (*COLUMNS[:2], Column("text", "A LONG HEADER", wide=True), Column("name", "THE LAST ONE"))
    print_table([Row("a name of many words", "a long status", "text " * 9)], columns, "nothing")
    header, row = lines(capsys)
    assert [word[0] for word in header.split("  ") if word] == ["N", "S", "A", "T"]
    assert max(len(header), len(row)) <= 40


def test_a_column_that_may_be_left_out_spares_the_others(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "22")
    columns = (Column("name", "NAME", wide=True, least=12), COLUMNS[1], Column("text", "TEXT", leave_out=1))
    print_table([Row("a long name", "good", "a text")], columns, "nothing")
    assert lines(capsys) == ["NAME         STATUS", "a long name  GOOD"]


def test_ids_are_as_long_as_tells_them_apart(capsys: Captured) -> None:
    rows = [Row("a", "good", "msg_0123456789"), Row("b", "good", "msg_0123456fff"), Row("c", "good", "msg_fedcba9876")]
    print_table(rows, (COLUMNS[0], Column("text", "ID", ids=8)), "nothing")
    assert lines(capsys) == ["NAME  ID", "a     msg_01234567", "b     msg_0123456f", "c     msg_fedc"]


def test_lines_end_where_their_text_ends(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    print_table([Row("a", "b", "short"), Row("a", "b", "a longer text")], COLUMNS, "nothing")
    for line in lines(capsys):
        shown = re.sub(r"\x1b\[[\d;]*m", "", line)
        assert shown == shown.rstrip()


def test_pieces_and_whole_rows(capsys: Captured) -> None:
    columns = (
        Column("a", "A", of_row=lambda row: [(row["a"], "red"), ("!", "")]),
        Column("b", "B", of_row=lambda row: row["a"] * 2),
    )
    print_table([{"a": "x\n"}], columns, "nothing")
    assert lines(capsys) == ["A     B", "x\\n!  x\\nx\\n"]


@pytest.mark.parametrize("odd", [b"\xff", 5, None, [1], {"a": 1}, 1.5])
def test_what_is_no_text_is_shown_all_the_same(odd: object, capsys: Captured) -> None:
    columns = (
        Column("a", "A", show=lambda value: value),
        Column("a", "B", of_row=lambda row: [(row["a"], "bold"), ("!", "")]),
        Column("a", "C", of_row=lambda row: row["a"]),
    )
    print_table([{"a": odd}], columns, "nothing")
    lines_of = (Line("a", "label", show=lambda value: value),)
    print_record(
        {"a": odd}, Layout(lambda row: row["a"], lines_of, (("body", lambda row: [(row["a"], ""), ("?", "")]),))
    )
    shown = capsys.readouterr().out
    assert "!" in shown
    assert "?" in shown


def test_text_is_never_markup(capsys: Captured) -> None:
    for text in ("[red]x[/red]", "[/]", ":smile:", "[link=http://x]y[/link]", "{a} %s"):
        print_table([Row(text, "good")], COLUMNS, "nothing")
        print_record(Row(text, "good"), Layout(title=lambda row: row.name, lines=(Line("name", "name"),)))
        print_fields({"name": text})
        shown = "\n".join(lines(capsys))
        assert shown.count(text) == 4


def test_double_width_text_keeps_the_columns(capsys: Captured) -> None:
    print_table([Row("日本", "good", "x"), Row("abcd", "good", "y")], COLUMNS, "nothing")
    assert lines(capsys)[1:] == ["日本  GOOD    x", "abcd  GOOD    y"]


def test_nothing_is_said_about_on_standard_error(capsys: Captured) -> None:
    print_table([], COLUMNS, "no rows → pattern import")
    assert capsys.readouterr() == ("", "no rows → pattern import\n")


def test_long_values_of_a_record_go_on_where_they_began(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    record = Row("Juniper", "good", "some words that need more than one line " + "y" * 30)
    layout = Layout(title=lambda row: row.name, lines=(Line("status", "status"), Line("text", "a label")))
    print_record(record, layout)
    shown = lines(capsys)
    assert shown[:2] == ["Juniper", "status   good"]
    assert shown[2].startswith("a label  some words")
    assert all(line.startswith("         ") for line in shown[3:])
    assert max(map(len, shown)) <= 30
    assert "".join("".join(shown[2:]).split()) == "alabel" + record.text.replace(" ", "")


def test_a_record_without_lines_is_its_texts(capsys: Captured) -> None:
    print_record(Row("a", "b"), Layout(bodies=(("", lambda row: "only\nthis"),)))
    assert [line for line in lines(capsys) if line] == ["only", "this"]


def test_colour_is_for_terminals_that_want_it(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    print_table([Row("a", "bad")], COLUMNS, "nothing")
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    print_table([Row("a", "bad"), Row("b", "good")], COLUMNS, "nothing")
    out = capsys.readouterr().out
    assert re.findall(r"\x1b\[3[0-9]m", out) == ["\x1b[31m", "\x1b[32m"]
    monkeypatch.setenv("NO_COLOR", "1")
    print_table([Row("a", "bad")], COLUMNS, "nothing")
    assert not re.search(r"\x1b\[(?:\d+;)*3\d", capsys.readouterr().out)
