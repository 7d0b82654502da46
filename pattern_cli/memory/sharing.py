"""Who owns memory and with whom it is shared (database.md §2.2 shared_block_agents; memory.md §1.4 and §1.5)."""

from __future__ import annotations

from dataclasses import dataclass

from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_time, read_word
from pattern_cli.store.ids import CONSTELLATION

PERMISSIONS = ("read_only", "partner", "human", "append", "read_write", "admin")


@dataclass(frozen=True, slots=True)
class Share:
    """A block shared with an agent: `permission` is the share's own, independent of the block's."""

    block_id: str
    agent_id: str
    agent_name: str | None
    permission: str
    attached_at: str
    damage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner of memory; `kind` is `agent`, `group`, `constellation`, or `unknown` for an id that is neither."""

    id: str
    name: str
    kind: str


class Owners:
    """The owners of a constellation by id, read once."""

    def __init__(self, constellation: Constellation) -> None:
        self._known = {CONSTELLATION: Owner(CONSTELLATION, CONSTELLATION, "constellation")}
        for kind, table in (("group", "agent_groups"), ("agent", "agents")):
            self._known |= {
                id: Owner(id, name, kind) for id, name in constellation.rows(f"SELECT id, name FROM {table}")
            }

    def of(self, id: str) -> Owner:
        """The owner with that id; one that exists no more goes by its id."""
        return self._known.get(id) or Owner(id, id, "unknown")


def shares(constellation: Constellation, agent_id: str | None = None) -> dict[str, tuple[Share, ...]]:
    """The shares of each block by the names of their receivers; only those of one receiver if `agent_id` is given."""
    sql = """SELECT s.block_id, s.agent_id, a.name, s.permission, s.attached_at FROM shared_block_agents s
             LEFT JOIN agents a ON a.id = s.agent_id WHERE ?1 IS NULL OR s.agent_id = ?1
             ORDER BY s.block_id, coalesce(a.name, s.agent_id)"""
    found: dict[str, tuple[Share, ...]] = {}
    for block_id, receiver, name, permission, attached in constellation.rows(sql, (agent_id,)):
        damage: Damage = []
        share = Share(
            block_id=block_id,
            agent_id=receiver,
            agent_name=name,
            permission=read_word(permission, f"permission of the share with {name or receiver}", PERMISSIONS, damage),
            attached_at=read_time(attached, f"attached_at of the share with {name or receiver}", damage),
            damage=tuple(damage),
        )
        found[block_id] = (*found.get(block_id, ()), share)
    return found


def damage_of(found: tuple[Share, ...]) -> list[str]:
    """What cannot be decoded in these shares."""
    return [reason for share in found for reason in share.damage]
