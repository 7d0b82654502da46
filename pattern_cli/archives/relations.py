"""Memberships and shares of an archive: rows that tie agents to groups and to blocks (design: import.md)."""

from __future__ import annotations

from collections.abc import Iterable

from pattern_cli.archives.archive import Archive, GroupPart
from pattern_cli.archives.placement import Ground, Member, Share
from pattern_cli.archives.plans import counted
from pattern_cli.store import times

_SHOWN = 3


def place_members(ground: Ground, groups: tuple[GroupPart, ...]) -> None:
    """The members of every group that comes: agents of the archive, else agents that the target has."""
    placement, agents = ground.placement, _Agents(ground)
    left_out = 0
    for part, group in zip(groups, placement.groups, strict=True):
        if group.skipped:
            continue
        members: dict[str, Member] = {}
        missing = []
        for member in _members(part, group.id):
            agent = agents.find(member.agent)
            if agent is not None:
                members.setdefault(agent, Member(group.id, agent, member.role, member.joined_at, member.capabilities))
            elif member.agent in agents.skipped:
                left_out += 1
            else:
                missing.append(member.agent)
        placement.members += members.values()
        if missing:
            placement.remarks.append(
                f'{counted(len(missing), "member")} of group "{group.name}", neither in the archive nor in the database'
                + _listed(missing)
            )
    if left_out:
        placement.remarks.append(f"{counted(left_out, 'membership')} left out with the agents that are")


def place_shares(ground: Ground, archive: Archive, held: Iterable[str]) -> None:
    """The shares of blocks with agents; `held` are the ids of the blocks that the archive holds.

    Archives list some shares twice; one that the target has already stays as it is unless replacing is the policy.
    """
    placement, agents = ground.placement, _Agents(ground)
    known = frozenset(held)
    shares: dict[tuple[str, str], Share] = {}
    missing = []
    left_out = set()
    for share in archive.structure.attachments:
        block = placement.identity.blocks.get(share.block_id)
        if block is None and share.block_id not in known:
            block = _existing_block(ground, share.block_id)
        agent = agents.find(share.agent_id)
        if block is None or agent is None:
            skipped = share.block_id in known if block is None else share.agent_id in agents.skipped
            if skipped:
                left_out.add((share.block_id, share.agent_id))
            else:
                missing.append(share.block_id)
            continue
        replaces = _is_shared(ground, block, agent)
        if not replaces or ground.options.on_conflict == "replace":
            shares.setdefault((block, agent), Share(block, agent, share.permission, share.attached_at, replaces))
    placement.shares += shares.values()
    if left_out:
        placement.remarks.append(f"{counted(len(left_out), 'share')} left out with the blocks or agents that are")
    if missing:
        placement.remarks.append(
            f"{counted(len(missing), 'share')} of a block or with an agent, neither in the archive nor in the database"
            + _listed(missing)
        )


class _Agents:
    """Finds the agents that memberships and shares name."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.skipped = {a.archived_id for a in ground.placement.arrivals if a.kind == "agent" and a.id is None}

    def find(self, archived: str) -> str | None:
        """The agent in the target: from the archive, or one that is there already; None when it is left out."""
        placement = self._ground.placement
        agent = placement.identity.agents.get(archived)
        if agent is not None or archived in self.skipped:
            return agent
        found = self._ground.target.value("SELECT id FROM agents WHERE id = ?", (archived,))
        return None if found is None else placement.current(str(found))


def _members(part: GroupPart, group: str) -> list[Member]:
    """The members by archived agent id; those of a thin group joined now, without a role."""
    now = times.now_column()
    members = [Member(group, m.agent_id, m.role, m.joined_at, m.capabilities) for m in part.members]
    return members + [Member(group, id, None, now, ()) for id in part.member_ids]


def _existing_block(ground: Ground, id: str) -> str | None:
    """The block in the target, unless it is about to be deleted."""
    row = next(ground.target.rows("SELECT agent_id FROM memory_blocks WHERE id = ?", (id,)), None)
    gone = row is None or row[0] in ground.placement.replaced()
    return None if gone or any(id in block.removes for block in ground.placement.blocks) else id


def _is_shared(ground: Ground, block: str, agent: str) -> bool:
    sql = "SELECT 1 FROM shared_block_agents WHERE block_id = ? AND agent_id = ?"
    row = ground.target.value(sql, (block, agent))
    return row is not None and _existing_block(ground, block) is not None


def _listed(names: list[str]) -> str:
    return ": " + ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
