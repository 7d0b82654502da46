"""Delete a group with everything that is its own, so that nothing is left without an owner (database.md §7.5, D11).

The schema takes members along, and with blocks their updates, checkpoints and shares. Nothing ties memory, archival
entries and endpoints to the group but its id, so they are deleted or given away here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.groups.references import roster
from pattern_cli.groups.writing import writing
from pattern_cli.store import portions, vectors
from pattern_cli.store.constellation import Constellation, describe
from pattern_cli.store.ids import resolve, resolve_owner

Snapshot = Callable[[Constellation], str]


@dataclass(frozen=True, slots=True)
class OwnedBlock:
    """A memory block of the group; `shared_with` are names of agents, sizes are bytes."""

    id: str
    label: str
    is_active: bool
    updates: int
    checkpoints: int
    size: int
    shared_with: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion does or did.

    `given_to` is the name of who gets blocks and archival entries instead of their being deleted. `freed_entries` are
    entries of others that hang on one of the group's and would go with it: they stay by themselves. `embeddings` are
    the vectors that go. `mentions` counts rows of other tables whose text has the
    group's id; they stay as they are. `in_use_by` is a running runtime; `snapshot` is the backup made before.
    """

    id: str
    name: str
    pattern_type: str
    members: tuple[str, ...]
    blocks: tuple[OwnedBlock, ...]
    archival_entries: int
    freed_entries: int
    endpoints: int
    embeddings: int
    mentions: dict[str, int]
    given_to: str | None
    rows: int
    size: int
    in_use_by: str | None
    remarks: tuple[str, ...]
    snapshot: str | None


# Tables whose text may hold the id of a group; the large ones of messages hold only ids of agents and blocks.
_MENTIONS = {
    "coordination_state": "instr(key, ?1) OR instr(value, ?1) OR updated_by = ?1",
    "activity_events": "instr(details, ?1)",
    "agents": "instr(config, ?1)",
    "agent_groups": "id <> ?1 AND instr(pattern_config, ?1)",
    "queued_messages": "instr(coalesce(origin_json, ''), ?1) OR instr(coalesce(metadata_json_full, ''), ?1)",
}
_FREED = """agent_id <> ?1 AND parent_entry_id IN (SELECT id FROM archival_entries WHERE agent_id = ?1)"""
_VECTORS = {
    "memory_block": "SELECT id FROM memory_blocks WHERE agent_id = ?2",
    "archival_entry": "SELECT id FROM archival_entries WHERE agent_id = ?2",
}
_MANY = portions.AT_ONCE
# An id so short would be found in any text.
_LEAST = 6


def plan(constellation: Constellation, group: str, give_memory: str | None = None) -> Deletion:
    """What `delete` would do. Raises NotFoundError, AmbiguousError, and as `delete` for who gets the memory."""
    with writing(constellation, dry_run=True):
        return _planned(constellation, resolve(constellation, "group", group), give_memory)


def delete(
    constellation: Constellation,
    group: str,
    give_memory: str | None = None,
    *,
    snapshot: Snapshot | None = None,
    force: bool = False,
    shown: Deletion | None = None,
) -> Deletion:
    """Delete a group in one transaction; its memory and archival entries go too, or to the owner `give_memory`.

    `snapshot` makes a backup first and returns its path; `shown` is the plan that somebody agreed to. Raises
    NotFoundError, AmbiguousError, ConflictError (the new owner has such a label; the group is another than shown),
    RefusedError beside a running runtime when there is memory, unless `force`.
    """
    agreed = shown or plan(constellation, group, give_memory)
    _require_safe(constellation, agreed, force)
    saved = snapshot(constellation) if snapshot else None
    with constellation.transaction() as connection:
        now = _planned(constellation, agreed.id, give_memory)
        if _essence(now) != _essence(agreed):
            raise ConflictError(f'"{agreed.name}" was changed meanwhile', "look at the plan again")
        _require_safe(constellation, now, force)
        if give_memory is not None:
            owner, _ = resolve_owner(constellation, give_memory)
            _give(constellation, now.id, owner)
        if now.embeddings:
            for kind, ids in _VECTORS.items():
                vectors.delete_vectors(constellation, kind, ids, (now.id,))
        connection.execute(f"UPDATE archival_entries SET parent_entry_id = NULL WHERE {_FREED}", (now.id,))
        for table in ("archival_entries", "memory_blocks", "agent_atproto_endpoints"):
            # A block takes all of its updates along.
            portions.delete(connection, table, "agent_id = ?", (now.id,), 1 if table == "memory_blocks" else _MANY)
        connection.execute("DELETE FROM group_members WHERE group_id = ?", (now.id,))
        connection.execute("DELETE FROM agent_groups WHERE id = ?", (now.id,))
    return replace(now, snapshot=saved)


def _essence(found: Deletion) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__slots__ if name not in ("in_use_by", "snapshot", "mentions")}


def _require_safe(constellation: Constellation, found: Deletion, force: bool) -> None:
    if found.blocks or found.archival_entries:
        # The runtime writes on to blocks that it holds, under an owner or a row that is no more.
        constellation.require_quiet(f'deleting "{found.name}" with its memory', force)
    constellation.require_lock_budget(f'deleting "{found.name}"', found.rows, found.size, force)


def _give(constellation: Constellation, group_id: str, owner: str) -> None:
    connection = constellation.connection
    # An owner needs no share of its own block, and would see it twice.
    connection.execute(
        """DELETE FROM shared_block_agents WHERE agent_id = ?2
           AND block_id IN (SELECT id FROM memory_blocks WHERE agent_id = ?1)""",
        (group_id, owner),
    )
    connection.execute("UPDATE memory_blocks SET agent_id = ?2 WHERE agent_id = ?1", (group_id, owner))
    connection.execute("UPDATE archival_entries SET agent_id = ?2 WHERE agent_id = ?1", (group_id, owner))


def _planned(constellation: Constellation, group_id: str, give_memory: str | None) -> Deletion:
    name, pattern = next(constellation.rows("SELECT name, pattern_type FROM agent_groups WHERE id = ?", (group_id,)))
    members = tuple(roster(constellation, group_id, name).members.values())
    blocks = tuple(_blocks(constellation, group_id))
    given_to = None
    if give_memory is not None:
        given_to = _new_owner(constellation, group_id, name, give_memory, {block.label for block in blocks})
    count = constellation.value
    entries, text = next(
        constellation.rows(
            "SELECT count(*), coalesce(sum(2 * octet_length(content)), 0) FROM archival_entries WHERE agent_id = ?",
            (group_id,),
        )
    )
    endpoints = count("SELECT count(*) FROM agent_atproto_endpoints WHERE agent_id = ?", (group_id,))
    goes = given_to is None
    deleted = sum(1 + block.updates + block.checkpoints + len(block.shared_with) for block in blocks) + entries
    embeddings, remarks = _embeddings(constellation, group_id) if goes else (0, ())
    holder = constellation.live_holder()
    return Deletion(
        id=group_id,
        name=name,
        pattern_type=pattern,
        members=members,
        blocks=blocks,
        archival_entries=entries,
        freed_entries=count(f"SELECT count(*) FROM archival_entries WHERE {_FREED}", (group_id,)) if goes else 0,
        endpoints=endpoints,
        embeddings=embeddings,
        mentions=dict(_mentions(constellation, group_id)),
        given_to=given_to,
        rows=1 + len(members) + endpoints + embeddings + (deleted if goes else len(blocks) + entries),
        size=text + sum(block.size for block in blocks) if goes else 0,
        in_use_by=describe(holder) if holder else None,
        remarks=remarks,
        snapshot=None,
    )


def _blocks(constellation: Constellation, group_id: str) -> Iterator[OwnedBlock]:
    of_block = "FROM {} WHERE block_id = b.id"
    updates_of, checkpoints_of = (of_block.format(t) for t in ("memory_block_updates", "memory_block_checkpoints"))
    sql = f"""SELECT id, label, is_active, octet_length(loro_snapshot),
                     (SELECT count(*) {updates_of}), (SELECT count(*) {checkpoints_of}),
                     (SELECT coalesce(sum(octet_length(update_blob)), 0) {updates_of}),
                     (SELECT coalesce(sum(octet_length(snapshot)), 0) {checkpoints_of})
              FROM memory_blocks b WHERE agent_id = ? ORDER BY label"""
    receivers = """SELECT coalesce(a.name, s.agent_id) FROM shared_block_agents s
                   LEFT JOIN agents a ON a.id = s.agent_id WHERE s.block_id = ? ORDER BY 1"""
    for id, label, active, snapshot, updates, checkpoints, of_updates, of_checkpoints in constellation.rows(
        sql, (group_id,)
    ):
        yield OwnedBlock(
            id=id,
            label=label,
            is_active=bool(active),
            updates=updates,
            checkpoints=checkpoints,
            size=snapshot + of_updates + of_checkpoints,
            shared_with=tuple(name for (name,) in constellation.rows(receivers, (id,))),
        )


def _new_owner(constellation: Constellation, group_id: str, name: str, ref: str, labels: set[str]) -> str:
    owner, owner_name = resolve_owner(constellation, ref)
    if owner == group_id:
        raise UsageError(f'"{name}" cannot get its own memory when it goes', "name another owner")
    taken = sorted(
        label
        for (label,) in constellation.rows("SELECT label FROM memory_blocks WHERE agent_id = ?", (owner,))
        if label in labels
    )
    if taken:
        raise ConflictError(
            f'"{owner_name}" has a block "{taken[0]}" already', "rename one of them first with `pattern memory meta`"
        )
    return owner_name


def _embeddings(constellation: Constellation, group_id: str) -> tuple[int, tuple[str, ...]]:
    """How many vectors of blocks and entries go, and what is to be said about those that cannot."""
    found = sum(vectors.count_vectors(constellation, kind, ids, (group_id,)) for kind, ids in _VECTORS.items())
    if not found or vectors.load(constellation):
        return found, ()
    return 0, (f"its vectors stay in the table embeddings ({found}): sqlite-vec is not installed",)


def _mentions(constellation: Constellation, group_id: str) -> Iterator[tuple[str, int]]:
    for table, condition in _MENTIONS.items() if len(group_id) >= _LEAST else ():
        if found := constellation.value(f"SELECT count(*) FROM {table} WHERE {condition}", (group_id,)):
            yield table, found
