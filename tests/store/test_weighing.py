"""Rows and bytes of what hangs on an owner."""

from __future__ import annotations

from pattern_cli.store.constellation import Constellation
from pattern_cli.store.weighing import BLOCKS, weigh


def test_rows_and_bytes(small: Constellation) -> None:
    conditions = {"messages": "agent_id = ?1", "memory_block_updates": f"block_id IN ({BLOCKS})", "agents": "id = ?1"}
    rows, size = weigh(small, "agt_19a6f2c3b40", conditions)
    messages = "FROM messages WHERE agent_id = 'agt_19a6f2c3b40'"
    updates = "FROM memory_block_updates JOIN memory_blocks b ON b.id = block_id WHERE b.agent_id = 'agt_19a6f2c3b40'"
    assert rows == {
        "messages": small.value(f"SELECT count(*) {messages}"),
        "memory_block_updates": small.value(f"SELECT count(*) {updates}"),
        "agents": 1,
    }
    assert size == small.value(f"SELECT sum(byte_size) {updates}") + small.value(
        f"SELECT sum(octet_length(content_json) + coalesce(octet_length(content_preview), 0)) {messages}"
    )
    assert weigh(small, "nobody", conditions) == (dict.fromkeys(conditions, 0), 0)
