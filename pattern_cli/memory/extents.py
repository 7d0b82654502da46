"""Which operations an update or a document holds (memory.md §4.3)."""

from __future__ import annotations

from dataclasses import dataclass

# For each peer the first operation and the one after the last.
Spans = dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Extent:
    """The operations inside an update."""

    spans: Spans


def within(spans: Spans, *known: Spans) -> bool:
    """Whether one or the other of the known spans reaches to the end of each span."""
    return all(any(one.get(peer, (0, 0))[1] >= end for one in known) for peer, (_, end) in spans.items())
