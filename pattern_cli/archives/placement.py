"""Where everything in an archive goes, decided against the target before anything is written (design: import.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pattern_cli.archives.inventory import BlockItem, ChainItem
from pattern_cli.archives.plans import Action, Arrival, Conflict, ImportOptions
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.identity import Identity


@dataclass(frozen=True, slots=True)
class Placed:
    """An agent or group in the target; `replaces` is the id of the row whose content gives way."""

    id: str
    name: str
    skipped: bool = False
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block in the target; the blocks with the ids in `removes` give way."""

    item: BlockItem
    id: str
    owner: str
    label: str
    removes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedLink:
    """An archival entry or summary in the target, listed after the one it hangs on.

    `replaces` says that the target has one with this id, whose content gives way.
    """

    item: ChainItem
    id: str
    agent: str
    parent: str | None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A membership in the target; `role` and `capabilities` are JSON values, `joined_at` column text."""

    group: str
    agent: str
    role: Any
    joined_at: str
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A block shared with an agent in the target; `attached_at` is column text.

    `replaces` says that it is shared with that agent already.
    """

    block: str
    agent: str
    permission: str
    attached_at: str
    replaces: bool = False


@dataclass(slots=True)
class Placement:
    """All decisions, and what a person should know about them.

    `repeated` ids should have been kept and are new ones, because the archive has them twice.
    """

    identity: Identity = field(default_factory=Identity)
    agents: list[Placed] = field(default_factory=list)
    groups: list[Placed] = field(default_factory=list)
    blocks: list[PlacedBlock] = field(default_factory=list)
    entries: list[PlacedLink] = field(default_factory=list)
    summaries: list[PlacedLink] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    repeated: int = 0

    def replaced(self) -> set[str]:
        """The ids of agents and groups in the target whose content is deleted first."""
        return {one.replaces for one in (*self.agents, *self.groups) if one.replaces is not None}

    def current(self, id: str) -> str:
        """The id that an agent or group of the target will have: a replaced one may take over another."""
        return next((one.id for one in (*self.agents, *self.groups) if one.replaces == id), id)


@dataclass(frozen=True, slots=True)
class Ground:
    """What decisions rest on: the target, what was asked for, and the placement in the making."""

    target: Constellation
    options: ImportOptions
    placement: Placement

    def clash(
        self, kind: str, name: str, on: str, existing: str, new_name: str | None = None, owner: str | None = None
    ) -> None:
        """Note a conflict and what the policy makes of it."""
        action: Action = self.options.on_conflict
        self.placement.conflicts.append(Conflict(kind, name, on, existing, action, new_name, owner=owner))
