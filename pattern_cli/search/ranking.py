"""The order of hits and their scores.

bm25 is a sum over the words looked for: each adds its weight (the rarer in this index, the more) times a factor that
grows with its number in the text, shrinks with the length of the text and stays below 2.2. Numbers of different
indexes are not comparable, because the weights are not. The strength of a hit therefore is

    strength = -bm25 / (2.2 × the sum of the weights of all words in this index)

the part, between 0 and 1, of what a text could reach in its index. Hits that hold all words come first, then the
stronger ones; hits of equal strength come by kind (message, memory, archival) and id. The score is

    0.5 + 0.5 × strength / the greatest strength of such hits     for a hit that holds all words
    0.5 × strength / the greatest strength of all hits            for another one, where some hold all words
    strength / the greatest strength                              where none does

so the best hit has 1, and nothing depends on how many hits are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pattern_cli.search.indexes import Index, Match
from pattern_cli.search.query import Query
from pattern_cli.search.sources import Source

MOST_TIES = 100
"""So many equally good rows beyond the last one wanted are put in the order of their ids, not more."""
_FACTOR = 2.2
_STEP = 1e-6


class Candidate(NamedTuple):
    """A row that may become a hit; `strength` is -bm25 where only one source has rows."""

    source: Source
    rowid: int
    id: str
    bm25: float
    strength: float
    all_words: bool


def best(index: Index, query: Query, limit: int) -> list[tuple[Match, bool]]:
    """The best rows of one index, at most `limit`, and whether each holds all words; these come first."""
    found = [(match, True) for match in _first(index.matches(query.all or query.some), limit)]
    if query.all is None or len(found) == limit:
        return found
    seen = {match[0] for match, _ in found}
    others = (match for match in index.matches(query.some) if match[0] not in seen)
    return found + [(match, False) for match in _first(others, limit - len(found))]


def _first(matches: Iterable[Match], limit: int) -> list[Match]:
    """The first rows; which of equally good ones are among them is decided by their ids."""
    taken: list[Match] = []
    for match in matches:
        if len(taken) >= limit and (match[1] != taken[limit - 1][1] or len(taken) >= limit + MOST_TIES):
            break
        taken.append(match)
    return sorted(taken, key=lambda match: (match[1], match[2]))[:limit]


def merged(
    found: dict[Source, list[tuple[Match, bool]]], weight: Callable[[Source], float], limit: int
) -> list[Candidate]:
    """The best of all sources in their order; `weight` is the sum of the weights of all words in a source's index.

    It is asked for only where several sources have rows.
    """
    order = list(found)
    several = sum(map(bool, found.values())) > 1
    candidates = []
    for source, rows in found.items():
        scale = _FACTOR * weight(source) if several and rows else 1.0
        candidates += [Candidate(source, rowid, id, bm25, -bm25 / scale, every) for (rowid, bm25, id), every in rows]
    candidates.sort(key=lambda one: (not one.all_words, -one.strength, order.index(one.source), one.id))
    return candidates[:limit]


def scores(candidates: list[Candidate]) -> list[float]:
    """The score of each candidate; they are in their order, the best one first."""
    every = max((one.strength for one in candidates if one.all_words), default=0.0)
    top = max((one.strength for one in candidates), default=0.0)
    return [_score(one, every, top) for one in candidates]


def _score(one: Candidate, every: float, top: float) -> float:
    if not every:
        return round(_share(one.strength, top), 6)
    if one.all_words:
        return max(round(0.5 + 0.5 * _share(one.strength, every), 6), 0.5 + _STEP)
    return round(0.5 * _share(one.strength, top), 6)


def _share(strength: float, of: float) -> float:
    return strength / of if of else 1.0
