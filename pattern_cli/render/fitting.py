"""How wide the columns of a table may be on a terminal: texts are cut first, then whole columns are left out."""

from __future__ import annotations

from collections.abc import Sequence

from pattern_cli.render.tables import Column

GAP = 2


def fitted(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """The width of every column, in cells, so that all fit into `room`; zero for one that is left out.

    Wide columns are cut, the widest first, none below its `least`. When that is not enough, columns are left out in the
    order of their `leave_out`; and when all those are, every column is cut, down to one cell.
    """
    found = [min(width, room) if column.wide else width for column, width in zip(columns, widths, strict=True)]
    leaving = sorted(
        (at for at, column in enumerate(columns) if column.leave_out), key=lambda at: columns[at].leave_out
    )
    while True:
        least = [
            min(width, column.least) if column.wide else width for column, width in zip(columns, found, strict=True)
        ]
        gaps = GAP * (sum(map(bool, found)) - 1)
        if sum(least) + gaps <= room:
            return _cut(found, least, room - gaps)
        if not leaving:
            return _cut(found, [min(width, 1) for width in found], room - gaps)
        if sum(map(bool, found)) > 1:
            found[leaving[0]] = 0
        del leaving[0]


def _cut(widths: list[int], least: list[int], room: int) -> list[int]:
    """The widths made smaller, the largest first and none below its least, until their sum fits."""
    while sum(widths) > room and (larger := [at for at, width in enumerate(widths) if width > least[at]]):
        widths[max(larger, key=widths.__getitem__)] -= 1
    return widths
