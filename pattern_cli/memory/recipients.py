"""Who receives which block from whom (memory.md §1.2, §1.4; database.md §2.2 shared_block_agents)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pattern_cli.memory.blocks import BLOCK_TYPES
from pattern_cli.memory.sharing import PERMISSIONS, Owners
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_flag, read_time, read_word
from pattern_cli.store.ids import resolve_owner

_SQL = """SELECT s.block_id, b.label, b.agent_id, s.agent_id, a.name, s.permission, b.block_type, b.is_active,
          s.attached_at FROM shared_block_agents s LEFT JOIN memory_blocks b ON b.id = s.block_id
          LEFT JOIN agents a ON a.id = s.agent_id WHERE ?1 IS NULL OR s.agent_id = ?1 OR b.agent_id = ?1"""


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One share: the block `label` of `owner`, received by `receiver`.

    `permission` is the share's own. `in_context` says whether the receiver sees the block without asking for it: it is
    neither deleted nor of a type that is only looked up.
    """

    block_id: str
    label: str
    agent_id: str
    owner: str
    owner_kind: str
    receiver_id: str
    receiver: str
    permission: str
    block_type: str
    is_active: bool
    in_context: bool
    attached_at: str
    damage: tuple[str, ...]


def shared(constellation: Constellation, who: str | None = None) -> Iterator[ShareRow]:
    """All shares by owner, label and receiver; of one owner or receiver (name, id or unique beginning of an id).

    Raises NotFoundError or AmbiguousError.
    """
    with constellation.one_moment():
        id = None if who is None else resolve_owner(constellation, who)[0]
        rows = _rows(constellation, id)
        return iter(sorted(rows, key=lambda row: (str(row.owner), str(row.label), str(row.receiver))))


def _rows(constellation: Constellation, who: str | None) -> Iterator[ShareRow]:
    owners = Owners(constellation)
    for block, label, owner_id, receiver_id, receiver, permission, kind, active, attached in constellation.rows(
        _SQL, (who,)
    ):
        damage: Damage = []
        owner = owners.of(owner_id)
        yield ShareRow(
            block_id=block,
            label=label,
            agent_id=owner_id,
            owner=owner.name,
            owner_kind=owner.kind,
            receiver_id=receiver_id,
            receiver=receiver_id if receiver is None else receiver,
            permission=read_word(permission, "permission", PERMISSIONS, damage),
            block_type=read_word(kind, "block_type", BLOCK_TYPES, damage),
            is_active=read_flag(active),
            in_context=read_flag(active) and kind in {"core", "working"},
            attached_at=read_time(attached, "attached_at", damage),
            damage=tuple(damage),
        )
