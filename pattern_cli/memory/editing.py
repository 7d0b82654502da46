"""Changing the document of a block beside a running runtime: the safe recipe of memory.md §5.

One transaction appends one update row. The update is exported from the last version that the runtime is known to
have (§4.7), so that it sees the change at its next access and every earlier one of ours that it missed; before the
commit the block is loaded again as the runtime would and must be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import ConflictError, IntegrityError, NotFoundError, RefusedError
from pattern_cli.memory import permissions
from pattern_cli.memory.contents import Content, content, snapshot_of
from pattern_cli.memory.documents import Document
from pattern_cli.memory.healing import heal
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.rendering import rendered
from pattern_cli.memory.schemas import Schema, TextSchema
from pattern_cli.memory.sharing import Owners
from pattern_cli.memory.views import view
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_json

# Applies a change to a block's document, which it sees through its schema. It may return what the block's permission
# has to allow for it, which only then is known.
Change = Callable[[Document, Schema], Iterable[permissions.Operation] | None]
SOURCE = "manual"


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a change is made.

    `as_admin` overrides the block's permission, `force_limit` its character limit. `expected` is the encoded version
    vector that the document must still have. `dry_run` changes nothing and tells what would come out. `through` is
    the id of an agent that receives the block by a share: that share's permission counts then.
    """

    as_admin: bool = False
    force_limit: bool = False
    expected: bytes | None = None
    dry_run: bool = False
    through: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """What a change did to a block.

    `changed` is False when the content was as wished already; then nothing was written and `seq` is None. `seq` is
    the sequence number of the new update row. `before` and `after` are the whole text as `memory show` prints it,
    `used_before` and `used` their lengths in characters. `preview_adopted`: the document was empty and the text that
    was stored as preview became its content first, in an update row of its own.
    """

    id: str
    agent_id: str
    owner: str
    label: str
    changed: bool
    seq: int | None
    used_before: int
    used: int
    char_limit: int
    over_limit: bool
    before: str
    after: str
    preview_adopted: bool
    healed: bool
    dry_run: bool
    updated_at: str | None


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    agent_id: str
    owner: str
    label: str
    permission: str
    char_limit: Any
    is_active: Any
    metadata: Any
    preview: str

    @property
    def name(self) -> str:
        return f"{self.owner}/{self.label}"


class Editor:
    """Changes documents of an open constellation's blocks."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._loader = Loader(constellation)

    def edit(
        self,
        block_id: str,
        change: Change,
        message: str,
        operation: permissions.Operation | None,
        terms: Terms = Terms(),
    ) -> Edited:
        """Apply a change to a block and store it as one update row; `message` goes into the document's history.

        `operation` is what the permission has to allow; None where only `change` knows or the runtime asks for none.

        Raises NotFoundError, RefusedError (deleted, not permitted, over the limit), ConflictError (changed meanwhile),
        IntegrityError (the document cannot be read completely), and whatever `change` raises; nothing is written then.
        """
        if terms.dry_run:
            with self._constellation.one_moment():
                return self._apply(block_id, change, message, operation, terms)
        with self._constellation.transaction():
            return self._apply(block_id, change, message, operation, terms)

    def version(self, block_id: str) -> bytes:
        """The encoded version vector of a block's document, for `Terms.expected`."""
        return self._loader.load(block_id, snapshot_of(self._constellation, block_id)).document.version

    def _apply(
        self, block_id: str, change: Change, message: str, operation: permissions.Operation | None, terms: Terms
    ) -> Edited:
        row = self._row(block_id)
        if not row.is_active:
            raise RefusedError(f"{row.name} is deleted", "`pattern memory restore` brings it back first")
        gate = self._gate(row, terms)
        gate([operation] if operation else [])
        found = content(self._constellation, self._loader, row.id, row.metadata, bool(row.preview))
        document = _sound(found, row)
        if terms.expected is not None and not document.is_at(terms.expected):
            raise ConflictError(f"{row.name} was changed meanwhile", "look at it again and repeat the change")
        healed = found.loaded.pending > 0 and heal(self._constellation, row.id, document)
        before = row.preview if found.preview_only else found.view.whole
        adopted = found.preview_only and self._adopt(row, found, terms)
        version = document.version
        gate(change(document, found.schema) or [])
        document.commit(message)
        changed = not document.is_at(version)
        after = view(found.schema, document).whole if changed or healed else before
        limit = self._limited(row, before, after, terms)
        seq = updated = None
        if (changed or adopted or healed) and not terms.dry_run:
            seq, updated = self._append(row, found.schema, document, version)
        return Edited(
            id=row.id,
            agent_id=row.agent_id,
            owner=row.owner,
            label=row.label,
            changed=changed or adopted or healed,
            seq=seq,
            used_before=len(before),
            used=len(after),
            char_limit=limit,
            over_limit=len(after) > limit,
            before=before,
            after=after,
            preview_adopted=adopted,
            healed=healed,
            dry_run=terms.dry_run,
            updated_at=updated and times.rfc3339z(updated),
        )

    def _row(self, block_id: str) -> _Row:
        sql = """SELECT id, agent_id, label, permission, char_limit, is_active, metadata, content_preview
                 FROM memory_blocks WHERE id = ?"""
        found = next(self._constellation.rows(sql, (block_id,)), None)
        if found is None:
            raise NotFoundError(f'no block has the id "{block_id}"', "`pattern memory list` shows them")
        id, agent_id, label, permission, limit, active, metadata, preview = found
        owner = Owners(self._constellation).of(agent_id).name
        decoded = read_json(metadata, "metadata", [])
        text = preview if isinstance(preview, str) else ""
        return _Row(id, agent_id, owner, label, permission, limit, active, decoded, text)

    def _gate(self, row: _Row, terms: Terms) -> Callable[[Iterable[permissions.Operation]], None]:
        """What raises RefusedError for operations that the permission, which is read now, does not allow."""
        permission, receiver = row.permission, None
        if terms.through is not None and terms.through != row.agent_id:
            receiver = Owners(self._constellation).of(terms.through).name
            sql = "SELECT permission FROM shared_block_agents WHERE block_id = ? AND agent_id = ?"
            permission = self._constellation.value(sql, (row.id, terms.through))
            if permission is None:
                raise NotFoundError(
                    f"{row.name} is not shared with {receiver}", "`pattern memory list` shows whose it is"
                )

        def gate(operations: Iterable[permissions.Operation]) -> None:
            for operation in operations:
                permissions.require(permission, operation, row.name, terms.as_admin, receiver)

        return gate

    def _adopt(self, row: _Row, found: Content, terms: Terms) -> bool:
        """Make the stored preview, which is all that an old archive left, the content of the empty document."""
        if not isinstance(found.schema, TextSchema):
            raise RefusedError(
                f"the document of {row.name} is empty, and its content is only in the stored preview",
                "`pattern memory show` prints it; create a block for it under another label",
            )
        found.loaded.document.append_text("content", row.preview)
        found.loaded.document.commit("manual:preview")
        if not terms.dry_run:
            self._append(row, found.schema, found.loaded.document, None)
        return True

    def _limited(self, row: _Row, before: str, after: str, terms: Terms) -> int:
        """The block's limit. Raises RefusedError when the change makes a text longer that is or gets over it."""
        limit = row.char_limit if isinstance(row.char_limit, int) and row.char_limit >= 0 else 0
        if not terms.force_limit and len(after) > max(limit, len(before)):
            raise RefusedError(
                f"{row.name} would have {len(after)} characters, its limit is {limit} (now {len(before)})",
                "--force-limit stores it anyway; `pattern memory meta --limit` raises the limit",
            )
        return limit

    def _append(self, row: _Row, schema: Schema, document: Document, version: bytes | None) -> tuple[int, str]:
        """Store what the document has beyond the runtime's version as the next update row."""
        blob = document.updates_since(self._runtime_version(row.id))
        self._constellation.require_lock_budget(f"changing {row.name}", size=len(blob))
        rows = self._constellation.rows
        now = times.now_column()
        next_seq = """UPDATE memory_blocks SET updated_at = ?2, last_seq = 1 + max(last_seq,
                      (SELECT coalesce(max(seq), 0) FROM memory_block_updates WHERE block_id = ?1))
                      WHERE id = ?1 RETURNING last_seq"""
        ((seq,),) = list(rows(next_seq, (row.id, now)))
        insert = """INSERT INTO memory_block_updates
                    (block_id, seq, update_blob, byte_size, source, frontier, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)"""
        created = self._after_checkpoints(row.id, now)
        list(rows(insert, (row.id, seq, blob, len(blob), SOURCE, document.version, created)))
        list(
            rows(
                "UPDATE memory_blocks SET content_preview = ? WHERE id = ?",
                (_preview(schema, document) or None, row.id),
            )
        )
        self._prove(row, document)
        return seq, now

    def _runtime_version(self, block_id: str) -> bytes:
        """The newest version that the runtime surely has, else that of the snapshot (memory.md §4.7).

        An agent's row that waits for missing operations, or that hides behind a checkpoint, is no such version.
        """
        snapshot = snapshot_of(self._constellation, block_id)
        base = Document.load(snapshot).version
        sql = """SELECT seq, frontier FROM memory_block_updates
                 WHERE block_id = ? AND is_active = 1 AND source = 'agent' ORDER BY seq DESC LIMIT 1"""
        newest = next(self._constellation.rows(sql, (block_id,)), None)
        if newest is None:
            return base
        seen = self._loader.load_as_runtime(block_id, snapshot)
        version = newest[1] or self._loader.load_until(block_id, snapshot, newest[0]).version
        return version if seen.includes(version) and not any(seen.pending) else base

    def _after_checkpoints(self, block_id: str, now: str) -> str:
        """A time at which the runtime does not take the row for one that a checkpoint holds already (M17)."""
        newest = "SELECT max(created_at) FROM memory_block_checkpoints WHERE block_id = ?"
        checkpoint = self._constellation.value(newest, (block_id,))
        if not isinstance(checkpoint, str) or now > checkpoint:
            return now
        return times.column_time(times.nanoseconds(checkpoint) + 1)

    def _prove(self, row: _Row, document: Document) -> None:
        """Raise IntegrityError unless the runtime's way of loading the block gives what was meant."""
        seen = self._loader.load_as_runtime(row.id, snapshot_of(self._constellation, row.id))
        if not seen.same_version(document):
            raise IntegrityError(
                f"{row.name} would not be read back as it was written; nothing was changed",
                "`pattern memory show` names what is damaged",
            )


def _preview(schema: Schema, document: Document) -> str:
    """The runtime's rendering, or our own view of a block on which the runtime fails: search finds it all the same."""
    try:
        return rendered(schema, document)
    except IntegrityError:
        return view(schema, document).text


def _sound(found: Content, row: _Row) -> Document:
    """The document of a block. Raises IntegrityError when a part of it cannot be read: it would be overwritten."""
    if not found.complete:
        raise IntegrityError(
            f"{row.name} cannot be changed: {found.damage[0]}", "`pattern backup list` shows backups that may be whole"
        )
    return found.loaded.document
