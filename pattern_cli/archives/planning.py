"""The plan of an import: every decision, taken against the target before anything is written (design: import.md)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pattern_cli.archives import inventory as inventories
from pattern_cli.archives.archive import Archive
from pattern_cli.archives.arrivals import place_arrivals
from pattern_cli.archives.car import Progress
from pattern_cli.archives.chains import place_chain
from pattern_cli.archives.history import KeptIds, NewIds, message_rows
from pattern_cli.archives.inventory import Inventory
from pattern_cli.archives.ownership import place_blocks
from pattern_cli.archives.placement import Ground, Placement
from pattern_cli.archives.plans import REPEATED, Conflict, ImportOptions, ImportPlan, counted
from pattern_cli.archives.relations import place_members, place_shares
from pattern_cli.archives.removal import Removed, count_removed
from pattern_cli.archives.rows import JsonColumns
from pattern_cli.messages.batches import BatchCount, SameBatches
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation


@dataclass(frozen=True, slots=True)
class History:
    """What a look at all messages told: how many come, in how many batches, and which the target has already.

    `unreadable_batches` are no snowflakes; `quoted` columns hold a bare JSON number; `repeated` ids are new ones
    because the archive has them twice.
    """

    messages: int = 0
    batches: int = 0
    unreadable_batches: int = 0
    quoted: int = 0
    repeated: int = 0
    conflicts: tuple[Conflict, ...] = ()

    @classmethod
    def of(cls, messages: int, ids: NewIds, batches: BatchCount, columns: JsonColumns) -> History:
        """What those tell through whom that many messages went."""
        return cls(messages, batches.finish(), batches.unreadable, columns.quoted, ids.repeated, tuple(ids.conflicts()))


@dataclass(frozen=True, slots=True)
class Decisions:
    """Where everything goes, and what gives way for it."""

    placement: Placement
    removed: Removed

    def same_as(self, other: Decisions) -> bool:
        """Whether a person would read the same plan: everything but the ids that were drawn anew."""
        return _visible(self) == _visible(other)


class Planner:
    """Plans one import; what it reads of the archive is read once, and the target as often as it may have changed."""

    def __init__(self, target: Constellation, archive: Archive, options: ImportOptions) -> None:
        self._target = target
        self._archive = archive
        self._options = options
        self._inventory: Inventory | None = None

    def decide(self) -> Decisions:
        """Decide about everything but the messages against the target as it is now."""
        archive, options = self._archive, self._options
        if self._inventory is None:
            self._inventory = inventories.take(archive, archival=options.archival)
        found = self._inventory
        placement = Placement()
        ids = placement.identity
        ground = Ground(self._target, options, placement)
        place_arrivals(ground, archive)
        place_blocks(ground, found.blocks)
        placement.entries = place_chain(ground, "entry", "archival_entries", "arch_", found.entries, ids.entries)
        placement.summaries = place_chain(
            ground, "summary", "archive_summaries", "sum_", found.summaries, ids.summaries
        )
        place_members(ground, archive.structure.groups)
        place_shares(ground, archive, (block.id for block in found.blocks))
        if found.copies:
            what = counted(found.copies, "copy", "copies")
            placement.remarks.append(f"{what} of shared blocks left out: each comes once, with its owner")
        return Decisions(placement, count_removed(self._target, placement))

    def look_at_messages(self, decisions: Decisions, progress: Progress | None = None) -> History:
        """Read every message that comes, as the import will, and count."""
        if not self._options.messages:
            return History()
        placement, options, columns = decisions.placement, self._options, JsonColumns()
        batches, ids = BatchCount(SameBatches()), NewIds()
        if options.keep_ids:
            ids = KeptIds(self._target.connection, options.on_conflict, placement.replaced(), writing=False)
        rows = message_rows(self._archive, placement, ids, batches, columns, progress)
        return History.of(sum(map(len, rows)), ids, batches, columns)

    def plan(self, decisions: Decisions, history: History) -> ImportPlan:
        """The plan in words and numbers."""
        archive, options, placement = self._archive, self._options, decisions.placement
        verdicts = Counter(block.item.verdict for block in placement.blocks)
        conflicts = (*placement.conflicts, *history.conflicts)
        return ImportPlan(
            archive=archive.name,
            kind=archive.kind,
            version=archive.version,
            size=archive.car.size,
            sections=archive.car.sections,
            exported_at=times.rfc3339z(archive.exported_at),
            keep_ids=options.keep_ids,
            on_conflict=options.on_conflict,
            arrivals=tuple(placement.arrivals),
            adds=_adds(placement, history, verdicts["rescued"]),
            batches=history.batches,
            removes=self._removes(decisions, history),
            conflicts=conflicts,
            fails=options.on_conflict == "fail" and bool(conflicts),
            rescued=verdicts["rescued"],
            previews_kept=verdicts["kept"],
            damaged_documents=verdicts["damaged"],
            repeated_ids=placement.repeated + history.repeated,
            remarks=(*placement.remarks, *self._remarks(history)),
        )

    def _removes(self, decisions: Decisions, history: History) -> dict[str, int]:
        """The rows that go: with their owners, or because a message that is kept by its id takes their place."""
        removes = Counter(decisions.removed.rows)
        if self._options.on_conflict == "replace":
            removes["messages"] += sum(conflict.count for conflict in history.conflicts)
        return {table: count for table, count in sorted(removes.items()) if count}

    def _remarks(self, history: History) -> list[str]:
        remarks = []
        if history.repeated:
            remarks.append(REPEATED.format(counted(history.repeated, "message id")))
        if history.quoted:
            what = counted(history.quoted, "JSON column")
            remarks.append(f"{what} with a bare number, which the runtime cannot read, stored as a string")
        if history.unreadable_batches and self._options.keep_ids:
            what = counted(history.unreadable_batches, "batch id")
            remarks.append(
                f"{what} that the runtime cannot read, nor a history with them; without --keep-ids they are made new"
            )
        if self._archive.not_canonical:
            what = counted(self._archive.not_canonical, "block")
            remarks.append(f"{what} of the archive not in the canonical encoding; the content is unaffected")
        return remarks


def _adds(placement: Placement, history: History, rescued: int) -> dict[str, int]:
    adds = {
        "agents": sum(not agent.skipped for agent in placement.agents),
        "agent_groups": sum(not group.skipped for group in placement.groups),
        "group_members": len(placement.members),
        "memory_blocks": len(placement.blocks),
        "memory_block_updates": rescued,
        "shared_block_agents": len(placement.shares),
        "messages": history.messages,
        "archival_entries": len(placement.entries),
        "archive_summaries": len(placement.summaries),
    }
    return adds


def _visible(decisions: Decisions) -> tuple[object, ...]:
    placement = decisions.placement
    return (
        [(one.kind, one.archived_id, one.name, one.action) for one in placement.arrivals],
        [(block.item.id, block.label, len(block.removes)) for block in placement.blocks],
        placement.conflicts,
        placement.remarks,
        _adds(placement, History(), 0),
        decisions.removed.rows,
    )
