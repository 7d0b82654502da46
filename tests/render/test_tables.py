"""What a command's output looks like, as data."""

from __future__ import annotations

import pytest

from pattern_cli.render.tables import Column, Layout, Line, Table


def test_plain_by_default() -> None:
    column, line = Column("name", "NAME"), Line("name", "name")
    assert (column.show, column.of_row, column.style, column.right, column.wide) == (None, None, "", False, False)
    assert (column.least, column.leave_out, column.ids) == (5, 0, 0)
    assert (line.show, line.of_row, line.style) == (None, None, "")
    assert Table((column,)).empty == "nothing found"
    assert (Layout().title, Layout().lines, Layout().bodies) == (None, (), ())


@pytest.mark.parametrize("thing", [Column("a", "A"), Table(()), Line("a", "a"), Layout()])
def test_a_misspelt_property_is_an_error(thing: object) -> None:
    with pytest.raises(AttributeError):
        thing.colour = "red"  # type: ignore[attr-defined]
