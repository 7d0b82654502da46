"""What two sequences have in common, found in bounded time."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Literal

Opcode = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]
# Beyond this, items that come often are no landmarks: comparing each with each takes minutes.
_MANY = 2_000


def common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many items at the beginning, and how many of the others at the end, both have in common."""
    least = min(len(old), len(new))
    head = next((index for index in range(least) if old[index] != new[index]), least)
    least -= head
    tail = next((index for index in range(least) if old[-1 - index] != new[-1 - index]), least)
    return head, tail


class Matcher(difflib.SequenceMatcher[str]):
    """Compares two sequences. What both begin and end with is always told as equal, and never searched."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        head, tail = common_ends(old, new)
        self._ends = (head, tail, len(old), len(new))
        inner = old[head : len(old) - tail], new[head : len(new) - tail]
        super().__init__(None, *inner, autojunk=max(map(len, inner)) > _MANY)

    def get_opcodes(self) -> list[Opcode]:
        """As of the class it extends, from which the grouped ones are made."""
        head, tail, old, new = self._ends
        codes: list[Opcode] = [("equal", 0, head, 0, head)] if head else []
        codes += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in super().get_opcodes()]
        return [*codes, ("equal", old - tail, old, new - tail, new)] if tail else codes
