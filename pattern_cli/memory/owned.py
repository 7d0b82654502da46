"""Blocks named by their owner, for what only its side may decide: settings, deletion, shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import RefusedError
from pattern_cli.memory.records import address
from pattern_cli.memory.sharing import Owner, Owners
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_flag


@dataclass(frozen=True, slots=True)
class Owned:
    """A block's row as stored, without its document."""

    id: str
    owner: Owner
    label: str
    description: Any
    block_type: Any
    char_limit: Any
    permission: Any
    pinned: Any
    is_active: bool
    metadata: Any

    @property
    def name(self) -> str:
        """`owner/label`, for people."""
        return f"{self.owner.name}/{self.label}"


_COLUMNS = "agent_id, label, description, block_type, char_limit, permission, pinned, is_active, metadata"


def owned(constellation: Constellation, ref: str, label: str | None = None) -> Owned:
    """The block that `records.find` finds. Raises as that, and RefusedError when it was named by a receiver."""
    block = address(constellation, ref, label)
    sql = f"SELECT {_COLUMNS} FROM memory_blocks WHERE id = ?"
    ((owner_id, *values),) = constellation.rows(sql, (block.id,))
    stored, description, block_type, char_limit, permission, pinned, active, metadata = values
    owners = Owners(constellation)
    owner = owners.of(owner_id)
    if block.through is not None:
        receiver = owners.of(block.through).name
        raise RefusedError(
            f'"{receiver}" only receives "{stored}" by a share; it belongs to "{owner.name}"',
            f'name its owner: "{owner.name}"',
        )
    return Owned(
        block.id,
        owner,
        stored,
        description,
        block_type,
        char_limit,
        permission,
        pinned,
        read_flag(active),
        metadata,
    )
