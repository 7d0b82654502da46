"""A second agent that knows what the first one knows: rows are copied as they are stored, under new ids.

Positions stay, as on import: time, order and summaries refer to them (design: import.md). Batches get new ids of the
same millisecond, since the runtime looks for a batch without asking whose it is (database.md D29).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pattern_cli.agents.configuration import same
from pattern_cli.agents.copying import Copying
from pattern_cli.agents.creation import require_free_name
from pattern_cli.errors import IntegrityError
from pattern_cli.messages.batches import Batches, Place
from pattern_cli.models import Agent
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_text, read_time
from pattern_cli.store.identity import Identity
from pattern_cli.store.ids import new_id, resolve
from pattern_cli.store.weighing import BLOCKS, weigh

Progress = Callable[[int, int | None], None]

# What comes along, and what does with its messages and its groups.
_COPIED: dict[str, str] = {
    "memory_blocks": "agent_id = ?1",
    "memory_block_updates": f"block_id IN ({BLOCKS})",
    "memory_block_checkpoints": f"block_id IN ({BLOCKS})",
    "archival_entries": "agent_id = ?1",
    "archive_summaries": "agent_id = ?1",
    "agent_summaries": "agent_id = ?1",
    "agent_data_sources": "agent_id = ?1",
    "folder_attachments": "agent_id = ?1",
}
_MESSAGES = {"messages": "agent_id = ?1"}
_GROUPS = {"group_members": "agent_id = ?1"}
_SHARES = {"shared_block_agents": f"agent_id = ?1 OR block_id IN ({BLOCKS})"}
# What stays with the first agent, and what it is called.
_STAYING = {
    "queued_messages": ("target_agent_id = ?1 AND processed_at IS NULL", "waiting message", "waiting messages"),
    "agent_atproto_endpoints": ("agent_id = ?1", "login", "logins"),
    "tasks": ("agent_id = ?1", "task", "tasks"),
    "events": ("agent_id = ?1", "event", "events"),
    "coordination_tasks": ("assigned_to = ?1", "assigned task", "assigned tasks"),
    "handoff_notes": ("to_agent = ?1", "note to it", "notes to it"),
}


@dataclass(frozen=True, slots=True)
class Cloned:
    """A new agent that is a copy, and how many rows came along by table. A dry run gives no id."""

    id: str | None
    name: str
    source_id: str
    source: str
    rows: dict[str, int]
    remarks: tuple[str, ...]
    dry_run: bool


def clone(
    constellation: Constellation,
    ref: str,
    name: str,
    *,
    messages: bool = True,
    groups: bool = False,
    force: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Cloned:
    """Copy an agent: configuration, blocks with their whole history, archival entries, shares, messages, summaries.

    `groups` joins its groups too. `progress` gets rows. Raises NotFoundError, AmbiguousError, UsageError or
    ConflictError for the name, RefusedError for more than a running runtime can wait for (unless `force`). Nothing
    stays on any error.
    """
    with constellation.change(dry_run):
        id = resolve(constellation, "agent", ref)
        require_free_name(constellation, name)
        conditions = {**_COPIED, **_SHARES, **(_MESSAGES if messages else {}), **(_GROUPS if groups else {})}
        counted, size = weigh(constellation, id, conditions)
        source = constellation.value("SELECT name FROM agents WHERE id = ?", (id,))
        constellation.require_lock_budget(f"cloning {source}", sum(counted.values()), size, force)
        copied = None
        if not dry_run:
            copy = _Clone(constellation, id, name, sum(counted.values()), progress)
            copied = copy.run(messages, groups)
            if weigh(constellation, copied, conditions)[0] != counted:
                raise IntegrityError(f"not everything of {source} could be copied; nothing was changed")
        remarks = tuple(_remarks(constellation, id, groups))
        rows = {table: count for table, count in counted.items() if count}
        return Cloned(copied, name, id, source, rows, remarks, dry_run)


class _Clone:
    """One copy in the making, inside a transaction."""

    def __init__(
        self, constellation: Constellation, old: str, name: str, total: int, progress: Progress | None
    ) -> None:
        self.id = new_id()
        self.now = times.now_column()
        self._constellation = constellation
        self._old = old
        self._name = name
        self._copying = Copying(constellation, total, progress)
        blocks = {block: new_id("mem_") for (block,) in constellation.rows(f"{BLOCKS} ORDER BY rowid", (old,))}
        self._mine = {"old": old}
        self._identity = Identity(agents={old: self.id}, blocks=blocks)

    def run(self, messages: bool, groups: bool) -> str:
        """Copy everything and return the id of the copy."""
        self.agent()
        self.memory()
        self.shares()
        if messages:
            self.messages()
        if groups:
            self.rows("group_members", joined_at=self.now)
        return self.id

    def agent(self) -> None:
        """The agent's row: a new id, name and time; in the configuration the ids that are its own."""
        changes = {"id": self.id, "name": self._name, "created_at": self.now, "updated_at": self.now}
        self._copying.copy("agents", "id = :old", self._mine, changes)
        (agent,) = self._constellation.bind(Agent.select().where(Agent.id == self.id))
        config = self._identity.agent_config(deepcopy(agent.config), self._name)
        if not same(config, agent.config):
            self._constellation.bind(Agent.update(config=config).where(Agent.id == self.id)).execute()

    def memory(self) -> None:
        """Blocks with all that belongs to them, archival entries and summaries with their chains."""
        for old, new in self._identity.blocks.items():
            self._copying.copy("memory_blocks", "id = :block", {"block": old}, {"id": new, "agent_id": self.id})
            for table in ("memory_block_updates", "memory_block_checkpoints"):
                self._copying.copy(table, "block_id = :block", {"block": old}, {"block_id": new}, counted="id")
        self._copying.chain("archival_entries", "arch_", "parent_entry_id", self._old, self.id)
        self._copying.chain("archive_summaries", "", "previous_summary_id", self._old, self.id)
        self.rows("agent_summaries")
        self.rows("agent_data_sources")
        self.rows("folder_attachments", attached_at=self.now)

    def shares(self) -> None:
        """Its blocks are shared with the same agents, and what is shared with it is shared with its copy."""
        for old, new in self._identity.blocks.items():
            sql = "SELECT agent_id FROM shared_block_agents WHERE block_id = ?"
            for (agent,) in list(self._constellation.rows(sql, (old,))):
                to = self._identity.agents.get(agent, agent)
                changes = {"block_id": new, "agent_id": to, "attached_at": self.now}
                share = {"block": old, "agent": agent}
                self._copying.copy("shared_block_agents", "block_id = :block AND agent_id = :agent", share, changes)
        received = "agent_id = :old AND block_id NOT IN (SELECT id FROM memory_blocks WHERE agent_id = :old)"
        changes = {"agent_id": self.id, "attached_at": self.now}
        self._copying.copy("shared_block_agents", received, self._mine, changes)

    def messages(self) -> None:
        """All messages, archived and deleted ones too, whole batches in their order."""
        with Batches(self._constellation.connection, self._places) as batches:
            self._copying.messages(self._old, self.id, self._identity, batches)

    def rows(self, table: str, **changes: Any) -> None:
        """Rows of a table whose key is the agent."""
        self._copying.copy(table, "agent_id = :old", self._mine, {"agent_id": self.id, **changes})

    def _places(self) -> Iterator[Place]:
        sql = "SELECT batch_id, position, created_at FROM messages WHERE agent_id = ? AND typeof(batch_id) = 'text'"
        for batch, position, created_at in self._constellation.rows(sql, (self._old,)):
            wrong: Damage = []
            read_time(created_at, "", wrong)
            when = self.now if wrong else created_at
            wrong.clear()
            read_text(batch, "", wrong)
            if not wrong:
                yield batch, str(position), when


def _remarks(constellation: Constellation, id: str, groups: bool) -> Iterator[str]:
    staying = [
        f"{count} {one if count == 1 else many}"
        for table, (where, one, many) in _STAYING.items()
        if (count := constellation.value(f"SELECT count(*) FROM {table} WHERE {where}", (id,)))
    ]
    if staying:
        yield f"not copied, they stay where they are: {', '.join(staying)}"
    sql = """SELECT name FROM agent_groups WHERE id IN (SELECT group_id FROM group_members WHERE agent_id = ?)
             ORDER BY name"""
    joined = [str(name) for (name,) in constellation.rows(sql, (id,))]
    if joined and not groups:
        yield f"the copy is in no group; it was not put into {', '.join(joined)}"
    sources = constellation.value(
        "SELECT json_type(config, '$.data_sources') FROM agents WHERE id = ? AND json_valid(config)", (id,)
    )
    if sources == "object":
        yield "the configuration's data sources come along: a runtime that loads both agents reads them twice"
