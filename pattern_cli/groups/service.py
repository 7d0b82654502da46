"""Groups as rows and records (database.md §2.2 agent_groups, §4.3, §5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_json, read_time, read_word
from pattern_cli.store.ids import resolve

PATTERNS = ("round_robin", "dynamic", "pipeline", "supervisor", "voting", "sleeptime")


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group in a list; `members` are the names of its agents, in the runtime's order (by agent id)."""

    id: str
    name: str
    pattern_type: str
    member_count: int
    members: tuple[str, ...]
    description: str | None
    created_at: str
    updated_at: str
    damage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """An agent in a group: its role's JSON as stored (null counts as regular) and its capabilities."""

    agent_id: str
    agent_name: str | None
    role: Any
    capabilities: Any
    joined_at: str


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One group with its members, its pattern's configuration and the labels of the memory it owns."""

    id: str
    name: str
    pattern_type: str
    pattern_config: Any
    description: str | None
    member_count: int
    members: tuple[Member, ...]
    blocks: tuple[str, ...]
    created_at: str
    updated_at: str
    damage: tuple[str, ...]


class Groups:
    """The groups of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def list(self) -> Iterator[GroupRow]:
        """All groups by name."""
        constellation = self._constellation
        names: dict[str, list[str]] = {}
        sql = """SELECT m.group_id, coalesce(a.name, m.agent_id) FROM group_members m
                 LEFT JOIN agents a ON a.id = m.agent_id ORDER BY m.group_id, m.agent_id"""
        for group_id, name in constellation.rows(sql):
            names.setdefault(group_id, []).append(name)
        sql = """SELECT id, name, pattern_type, description, created_at, updated_at FROM agent_groups ORDER BY name"""
        for id, name, pattern, description, created, updated in constellation.rows(sql):
            damage: Damage = []
            members = tuple(names.get(id, ()))
            yield GroupRow(
                id=id,
                name=name,
                pattern_type=read_word(pattern, "pattern_type", PATTERNS, damage),
                member_count=len(members),
                members=members,
                description=description,
                created_at=read_time(created, "created_at", damage),
                updated_at=read_time(updated, "updated_at", damage),
                damage=tuple(damage),
            )

    def show(self, ref: str) -> GroupRecord:
        """One group by id, name or unique id prefix. Raises NotFoundError or AmbiguousError."""
        constellation = self._constellation
        group_id = resolve(constellation, "group", ref)
        damage: Damage = []
        name, description, pattern, config, created, updated = next(
            constellation.rows(
                """SELECT name, description, pattern_type, pattern_config, created_at, updated_at
                   FROM agent_groups WHERE id = ?""",
                (group_id,),
            )
        )
        members = tuple(self._members(group_id, damage))
        return GroupRecord(
            id=group_id,
            name=name,
            pattern_type=read_word(pattern, "pattern_type", PATTERNS, damage),
            pattern_config=read_json(config, "pattern_config", damage),
            description=description,
            member_count=len(members),
            members=members,
            blocks=tuple(
                label
                for (label,) in constellation.rows(
                    "SELECT label FROM memory_blocks WHERE agent_id = ? AND is_active = 1 ORDER BY label", (group_id,)
                )
            ),
            created_at=read_time(created, "created_at", damage),
            updated_at=read_time(updated, "updated_at", damage),
            damage=tuple(damage),
        )

    def _members(self, group_id: str, damage: Damage) -> Iterator[Member]:
        constellation = self._constellation
        capabilities = "m.capabilities" if constellation.has_column("group_members", "capabilities") else "'[]'"
        sql = f"""SELECT m.agent_id, a.name, m.role, {capabilities}, m.joined_at
                  FROM group_members m LEFT JOIN agents a ON a.id = m.agent_id
                  WHERE m.group_id = ? ORDER BY m.agent_id"""
        for agent_id, name, role, able, joined in constellation.rows(sql, (group_id,)):
            who = name or agent_id
            yield Member(
                agent_id,
                name,
                read_json(role, f"role of {who}", damage),
                read_json(able, f"capabilities of {who}", damage),
                read_time(joined, f"joined_at of {who}", damage),
            )
