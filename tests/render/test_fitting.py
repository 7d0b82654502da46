"""How wide the columns of a table are: what gives way first, and what may be left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.render.fitting import GAP, fitted
from pattern_cli.render.tables import Column


def column(wide: bool = False, least: int = 5, leave_out: int = 0) -> Column:
    return Column("a", "A", wide=wide, least=least, leave_out=leave_out)


def total(widths: list[int]) -> int:
    shown = [width for width in widths if width]
    return sum(shown) + GAP * (len(shown) - 1)


def test_what_fits_stays_as_it_is() -> None:
    assert fitted([column(), column(wide=True)], [10, 20], 32) == [10, 20]


def test_wide_columns_give_way_the_widest_first() -> None:
    columns = [column(), column(wide=True), column(wide=True)]
    assert fitted(columns, [10, 20, 50], 64) == [10, 20, 30]
    assert fitted(columns, [10, 20, 50], 44) == [10, 15, 15]


def test_no_wide_column_gets_narrower_than_its_least() -> None:
    assert fitted([column(wide=True, least=20), column(wide=True)], [24, 50], 36) == [20, 14]


def test_a_column_is_left_out_only_where_nothing_else_helps() -> None:
    columns = [column(wide=True, least=20), column(leave_out=2), column(leave_out=1), column()]
    assert fitted(columns, [30, 10, 10, 6], 60) == [28, 10, 10, 6]
    assert fitted(columns, [30, 10, 10, 6], 51) == [30, 10, 0, 6]
    assert fitted(columns, [30, 10, 10, 6], 30) == [22, 0, 0, 6]


def test_too_narrow_for_all_cuts_all() -> None:
    assert fitted([column(), column(leave_out=1), column()], [10, 10, 6], 13) == [5, 0, 6]
    assert fitted([column(), column()], [10, 6], 2) == [1, 1]
    assert fitted([column(leave_out=1)], [10], 4) == [4]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 30), st.integers(0, 3), st.integers(1, 200)), min_size=1),
    st.integers(1, 300),
)
def test_it_fits_wherever_it_can_and_uses_the_room(wanted: list[tuple[bool, int, int, int]], room: int) -> None:
    columns = [column(wide, least, leave_out) for wide, least, leave_out, _ in wanted]
    widths = [width for *_, width in wanted]
    found = fitted(columns, widths, room)
    shown = [(one, natural, width) for one, natural, width in zip(columns, widths, found, strict=True) if width]
    assert shown
    assert all(width <= natural for _, natural, width in shown)
    assert all(one.leave_out for one, width in zip(columns, found, strict=True) if not width)
    assert total(found) <= room or all(width == 1 for *_, width in shown)
    if [1 for one, natural, width in shown if width < natural and (not one.wide or width < one.least)]:
        assert len(shown) == max(1, sum(not one.leave_out for one in columns))  # nothing more can be left out
    if [1 for _, natural, width in shown if width < natural]:
        assert total(found) >= room
