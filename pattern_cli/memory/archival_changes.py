"""Adding, editing and deleting archival entries (memory.md §6.1; database.md §7.3).

A runtime keeps none of them: its agents insert and search in the database alone. So all of this is safe beside one,
and an agent finds a change at its next search. The full-text index follows by its triggers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import ConflictError, IntegrityError, NotFoundError, UsageError
from pattern_cli.memory.archival import Archival
from pattern_cli.memory.sharing import Owner, Owners
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.encoding import json_column
from pattern_cli.store.ids import new_id, resolve, resolve_owner

Snapshot = Callable[[Constellation], str]
PREFIX = "arch_"
# A value that was not given: the column keeps its stored bytes.
KEEP: Any = object()


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An archival entry as it was added or edited.

    `columns` are those that were written, none when all was as wished already. `id` and `created_at` are None for one
    that was not added (`dry_run`). `owner_kind` is `agent`, `group`, `constellation` or `unknown`; only agents search.
    """

    id: str | None
    agent_id: str
    owner: str
    owner_kind: str
    content: str
    metadata: Any
    created_at: str | None
    columns: tuple[str, ...]
    dry_run: bool


@dataclass(frozen=True, slots=True)
class GoingEntry:
    """An entry that is deleted; `named` tells whether it was asked for, or goes as a part of the same chain."""

    id: str
    owner: str
    chunk_index: int
    preview: str
    named: bool


@dataclass(frozen=True, slots=True)
class DeletedEntries:
    """What a deletion removes, or with `dry_run` would: `deleted` entries, `named` ones and `added` of their chains."""

    deleted: int
    named: int
    added: int
    owners: dict[str, int]
    entries: tuple[GoingEntry, ...]
    snapshot: str | None
    dry_run: bool


class ArchivalChanges(Archival):
    """The archival entries of an open constellation, and their changes."""

    def add(self, owner: str, content: str, metadata: Any = None, *, dry_run: bool = False) -> StoredEntry:
        """Add an entry for an agent, a group or `_constellation_`; whole, as the runtime adds them.

        Raises NotFoundError, AmbiguousError, and UsageError for an empty text or metadata that the runtime cannot read.
        """
        _require_text(content)
        stored = _stored(metadata)
        constellation = self._constellation
        if dry_run:
            with constellation.one_moment():
                return self._added(self._owner(owner), None, content, metadata)
        constellation.require_lock_budget("adding this entry", size=len(content) + len(stored or ""))
        with constellation.transaction():
            found = self._owner(owner)
            values = (new_id(PREFIX), found.id, content, stored, times.now_column())
            sql = """INSERT INTO archival_entries (id, agent_id, content, metadata, created_at, chunk_index)
                     VALUES (?, ?, ?, ?, ?, 0)"""
            list(constellation.rows(sql, values))
            return self._added(found, (values[0], values[4]), content, metadata)

    def edit(
        self, ref: str, content: str = KEEP, metadata: Any = KEEP, *, expected: str = KEEP, dry_run: bool = False
    ) -> StoredEntry:
        """Change the content or the metadata of an entry (id or unique beginning), or both; `None` clears metadata.

        `expected` is the content that the entry must still have. Raises NotFoundError, AmbiguousError, ConflictError
        when it was changed meanwhile, and UsageError as `add`.
        """
        if content is KEEP and metadata is KEEP:
            raise UsageError("neither content nor metadata is given", "name a text, --metadata, or --editor")
        if content is not KEEP:
            _require_text(content)
        wanted: dict[str, str | None] = {} if content is KEEP else {"content": content}
        wanted |= {} if metadata is KEEP else {"metadata": _stored(metadata)}
        constellation = self._constellation
        if dry_run:
            with constellation.one_moment():
                return self._edited(resolve(constellation, "archival", ref), wanted, expected, True)
        size = sum(len(value or "") for value in wanted.values())
        constellation.require_lock_budget("changing this entry", size=size)
        with constellation.transaction():
            return self._edited(resolve(constellation, "archival", ref), wanted, expected, False)

    def plan_deletion(self, refs: Sequence[str]) -> DeletedEntries:
        """What `delete` would remove. Raises NotFoundError and AmbiguousError."""
        with self._constellation.one_moment():
            return self._going(refs)

    def delete(
        self, refs: Sequence[str], *, planned: DeletedEntries | None = None, snapshot: Snapshot | None = None
    ) -> DeletedEntries:
        """Remove entries for good, by ids or their unique beginnings, each with its whole chain.

        Without `planned`, what they are now is removed; with it just that, or ConflictError is raised. `snapshot` is
        called before. Raises NotFoundError, AmbiguousError, RefusedError beside a running runtime for more than it
        can wait for.
        """
        constellation = self._constellation
        planned = planned or self.plan_deletion(refs)
        constellation.require_lock_budget("deleting archival entries", rows=planned.deleted)
        saved = snapshot(constellation) if snapshot else None
        with constellation.transaction():
            going = self._going(refs)
            if going.entries != planned.entries:
                raise ConflictError(
                    "the entries were changed meanwhile; nothing was deleted", "look at them again and repeat it"
                )
            for entry in going.entries:
                list(constellation.rows("DELETE FROM archival_entries WHERE id = ?", (entry.id,)))
            self._prove_gone(going)
        return _removed(going.entries, snapshot=saved, dry_run=False)

    def _owner(self, ref: str) -> Owner:
        """Who gets an entry. Raises NotFoundError for an owner that is gone, though its old entries are still there."""
        owner = Owners(self._constellation).of(resolve_owner(self._constellation, ref)[0])
        if owner.kind == "unknown":
            raise NotFoundError(
                f'the owner "{owner.id}" is gone; only its old entries are left', "`pattern agents list` shows all"
            )
        return owner

    def _added(self, owner: Owner, stored: tuple[str, str] | None, content: str, metadata: Any) -> StoredEntry:
        return StoredEntry(
            id=stored[0] if stored else None,
            agent_id=owner.id,
            owner=owner.name,
            owner_kind=owner.kind,
            content=content,
            metadata=metadata,
            created_at=times.rfc3339z(stored[1]) if stored else None,
            columns=("content",) if metadata is None else ("content", "metadata"),
            dry_run=stored is None,
        )

    def _edited(self, id: str, wanted: dict[str, str | None], expected: Any, dry_run: bool) -> StoredEntry:
        constellation = self._constellation
        sql = "SELECT agent_id, content, metadata FROM archival_entries WHERE id = ?"
        agent_id, content, metadata = next(constellation.rows(sql, (id,)))
        if expected is not KEEP and content != expected:
            raise ConflictError(f"{id} was changed meanwhile", "look at it again and repeat the change")
        before = {"content": content, "metadata": metadata}
        changed = {name: value for name, value in wanted.items() if value != before[name]}
        if not dry_run:
            for name, value in changed.items():
                list(constellation.rows(f"UPDATE archival_entries SET {name} = ? WHERE id = ?", (value, id)))
        owner = Owners(constellation).of(agent_id)
        row = self.show(id)
        return StoredEntry(
            id=id,
            agent_id=agent_id,
            owner=owner.name,
            owner_kind=owner.kind,
            content=wanted.get("content") or row.content,
            metadata=_read(wanted["metadata"]) if "metadata" in wanted else row.metadata,
            created_at=row.created_at,
            columns=tuple(changed),
            dry_run=dry_run,
        )

    def _going(self, refs: Sequence[str]) -> DeletedEntries:
        if not refs:
            raise UsageError("no entry is named", "`pattern archival list` shows their ids")
        named = {resolve(self._constellation, "archival", ref) for ref in refs}
        ids = dict.fromkeys(part for id in sorted(named) for part in self._chain(id))
        entries = tuple(
            GoingEntry(row.id, row.owner, row.chunk_index, row.preview, row.id in named) for row in self.some(ids)
        )
        return _removed(entries, snapshot=None, dry_run=True)

    def _chain(self, id: str) -> list[str]:
        """The ids of the whole chain that an entry is a part of, itself included, the first part first."""
        up = """WITH RECURSIVE up(id, parent) AS (
                  SELECT id, parent_entry_id FROM archival_entries WHERE id = ?1
                  UNION SELECT e.id, e.parent_entry_id FROM up JOIN archival_entries e ON e.id = up.parent)
                SELECT id, parent FROM up"""
        line = list(self._constellation.rows(up, (id,)))
        # The last one's parent may be missing, and still ties its children together.
        heads = {head for row in line for head in row if head is not None}
        down = """WITH RECURSIVE down(id) AS (
                    SELECT id FROM archival_entries WHERE id = ?1 OR parent_entry_id = ?1
                    UNION SELECT e.id FROM down JOIN archival_entries e ON e.parent_entry_id = down.id)
                  SELECT id FROM down"""
        ids = {row[0] for head in heads for row in self._constellation.rows(down, (head,))}
        place = """SELECT parent_entry_id IS NOT NULL, typeof(chunk_index) = 'text', chunk_index IS NOT NULL,
                   chunk_index, rowid FROM archival_entries WHERE id = ?"""
        return sorted(ids, key=lambda part: next(self._constellation.rows(place, (part,))))

    def _prove_gone(self, going: DeletedEntries) -> None:
        """Raise IntegrityError when a part of a chain is left whose first part is gone."""
        left = "SELECT count(*) FROM archival_entries WHERE id = ?1 OR parent_entry_id = ?1"
        if any(self._constellation.value(left, (entry.id,)) for entry in going.entries):
            raise IntegrityError("not all parts could be deleted; nothing was changed", "`pattern db info` tells more")


def _removed(entries: tuple[GoingEntry, ...], snapshot: str | None, dry_run: bool) -> DeletedEntries:
    named = sum(entry.named for entry in entries)
    return DeletedEntries(
        deleted=len(entries),
        named=named,
        added=len(entries) - named,
        owners=dict(sorted(Counter(entry.owner for entry in entries).items())),
        entries=entries,
        snapshot=snapshot,
        dry_run=dry_run,
    )


def _require_text(content: str) -> None:
    if not content.strip():
        raise UsageError("the entry is empty", "name a text, @FILE or - for standard input")


def _stored(metadata: Any) -> str | None:
    return None if metadata is None else json_column(metadata, "the metadata")


def _read(stored: str | None) -> Any:
    from pattern_cli.store.decoding import read_json

    return read_json(stored, "metadata", [])
