"""Which operations an update or a document holds."""

from __future__ import annotations

import pytest

from pattern_cli.memory.extents import Spans, within


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        ([], False),
        ([{1: (0, 5)}], False),
        ([{1: (0, 5), 2: (0, 3)}], True),
        ([{1: (0, 4), 2: (0, 9)}], False),
        ([{1: (0, 5)}, {2: (2, 3)}], True),
    ],
)
def test_every_span_has_to_be_reached(known: list[Spans], answer: bool) -> None:
    assert within({1: (2, 5), 2: (0, 3)}, *known) is answer


def test_no_operations_are_always_there() -> None:
    assert within({})
