"""A small constellation to change, and a process that holds it open as a runtime does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.store.constellation import Constellation

CREW = "Harbor Crew"
JUNIPER, MARLOW, QUILL = "ea0f0a49523a4b939139570e2791c66a", "agt_19a6f2c3b40", "c825d324d37343ca9a5dc452f160616e"


@pytest.fixture
def path(database: Callable[[str], Path]) -> Path:
    return database("constellations/small.db")


@pytest.fixture
def small(path: Path) -> Iterator[Constellation]:
    with Constellation.open(path, "write") as constellation:
        yield constellation


@pytest.fixture
def held(path: Path, hold: Callable[[Path], int]) -> int:
    """The process id of a runtime that has the database open."""
    return hold(path)


class Rows:
    """What is stored, byte for byte."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def group(self, name: str = CREW) -> dict[str, Any]:
        columns = ("id", "name", "description", "pattern_type", "pattern_config", "created_at", "updated_at")
        sql = f"SELECT {', '.join(columns)} FROM agent_groups WHERE name = ?"
        return dict(zip(columns, next(self._constellation.rows(sql, (name,))), strict=True))

    def config(self, name: str = CREW) -> Any:
        return json.loads(self.group(name)["pattern_config"])

    def member(self, agent: str, name: str = CREW) -> tuple[Any, ...] | None:
        sql = """SELECT role, capabilities, joined_at FROM group_members
                 WHERE agent_id = ? AND group_id = (SELECT id FROM agent_groups WHERE name = ?)"""
        return next(self._constellation.rows(sql, (agent, name)), None)

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables that a change of a group could touch."""
        tables = ("agent_groups", "group_members", "memory_blocks", "memory_block_updates", "memory_block_checkpoints")
        tables += ("shared_block_agents", "archival_entries", "agents", "messages", "coordination_state")
        return {table: list(self._constellation.rows(f"SELECT * FROM {table} ORDER BY rowid")) for table in tables}


@pytest.fixture
def rows(small: Constellation) -> Rows:
    return Rows(small)
