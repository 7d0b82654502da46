"""What `--on-conflict replace` deletes before an import, and the ids that replaced rows take over (import.md)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import apsw

from pattern_cli.archives.placement import Placement
from pattern_cli.store import portions
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.weighing import BLOCKS, weigh

# What belongs to an agent or a group, by the column that holds its id. Foreign keys take the rest along: updates,
# checkpoints and shares of blocks. What only points to it (memberships, tasks, queue) stays.
_OWNED = {
    "memory_blocks": "agent_id",
    "messages": "agent_id",
    "archival_entries": "agent_id",
    "archive_summaries": "agent_id",
    "group_members": "group_id",
}
_OF_BLOCKS = ("memory_block_updates", "memory_block_checkpoints", "shared_block_agents")
# A block takes all of its updates along.
_AT_ONCE = {"memory_blocks": 1}
# Columns that hold an agent's id without a foreign key.
_LOOSE = {"agents": (("agent_atproto_endpoints", "agent_id"), ("queued_messages", "source_agent_id"))}


@dataclass(frozen=True, slots=True)
class Removed:
    """The rows that would be deleted or overwritten, by table, and about how many bytes they hold."""

    rows: dict[str, int]
    size: int


def count_removed(target: Constellation, placement: Placement) -> Removed:
    """What `remove` would delete, with what the import overwrites in place."""
    rows: Counter[str] = Counter()
    of_owner = {table: f"{column} = ?1" for table, column in _OWNED.items()}
    of_owner |= dict.fromkeys(_OF_BLOCKS, f"block_id IN ({BLOCKS})")
    of_block = {"memory_blocks": "id = ?1", **dict.fromkeys(_OF_BLOCKS, "block_id = ?1")}
    size = 0
    for ids, conditions in ((placement.replaced(), of_owner), (_blocks(placement), of_block)):
        for id in ids:
            found, held = weigh(target, id, conditions)
            rows.update(found)
            size += held
    rows["agents"] += sum(agent.replaces is not None for agent in placement.agents)
    rows["agent_groups"] += sum(group.replaces is not None for group in placement.groups)
    rows["archival_entries"] += sum(entry.replaces for entry in placement.entries)
    rows["archive_summaries"] += sum(summary.replaces for summary in placement.summaries)
    rows["shared_block_agents"] += sum(share.replaces for share in placement.shares)
    return Removed({table: number for table, number in sorted(rows.items()) if number}, size)


def remove(connection: apsw.Connection, placement: Placement) -> None:
    """Delete what gives way, and give replaced agents and groups the id they will have."""
    for owner in placement.replaced():
        _free_others(connection, owner)
        for table, column in _OWNED.items():
            portions.delete(connection, table, f"{column} = ?", (owner,), _AT_ONCE.get(table, portions.AT_ONCE))
    for block in _blocks(placement):
        connection.execute("DELETE FROM memory_blocks WHERE id = ?", (block,))
    for table, placed in (("agents", placement.agents), ("agent_groups", placement.groups)):
        for one in placed:
            if one.replaces not in (None, one.id):
                _give_id(connection, table, str(one.replaces), one.id)


def _free_others(connection: apsw.Connection, owner: str) -> None:
    """Unhook entries of other agents from those that go, which would take them along."""
    connection.execute(
        """UPDATE archival_entries SET parent_entry_id = NULL WHERE agent_id <> ?1
           AND parent_entry_id IN (SELECT id FROM archival_entries WHERE agent_id = ?1)""",
        (owner,),
    )


def _give_id(connection: apsw.Connection, table: str, old: str, new: str) -> None:
    """Change the id of a row and of everything that points to it."""
    # Foreign keys are checked at commit, because the row and what points to it cannot change in one statement.
    connection.execute("PRAGMA defer_foreign_keys=ON")
    pointing = [
        (child, column)
        for (child,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        ).fetchall()
        for column, parent in connection.execute(
            'SELECT "from", "table" FROM pragma_foreign_key_list(?)', (child,)
        ).fetchall()
        if parent == table
    ]
    connection.execute(f"UPDATE {table} SET id = ? WHERE id = ?", (new, old))
    for child, column in (*pointing, *_LOOSE.get(table, ())):
        connection.execute(f'UPDATE "{child}" SET "{column}" = ? WHERE "{column}" = ?', (new, old))


def _blocks(placement: Placement) -> list[str]:
    return list(dict.fromkeys(id for block in placement.blocks for id in block.removes))
