"""Agents as rows and records (database.md §2.2 agents, §5.1 to §5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.store import snowflake
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_json, read_time, read_word
from pattern_cli.store.ids import resolve

STATUSES = ("active", "hibernated", "archived")


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent in a list: `model` is provider/name, `message_count` leaves tombstones out.

    `last_active` is the time of the newest position, RFC 3339 UTC.
    """

    id: str
    name: str
    status: str
    model: str
    block_count: int
    message_count: int
    last_active: str | None
    description: str | None
    model_provider: str
    model_name: str
    archival_count: int
    created_at: str
    updated_at: str
    damage: tuple[str, ...]


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


class Agents:
    """The agents of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def list(self, status: str | None = None) -> Iterator[AgentRow]:
        """All agents by name, with their counts; `status` keeps one status only.

        Plain SQL, without the models: this is the command people wait for (architecture.md §7).
        """
        constellation = self._constellation
        kept = "is_deleted = 0" if constellation.has_column("messages", "is_deleted") else "1"
        messages = dict(
            constellation.rows(f"SELECT agent_id, count(*) FROM messages WHERE {kept} GROUP BY agent_id")  # type: ignore[arg-type]
        )
        blocks = dict(
            constellation.rows("SELECT agent_id, count(*) FROM memory_blocks WHERE is_active = 1 GROUP BY agent_id")  # type: ignore[arg-type]
        )
        entries = dict(constellation.rows("SELECT agent_id, count(*) FROM archival_entries GROUP BY agent_id"))  # type: ignore[arg-type]
        sql = """SELECT id, name, description, status, model_provider, model_name, created_at, updated_at,
                        (SELECT position FROM messages WHERE agent_id = agents.id ORDER BY position DESC LIMIT 1)
                 FROM agents WHERE ?1 IS NULL OR status = ?1 ORDER BY name"""
        for id, name, description, state, provider, model, created, updated, position in constellation.rows(
            sql, (status,)
        ):
            damage: Damage = []
            yield AgentRow(
                id=id,
                name=name,
                status=read_word(state, "status", STATUSES, damage),
                model=f"{provider}/{model}",
                block_count=blocks.get(id, 0),
                message_count=messages.get(id, 0),
                last_active=snowflake.rfc3339z_of(position) if isinstance(position, str) else None,
                description=description,
                model_provider=provider,
                model_name=model,
                archival_count=entries.get(id, 0),
                created_at=read_time(created, "created_at", damage),
                updated_at=read_time(updated, "updated_at", damage),
                damage=tuple(damage),
            )

    def show(self, ref: str) -> AgentRecord:
        """One agent by id, name or unique id prefix. Raises NotFoundError or AmbiguousError."""
        from pattern_cli.models.agents import Agent

        constellation = self._constellation
        agent_id = resolve(constellation, "agent", ref)
        row = constellation.bind(Agent.select().where(Agent.id == agent_id).dicts()).get()
        damage: Damage = []
        return self._record(row, damage)

    def _record(self, row: dict[str, Any], damage: Damage) -> AgentRecord:
        constellation = self._constellation
        agent_id = row["id"]
        counts = self._counts(agent_id)
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
            groups=tuple(self._memberships(agent_id, damage)),
            blocks=tuple(
                label
                for (label,) in constellation.rows(
                    "SELECT label FROM memory_blocks WHERE agent_id = ? AND is_active = 1 ORDER BY label", (agent_id,)
                )
            ),
            **counts,
            created_at=read_time(row["created_at"], "created_at", damage),
            updated_at=read_time(row["updated_at"], "updated_at", damage),
            damage=tuple(damage),
        )

    def _counts(self, agent_id: str) -> dict[str, Any]:
        constellation = self._constellation
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

    def _memberships(self, agent_id: str, damage: Damage) -> Iterator[Membership]:
        constellation = self._constellation
        capabilities = "m.capabilities" if constellation.has_column("group_members", "capabilities") else "'[]'"
        sql = f"""SELECT g.id, g.name, m.role, {capabilities} FROM group_members m JOIN agent_groups g ON g.id = m.group_id
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
