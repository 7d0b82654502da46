"""One agent with everything that hangs on it (database.md §2.2 agents, §5.1 to §5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.agents.service import STATUSES
from pattern_cli.store import snowflake
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_json, read_time, read_word


@dataclass(frozen=True, slots=True)
class Membership:
    """A group an agent belongs to, with its role's JSON as stored."""

    group_id: str
    group_name: str
    role: Any
    capabilities: Any


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """One agent with everything that hangs on it.

    `overrides` names the columns that `config` overrides for the runtime (database.md §5.1 reading rule).
    """

    id: str
    name: str
    status: str
    model: str
    description: str | None
    model_provider: str
    model_name: str
    system_prompt: str
    enabled_tools: Any
    tool_rules: Any
    config: Any
    overrides: tuple[str, ...]
    groups: tuple[Membership, ...]
    blocks: tuple[str, ...]
    block_count: int
    message_count: int
    archived_count: int
    archival_count: int
    last_active: str | None
    created_at: str
    updated_at: str
    damage: tuple[str, ...]


_COLUMNS = (
    "name",
    "description",
    "model_provider",
    "model_name",
    "system_prompt",
    "config",
    "enabled_tools",
    "tool_rules",
    "status",
    "created_at",
    "updated_at",
)


def read(constellation: Constellation, agent_id: str) -> AgentRecord:
    """The record of the agent with that id, which must exist."""
    damage: Damage = []
    values = next(constellation.rows(f"SELECT {', '.join(_COLUMNS)} FROM agents WHERE id = ?", (agent_id,)))
    row = dict(zip(_COLUMNS, values, strict=True))
    config = read_json(row["config"], "config", damage)
    return AgentRecord(
        id=agent_id,
        name=row["name"],
        status=read_word(row["status"], "status", STATUSES, damage),
        model=f"{row['model_provider']}/{row['model_name']}",
        description=row["description"],
        model_provider=row["model_provider"],
        model_name=row["model_name"],
        system_prompt=row["system_prompt"],
        enabled_tools=read_json(row["enabled_tools"], "enabled_tools", damage),
        tool_rules=read_json(row["tool_rules"], "tool_rules", damage),
        config=config,
        overrides=_overrides(row, config),
        groups=tuple(_memberships(constellation, agent_id, damage)),
        blocks=tuple(
            label
            for (label,) in constellation.rows(
                "SELECT label FROM memory_blocks WHERE agent_id = ? AND is_active = 1 ORDER BY label", (agent_id,)
            )
        ),
        **_counts(constellation, agent_id),
        created_at=read_time(row["created_at"], "created_at", damage),
        updated_at=read_time(row["updated_at"], "updated_at", damage),
        damage=tuple(damage),
    )


def _counts(constellation: Constellation, agent_id: str) -> dict[str, Any]:
    kept = "is_deleted = 0" if constellation.has_column("messages", "is_deleted") else "1"
    one = (agent_id,)
    position = constellation.value(
        "SELECT position FROM messages WHERE agent_id = ? ORDER BY position DESC LIMIT 1", one
    )
    of_messages = f"SELECT count(*) FROM messages WHERE agent_id = ? AND {kept}"
    return {
        "block_count": constellation.value(
            "SELECT count(*) FROM memory_blocks WHERE agent_id = ? AND is_active = 1", one
        ),
        "message_count": constellation.value(of_messages, one),
        "archived_count": constellation.value(f"{of_messages} AND is_archived = 1", one),
        "archival_count": constellation.value("SELECT count(*) FROM archival_entries WHERE agent_id = ?", one),
        "last_active": snowflake.rfc3339z_of(position) if isinstance(position, str) else None,
    }


def _memberships(constellation: Constellation, agent_id: str, damage: Damage) -> Iterator[Membership]:
    capabilities = "m.capabilities" if constellation.has_column("group_members", "capabilities") else "'[]'"
    sql = f"""SELECT g.id, g.name, m.role, {capabilities}
              FROM group_members m JOIN agent_groups g ON g.id = m.group_id
              WHERE m.agent_id = ? ORDER BY g.name"""
    for group_id, name, role, able in constellation.rows(sql, (agent_id,)):
        yield Membership(
            group_id,
            name,
            read_json(role, f"role in {name}", damage),
            read_json(able, f"capabilities in {name}", damage),
        )


def _overrides(row: dict[str, Any], config: Any) -> tuple[str, ...]:
    """The columns whose value the runtime takes from `config` instead."""
    if not isinstance(config, dict):
        return ()
    model = config.get("model")
    model = model if isinstance(model, dict) else {}
    differing = (
        ("system_prompt", config.get("system_prompt"), row["system_prompt"]),
        ("model_provider", model.get("provider"), row["model_provider"]),
        ("model_name", model.get("model"), row["model_name"]),
        ("enabled_tools", config.get("tools"), read_json(row["enabled_tools"], "", [])),
        ("tool_rules", config.get("tool_rules"), read_json(row["tool_rules"], "", [])),
    )
    return tuple(name for name, wins, column in differing if wins and wins != column)
