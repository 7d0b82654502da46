"""One search: the indexes it can use, its hits, and what to say about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pattern_cli.search import ranking
from pattern_cli.search.contents import Texts
from pattern_cli.search.hits import Hit
from pattern_cli.search.indexes import BuiltIndex, Index, StoredIndex, UnusableIndexError, check
from pattern_cli.search.query import Query, Tokenizer
from pattern_cli.search.ranking import Candidate
from pattern_cli.search.snippet import Snippet, beginning, excerpt
from pattern_cli.search.sources import MEMORY, MESSAGES, Filters, Source
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_flag, read_time

_SHORTEST = 10
CONSTELLATION = "_constellation_"
_FLAGS = ("is_archived", "is_deleted", "is_active")


class Finding:
    """One search: which indexes it can use, and its hits."""

    def __init__(
        self, constellation: Constellation, query: Query, filters: Filters, tokenize: Tokenizer, exact: bool
    ) -> None:
        self._constellation = constellation
        self._query = query
        self._filters = filters
        self._tokenize = tokenize
        self._exact = exact
        self._unusable: dict[Source, UnusableIndexError] = {}
        self._texts: dict[Source, Texts] = {}

    def hits(self, sources: list[Source], limit: int) -> tuple[tuple[Hit, ...], bool]:
        """The best hits and whether there are more; an index that turns out to be unusable is replaced."""
        while True:
            try:
                return self._hits({source: self._index(source) for source in sources}, limit)
            except UnusableIndexError as error:
                self._unusable[error.source] = error

    def remarks(self) -> Iterator[str]:
        """Which indexes could not be used, and how many blocks could not be read."""
        for source, error in self._unusable.items():
            yield (
                f"the full-text index of {source.plural} cannot be used: {error.reason}; the rows themselves were"
                f" searched, which takes longer (`pattern {error.cure}` makes a new one)"
            )
        unread = self._texts[MEMORY].unread if MEMORY in self._texts else 0
        if unread:
            blocks = "1 memory block" if unread == 1 else f"{unread} memory blocks"
            yield f"{blocks} could not be read completely; `pattern memory list` shows which"

    def _index(self, source: Source) -> Index:
        texts = self._texts.setdefault(source, Texts(self._constellation, source))
        where, values = self._filters.where(self._constellation, source)
        if source is not MEMORY and source not in self._unusable:
            check(self._constellation, source)
            return StoredIndex(self._constellation, source, where, values)
        return BuiltIndex(self._constellation, source, texts.all(where, values))

    def _hits(self, indexes: dict[Source, Index], limit: int) -> tuple[tuple[Hit, ...], bool]:
        found = {source: ranking.best(index, self._query, limit + 1) for source, index in indexes.items()}
        words = [term.fts5() for term in self._query.terms]
        candidates = ranking.merged(found, lambda source: indexes[source].rarity(words) or 1.0, limit + 1)
        scores = ranking.scores(candidates)
        return tuple(self._read(candidates[:limit], scores)), len(candidates) > limit

    def _read(self, candidates: list[Candidate], scores: list[float]) -> Iterator[Hit]:
        rows = {
            source: self._texts[source].of([one.rowid for one in candidates if one.source is source])
            for source in dict.fromkeys(one.source for one in candidates)
        }
        names = self._names() if candidates else {}
        for number, (one, score) in enumerate(zip(candidates, scores, strict=False), 1):
            columns, texts, remarks = rows[one.source][one.rowid]
            snippet = self._snippet(one, texts)
            damage: Damage = list(remarks)
            flags = {name: read_flag(columns[name]) if name in columns else None for name in _FLAGS}
            if one.source is MESSAGES and flags["is_deleted"] is None:
                flags["is_deleted"] = False  # the column came with version 7
            yield Hit(
                rank=number,
                score=score,
                kind=one.source.kind,
                id=columns["id"],
                short_id=self._short_id(one.source, columns["id"]),
                agent_id=columns["agent_id"],
                agent_name=names.get(columns["agent_id"]),
                label=columns.get("label"),
                role=columns.get("role"),
                batch_id=columns.get("batch_id"),
                position=columns.get("position"),
                source=columns.get("source"),
                created_at=read_time(columns["created_at"], "created_at", damage),
                updated_at=read_time(columns.get("updated_at"), "updated_at", damage),
                snippet=snippet.text,
                highlights=snippet.highlights,
                all_words=one.all_words,
                bm25=one.bm25,
                **flags,
                damage=tuple(damage),
            )

    def _snippet(self, one: Candidate, texts: list[str]) -> Snippet:
        """The part of a text where the words stand; of a block's texts the content comes first, of others likewise."""
        ordered = texts[::-1] if one.source is MEMORY else texts
        for text in ordered:
            if found := excerpt(text, self._query.terms, self._tokenize):
                return found
        if self._exact and one.source is not MEMORY and one.source not in self._unusable:
            raise UnusableIndexError(one.source, "it finds words in rows that do not hold them", "vacuum")
        return beginning(next(filter(None, ordered), ""))

    def _names(self) -> dict[str, str]:
        sql = "SELECT id, name FROM agent_groups UNION ALL SELECT id, name FROM agents"
        return {CONSTELLATION: CONSTELLATION, **dict(self._constellation.rows(sql))}

    def _short_id(self, source: Source, id: Any) -> Any:
        """The shortest beginning of an id that no other row of its table has, ten characters at least."""
        if not isinstance(id, str):
            return id
        near = f"""SELECT (SELECT max(id) FROM {source.table} WHERE id < ?1),
                          (SELECT min(id) FROM {source.table} WHERE id > ?1)"""
        neighbours = next(self._constellation.rows(near, (id,)))
        same = max((_common(id, other) for other in neighbours if isinstance(other, str)), default=0)
        return id[: max(same + 1, _SHORTEST)]


def _common(one: str, other: str) -> int:
    """The length of the beginning that both have."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
