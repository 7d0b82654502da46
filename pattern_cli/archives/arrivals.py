"""Agents and groups of an archive: their ids and names in the target, conflicts included (design: import.md)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from pattern_cli.archives.archive import Archive
from pattern_cli.archives.placement import Ground, Placed
from pattern_cli.archives.plans import Action, Arrival
from pattern_cli.archives.records import AgentRecord, GroupRecord
from pattern_cli.errors import IntegrityError, RefusedError, UsageError
from pattern_cli.store.identity import fresh_ids

_TABLES = {"agent": "agents", "group": "agent_groups"}


def place_arrivals(ground: Ground, archive: Archive) -> None:
    """Decide about every agent and group. Raises UsageError, RefusedError, and IntegrityError for repeated ids."""
    structure, placement = archive.structure, ground.placement
    only_groups = archive.kind.removeprefix("thin ") == "group"
    rename = ground.options.rename
    if rename is not None and archive.kind == "constellation":
        raise UsageError("--rename names one agent or group, and this archive holds a constellation")
    if rename is not None and not rename.strip():
        raise UsageError("--rename needs a name that is not blank")
    agents = _Arrivals(ground, "agent", None if only_groups else rename)
    placement.agents = agents.place([part.record for part in structure.agents])
    placement.identity.agents = agents.ids
    placement.identity.names = agents.names
    groups = _Arrivals(ground, "group", rename if only_groups else None)
    placement.groups = groups.place([part.record for part in structure.groups])
    placement.identity.groups = groups.ids


class _Arrivals:
    """One kind of thing with unique names; `ids` and `names` tell what became of the archived ones."""

    def __init__(self, ground: Ground, kind: str, rename: str | None) -> None:
        self.ids: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self._ground = ground
        self._kind = kind
        self._table = _TABLES[kind]
        self._rename = rename
        self._fresh: dict[str, str] = {}
        self._given: set[str] = set()

    def place(self, records: Sequence[AgentRecord | GroupRecord]) -> list[Placed]:
        placed: list[Placed] = []
        archived: set[str] = set()
        self._fresh = _in_order({record.id for record in records})
        for record in records:
            if record.id in archived:
                raise IntegrityError(f"the archive holds two {self._kind}s with the id {record.id}")
            archived.add(record.id)
            wanted = self._distinct(self._rename or record.name)
            one = self._place_one(record.id, wanted)
            placed.append(one)
            self._given.add(one.name)
            if not one.skipped:
                self.ids[record.id] = one.id
                if one.name != record.name and record.name not in self._given:
                    self.names.setdefault(record.name, one.name)
            self._ground.placement.arrivals.append(self._arrival(record, one))
        return placed

    def _distinct(self, name: str) -> str:
        """The name, or another one when the archive itself holds it twice."""
        if name not in self._given:
            return name
        other = free_name(name, self._is_taken)
        self._ground.placement.remarks.append(f'the archive holds two {self._kind}s named "{name}": one is "{other}"')
        return other

    def _place_one(self, archived: str, name: str) -> Placed:
        options = self._ground.options
        fresh = self._fresh[archived]
        id = archived if options.keep_ids else fresh
        by_id = self._existing("id", archived) if options.keep_ids else None
        by_name = self._existing("name", name)
        if by_id is None and by_name is None:
            return Placed(id, name)
        if options.on_conflict == "rename":
            other = name if by_name is None else free_name(name, self._is_taken)
            self._note(name, by_id, by_name, other)
            return Placed(id if by_id is None else fresh, other)
        self._note(name, by_id, by_name, None)
        if options.on_conflict == "replace":
            return self._replace(archived, name, by_id, by_name)
        return Placed(id, name, skipped=options.on_conflict == "skip")

    def _replace(self, archived: str, name: str, by_id: str | None, by_name: str | None) -> Placed:
        if by_id is not None and by_name is not None and by_id != by_name:
            raise RefusedError(
                f'{self._kind} "{name}" would replace two: one has its id and another its name',
                "import without --keep-ids, or with another --on-conflict",
            )
        existing = by_name if by_id is None else by_id
        assert existing is not None
        # With new ids the existing one stays: memberships, tasks and queued messages go on pointing to it.
        return Placed(archived if self._ground.options.keep_ids else existing, name, replaces=existing)

    def _note(self, name: str, by_id: str | None, by_name: str | None, new_name: str | None) -> None:
        if by_name is not None:
            self._ground.clash(self._kind, name, "name", by_name, new_name)
        if by_id is not None and by_id != by_name:
            there = self._ground.target.value(f"SELECT name FROM {self._table} WHERE id = ?", (by_id,))
            self._ground.clash(self._kind, str(there), "id", by_id)

    def _existing(self, column: str, value: str) -> str | None:
        found = self._ground.target.value(f"SELECT id FROM {self._table} WHERE {column} = ?", (value,))
        return None if found is None else str(found)

    def _is_taken(self, name: str) -> bool:
        return name in self._given or self._existing("name", name) is not None

    def _arrival(self, record: AgentRecord | GroupRecord, one: Placed) -> Arrival:
        if one.skipped:
            return Arrival(self._kind, record.id, record.name, None, record.name, "skip")
        action: Action = "replace" if one.replaces is not None else "add" if one.name == record.name else "rename"
        return Arrival(self._kind, record.id, record.name, one.id, one.name, action)


def _in_order(archived: set[str]) -> dict[str, str]:
    """New ids in the order of the archived ones.

    The runtime reads the members of a group by agent id, and takes the first for the leader (database.md §7.5).
    """
    return dict(zip(sorted(archived), sorted(itertools.islice(fresh_ids(""), len(archived))), strict=True))


def free_name(name: str, taken: Callable[[str], bool]) -> str:
    """The name with the first of ` (2)`, ` (3)` … that nobody has."""
    return next(other for other in _numbered(name) if not taken(other))


def _numbered(name: str) -> Iterator[str]:
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1
