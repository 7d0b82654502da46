"""What a search gives back (database.md §2.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """One found message, memory block or archival entry.

    `rank` counts from 1; `score` is 1 for the best hit; where some hits hold all words (`all_words`) these are above
    0.5 and the others not (ranking.py says how). `kind` is message, memory or archival; `short_id` the shortest
    beginning of the `id` that names it. `agent_id` is the owner, `agent_name` the agent's or group's name. In
    `snippet` the found words stand between «», `highlights` are the character offsets of these words in it. `bm25` is
    FTS5's own number, lower is better, comparable within one kind only. What a kind does not have is None: `label`,
    `updated_at` and `is_active` are of memory; `role`, `batch_id`, `position`, `source`, `is_archived` and
    `is_deleted` of messages.
    """

    rank: int
    score: float
    kind: str
    id: str | None
    short_id: str | None
    agent_id: str
    agent_name: str | None
    label: str | None
    role: str | None
    batch_id: str | None
    position: str | None
    source: str | None
    created_at: str
    updated_at: str | None
    snippet: str
    highlights: tuple[tuple[int, int], ...]
    all_words: bool
    bm25: float
    is_archived: bool | None
    is_deleted: bool | None
    is_active: bool | None
    damage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """The hits of a search, best first; `more` says that the limit left some out.

    `remarks` are what the person should know: an index that could not be used, blocks that could not be read, words
    that were not looked for. `empty` says that the text holds no word at all. `seconds` is how long the search took.
    """

    hits: tuple[Hit, ...]
    more: bool
    empty: bool
    remarks: tuple[str, ...]
    seconds: float
