"""Deleting, bringing back, and removing for good."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from pattern_cli.errors import ConflictError, RefusedError
from pattern_cli.memory.creation import create
from pattern_cli.memory.granting import Grants
from pattern_cli.memory.removal import Removal
from pattern_cli.store.constellation import Constellation

TABLES = ("memory_blocks", "memory_block_updates", "memory_block_checkpoints", "shared_block_agents")


def everything(constellation: Constellation) -> list[list[tuple[object, ...]]]:
    return [list(constellation.rows(f"SELECT * FROM {table} ORDER BY 1, 2")) for table in TABLES]


def rows_of(constellation: Constellation, id: str) -> list[int]:
    columns = ("id", "block_id", "block_id", "block_id")
    return [
        constellation.value(f"SELECT count(*) FROM {table} WHERE {column} = ?", (id,))
        for table, column in zip(TABLES, columns, strict=True)
    ]


def test_delete_and_restore_leave_the_block_as_it_was(small: Constellation) -> None:
    small.connection.execute("UPDATE memory_blocks SET updated_at = 'x'")
    before = everything(small)
    gone = Removal(small).delete("Harbor Crew", "crew_board", as_admin=True)
    assert gone.changed and not gone.is_active and len(gone.shared_with) == 3
    assert small.value("SELECT is_active FROM memory_blocks WHERE id = ?", (gone.id,)) == 0
    again = Removal(small).delete("Harbor Crew", "crew_board", as_admin=True)
    assert not again.changed and again.updated_at is None
    back = Removal(small).restore("Harbor Crew", "crew_board")
    assert back.changed and back.is_active
    small.connection.execute("UPDATE memory_blocks SET updated_at = 'x'")
    assert everything(small) == before


@pytest.mark.parametrize("permission", ["read_only", "partner", "human", "append", "read_write"])
def test_only_admin_allows_deleting(small: Constellation, permission: str) -> None:
    small.connection.execute("UPDATE memory_blocks SET permission = ? WHERE label = 'persona'", (permission,))
    for call in (Removal(small).delete, Removal(small).plan):
        with pytest.raises(RefusedError, match=f"its permission is {permission}, and only admin") as raised:
            call("Juniper", "persona")
        assert raised.value.hint and raised.value.hint.startswith("--as-admin")
    small.connection.execute("UPDATE memory_blocks SET permission = 'admin' WHERE label = 'persona'")
    assert Removal(small).delete("Juniper", "persona").changed


def test_a_receiver_does_not_delete(small: Constellation) -> None:
    with pytest.raises(RefusedError, match="only receives"):
        Removal(small).delete("Marlow", "crew_board", as_admin=True)


def test_a_dry_run(small: Constellation) -> None:
    before = everything(small)
    assert Removal(small).delete("Juniper", "persona", as_admin=True, dry_run=True).changed
    assert Removal(small).restore("Juniper", "retired", dry_run=True).changed
    Removal(small).plan("Juniper", "persona", as_admin=True)
    assert everything(small) == before


def test_purge_takes_all_of_one_block(small: Constellation) -> None:
    Grants(small).share("Juniper", "consolidated", ["Marlow"])
    plan = Removal(small).plan("Juniper", "consolidated", as_admin=True)
    assert rows_of(small, plan.id) == [1, plan.updates, plan.checkpoints, 1] and plan.checkpoints == 1
    assert plan.shared_with == ("Marlow",) and plan.dry_run and plan.used > 0
    before = everything(small)
    saved: list[Path] = []

    def save(constellation: Constellation) -> str:
        assert constellation is small and not small.connection.in_transaction
        saved.append(constellation.path)
        return "saved.db"

    done = Removal(small).purge(plan, snapshot=save)
    assert saved and done.snapshot == "saved.db" and not done.dry_run
    assert rows_of(small, plan.id) == [0, 0, 0, 0]
    kept = [[row for row in rows if plan.id not in row] for rows in before]
    assert everything(small) == kept
    small.connection.execute("INSERT INTO memory_blocks_fts(memory_blocks_fts, rank) VALUES ('integrity-check', 1)")
    assert create(small, "Juniper", "consolidated").id != plan.id


def test_a_deleted_block_is_purged_without_being_admin(small: Constellation) -> None:
    plan = Removal(small).plan("Juniper", "retired")
    assert not plan.is_active
    Removal(small).purge(plan)
    assert create(small, "Juniper", "retired").id


def test_a_block_that_changed_since_the_plan_stays(small: Constellation) -> None:
    plan = Removal(small).plan("Juniper", "persona", as_admin=True)
    Grants(small).share("Juniper", "persona", ["Marlow"])
    with pytest.raises(ConflictError, match="changed meanwhile"):
        Removal(small).purge(plan)
    assert rows_of(small, plan.id)[0] == 1


def test_a_snapshot_that_fails_keeps_the_block(small: Constellation) -> None:
    plan = Removal(small).plan("Juniper", "retired")

    def save(constellation: Constellation) -> str:
        raise ConflictError("no room")

    with pytest.raises(ConflictError, match="no room"):
        Removal(small).purge(plan, snapshot=save)
    assert rows_of(small, plan.id)[0] == 1


def embedded(constellation: Constellation) -> str:
    """The id of a block that has a vector by now."""
    id = str(constellation.value("SELECT id FROM memory_blocks WHERE label = 'persona'"))
    of_block = "UPDATE embeddings_auxiliary SET value00 = 'memory_block', value01 = ? WHERE rowid = 1"
    constellation.connection.execute(of_block, (id,))
    return id


def vectors_of(constellation: Constellation, id: str) -> int:
    return int(constellation.value("SELECT count(*) FROM embeddings_auxiliary WHERE value01 = ?", (id,)))


def test_its_vectors_go_along(database: Callable[[str], Path]) -> None:
    pytest.importorskip("sqlite_vec")
    with Constellation.open(database("constellations/small-embeddings.db"), "write") as constellation:
        id = embedded(constellation)
        before = constellation.value("SELECT count(*) FROM embeddings_auxiliary")
        plan = Removal(constellation).plan(id, as_admin=True)
        assert plan.embeddings == vectors_of(constellation, id) > 0 and plan.remarks == ()
        Removal(constellation).purge(plan)
        assert vectors_of(constellation, id) == 0
        assert constellation.value("SELECT count(*) FROM embeddings") == before - plan.embeddings


def test_vectors_that_cannot_go_are_told(database: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with Constellation.open(database("constellations/small-embeddings.db"), "write") as constellation:
        id = embedded(constellation)
        plan = Removal(constellation).plan(id, as_admin=True)
        assert plan.embeddings == 0 and "sqlite-vec is not installed" in plan.remarks[0]
        Removal(constellation).purge(plan)
        assert vectors_of(constellation, id) > 0
