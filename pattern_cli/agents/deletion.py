"""Delete an agent with everything that hangs on it, by a foreign key or only by its id (database.md §2.2, D11).

What the schema would orphan (blocks, archival entries, endpoints) or would not let go (queued messages) goes too. What
belongs to others stays: where a column can hold no agent it is set to none, where it is a mere mention it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pattern_cli.errors import ConflictError, IntegrityError
from pattern_cli.store import portions, vectors
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.ids import resolve
from pattern_cli.store.weighing import BLOCKS, weigh

Snapshot = Callable[[Constellation], str]
Progress = Callable[[int, int | None], None]

# What goes, in an order in which nothing is taken along by a foreign key before it was counted.
REMOVED: dict[str, str] = {
    "queued_messages": "target_agent_id = ?1",
    "memory_block_updates": f"block_id IN ({BLOCKS})",
    "memory_block_checkpoints": f"block_id IN ({BLOCKS})",
    "shared_block_agents": f"agent_id = ?1 OR block_id IN ({BLOCKS})",
    "memory_blocks": "agent_id = ?1",
    "archival_entries": "agent_id = ?1",
    "messages": "agent_id = ?1",
    "archive_summaries": "agent_id = ?1",
    "agent_summaries": "agent_id = ?1",
    "group_members": "agent_id = ?1",
    # The schema would turn a note to this agent into a note to anyone.
    "handoff_notes": "from_agent = ?1 OR to_agent = ?1",
    "agent_data_sources": "agent_id = ?1",
    "folder_attachments": "agent_id = ?1",
    "agent_atproto_endpoints": "agent_id = ?1",
    "agents": "id = ?1",
}
_OTHERS_PARENT = "agent_id <> ?1 AND parent_entry_id IN (SELECT id FROM archival_entries WHERE agent_id = ?1)"
# What stays, without the agent.
DETACHED: dict[str, tuple[str, str]] = {
    "activity_events": ("agent_id", "agent_id = ?1"),
    "coordination_tasks": ("assigned_to", "assigned_to = ?1"),
    "tasks": ("agent_id", "agent_id = ?1"),
    "events": ("agent_id", "agent_id = ?1"),
    "archival_entries": ("parent_entry_id", _OTHERS_PARENT),
}
# What stays as it is and goes on naming the agent: who sent, wrote or was there.
KEPT: dict[str, str] = {
    "queued_messages": "source_agent_id = ?1 AND target_agent_id <> ?1",
    "coordination_state": "updated_by = ?1",
    "notable_events": "instr(agents_involved, ?1)",
}
_VECTORS = {"message": "messages", "memory_block": "memory_blocks", "archival_entry": "archival_entries"}


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion takes along, or took: rows by table, and bytes in `size`.

    `detached` rows stay and name no agent any more, `kept` rows go on naming this one. `pending` messages in its
    mailbox were never delivered; `shared_with` are agents that lose blocks; `named_in` are groups and agents whose
    configuration goes on naming it. `snapshot` is the backup that was made first.
    """

    id: str
    name: str
    status: str
    removed: dict[str, int]
    detached: dict[str, int]
    kept: dict[str, int]
    size: int
    pending: int
    groups: tuple[str, ...]
    shared_with: tuple[str, ...]
    named_in: tuple[str, ...]
    remarks: tuple[str, ...]
    snapshot: str | None


def plan(constellation: Constellation, ref: str) -> Deletion:
    """What `delete` would do; nothing is changed. Raises NotFoundError or AmbiguousError."""
    with constellation.one_moment():
        id = resolve(constellation, "agent", ref)
        name, status = next(constellation.rows("SELECT name, status FROM agents WHERE id = ?", (id,)))
        removed, size = _counted(constellation, id)
        remarks = list(_remarks(constellation, id, removed))
        if "embeddings" in removed and not vectors.load(constellation):
            left = removed.pop("embeddings")
            remarks.append(f"its vectors stay in the table embeddings ({left}): sqlite-vec is not installed")
        return Deletion(
            id=id,
            name=name,
            status=status,
            removed=removed,
            detached=_filled(
                {table: _count(constellation, table, where, id) for table, (_, where) in DETACHED.items()}
            ),
            kept=_filled({table: _count(constellation, table, where, id) for table, where in KEPT.items()}),
            size=size,
            pending=_count(constellation, "queued_messages", "target_agent_id = ?1 AND processed_at IS NULL", id),
            groups=_names(constellation, _GROUPS, id),
            shared_with=_names(constellation, _SHARED_WITH, id),
            named_in=tuple(_named_in(constellation, id, name)),
            remarks=tuple(remarks),
            snapshot=None,
        )


def delete(
    constellation: Constellation,
    ref: str,
    *,
    shown: Deletion | None = None,
    snapshot: Snapshot | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Deletion:
    """Delete an agent in one transaction; `shown` is the plan that was agreed to, `snapshot` makes a backup first.

    `progress` gets rows. Raises NotFoundError, AmbiguousError, RefusedError beside a running runtime (unless `force`),
    ConflictError when what hangs on the agent is not what was planned; nothing is deleted then.
    """
    planned = shown or plan(constellation, ref)
    what = f"deleting {planned.name}, under whose id a runtime would go on writing,"
    constellation.require_quiet(what, force)
    saved = snapshot(constellation) if snapshot else None
    with constellation.transaction() as connection:
        constellation.require_quiet(what, force)
        if plan(constellation, planned.id) != planned:
            raise ConflictError(f"{planned.name} was changed meanwhile", "look at it again and repeat the command")
        if "embeddings" in planned.removed:
            for kind, table in _VECTORS.items():
                vectors.delete_vectors(constellation, kind, _ids_in(table), (planned.id,))
        for table, (column, where) in DETACHED.items():
            connection.execute(f"UPDATE {table} SET {column} = NULL WHERE {where}", (planned.id,))
        done, total = 0, sum(count for table, count in planned.removed.items() if table in REMOVED)
        for table, where in REMOVED.items():
            # A block's text and its index go together; a large one is a portion of its own.
            at_once = 1 if table == "memory_blocks" else portions.AT_ONCE
            done += portions.delete(connection, table, where, (planned.id,), at_once)
            if progress:
                progress(done, total)
        left, _ = _counted(constellation, planned.id)
        if left.keys() - {"embeddings"}:
            raise IntegrityError(f"{planned.name} could not be deleted whole; nothing was changed")
    return replace(planned, snapshot=saved)


_GROUPS = """SELECT name FROM agent_groups WHERE id IN (SELECT group_id FROM group_members WHERE agent_id = ?1)
             ORDER BY name"""
_SHARED_WITH = f"""SELECT name FROM agents WHERE id <> ?1 AND id IN
                   (SELECT agent_id FROM shared_block_agents WHERE block_id IN ({BLOCKS})) ORDER BY name"""
_EMPTIED = """SELECT name FROM agent_groups AS g WHERE EXISTS
              (SELECT 1 FROM group_members WHERE group_id = g.id AND agent_id = ?1) AND NOT EXISTS
              (SELECT 1 FROM group_members WHERE group_id = g.id AND agent_id <> ?1) ORDER BY name"""


def _counted(constellation: Constellation, id: str) -> tuple[dict[str, int], int]:
    """The rows that go, by table, and about how many bytes they hold."""
    rows, size = weigh(constellation, id, REMOVED)
    counted = [vectors.count_vectors(constellation, kind, _ids_in(table), (id,)) for kind, table in _VECTORS.items()]
    return _filled({**rows, "embeddings": sum(counted)}), size


def _ids_in(table: str) -> str:
    return f"SELECT id FROM {table} WHERE agent_id = ?2"


def _count(constellation: Constellation, table: str, where: str, id: str) -> int:
    return int(constellation.value(f"SELECT count(*) FROM {table} WHERE {where}", (id,)))


def _names(constellation: Constellation, sql: str, id: str) -> tuple[str, ...]:
    return tuple(str(name) for (name,) in constellation.rows(sql, (id,)))


def _filled(counts: dict[str, int]) -> dict[str, int]:
    return {table: count for table, count in counts.items() if count}


def _named_in(constellation: Constellation, id: str, name: Any) -> Iterator[str]:
    """Groups whose pattern, and other agents whose configuration, name the agent (database.md §5.4)."""
    sql = """SELECT name FROM agent_groups AS g WHERE instr(pattern_config, json_quote(?1))
             OR (instr(pattern_config, json_quote(?2))
                 AND EXISTS (SELECT 1 FROM group_members WHERE group_id = g.id AND agent_id = ?1)) ORDER BY name"""
    for (group,) in constellation.rows(sql, (id, name)):
        yield f"group {group}"
    sql = "SELECT name FROM agents WHERE id <> ?1 AND instr(config, json_quote(?1)) ORDER BY name"
    for (agent,) in constellation.rows(sql, (id,)):
        yield f"agent {agent}"


def _remarks(constellation: Constellation, id: str, removed: dict[str, int]) -> Iterator[str]:
    for group in _names(constellation, _EMPTIED, id):
        yield f"group {group} will have no members"
    if "agent_atproto_endpoints" in removed:
        yield "its login in auth.db stays; the runtime's own command atproto unlink ends it"
    if _count(constellation, "tasks", "agent_id = ?1", id) or _count(constellation, "events", "agent_id = ?1", id):
        yield "its tasks and events stay, as the constellation's"
