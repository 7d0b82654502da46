"""A deleted group leaves nothing without an owner, and takes nothing along that is somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import ConflictError, NotFoundError, RefusedError, SchemaError, UsageError
from pattern_cli.groups.changing import Edit, edit
from pattern_cli.groups.deletion import delete, plan
from pattern_cli.store.constellation import Constellation
from tests.groups.conftest import CREW, JUNIPER, Rows

ID, WATCH = "6d9737f3a1254cb59d512ff19033178d", "Night Watch"
BOARD = "mem_6483fd4df3714982929046d41cda0a01"


@pytest.fixture
def laden(small: Constellation) -> Constellation:
    """The crew with archival entries, one of them the parent of an agent's, an endpoint, and mentions of its id."""
    small.connection.execute("UPDATE memory_blocks SET is_active = 0 WHERE label = 'unshared_commons'")
    for id, owner, parent in (("a1", ID, None), ("a2", ID, "a1"), ("a3", JUNIPER, "a1")):
        small.connection.execute(
            """INSERT INTO archival_entries (id, agent_id, content, parent_entry_id, created_at)
               VALUES (?, ?, 'kept', ?, '2026-01-01T00:00:00+00:00')""",
            (id, owner, parent),
        )
    small.connection.execute(
        "INSERT INTO agent_atproto_endpoints (agent_id, did, endpoint_type) VALUES (?, 'did:plc:x', 'bluesky')", (ID,)
    )
    small.connection.execute(
        "INSERT INTO coordination_state (key, value, updated_at) VALUES ('turn', ?, '2026-01-01T00:00:00+00:00')",
        (f'{{"group":"{ID}"}}',),
    )
    return small


def orphans(small: Constellation) -> list[tuple[Any, ...]]:
    owners = "SELECT id FROM agents UNION ALL SELECT id FROM agent_groups UNION ALL SELECT '_constellation_'"
    tables = ("memory_blocks", "archival_entries", "agent_atproto_endpoints")
    return [row for table in tables for row in small.rows(f"SELECT * FROM {table} WHERE agent_id NOT IN ({owners})")]


def test_what_hangs_on_it(laden: Constellation) -> None:
    found = plan(laden, CREW)
    assert (found.name, found.members) == (CREW, ("Marlow", "Quill ツ שלום", "Juniper"))
    (block,) = found.blocks
    assert (block.label, block.is_active) == ("crew_board", True)
    assert block.shared_with == ("Juniper", "Marlow", "Quill ツ שלום")
    updates, size = next(
        laden.rows("SELECT count(*), sum(length(update_blob)) FROM memory_block_updates WHERE block_id = ?", (BOARD,))
    )
    snapshot = laden.value("SELECT length(loro_snapshot) FROM memory_blocks WHERE id = ?", (BOARD,))
    assert (block.updates, block.size) == (updates, snapshot + (size or 0))
    assert (found.archival_entries, found.freed_entries, found.endpoints) == (2, 1, 1)
    assert found.mentions == {"coordination_state": 1}
    assert (found.given_to, found.in_use_by, found.snapshot) == (None, None, None)
    assert found.rows == 1 + 3 + 1 + (1 + updates + 3) + 2


def test_nothing_is_orphaned(laden: Constellation, rows: Rows) -> None:
    """Upstream's delete leaves the group's memory without an owner (database.md D11)."""
    before = rows.everything()
    done = delete(laden, CREW)
    after = rows.everything()
    assert (done.id, done.snapshot) == (ID, None)
    assert orphans(laden) == []
    assert rows.group(WATCH)
    assert [row for row in before["agent_groups"] if row[0] != ID] == after["agent_groups"]
    assert [row for row in before["group_members"] if row[0] != ID] == after["group_members"]
    assert [row for row in before["memory_blocks"] if row[1] != ID] == after["memory_blocks"]
    assert [row for row in before["shared_block_agents"] if row[0] != BOARD] == after["shared_block_agents"]
    assert (before["agents"], before["messages"]) == (after["agents"], after["messages"])
    assert laden.value("SELECT parent_entry_id FROM archival_entries WHERE id = 'a3'", (), "none") is None
    assert laden.value("SELECT count(*) FROM archival_entries WHERE id IN ('a1', 'a2')") == 0
    assert laden.value("SELECT count(*) FROM memory_block_updates WHERE block_id = ?", (BOARD,)) == 0
    assert list(laden.rows("PRAGMA foreign_key_check")) == []
    for index in ("memory_blocks_fts", "archival_fts"):
        laden.connection.execute(f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)")


@pytest.mark.parametrize(("owner", "id"), [("Juniper", JUNIPER), (WATCH, "grp_19a6f2c4001"), ("_constellation_",) * 2])
def test_memory_can_be_given_away(owner: str, id: str, laden: Constellation, rows: Rows) -> None:
    block = next(laden.rows("SELECT * FROM memory_blocks WHERE id = ?", (BOARD,)))
    done = delete(laden, CREW, owner)
    assert (done.given_to, done.freed_entries, done.size) == (owner, 0, 0)
    assert next(laden.rows("SELECT * FROM memory_blocks WHERE id = ?", (BOARD,))) == (block[0], id, *block[2:])
    assert list(laden.rows("SELECT agent_id FROM archival_entries WHERE id IN ('a1', 'a2')")) == [(id,), (id,)]
    assert laden.value("SELECT parent_entry_id FROM archival_entries WHERE id = 'a3'") == "a1"
    receivers = {
        agent for (agent,) in laden.rows("SELECT agent_id FROM shared_block_agents WHERE block_id = ?", (BOARD,))
    }
    assert len(receivers) == (2 if owner == "Juniper" else 3)
    assert id not in receivers
    assert orphans(laden) == []


def test_who_cannot_get_the_memory(small: Constellation, rows: Rows) -> None:
    small.connection.execute("UPDATE memory_blocks SET label = 'persona' WHERE id = ?", (BOARD,))
    before = rows.everything()
    with pytest.raises(ConflictError, match='"Juniper" has a block "persona" already'):
        delete(small, CREW, "Juniper")
    with pytest.raises(UsageError, match="cannot get its own memory"):
        delete(small, CREW, CREW)
    with pytest.raises(NotFoundError):
        delete(small, CREW, "Sable")
    assert rows.everything() == before


def test_the_plan_that_was_agreed_to_counts(small: Constellation, rows: Rows) -> None:
    shown = plan(small, CREW)
    small.connection.execute("UPDATE memory_blocks SET label = 'other' WHERE id = ?", (BOARD,))
    before = rows.everything()
    with pytest.raises(ConflictError, match='"Harbor Crew" was changed meanwhile'):
        delete(small, CREW, shown=shown)
    assert rows.everything() == before
    delete(small, CREW, shown=plan(small, CREW))


def test_the_backup_comes_first(small: Constellation) -> None:
    seen: list[int] = []

    def save(constellation: Constellation) -> str:
        seen.append(constellation.value("SELECT count(*) FROM agent_groups"))
        return "there"

    assert delete(small, CREW, snapshot=save).snapshot == "there"
    assert seen == [2]


def test_a_failed_backup_deletes_nothing(small: Constellation, rows: Rows) -> None:
    before = rows.everything()

    def save(constellation: Constellation) -> str:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        delete(small, CREW, snapshot=save)
    assert rows.everything() == before


def test_memory_that_a_runtime_may_hold_is_refused(held: int, small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    for owner in (None, "Juniper"):
        with pytest.raises(RefusedError, match=rf'deleting "Harbor Crew" with its memory is refused .*\(pid {held}\)'):
            delete(small, CREW, owner)
    assert rows.everything() == before
    assert f"(pid {held})" in str(plan(small, CREW).in_use_by)
    assert f"(pid {held})" in str(delete(small, WATCH).in_use_by)
    delete(small, CREW, force=True)


def test_an_empty_group(small: Constellation) -> None:
    small.connection.execute("DELETE FROM group_members; DELETE FROM memory_blocks")
    edit(small, CREW, Edit(description="x"))
    found = delete(small, CREW)
    assert (found.members, found.blocks, found.rows, found.mentions) == ((), (), 1, {})


def vectors_of_the_board(constellation: Constellation) -> int:
    """Make one of the vectors the board's, and count all of them."""
    of_block = "UPDATE embeddings_auxiliary SET value00 = 'memory_block', value01 = ? WHERE rowid = 1"
    constellation.connection.execute(of_block, (BOARD,))
    return int(constellation.value("SELECT count(*) FROM embeddings_rowids"))


def test_vectors_go_too(database: Callable[[str], Path]) -> None:
    pytest.importorskip("sqlite_vec")
    with Constellation.open(database("constellations/small-embeddings.db"), "write") as small:
        before = vectors_of_the_board(small)
        assert plan(small, CREW, "Juniper").embeddings == 0
        done = delete(small, CREW)
        assert (done.embeddings, done.remarks) == (1, ())
        assert small.value("SELECT count(*) FROM embeddings_rowids") == before - 1


def test_vectors_that_cannot_be_deleted_are_told(
    database: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with Constellation.open(database("constellations/small-embeddings.db"), "write") as small:
        before = vectors_of_the_board(small)
        done = delete(small, CREW)
        said = "its vectors stay in the table embeddings (1): sqlite-vec is not installed"
        assert (done.embeddings, done.remarks) == (0, (said,))
        assert small.value("SELECT count(*) FROM embeddings_rowids") == before


def test_an_old_schema(database: Callable[[str], Path]) -> None:
    with Constellation.open(database("versions/0003.db")) as old, pytest.raises(SchemaError):
        plan(old, old.value("SELECT id FROM agent_groups"))
