"""What two sequences have in common: exact, also where many items are the same."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.memory.matching import Matcher, common_ends

ITEMS = st.lists(st.sampled_from("abc"), max_size=12)


@given(ITEMS, ITEMS)
def test_the_ends_are_common_and_no_longer(old: list[str], new: list[str]) -> None:
    head, tail = common_ends(old, new)
    assert old[:head] == new[:head] and old[len(old) - tail :] == new[len(new) - tail :]
    assert head + tail <= min(len(old), len(new))
    inner = old[head : len(old) - tail], new[head : len(new) - tail]
    assert not all(inner) or (inner[0][0] != inner[1][0] and inner[0][-1] != inner[1][-1])


@given(ITEMS, ITEMS)
def test_the_opcodes_lead_from_one_to_the_other(old: list[str], new: list[str]) -> None:
    made, at = [], (0, 0)
    for tag, a, b, c, d in Matcher(old, new).get_opcodes():
        assert (a, c) == at and (tag != "equal" or old[a:b] == new[c:d])
        made += old[a:b] if tag == "equal" else new[c:d]
        at = (b, d)
    assert made == new and at == (len(old), len(new))


def test_one_change_among_many_equal_items_is_one_change_and_found_at_once() -> None:
    old, new = ["x"] * 20_000, ["x"] * 10_000 + ["y"] + ["x"] * 9_999
    begin = time.monotonic()
    assert [tag for tag, *_ in Matcher(old, new).get_opcodes()] == ["equal", "replace", "equal"]
    assert time.monotonic() - begin < 2
