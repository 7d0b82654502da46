"""Who receives what from whom."""

from __future__ import annotations

import pytest

from pattern_cli.errors import NotFoundError
from pattern_cli.memory.recipients import shared
from pattern_cli.store.constellation import Constellation


def test_all_shares(small: Constellation) -> None:
    rows = list(shared(small))
    assert len(rows) == small.value("SELECT count(*) FROM shared_block_agents")
    assert rows == sorted(rows, key=lambda row: (row.owner, row.label, row.receiver))
    board = [row for row in rows if row.label == "crew_board"]
    assert {(row.owner, row.owner_kind, row.permission) for row in board} == {("Harbor Crew", "group", "read_write")}
    assert all(row.in_context and row.attached_at.endswith("Z") for row in board)


def test_what_one_gives_or_receives(small: Constellation) -> None:
    rows = list(shared(small, "Marlow"))
    assert {row.label for row in rows if row.owner != "Marlow"} == {"crew_board"}
    assert all("Marlow" in (row.owner, row.receiver) for row in rows)
    assert [row.label for row in shared(small, "_constellation_")] == ["commons"]
    with pytest.raises(NotFoundError):
        shared(small, "Nobody")


def test_what_its_receiver_does_not_see(small: Constellation) -> None:
    small.connection.execute("UPDATE memory_blocks SET is_active = 0 WHERE label = 'commons'")
    small.connection.execute("UPDATE memory_blocks SET block_type = 'archival' WHERE label = 'shared_0'")
    hidden = {row.label: row.is_active for row in shared(small) if not row.in_context}
    assert hidden == {"commons": False, "shared_0": True}


def test_a_damaged_share_is_shown(small: Constellation) -> None:
    small.connection.execute("UPDATE shared_block_agents SET permission = 'all', attached_at = 'once'")
    for row in shared(small):
        assert len(row.damage) == 2 and row.permission == "all"
