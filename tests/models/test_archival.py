from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pattern_cli.models import ArchivalEntry
from pattern_cli.store.constellation import Constellation


def test_chunks_go_with_the_first_one(write: Callable[..., Any], lab: Constellation) -> None:
    first = write(ArchivalEntry, id="arch_1", agent_id="gone", content="one", metadata=["x", 2**70], created_at=0)
    write(ArchivalEntry, id="arch_2", agent_id="gone", content="two", parent_entry="arch_1", created_at=0)
    assert (first.chunk_index, first.parent_entry_id, first.metadata) == (0, None, ["x", 2**70])
    lab.bind(ArchivalEntry.delete().where(ArchivalEntry.id == "arch_1")).execute()
    assert lab.value("SELECT count(*) FROM archival_entries") == 0
    assert lab.value("SELECT count(*) FROM archival_fts WHERE archival_fts MATCH 'two'") == 0
