"""An agent goes with all that hangs on it; what belongs to others stays; nothing points to it by surprise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.agents import deletion
from pattern_cli.agents.deletion import delete, plan
from pattern_cli.backups.snapshot import snapshot
from pattern_cli.errors import ConflictError, NotFoundError, RefusedError
from pattern_cli.store.constellation import Constellation
from tests.agents.conftest import everything

JUNIPER = "ea0f0a49523a4b939139570e2791c66a"
# Columns in which an agent's id may stand, foreign keys or not (database.md §2.2).
MENTIONS = {
    "memory_blocks": ("agent_id",),
    "archival_entries": ("agent_id",),
    "messages": ("agent_id",),
    "archive_summaries": ("agent_id",),
    "queued_messages": ("target_agent_id", "source_agent_id"),
    "activity_events": ("agent_id",),
    "agent_summaries": ("agent_id",),
    "coordination_state": ("updated_by",),
    "coordination_tasks": ("assigned_to",),
    "handoff_notes": ("from_agent", "to_agent"),
    "agent_data_sources": ("agent_id",),
    "tasks": ("agent_id",),
    "events": ("agent_id",),
    "folder_attachments": ("agent_id",),
    "agent_atproto_endpoints": ("agent_id",),
    "group_members": ("agent_id",),
    "shared_block_agents": ("agent_id",),
    "agents": ("id",),
}


LEFT = {"queued_messages": "source_agent_id", "coordination_state": "updated_by"}


def mentions(constellation: Constellation, id: str) -> dict[str, int]:
    found = {
        f"{table}.{column}": constellation.value(f"SELECT count(*) FROM {table} WHERE {column} = ?", (id,))
        for table, columns in MENTIONS.items()
        for column in columns
    }
    return {name: count for name, count in found.items() if count}


def counts(constellation: Constellation) -> dict[str, int]:
    names = {*deletion.REMOVED, *deletion.DETACHED, *deletion.KEPT}
    return {name: constellation.value(f"SELECT count(*) FROM {name}") for name in names}


@pytest.fixture
def crowded(small: Constellation) -> Constellation:
    """A constellation in which every column that can name an agent names Juniper."""
    small.connection.execute(
        f"""
        UPDATE coordination_state SET updated_by = '{JUNIPER}';
        UPDATE coordination_tasks SET assigned_to = '{JUNIPER}';
        UPDATE tasks SET agent_id = '{JUNIPER}';
        UPDATE events SET agent_id = '{JUNIPER}';
        UPDATE activity_events SET agent_id = '{JUNIPER}';
        UPDATE notable_events SET agents_involved = '["{JUNIPER}"]';
        INSERT OR IGNORE INTO agent_summaries VALUES ('{JUNIPER}', 's', 1, 't', 't');
        INSERT INTO handoff_notes VALUES ('h1', 'agt_19a6f2c3b40', '{JUNIPER}', 'to', 't', NULL),
            ('h2', '{JUNIPER}', 'agt_19a6f2c3b40', 'from', 't', NULL),
            ('h3', 'agt_19a6f2c3b40', NULL, 'all', 't', NULL);
        INSERT OR IGNORE INTO shared_block_agents SELECT id, 'agt_19a6f2c3b40', 'append', 't'
            FROM memory_blocks WHERE agent_id = '{JUNIPER}' AND label = 'persona';
        INSERT OR IGNORE INTO agent_data_sources SELECT '{JUNIPER}', id, NULL FROM data_sources;
        INSERT OR IGNORE INTO folder_attachments SELECT id, '{JUNIPER}', 'read', 't' FROM folders;
        INSERT OR IGNORE INTO agent_atproto_endpoints VALUES ('{JUNIPER}', 'did:x', 'bluesky', NULL, 1, 1, 's');
        INSERT INTO queued_messages(id, target_agent_id, source_agent_id, content, processed_at) VALUES
            ('1', '{JUNIPER}', NULL, 'waits', NULL), ('2', '{JUNIPER}', NULL, 'done', 't'),
            ('3', 'agt_19a6f2c3b40', '{JUNIPER}', 'sent', NULL);
        INSERT INTO archival_entries VALUES ('own', '{JUNIPER}', 'c', NULL, 0, NULL, 't'),
            ('other', 'agt_19a6f2c3b40', 'c', NULL, 1, 'own', 't');
        """
    )
    return small


def test_the_plan_counts_what_goes(crowded: Constellation) -> None:
    before, found = counts(crowded), plan(crowded, "Juniper")
    assert found.removed.keys() == deletion.REMOVED.keys()
    delete(crowded, "Juniper", shown=found)
    after = counts(crowded)
    assert {table: before[table] - after[table] for table in before if before[table] != after[table]} == found.removed


def test_nothing_names_it_afterwards_but_what_was_said(crowded: Constellation) -> None:
    assert len(mentions(crowded, JUNIPER)) > 15
    found = delete(crowded, "Juniper")
    left = {f"{table}.{column}": found.kept[table] for table, column in LEFT.items()}
    assert mentions(crowded, JUNIPER) == left
    assert found.kept.keys() == {*LEFT, "notable_events"}
    assert found.detached.keys() == {"activity_events", "coordination_tasks", "tasks", "events", "archival_entries"}
    assert found.named_in == ("group Harbor Crew",)
    assert list(crowded.rows("PRAGMA foreign_key_check")) == []
    blocks = "(SELECT id FROM memory_blocks)"
    for table in ("memory_block_updates", "memory_block_checkpoints", "shared_block_agents"):
        assert crowded.value(f"SELECT count(*) FROM {table} WHERE block_id NOT IN {blocks}") == 0


def test_what_belongs_to_others_stays(crowded: Constellation) -> None:
    kept = {
        name: crowded.value(f"SELECT count(*) FROM {name}")
        for name in ("tasks", "events", "activity_events", "coordination_tasks", "coordination_state", "notable_events")
    }
    delete(crowded, "Juniper")
    assert {name: crowded.value(f"SELECT count(*) FROM {name}") for name in kept} == kept
    assert crowded.value("SELECT parent_entry_id FROM archival_entries WHERE id = 'other'") is None
    assert [row for (row,) in crowded.rows("SELECT content FROM handoff_notes WHERE id LIKE 'h_'")] == ["all"]
    assert crowded.value("SELECT content FROM queued_messages WHERE id = '3'") == "sent"


def test_the_full_text_indexes_follow(crowded: Constellation) -> None:
    delete(crowded, "Juniper")
    for index in ("messages_fts", "memory_blocks_fts", "archival_fts"):
        crowded.connection.execute(f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)")


def test_what_a_person_should_know(crowded: Constellation) -> None:
    crowded.connection.execute(
        """DELETE FROM group_members WHERE agent_id <> ?
           AND group_id IN (SELECT id FROM agent_groups WHERE name LIKE 'N%')""",
        (JUNIPER,),
    )
    found = plan(crowded, "Juniper")
    assert (found.name, found.status, found.groups) == ("Juniper", "active", ("Harbor Crew", "Night Watch"))
    assert found.pending == crowded.value(
        "SELECT count(*) FROM queued_messages WHERE target_agent_id = ? AND processed_at IS NULL", (JUNIPER,)
    )
    assert found.shared_with == ("Marlow",)
    assert found.size > 0
    assert "group Night Watch will have no members" in found.remarks
    assert any("auth.db" in remark for remark in found.remarks)
    assert any("tasks and events stay" in remark for remark in found.remarks)


def test_planning_changes_nothing(crowded: Constellation) -> None:
    before = everything(crowded)
    assert plan(crowded, "Juniper") == plan(crowded, JUNIPER)
    assert everything(crowded) == before


def test_what_changed_after_the_plan_ends_it(crowded: Constellation) -> None:
    found = plan(crowded, "Juniper")
    crowded.connection.execute("UPDATE archival_entries SET content = 'longer' WHERE id = 'own'")
    before = everything(crowded)
    with pytest.raises(ConflictError, match="Juniper was changed meanwhile"):
        delete(crowded, "Juniper", shown=found)
    assert everything(crowded) == before


def test_a_backup_is_made_first(crowded: Constellation) -> None:
    before = everything(crowded)
    found = delete(crowded, "Juniper", snapshot=lambda constellation: snapshot(constellation).path)
    assert found.snapshot
    with Constellation.open(found.snapshot) as saved:
        assert everything(saved) == before


def test_an_error_in_the_middle_undoes_all(crowded: Constellation) -> None:
    before = everything(crowded)

    def stop(done: int, total: int | None) -> None:
        assert total
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        delete(crowded, "Juniper", progress=stop)
    assert everything(crowded) == before


def test_who_is_not_there(small: Constellation) -> None:
    with pytest.raises(NotFoundError):
        delete(small, "Nobody")


def test_beside_a_runtime_it_is_refused(beside_a_runtime: Constellation) -> None:
    before = everything(beside_a_runtime)
    with pytest.raises(
        RefusedError, match="deleting Juniper, under whose id a runtime would go on writing, is refused"
    ):
        delete(beside_a_runtime, "Juniper", snapshot=lambda constellation: pytest.fail("no backup of what is refused"))
    assert everything(beside_a_runtime) == before
    delete(beside_a_runtime, "Juniper", force=True)
    assert mentions(beside_a_runtime, JUNIPER).keys() <= {"queued_messages.source_agent_id"}


def test_vectors_go_too(database: Callable[[str], Path]) -> None:
    pytest.importorskip("sqlite_vec")
    with Constellation.open(database("constellations/small-embeddings.db"), "write") as constellation:
        before = constellation.value("SELECT count(*) FROM embeddings_rowids")
        found = delete(constellation, "Juniper")
        assert found.removed["embeddings"] > 0
        assert constellation.value("SELECT count(*) FROM embeddings_rowids") == before - found.removed["embeddings"]


def test_vectors_that_cannot_be_deleted_are_told(
    database: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with Constellation.open(database("constellations/small-embeddings.db"), "write") as constellation:
        before = constellation.value("SELECT count(*) FROM embeddings_rowids")
        found = delete(constellation, "Juniper")
        assert "sqlite-vec is not installed" in found.remarks[-1]
        assert "embeddings" not in found.removed
        assert constellation.value("SELECT count(*) FROM embeddings_rowids") == before


def test_every_agent_of_a_large_constellation_can_go(database: Callable[[str], Path]) -> None:
    with Constellation.open(database("constellations/medium.db"), "write") as constellation:
        for (id,) in list(constellation.rows("SELECT id FROM agents")):
            assert replace(plan(constellation, id)) == delete(constellation, id)
            assert mentions(constellation, id).keys() <= {
                "queued_messages.source_agent_id",
                "coordination_state.updated_by",
            }
        left: Any = counts(constellation)
        assert left["messages"] == left["agents"] == 0
