"""Memory blocks of an archive: whose they are in the target and under which label (design: import.md; memory.md §1)."""

from __future__ import annotations

from pattern_cli.archives.arrivals import free_name
from pattern_cli.archives.inventory import BlockItem
from pattern_cli.archives.placement import Ground, Placed, PlacedBlock
from pattern_cli.archives.plans import REPEATED, counted
from pattern_cli.store.identity import fresh_ids
from pattern_cli.store.ids import CONSTELLATION

# The label of a block and the name of its owner; one that exists no more goes by its id.
_NAMED = """SELECT label, coalesce((SELECT name FROM agents WHERE id = agent_id),
                                   (SELECT name FROM agent_groups WHERE id = agent_id), agent_id)
            FROM memory_blocks WHERE id = ?"""


def place_blocks(ground: Ground, items: tuple[BlockItem, ...]) -> None:
    """Decide about every block; those of skipped owners are left out."""
    blocks = _Blocks(ground)
    for item in items:
        blocks.place(item)
    if blocks.repeated and ground.options.keep_ids:
        ground.placement.repeated += blocks.repeated
        ground.placement.remarks.append(REPEATED.format(counted(blocks.repeated, "block id")))


class _Blocks:
    def __init__(self, ground: Ground) -> None:
        self.repeated = 0
        self._ground = ground
        self._placement = ground.placement
        self._fresh = fresh_ids("mem_")
        self._labels: set[tuple[str, str]] = set()
        self._emptied = ground.placement.replaced()
        # A replaced row that takes over the archived id leaves its old id's content behind, which goes as well.
        self._skipped = {a.archived_id for a in ground.placement.arrivals if a.id is None}

    def place(self, item: BlockItem) -> None:
        owner = self._owner(item)
        if owner is None:
            return
        label = self._distinct(owner, item.label)
        by_label = self._existing("agent_id = ? AND label = ?", owner, label)
        # Different blocks may share an id in converted archives; shares and references mean the first.
        repeated = item.id in self._placement.identity.blocks
        keep = self._ground.options.keep_ids and not repeated
        by_id = self._existing("id = ?", item.id) if keep else None
        policy = self._ground.options.on_conflict
        clashes = tuple(dict.fromkeys(id for id in (by_label, by_id) if id is not None))
        if clashes:
            other = free_name(label, lambda text: self._is_taken(owner, text)) if by_label is not None else label
            self._note(by_label, by_id, other)
            if policy == "skip":
                return
            label = other if policy == "rename" else label
        id = next(self._fresh) if not keep or (by_id is not None and policy == "rename") else item.id
        self.repeated += repeated
        self._labels.add((owner, label))
        self._placement.identity.blocks.setdefault(item.id, id)
        self._placement.blocks.append(PlacedBlock(item, id, owner, label, clashes if policy == "replace" else ()))

    def _owner(self, item: BlockItem) -> str | None:
        """The owner in the target; None when it is left out of the import."""
        if item.owner == CONSTELLATION:
            return CONSTELLATION
        if item.owner in self._skipped:
            return None
        known = self._placement.identity.owner(item.owner)
        if known is not None:
            return known
        if self._has_owner(item.owner):
            return self._placement.current(item.owner)
        return self._adopted(item)

    def _adopted(self, item: BlockItem) -> str | None:
        """An owner for a block whose own is neither in the archive nor in the target."""
        kind, number = item.listed
        if kind is None:
            self._placement.remarks.append(
                f'block "{item.label}" belongs to {item.owner}, which is neither in the archive nor in the database; '
                "it keeps that owner"
            )
            return item.owner
        placed: Placed = (self._placement.agents if kind == "agent" else self._placement.groups)[number]
        if placed.skipped:
            return None
        self._placement.remarks.append(
            f'block "{item.label}" belonged to {item.owner}, which is neither in the archive nor in the database; '
            f'{kind} "{placed.name}" owns it now'
        )
        return placed.id

    def _distinct(self, owner: str, label: str) -> str:
        """The label, or another one when this import has given it to a block of the same owner already."""
        if (owner, label) not in self._labels:
            return label
        other = free_name(label, lambda text: self._is_taken(owner, text))
        self._placement.remarks.append(f'the archive holds two blocks "{label}" of one owner: one is "{other}"')
        return other

    def _note(self, by_label: str | None, by_id: str | None, other: str) -> None:
        renamed = other if self._ground.options.on_conflict == "rename" else None
        if by_label is not None:
            self._clash(by_label, "label", renamed)
        if by_id is not None and by_id != by_label:
            self._clash(by_id, "id", None)

    def _clash(self, existing: str, on: str, renamed: str | None) -> None:
        label, owner = next(self._ground.target.rows(_NAMED, (existing,)))
        self._ground.clash("block", str(label), on, existing, renamed, str(owner))

    def _existing(self, condition: str, *values: str) -> str | None:
        """The id of a block in the target that is not about to be deleted with its owner."""
        sql = f"SELECT id, agent_id FROM memory_blocks WHERE {condition}"
        row = next(self._ground.target.rows(sql, values), None)
        return None if row is None or row[1] in self._emptied else str(row[0])

    def _is_taken(self, owner: str, label: str) -> bool:
        if (owner, label) in self._labels:
            return True
        return self._existing("agent_id = ? AND label = ?", owner, label) is not None

    def _has_owner(self, id: str) -> bool:
        sql = "SELECT 1 FROM agents WHERE id = ?1 UNION ALL SELECT 1 FROM agent_groups WHERE id = ?1"
        return self._ground.target.value(sql, (id,)) is not None
