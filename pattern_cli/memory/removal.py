"""Deleting blocks, bringing them back, and removing them for good (memory.md §1.6, M15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pattern_cli.errors import ConflictError, RefusedError
from pattern_cli.memory import permissions
from pattern_cli.memory.blocks import contents_of
from pattern_cli.memory.owned import Owned, owned
from pattern_cli.memory.sharing import shares
from pattern_cli.store import times, vectors
from pattern_cli.store.constellation import Constellation

Snapshot = Callable[[Constellation], str]
_PURGING = "purging a block (a runtime that has it loaded would fail to save its edits)"
# A query that gives the one id.
_ITSELF = "SELECT ?"
_CACHED = (
    "agents no longer get it into their context; a running runtime that has it loaded still finds it by its label "
    "until it restarts, and what is written there is kept"
)


@dataclass(frozen=True, slots=True)
class Removed:
    """A block that was deleted or brought back; `is_active` is what it is now.

    `changed` is False when it was so already. `used` counts its characters, `shared_with` names who receives it.
    """

    id: str
    agent_id: str
    owner: str
    label: str
    is_active: bool
    changed: bool
    used: int
    shared_with: tuple[str, ...]
    remarks: tuple[str, ...]
    updated_at: str | None
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Purge:
    """A block that goes for good, or went: its rows by kind, and their size in bytes.

    `used` counts its characters, `embeddings` its vectors in the runtime's own table, `shared_with` names who receives
    it and will not any more. `snapshot` is the backup made before, if any.
    """

    id: str
    agent_id: str
    owner: str
    label: str
    is_active: bool
    used: int
    updates: int
    checkpoints: int
    embeddings: int
    shared_with: tuple[str, ...]
    size: int
    remarks: tuple[str, ...]
    dry_run: bool
    snapshot: str | None


class Removal:
    """Deletes and restores blocks of an open constellation. All blocks are named by their owner's side."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def delete(self, ref: str, label: str | None = None, *, as_admin: bool = False, dry_run: bool = False) -> Removed:
        """Delete a block: content, history, label and shares stay, agents no longer see it; `restore` undoes it.

        Raises what `owned` raises, and RefusedError unless the block's permission is admin or `as_admin` overrides it.
        """
        return self._turn(ref, label, False, as_admin, dry_run)

    def restore(self, ref: str, label: str | None = None, *, dry_run: bool = False) -> Removed:
        """Bring a deleted block back as it was. Raises what `owned` raises."""
        return self._turn(ref, label, True, True, dry_run)

    def plan(self, ref: str, label: str | None = None, *, as_admin: bool = False) -> Purge:
        """What `purge` would remove. Raises what `delete` raises; a deleted block may be purged by anybody."""
        with self._constellation.change(dry_run=True):
            block = owned(self._constellation, ref, label)
            _require_deletable(block, as_admin or not block.is_active)
            return self._plan(block)

    def purge(self, plan: Purge, *, force: bool = False, snapshot: Snapshot | None = None) -> Purge:
        """Remove the block of a plan for good, with its history and its shares; its label is free then.

        `snapshot` makes a backup first. Raises RefusedError while a runtime has the file open (unless `force`),
        ConflictError when the block changed since the plan; nothing is removed then.
        """
        self._require(plan, force)
        saved = snapshot(self._constellation) if snapshot else None
        with self._constellation.transaction() as connection:
            self._require(plan, force)
            found = owned(self._constellation, plan.id)
            if self._plan(found) != plan:
                raise ConflictError(f"{found.name} was changed meanwhile", "look again and repeat")
            if plan.embeddings:
                vectors.delete_vectors(self._constellation, "memory_block", _ITSELF, (plan.id,))
            # Foreign keys take updates, checkpoints and shares along; named, they are counted and cannot stay behind.
            for table in ("memory_block_updates", "memory_block_checkpoints", "shared_block_agents"):
                connection.execute(f"DELETE FROM {table} WHERE block_id = ?", (plan.id,))
            connection.execute("DELETE FROM memory_blocks WHERE id = ?", (plan.id,))
        return replace(plan, dry_run=False, snapshot=saved)

    def _turn(self, ref: str, label: str | None, active: bool, as_admin: bool, dry_run: bool) -> Removed:
        with self._constellation.change(dry_run):
            block = owned(self._constellation, ref, label)
            changed = block.is_active is not active
            if changed:
                _require_deletable(block, as_admin)
            now = times.now_column() if changed and not dry_run else None
            if now is not None:
                sql = "UPDATE memory_blocks SET is_active = ?, updated_at = ? WHERE id = ?"
                list(self._constellation.rows(sql, (int(active), now, block.id)))
            live = changed and not active and self._constellation.live_holder() is not None
            return Removed(
                id=block.id,
                agent_id=block.owner.id,
                owner=block.owner.name,
                label=block.label,
                is_active=active,
                changed=changed,
                used=self._used(block),
                shared_with=self._receivers(block),
                remarks=(_CACHED,) if live else (),
                updated_at=now and times.rfc3339z(now),
                dry_run=dry_run,
            )

    def _plan(self, block: Owned) -> Purge:
        updates, update_size = self._count("memory_block_updates", "update_blob", block.id)
        checkpoints, checkpoint_size = self._count("memory_block_checkpoints", "snapshot", block.id)
        row = """SELECT octet_length(loro_snapshot) + coalesce(octet_length(content_preview), 0) FROM memory_blocks
                 WHERE id = ?"""
        embeddings, remarks = self._embeddings(block.id)
        return Purge(
            id=block.id,
            agent_id=block.owner.id,
            owner=block.owner.name,
            label=block.label,
            is_active=block.is_active,
            used=self._used(block),
            updates=updates,
            checkpoints=checkpoints,
            embeddings=embeddings,
            shared_with=self._receivers(block),
            size=update_size + checkpoint_size + self._constellation.value(row, (block.id,)),
            remarks=remarks,
            dry_run=True,
            snapshot=None,
        )

    def _embeddings(self, block_id: str) -> tuple[int, tuple[str, ...]]:
        """How many of the block's vectors go, and what is to be said about those that cannot."""
        found = vectors.count_vectors(self._constellation, "memory_block", _ITSELF, (block_id,))
        if not found or vectors.load(self._constellation):
            return found, ()
        return 0, (f"its vectors stay in the table embeddings ({found}): sqlite-vec is not installed",)

    def _require(self, plan: Purge, force: bool) -> None:
        self._constellation.require_quiet(_PURGING, force)
        rows = 1 + plan.updates + plan.checkpoints + len(plan.shared_with)
        self._constellation.require_lock_budget("purging a block", rows, plan.size, force)

    def _count(self, table: str, blob: str, block_id: str) -> tuple[int, int]:
        sql = f"SELECT count(*), coalesce(sum(octet_length({blob})), 0) FROM {table} WHERE block_id = ?"
        ((count, size),) = self._constellation.rows(sql, (block_id,))
        return int(count), int(size)

    def _used(self, block: Owned) -> int:
        return len(contents_of(self._constellation, block.id)[0])

    def _receivers(self, block: Owned) -> tuple[str, ...]:
        found: Any = shares(self._constellation).get(block.id, ())
        return tuple(str(one.agent_name or one.agent_id) for one in found)


def _require_deletable(block: Owned, as_admin: bool) -> None:
    if not as_admin and not permissions.allows(block.permission, "delete"):
        raise RefusedError(
            f"deleting {block.name} is not allowed: its permission is {block.permission}, and only admin allows it",
            "--as-admin does it anyway; `pattern memory meta --permission admin` changes the permission",
        )
