"""What a command's output looks like, as data."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pattern_cli.render.tables import Column, Layout, Line, Table, fields_of


@dataclass
class Row:
    name: str
    count: int


def test_plain_by_default() -> None:
    column, line = Column("name", "NAME"), Line("name", "name")
    assert (column.show, column.of_row, column.style, column.right, column.wide) == (None, None, "", False, False)
    assert (column.least, column.leave_out, column.ids) == (5, 0, 0)
    assert (line.show, line.of_row, line.style) == (None, None, "")
    assert Table((column,)).empty == "nothing found"
    assert (Layout().title, Layout().lines, Layout().bodies) == (None, (), ())


def test_a_view_knows_the_fields_of_what_it_shows() -> None:
    assert fields_of(Table(())) is None
    assert fields_of(Layout()) is None
    assert fields_of(Table((), record=Row)) == fields_of(Layout(record=Row)) == ("name", "count")
    assert fields_of(Layout(record=("path", "next"))) == ("path", "next")
    for view in (Table((), record=f"{__name__}:Row"), Layout(record=f"{__name__}:Row")):
        assert fields_of(view) == ("name", "count")


@pytest.mark.parametrize("thing", [Column("a", "A"), Table(()), Line("a", "a"), Layout()])
def test_a_misspelt_property_is_an_error(thing: object) -> None:
    with pytest.raises(AttributeError):
        thing.colour = "red"  # type: ignore[attr-defined]
