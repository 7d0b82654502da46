"""Sharing blocks with agents (memory.md §1.4; database.md §2.2 shared_block_agents)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import NotFoundError, RefusedError, UsageError
from pattern_cli.memory import words
from pattern_cli.memory.owned import Owned, owned
from pattern_cli.memory.sharing import Owners
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.ids import CONSTELLATION, resolve

PERMISSION = "read_only"
Receiver = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Grant:
    """What one agent may do with a block: before None for nothing, after None for nothing any more."""

    agent_id: str
    agent_name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Shared:
    """A block and what became of its shares; `changed` is False when they were as wished already.

    `shared_with` counts the agents that receive the block now.
    """

    id: str
    agent_id: str
    owner: str
    label: str
    grants: tuple[Grant, ...]
    shared_with: int
    changed: bool
    remarks: tuple[str, ...]
    dry_run: bool


class Grants:
    """The shares of an open constellation's blocks. A running runtime sees changes at its next access."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def share(
        self,
        owner: str,
        label: str,
        agents: Sequence[str] = (),
        *,
        permission: str | None = None,
        members: bool = False,
        group: str | None = None,
        dry_run: bool = False,
    ) -> Shared:
        """Share a block with agents, with the members of the group that owns it, or with those of another group.

        `permission` None means read_only for a new share and leaves one that exists. Raises NotFoundError and
        AmbiguousError, UsageError for a receiver that cannot receive it, RefusedError for a deleted block; nothing is
        shared then.
        """
        wanted = None if permission is None else words.permission(permission)
        with self._constellation.change(dry_run):
            return self._share(owner, label, agents, wanted, members, group, dry_run)

    def unshare(
        self,
        owner: str,
        label: str,
        agents: Sequence[str] = (),
        *,
        members: bool = False,
        group: str | None = None,
        everybody: bool = False,
        dry_run: bool = False,
    ) -> Shared:
        """Take a block away from agents, from the members of a group as far as they have it, or from `everybody`.

        Raises NotFoundError for an agent that does not receive it, and as `share`; nothing is taken then.
        """
        with self._constellation.change(dry_run):
            return self._unshare(owner, label, agents, members, group, everybody, dry_run)

    def members(self, group_id: str, name: str) -> list[Receiver]:
        """The ids and names of a group's members. Raises UsageError for a group without any."""
        sql = """SELECT a.id, a.name FROM group_members m JOIN agents a ON a.id = m.agent_id
                 WHERE m.group_id = ? ORDER BY a.name"""
        found = [(str(id), str(name)) for id, name in self._constellation.rows(sql, (group_id,))]
        if not found:
            raise UsageError(f'the group "{name}" has no members', "`pattern groups show` shows a group")
        return found

    def insert(self, block_id: str, receivers: Iterable[Receiver], permission: str) -> None:
        """Store shares; one that exists gets the permission."""
        sql = """INSERT INTO shared_block_agents (block_id, agent_id, permission, attached_at) VALUES (?, ?, ?, ?)
                 ON CONFLICT (block_id, agent_id) DO UPDATE SET permission = excluded.permission,
                 attached_at = excluded.attached_at"""
        for id, _ in receivers:
            list(self._constellation.rows(sql, (block_id, id, permission, times.now_column())))

    def _share(
        self,
        ref: str,
        label: str,
        agents: Sequence[str],
        wanted: str | None,
        members: bool,
        group: str | None,
        dry_run: bool,
    ) -> Shared:
        block = owned(self._constellation, ref, label)
        if not block.is_active:
            raise RefusedError(f"{block.name} is deleted", "`pattern memory restore` brings it back first")
        before = self._permissions(block.id)
        grants = []
        for id, name in self._receivers(block, agents, members, group):
            had = before.get(id)
            after = wanted or had or PERMISSION
            grants.append(Grant(id, name, had, after))
            if after != had and not dry_run:
                self.insert(block.id, [(id, name)], after)
        return self._told(block, grants, len(before.keys() | {one.agent_id for one in grants}), dry_run)

    def _unshare(
        self,
        ref: str,
        label: str,
        agents: Sequence[str],
        members: bool,
        group: str | None,
        everybody: bool,
        dry_run: bool,
    ) -> Shared:
        block = owned(self._constellation, ref, label)
        before = self._permissions(block.id)
        if everybody:
            if agents or members or group:
                raise UsageError("everybody includes the agents that are named", "leave out one of them")
            chosen = [(id, self._name(id)) for id in before]
        else:
            chosen = self._receivers(block, agents, members, group)
            named = {resolve(self._constellation, "agent", one) for one in agents}
            self._require_received(block, [name for id, name in chosen if id in named and id not in before], before)
        grants = [Grant(id, name, before[id], None) for id, name in chosen if id in before]
        if not dry_run:
            for one in grants:
                sql = "DELETE FROM shared_block_agents WHERE block_id = ? AND agent_id = ?"
                list(self._constellation.rows(sql, (block.id, one.agent_id)))
        return self._told(block, grants, len(before) - len(grants), dry_run)

    def _told(self, block: Owned, grants: list[Grant], count: int, dry_run: bool) -> Shared:
        return Shared(
            id=block.id,
            agent_id=block.owner.id,
            owner=block.owner.name,
            label=block.label,
            grants=tuple(grants),
            shared_with=count,
            changed=any(one.before != one.after for one in grants),
            remarks=tuple(self._remarks(block, [one for one in grants if one.after is not None])),
            dry_run=dry_run,
        )

    def _receivers(self, block: Owned, agents: Sequence[str], members: bool, group: str | None) -> list[Receiver]:
        """Ids and names of the agents meant, each once. Raises where none is, or one of them cannot receive it."""
        found: dict[str, str] = {}
        for ref in agents:
            id = self._agent(ref, block)
            if id == block.owner.id:
                raise UsageError(f'"{block.owner.name}" owns "{block.label}"', "a block is shared with other agents")
            found[id] = self._name(id)
        if members:
            if block.owner.kind != "group":
                raise UsageError(
                    f"{block.name} belongs to no group whose members could be meant", "--group GROUP names a group"
                )
            found |= dict(self.members(block.owner.id, block.owner.name))
        if group is not None:
            id = resolve(self._constellation, "group", group)
            name = str(self._constellation.value("SELECT name FROM agent_groups WHERE id = ?", (id,)))
            found |= {id: name for id, name in self.members(id, name) if id != block.owner.id}
        if not found:
            more = ", --members" if block.owner.kind == "group" else ", --group GROUP"
            raise UsageError(f"nobody is named to receive {block.name}", f"name agents{more}")
        return list(found.items())

    def _agent(self, ref: str, block: Owned) -> str:
        """The agent's id. Raises NotFoundError; for a group or the constellation saying what can be done."""
        if ref == CONSTELLATION:
            raise UsageError(
                f"{CONSTELLATION} cannot receive a block: only agents can",
                "name agents, or --group GROUP",
            )
        try:
            return resolve(self._constellation, "agent", ref)
        except NotFoundError as error:
            groups = "SELECT id, name FROM agent_groups WHERE name = ?1 OR id = ?1"
            for id, name in self._constellation.rows(groups, (ref,)):
                option = "--members" if id == block.owner.id else f'--group "{name}"'
                raise UsageError(
                    f'"{name}" is a group, which cannot receive a block: only agents can',
                    f"{option} means all of its members",
                ) from None
            raise error

    def _name(self, agent_id: str) -> str:
        return str(self._constellation.value("SELECT name FROM agents WHERE id = ?", (agent_id,), agent_id))

    def _permissions(self, block_id: str) -> dict[str, Any]:
        sql = "SELECT agent_id, permission FROM shared_block_agents WHERE block_id = ?"
        return dict(self._constellation.rows(sql, (block_id,)))

    def _require_received(self, block: Owned, missing: list[str], before: dict[str, Any]) -> None:
        if missing:
            names = sorted(map(self._name, before))
            raise NotFoundError(
                f"{block.name} is not shared with {', '.join(missing)}",
                f"it is shared with {', '.join(names)}" if names else "it is shared with nobody",
            )

    def _remarks(self, block: Owned, grants: list[Grant]) -> Iterator[str]:
        if grants and block.block_type not in {"core", "working"}:
            yield f"blocks of type {block.block_type} are never put before an agent that receives them"
        own = "SELECT 1 FROM memory_blocks WHERE agent_id = ? AND label = ? AND is_active <> 0"
        others = """SELECT b.agent_id FROM shared_block_agents s JOIN memory_blocks b ON b.id = s.block_id
                    WHERE s.agent_id = ? AND b.label = ? AND b.is_active <> 0 AND b.id <> ?"""
        for one in grants:
            if self._constellation.value(own, (one.agent_id, block.label)):
                yield f'"{one.agent_name}" also has a block "{block.label}" of its own'
            for (giver,) in self._constellation.rows(others, (one.agent_id, block.label, block.id)):
                name = Owners(self._constellation).of(giver).name
                yield f'"{one.agent_name}" also receives a block "{block.label}" from "{name}"'
