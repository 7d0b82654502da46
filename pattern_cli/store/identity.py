"""Which id and name everything in an archive, or a copied agent, gets; where they occur in JSON (design: import.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_ID_KEYS = frozenset({"leader_id", "intervention_agent_id", "agent_id", "specific_agent"})
_NAME_KEYS = ("leader", "intervention_agent")
_ID_BYTES = 16
_DRAWN_AT_ONCE = 1024


@dataclass(slots=True)
class Identity:
    """Old ids and what they become; an id that keeps its value is in the maps all the same.

    `names` holds agents that get another name, old to new.
    """

    agents: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, str] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether any id of an agent, group or block is another one in the target."""
        return any(old != new for ids in (self.agents, self.groups, self.blocks) for old, new in ids.items())

    def owner(self, id: str) -> str | None:
        """What became of an owner of memory: an agent or a group of the archive."""
        return self.agents.get(id) or self.groups.get(id)

    def agent_config(self, config: Any, renamed: str | None) -> Any:
        """An agent's configuration with its own id, its name and the ids of its blocks (database.md §5.1)."""
        if not isinstance(config, dict):
            return config
        _swap(config, "id", self.agents)
        if renamed is not None and "name" in config:
            config["name"] = renamed
        memory = config.get("memory")
        for block in memory.values() if isinstance(memory, dict) else ():
            if isinstance(block, dict):
                _swap(block, "id", self.blocks)
        return config

    def pattern_config(self, config: Any) -> Any:
        """A group's configuration with the ids and names of its agents, in both of its forms (database.md §5.4)."""
        if isinstance(config, dict):
            for key in _NAME_KEYS:
                _swap(config, key, self.names)
            stages = config.get("stages")
            if isinstance(stages, list):
                config["stages"] = [self.names.get(s, s) if isinstance(s, str) else s for s in stages]
        self._swap_ids(config)
        return config

    def source_metadata(self, metadata: Any) -> Any:
        """A message's metadata with the ids of its sender and of the blocks it refers to (database.md §5.9)."""
        if isinstance(metadata, dict):
            user = metadata.get("user_id")
            if isinstance(user, str) and user in self.agents:
                metadata["user_id"] = self.agents[user]
            references = metadata.get("block_refs")
            for reference in references if isinstance(references, list) else ():
                if isinstance(reference, dict):
                    owned_by = reference.get("agent_id")
                    known = self.agents if isinstance(owned_by, str) and owned_by in self.agents else self.groups
                    _swap(reference, "agent_id", known)
                    _swap(reference, "block_id", self.blocks)
        return metadata

    def _swap_ids(self, config: Any) -> None:
        todo = [config]
        while todo:
            item = todo.pop()
            if isinstance(item, list):
                todo.extend(item)
            elif isinstance(item, dict):
                todo.extend(item.values())
                for key in _ID_KEYS & item.keys():
                    _swap(item, key, self.agents)
                ids = item.get("agent_ids")
                if isinstance(ids, list):
                    item["agent_ids"] = [self.agents.get(id, id) if isinstance(id, str) else id for id in ids]


def _swap(record: dict[str, Any], key: str, known: dict[str, str]) -> None:
    value = record.get(key)
    if isinstance(value, str) and value in known:
        record[key] = known[value]


def fresh_ids(prefix: str) -> Iterator[str]:
    """New ids without end: the prefix and 32 hexadecimal digits, drawn many at a time (database.md §6.1)."""
    while True:
        drawn = os.urandom(_ID_BYTES * _DRAWN_AT_ONCE).hex()
        for start in range(0, len(drawn), 2 * _ID_BYTES):
            yield prefix + drawn[start : start + 2 * _ID_BYTES]
