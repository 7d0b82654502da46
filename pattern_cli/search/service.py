"""Full-text search in messages, memory blocks and archival entries (database.md §7.6)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal

import apsw

from pattern_cli.errors import UsageError
from pattern_cli.search import query as queries
from pattern_cli.search.finding import Finding
from pattern_cli.search.hits import Results
from pattern_cli.search.indexes import refusal, tokenizer
from pattern_cli.search.query import Query
from pattern_cli.search.sources import SOURCES, Filters, Source
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.failures import translate

Syntax = Literal["words", "fts5"]
LIMIT = 20


class Search:
    """Full-text search in an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def find(
        self,
        text: str,
        *,
        within: Sequence[str] = (),
        agent: str | None = None,
        role: str | None = None,
        batch: str | None = None,
        source: str | None = None,
        since: int | None = None,
        until: int | None = None,
        archived: bool = False,
        deleted: bool = False,
        inactive: bool = False,
        limit: int = LIMIT,
        syntax: Syntax = "words",
    ) -> Results:
        """The best hits for any text, at most `limit`.

        Words are alternatives; quotes make phrases, a minus excludes, a star after a word finds its continuations.
        `within` names what is searched (messages, memory, archival), everything by default; `role`, `batch` and
        `source` are of messages alone. `agent` is an owner's name or id, `since` and `until` are unix nanoseconds:
        of a block's last change, of the creation of others. Archived and deleted messages and inactive blocks are
        hidden unless asked for. With syntax `fts5` the text is an FTS5 expression.

        Raises UsageError for an unknown place, role or a faulty expression, NotFoundError for an unknown agent or
        batch.
        """
        began = time.perf_counter()
        filters = self._filters(agent, role, batch, source, since, until, archived, deleted, inactive)
        sources = _sources(within, filters)
        tokenize = tokenizer(self._constellation.connection)
        query = queries.read_fts5(text, tokenize) if syntax == "fts5" else queries.read(text, tokenize)
        remarks = ["the text is too long: only its first words are looked for"] if query.cut else []
        if not query.some:
            return Results((), False, True, tuple(remarks), time.perf_counter() - began)
        if syntax == "fts5":
            sources = _understanding(query, sources)
        finding = Finding(self._constellation, query, filters, tokenize, exact=syntax == "words")
        try:
            with self._constellation.one_moment():
                hits, more = finding.hits(sources, limit)
        except apsw.Error as error:
            raise translate(error, self._constellation.path) or error from None
        return Results(hits, more, False, (*remarks, *finding.remarks()), time.perf_counter() - began)

    def _filters(
        self, agent: str | None, role: str | None, batch: str | None, source: str | None, *others: Any
    ) -> Filters:
        owner = None
        if agent is not None:
            from pattern_cli.store.ids import resolve_owner

            owner, _ = resolve_owner(self._constellation, agent)
        if role is not None or batch is not None:
            from pattern_cli.messages.service import Messages

            chosen = Messages(self._constellation).filter(role=role, batch=batch)
            role, batch = chosen.role, chosen.batch_id
        return Filters(owner, role, batch, source, *others)


def _sources(within: Sequence[str], filters: Filters) -> list[Source]:
    """What is searched: what was named, else all that can fulfil the conditions."""
    singular = {source.kind: name for name, source in SOURCES.items()}
    within = [singular.get(name, name) for name in within]
    for name in within:
        if name not in SOURCES:
            raise UsageError(f'"{name}" cannot be searched', f"places: {', '.join(SOURCES)}")
        if filters.of_messages and name != "messages":
            raise UsageError(f"--{filters.of_messages[0]} fits messages only, not {name}", "leave one of them out")
    names = within or (("messages",) if filters.of_messages else tuple(SOURCES))
    return [source for name, source in SOURCES.items() if name in names]


def _understanding(query: Query, sources: list[Source]) -> list[Source]:
    """The sources whose columns fit an FTS5 expression; raises UsageError with FTS5's own words when none does."""
    said = {source: refusal(query.some, source.columns) for source in sources}
    fitting = [source for source in sources if said[source] is None]
    if not fitting:
        raise queries.fault(said[sources[0]] or "", query.some)
    return fitting
