from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.errors import ConflictError
from pattern_cli.models import MemoryBlock, MemoryBlockCheckpoint, MemoryBlockUpdate, SharedBlockAgent
from pattern_cli.store.constellation import Constellation


@pytest.fixture
def block(write: Callable[..., Any]) -> Any:
    return write(
        MemoryBlock,
        id="mem_1",
        agent_id="_constellation_",
        label="notes",
        description="",
        block_type="core",
        loro_snapshot=b"\x00loro",
        metadata={"schema": {"Text": {}}},
        created_at=0,
        updated_at=0,
    )


def test_a_block_has_the_runtime_s_defaults(block: Any) -> None:
    assert (block.char_limit, block.permission, block.pinned, block.is_active) == (5000, "read_write", False, True)
    assert (block.loro_snapshot, block.frontier, block.last_seq) == (b"\x00loro", None, 0)


def test_a_label_is_taken_once_per_owner(block: Any, write: Callable[..., Any]) -> None:
    with pytest.raises(ConflictError, match="UNIQUE"):
        write(
            MemoryBlock, id="mem_2", agent_id="_constellation_", label="notes", description="", block_type="log",
            loro_snapshot=b"", created_at=0, updated_at=0,
        )  # fmt: skip


def test_updates_are_numbered_by_sqlite_and_go_with_their_block(
    block: Any, write: Callable[..., Any], lab: Constellation
) -> None:
    first = write(MemoryBlockUpdate, block="mem_1", seq=1, update_blob=b"u", byte_size=1, source="manual", created_at=0)
    write(MemoryBlockCheckpoint, block="mem_1", snapshot=b"s", created_at=0)
    write(SharedBlockAgent, block="mem_1", agent="a", attached_at=0)
    lab.bind(MemoryBlockUpdate.delete()).execute()
    again = write(MemoryBlockUpdate, block="mem_1", seq=1, update_blob=b"u", byte_size=1, created_at=0)
    assert (first.id, again.id, first.is_active) == (1, 2, True)
    lab.bind(MemoryBlock.delete()).execute()
    for table in ("memory_block_updates", "memory_block_checkpoints", "shared_block_agents"):
        assert lab.value(f"SELECT count(*) FROM {table}") == 0
