"""The steps that make one list another, so that equal items are not written again (memory.md §5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.memory.documents import Document, Nested
from pattern_cli.memory.matching import Matcher
from pattern_cli.memory.permissions import Operation


@dataclass(frozen=True, slots=True)
class Step:
    """At `index`, `removed` items go away and `items` come; to be applied in the order given."""

    index: int
    removed: int
    items: tuple[Any, ...]

    def apply(self, document: Document, root: str) -> None:
        """Do it in a list of a document."""
        if self.removed:
            document.remove_items(root, self.index, self.removed)
        for offset, item in enumerate(self.items):
            document.insert_item(root, self.index + offset, item)

    @property
    def operations(self) -> list[Operation]:
        """What the permission has to allow: an item for an item overwrites, more adds, fewer deletes."""
        found: list[Operation] = ["overwrite"] if self.removed and self.items else []
        if len(self.items) > self.removed:
            found.append("append")
        if len(self.items) < self.removed:
            found.append("delete")
        return found


def list_steps(old: list[Any], new: list[Any]) -> list[Step]:
    """The steps from one list of plain values to another, from its end to its beginning."""
    codes = Matcher([*map(key, old)], [*map(key, new)]).get_opcodes()
    found: Iterator[Step] = (Step(a, b - a, tuple(new[c:d])) for tag, a, b, c, d in codes if tag != "equal")
    return list(found)[::-1]


def key(value: Any) -> str:
    """A text that is the same for equal values only: `1`, `1.0` and `true` differ."""
    if isinstance(value, dict):
        return f"{{{','.join(f'{json.dumps(name)}:{key(value[name])}' for name in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{','.join(map(key, value))}]"
    if isinstance(value, Nested):
        return f"<{key(value.value)}>"
    return f"<{value.hex()}>" if isinstance(value, bytes) else json.dumps(value)
