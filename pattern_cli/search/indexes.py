"""Full-text indexes: the ones kept in the database, and ones built for a single search (database.md §2.3, §7.6).

An index is built for memory, whose stored one holds only the runtime's previews, and where the stored one is missing,
damaged or does not hold all rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import log
from typing import Any, Protocol

import apsw

from pattern_cli.search.query import Tokenizer, Tokens
from pattern_cli.search.sources import Source
from pattern_cli.store import tolerant
from pattern_cli.store.constellation import Constellation

Match = tuple[int, float, str]
"""A found row: its rowid, its bm25 rank (negative, lower is better), its id."""


class UnusableIndexError(Exception):
    """A stored index that cannot be relied on, why, and the command that makes a new one.

    It never leaves a search: the rows themselves are searched instead.
    """

    def __init__(self, source: Source, reason: str, cure: str) -> None:
        super().__init__(reason)
        self.source = source
        self.reason = reason
        self.cure = cure


class Index(Protocol):
    """What a search asks of an index."""

    def matches(self, expression: str) -> Iterator[Match]:
        """The rows that fit an expression and the filters, best first, streamed."""

    def rarity(self, expressions: Iterable[str]) -> float:
        """The sum of the weights bm25 gives to these words in this index: the rarer the more."""


class StoredIndex:
    """The index that triggers keep beside a table; rows that fail a condition are passed over."""

    def __init__(self, constellation: Constellation, source: Source, where: str, values: list[Any]) -> None:
        self._connection = constellation.connection
        self._source = source
        # CROSS JOIN keeps the index outside: it delivers in rank order, and reading stops with the last hit wanted.
        self._sql = (
            f"SELECT f.rowid, f.rank, t.id FROM {source.fts} f CROSS JOIN {source.table} t ON t.rowid = f.rowid"
            f" WHERE f.{source.fts} MATCH ? AND {where} ORDER BY f.rank"
        )
        self._values = values

    def matches(self, expression: str) -> Iterator[Match]:
        """The rows that fit, best first. Raises UnusableIndexError when the index is damaged."""
        try:
            for rowid, rank, id in tolerant.rows(self._connection, self._sql, (expression, *self._values)):
                yield rowid, rank, str(id)
        except (apsw.CorruptError, apsw.SQLError) as error:
            raise _damaged(self._source, error) from None

    def rarity(self, expressions: Iterable[str]) -> float:
        """The sum of bm25's weights of these words. Raises UnusableIndexError when the index is damaged."""
        name = self._source.fts
        try:
            return _rarity(self._connection, name, rows_indexed(self._connection, name), expressions)
        except (apsw.CorruptError, apsw.SQLError) as error:
            raise _damaged(self._source, error) from None


class BuiltIndex:
    """An index of the rows it was given, in a private database that vanishes with it."""

    def __init__(self, constellation: Constellation, source: Source, rows: Iterable[tuple[int, list[str]]]) -> None:
        # An empty name is a temporary database: in memory, on disk only when it grows large.
        self._connection = apsw.Connection("")
        self._constellation = constellation
        self._table = source.table
        self._rows = 0
        _create(self._connection, source.columns)
        marks = ", ".join("?" * len(source.columns))
        with self._connection:
            self._connection.executemany(
                f"INSERT INTO found(rowid, {', '.join(source.columns)}) VALUES (?, {marks})", self._counted(rows)
            )

    def matches(self, expression: str) -> Iterator[Match]:
        """The rows that fit, best first."""
        sql = "SELECT rowid, rank FROM found WHERE found MATCH ? ORDER BY rank"
        for rowid, rank in self._connection.execute(sql, (expression,)):
            id = self._constellation.value(f"SELECT id FROM {self._table} WHERE rowid = ?", (rowid,))
            yield rowid, rank, str(id)

    def rarity(self, expressions: Iterable[str]) -> float:
        """The sum of bm25's weights of these words."""
        return _rarity(self._connection, "found", self._rows, expressions)

    def _counted(self, rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[Any, ...]]:
        for rowid, texts in rows:
            self._rows += 1
            yield rowid, *(text.encode("utf-8", "surrogateescape") for text in texts)


def check(constellation: Constellation, source: Source) -> None:
    """Raise UnusableIndexError when the stored index is missing or, as far as can be seen quickly, out of step.

    The runtime's migration 0002 indexes no row that existed before (D24). REPLACE leaves dead rows behind (D21), which
    do no harm as long as no new row has their rowid: no row of the table belongs to them.
    """
    connection = constellation.connection
    if not constellation.has_table(source.fts):
        raise UnusableIndexError(source, "it does not exist", "migrate up")
    # Two aggregates in one query would read the whole table.
    ends = "SELECT (SELECT min({0}) FROM {1}), (SELECT max({0}) FROM {1})"
    try:
        indexed = rows_indexed(connection, source.fts)
        index_ends = connection.execute(ends.format("id", f"{source.fts}_docsize")).get
        missing = set(source.columns).difference(columns_of(connection, source.fts))
    except (apsw.CorruptError, apsw.SQLError) as error:
        raise _damaged(source, error) from None
    if missing:
        raise UnusableIndexError(source, f"it lacks {', '.join(sorted(missing))}", "migrate up")
    first, last = table_ends = connection.execute(ends.format("rowid", source.table)).get
    stored = 0 if first is None else last - first + 1
    if stored != indexed:
        # Rows were deleted, or not indexed: only counting tells, 40 ms for a million rows.
        stored = connection.execute(f"SELECT count(*) FROM {source.table}").get
    if indexed != stored:
        raise UnusableIndexError(source, f"it holds {indexed} rows of {stored}", "vacuum")
    if index_ends != table_ends:
        raise UnusableIndexError(source, "it holds other rows than the table", "vacuum")


def rows_indexed(connection: apsw.Connection, index: str) -> int:
    """The number of rows in a full-text index, from the totals FTS5 keeps for bm25 (its record 1)."""
    totals = connection.execute(f"SELECT block FROM {index}_data WHERE id = 1").get
    count = 0
    for byte in totals or b"":
        count = count << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return count


def columns_of(connection: apsw.Connection, index: str) -> tuple[str, ...]:
    """The columns of a full-text table; none when it is missing."""
    return tuple(name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (index,)))


def refusal(expression: str, columns: tuple[str, ...]) -> str | None:
    """What FTS5 says against an expression for a table with these columns; None when it takes it."""
    trial = apsw.Connection(":memory:")
    try:
        _create(trial, columns)
        trial.execute("SELECT 1 FROM found WHERE found MATCH ?", (expression,)).fetchall()
    except apsw.SQLError as error:
        return _said(error)
    finally:
        trial.close()
    return None


def tokenizer(connection: apsw.Connection) -> Tokenizer:
    """The tokenizer of the full-text tables: unicode61 as it comes."""
    unicode61 = connection.fts5_tokenizer("unicode61")

    def tokenize(text: bytes) -> Tokens:
        tokens: Any = unicode61(text, apsw.FTS5_TOKENIZE_DOCUMENT, None)
        return tokens  # type: ignore[no-any-return]

    return tokenize


def _create(connection: apsw.Connection, columns: tuple[str, ...]) -> None:
    connection.execute(f"CREATE VIRTUAL TABLE found USING fts5({', '.join(columns)}, content='')")


def _rarity(connection: apsw.Connection, table: str, rows: int, expressions: Iterable[str]) -> float:
    total = 0.0
    for expression in expressions:
        count = connection.execute(f"SELECT count(*) FROM {table} WHERE {table} MATCH ?", (expression,)).get
        # FTS5's own formula, its floor for words in more than half of the rows included.
        weight = log((rows - count + 0.5) / (count + 0.5)) if count < rows else 0.0
        total += weight if weight > 0 else 1e-6
    return total


def _damaged(source: Source, error: apsw.Error) -> UnusableIndexError:
    return UnusableIndexError(source, f"it is damaged ({_said(error)})", "vacuum")


def _said(error: apsw.Error) -> str:
    return str(error).removeprefix(f"{type(error).__name__}: ").removeprefix("fts5: ")
