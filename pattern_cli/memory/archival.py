"""Archival entries: long-term notes, single or in chains of chunks (memory.md §6.1; database.md §7.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pattern_cli.memory.sharing import Owners
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_json, read_time
from pattern_cli.store.ids import resolve, resolve_owner

_PREVIEW = 160


@dataclass(frozen=True, slots=True)
class ArchivalRow:
    """An archival entry in a list; `preview` is the beginning of its content on one line.

    `chunk_count` is the number of entries in its chain: the first chunk and those that name it as their parent.
    """

    id: str
    agent_id: str
    owner: str
    preview: str
    content: str
    metadata: Any
    chunk_index: int
    chunk_count: int
    parent_entry_id: str | None
    created_at: str
    damage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """An entry of a chain, with its number in it."""

    id: str
    chunk_index: int


@dataclass(frozen=True, slots=True)
class ArchivalRecord:
    """One archival entry; `chain` names the entries of its chain in order, itself included, when there are several.

    `parent_missing` tells that the entry names a parent that is not stored.
    """

    id: str
    agent_id: str
    owner: str
    content: str
    metadata: Any
    chunk_index: int
    parent_entry_id: str | None
    parent_missing: bool
    children: tuple[str, ...]
    chain: tuple[Chunk, ...]
    created_at: str
    damage: tuple[str, ...]


class Archival:
    """The archival entries of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def list(
        self,
        owner: str | None = None,
        *,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = None,
        where: Callable[[ArchivalRow], bool] | None = None,
    ) -> Iterator[ArchivalRow]:
        """Entries of one owner (name, id or unique beginning), or of all, newest first, those for which `where` holds.

        `since` and `until` are unix nanoseconds, both included; an entry whose time cannot be read fits neither and
        comes last without them. Raises NotFoundError or AmbiguousError.
        """
        constellation = self._constellation
        with constellation.one_moment():
            owner_id = None if owner is None else resolve_owner(constellation, owner)[0]
            newest = _newest(constellation, owner_id, since, until, None if where else limit)
            found = self._rows("rowid", newest)
            yield from islice(filter(where, found), limit) if where else found

    def some(self, ids: Iterable[str]) -> Iterator[ArchivalRow]:
        """The entries with these ids, in this order."""
        return self._rows("id", ids)

    def _rows(self, key: str, values: Iterable[str | int]) -> Iterator[ArchivalRow]:
        owners, chains = Owners(self._constellation), _chain_lengths(self._constellation)
        for value in values:
            for row in self._constellation.rows(f"{_SELECT} WHERE {key} = ?", (value,)):
                yield _row(row, owners, chains)

    def show(self, ref: str) -> ArchivalRecord:
        """One entry by its id or a unique beginning of it, with its chain. Raises NotFoundError or AmbiguousError."""
        with self._constellation.one_moment():
            return _read(self._constellation, resolve(self._constellation, "archival", ref))


def _read(constellation: Constellation, id: str) -> ArchivalRecord:
    row = _row(
        next(constellation.rows(f"{_SELECT} WHERE id = ?", (id,))),
        Owners(constellation),
        _chain_lengths(constellation),
    )
    children = tuple(chunk.id for chunk in _children(constellation, id))
    head = row.parent_entry_id or id
    parent = _chunk(constellation, head)
    chain = (*([parent] if parent else []), *_children(constellation, head))
    return ArchivalRecord(
        id=row.id,
        agent_id=row.agent_id,
        owner=row.owner,
        content=row.content,
        metadata=row.metadata,
        chunk_index=row.chunk_index,
        parent_entry_id=row.parent_entry_id,
        parent_missing=parent is None,
        children=children,
        chain=chain if len(chain) > 1 else (),
        created_at=row.created_at,
        damage=row.damage,
    )


def _newest(
    constellation: Constellation, owner_id: str | None, since: int | None, until: int | None, limit: int | None
) -> list[int]:
    """Row numbers in the order of the entries' instants: their texts come in two forms that do not sort (D8)."""
    dated = []
    sql = "SELECT rowid, created_at FROM archival_entries WHERE ?1 IS NULL OR agent_id = ?1 ORDER BY rowid DESC"
    for rowid, created in constellation.rows(sql, (owner_id,)):
        moment = _moment(created)
        if (since is None and until is None) or (
            moment is not None and (since is None or moment >= since) and (until is None or moment <= until)
        ):
            dated.append((moment is None, -(moment or 0), rowid))
    return [rowid for *_, rowid in sorted(dated, key=lambda item: item[:2])][:limit]


def _chunk(constellation: Constellation, id: str) -> Chunk | None:
    sql = "SELECT id, coalesce(chunk_index, 0) FROM archival_entries WHERE id = ?"
    return next((Chunk(*row) for row in constellation.rows(sql, (id,))), None)


def _children(constellation: Constellation, id: str) -> list[Chunk]:
    sql = """SELECT id, coalesce(chunk_index, 0) FROM archival_entries WHERE parent_entry_id = ?
             ORDER BY chunk_index, rowid"""
    return [Chunk(*row) for row in constellation.rows(sql, (id,))]


_SELECT = """SELECT id, agent_id, content, metadata, coalesce(chunk_index, 0), parent_entry_id, created_at
             FROM archival_entries"""


def _row(row: tuple[Any, ...], owners: Owners, chains: dict[str, int]) -> ArchivalRow:
    id, agent_id, content, metadata, chunk, parent, created = row
    damage: Damage = []
    if not isinstance(content, str):
        damage.append("content: not stored as text")
    if not isinstance(chunk, int):
        damage.append("chunk_index: not a whole number")
    return ArchivalRow(
        id=id,
        agent_id=agent_id,
        owner=owners.of(agent_id).name,
        preview=_preview(content),
        content=content,
        metadata=read_json(metadata, "metadata", damage),
        chunk_index=chunk,
        chunk_count=1 + chains.get(parent or id, 0),
        parent_entry_id=parent,
        created_at=read_time(created, "created_at", damage),
        damage=tuple(damage),
    )


def _preview(content: Any) -> str:
    text = (
        content
        if isinstance(content, str)
        else f"<{len(content)} bytes>"
        if isinstance(content, bytes)
        else str(content)
    )
    first = " ".join(text[: _PREVIEW * 4].split())
    return first if len(first) <= _PREVIEW and len(text) <= _PREVIEW * 4 else f"{first[:_PREVIEW].rstrip()}…"


def _moment(created: Any) -> int | None:
    try:
        return times.nanoseconds(created)
    except (ValueError, TypeError, OverflowError):
        return None


def _chain_lengths(constellation: Constellation) -> dict[str, int]:
    """How many entries name each parent."""
    sql = """SELECT parent_entry_id, count(*) FROM archival_entries WHERE parent_entry_id IS NOT NULL
             GROUP BY parent_entry_id"""
    return {str(parent): int(count) for parent, count in constellation.rows(sql)}
