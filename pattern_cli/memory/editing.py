"""Changing the document of a block beside a running runtime: the safe recipe of memory.md §5.

One transaction appends one update row for each change. What is stored is worked out, and proven to be what the
runtime will load, before the write lock is taken; under the lock it is only checked that nothing was changed since.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pattern_cli.errors import ConflictError, IntegrityError, NotFoundError, RefusedError
from pattern_cli.memory import permissions
from pattern_cli.memory.appending import Additions, Row, stamp, store
from pattern_cli.memory.contents import Content, content, preview_of, snapshot_of
from pattern_cli.memory.documents import Document
from pattern_cli.memory.healing import heal
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.schemas import Schema, TextSchema
from pattern_cli.memory.sharing import Owners
from pattern_cli.memory.views import view
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_json

# Applies a change to a block's document, which it sees through its schema. It may return what the block's permission
# has to allow for it, which only then is known.
Change = Callable[[Document, Schema], Iterable[permissions.Operation] | None]
Gate = Callable[[Iterable[permissions.Operation]], None]
# How often a block is tried that others change all the time. What took at most so many seconds is done under the lock
# from the second time on.
_ATTEMPTS = 5
_SHORT = 0.5


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
class Step:
    """One change, the message that tells of it in the document's history, and what the permission has to allow."""

    change: Change
    message: str
    operation: permissions.Operation | None = None


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


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be stored for a block, and the stamp of what that was decided on."""

    name: str
    stamp: tuple[Any, ...]
    edits: list[Edited]
    rows: list[Row]
    preview: str | None


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
        `change` may be called again, on a document read again.

        Raises NotFoundError, RefusedError (deleted, not permitted, over the limit), ConflictError (changed meanwhile),
        IntegrityError (the document cannot be read completely), and whatever `change` raises; nothing is written then.
        """
        return self.edit_all(block_id, lambda: [Step(change, message, operation)], terms)[0]

    def edit_all(self, block_id: str, steps: Callable[[], Iterable[Step]], terms: Terms = Terms()) -> list[Edited]:
        """Apply steps one after another, each an update row of its own; all are stored together. Raises as `edit`.

        `steps` is called while the block is read, at one moment. Everything is worked out before the write lock is
        taken, which a runtime would have to wait for; when the block was changed meanwhile it is worked out again.
        Raises ConflictError also when that goes on and takes too long for the lock.
        """
        if terms.dry_run:
            with self._constellation.change(dry_run=True):
                return self._plan(block_id, steps(), terms).edits
        for attempt in range(1, _ATTEMPTS + 1):
            begin = time.monotonic()
            with self._constellation.one_moment():
                plan = self._plan(block_id, steps(), terms)
            if not plan.rows:
                return plan.edits
            with self._constellation.transaction():
                if stamp(self._constellation, block_id, terms.through) == plan.stamp:
                    return self._store(block_id, plan)
            if attempt > 1 and time.monotonic() - begin < _SHORT:
                with self._constellation.transaction():
                    return self._store(block_id, self._plan(block_id, steps(), terms))
        raise ConflictError(f"{plan.name} is changed by others again and again", "try again when they are done")

    def version(self, block_id: str) -> bytes:
        """The encoded version vector of a block's document, for `Terms.expected`."""
        return self._loader.load(block_id, snapshot_of(self._constellation, block_id)).document.version

    def _plan(self, block_id: str, steps: Iterable[Step], terms: Terms) -> _Plan:
        decided_on = stamp(self._constellation, block_id, terms.through)
        row = self._row(block_id)
        if not row.is_active:
            raise RefusedError(f"{row.name} is deleted", "`pattern memory restore` brings it back first")
        steps = list(steps)
        gate = self._gate(row, terms)
        gate([step.operation for step in steps if step.operation])
        found = content(self._constellation, self._loader, row.id, row.metadata, bool(row.preview))
        document = _sound(found, row)
        if terms.expected is not None and not document.is_at(terms.expected):
            raise ConflictError(f"{row.name} was changed meanwhile", "look at it again and repeat the change")
        healed = found.loaded.pending > 0 and heal(self._constellation, row.id, document)
        additions = Additions(self._constellation, row.id, row.name, document)
        text = row.preview if found.preview_only else found.view.whole
        adopted = found.preview_only and _adopt(row, found, additions)
        edits = []
        for step in steps:
            edited = self._step(row, found.schema, additions, step, gate, text, adopted, healed, terms)
            edits.append(edited)
            text, adopted, healed = edited.after, False, False
        additions.prove()
        preview = preview_of(found.schema, document) or None if additions.rows else None
        return _Plan(row.name, decided_on, edits, additions.rows, preview)

    def _step(
        self,
        row: _Row,
        schema: Schema,
        additions: Additions,
        step: Step,
        gate: Gate,
        before: str,
        adopted: bool,
        healed: bool,
        terms: Terms,
    ) -> Edited:
        document = additions.document
        version = document.version
        gate(step.change(document, schema) or [])
        document.commit(step.message)
        changed = not document.is_at(version)
        after = view(schema, document).whole if changed or healed else before
        limit = self._limited(row, before, after, terms)
        if changed or healed:
            additions.add()
        return Edited(
            id=row.id,
            agent_id=row.agent_id,
            owner=row.owner,
            label=row.label,
            changed=changed or adopted or healed,
            # Until it is stored, the place of its row among the new ones.
            seq=len(additions.rows) if (changed or adopted or healed) and not terms.dry_run else None,
            used_before=len(before),
            used=len(after),
            char_limit=limit,
            over_limit=len(after) > limit,
            before=before,
            after=after,
            preview_adopted=adopted,
            healed=healed,
            dry_run=terms.dry_run,
            updated_at=None,
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

    def _gate(self, row: _Row, terms: Terms) -> Gate:
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

    def _store(self, block_id: str, plan: _Plan) -> list[Edited]:
        """Store what was worked out, inside a transaction."""
        if not plan.rows:
            return plan.edits
        size = sum(len(row.blob) for row in plan.rows)
        self._constellation.require_lock_budget(f"changing {plan.name}", size=size)
        seqs, now = store(self._constellation, block_id, plan.name, plan.rows, plan.preview)
        at = times.rfc3339z(now)
        return [one if one.seq is None else replace(one, seq=seqs[one.seq - 1], updated_at=at) for one in plan.edits]

    def _limited(self, row: _Row, before: str, after: str, terms: Terms) -> int:
        """The block's limit. Raises RefusedError when the change makes a text longer that is or gets over it."""
        limit = row.char_limit if isinstance(row.char_limit, int) and row.char_limit >= 0 else 0
        if not terms.force_limit and len(after) > max(limit, len(before)):
            raise RefusedError(
                f"{row.name} would have {len(after)} characters, its limit is {limit} (now {len(before)})",
                "--force-limit stores it anyway; `pattern memory meta --limit` raises the limit",
            )
        return limit


def _adopt(row: _Row, found: Content, additions: Additions) -> bool:
    """Make the stored preview, which is all that an old archive left, the content of the empty document."""
    if not isinstance(found.schema, TextSchema):
        raise RefusedError(
            f"the document of {row.name} is empty, and its content is only in the stored preview",
            "`pattern memory show` prints it; create a block for it under another label",
        )
    found.loaded.document.append_text("content", row.preview)
    found.loaded.document.commit("manual:preview")
    additions.add()
    return True


def _sound(found: Content, row: _Row) -> Document:
    """The document of a block. Raises IntegrityError when a part of it cannot be read: it would be overwritten."""
    if not found.complete:
        raise IntegrityError(
            f"{row.name} cannot be changed: {found.damage[0]}", "`pattern backup list` shows backups that may be whole"
        )
    return found.loaded.document
