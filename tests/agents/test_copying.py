"""Rows copied as they are stored."""

from __future__ import annotations

import pytest

from pattern_cli.agents.copying import Copying
from pattern_cli.store.constellation import Constellation

ODD = "x'ff'", "CAST(x'fe' AS TEXT)", "5", "1.5", "NULL", "'2026-01-08 19:02:18'", "'a' || char(0) || 'b'"


@pytest.mark.parametrize("stored", ODD)
def test_every_value_is_copied_as_it_is(stored: str, small: Constellation) -> None:
    run = small.connection.execute
    run(f"INSERT INTO archival_entries VALUES ('odd', 'agt', 'text', {stored}, {stored}, NULL, 't')")
    with small.transaction():
        Copying(small, 1).copy("archival_entries", "id = :id", {"id": "odd"}, {"id": "copy", "content": "other"})
    columns = "quote(metadata), typeof(metadata), quote(chunk_index), typeof(chunk_index), quote(created_at)"
    (first,) = small.rows(f"SELECT {columns} FROM archival_entries WHERE id = 'odd'")
    assert list(small.rows(f"SELECT {columns} FROM archival_entries WHERE id = 'copy'")) == [first]
    assert run("SELECT content, agent_id FROM archival_entries WHERE id = 'copy'").fetchall() == [("other", "agt")]


def test_columns_that_a_later_version_added_come_along(small: Constellation) -> None:
    run = small.connection.execute
    run("ALTER TABLE archival_entries ADD COLUMN mood TEXT")
    run("INSERT INTO archival_entries(id, agent_id, content, created_at, mood) VALUES ('a', 'agt', 'c', 't', 'calm')")
    with small.transaction():
        Copying(small, 1).chain("archival_entries", "arch_", "parent_entry_id", "agt", "new")
    assert run("SELECT mood FROM archival_entries WHERE agent_id = 'new'").fetchall() == [("calm",)]


def test_progress_counts_rows(small: Constellation) -> None:
    seen: list[tuple[int, int | None]] = []
    total = small.value("SELECT count(*) FROM agent_groups")
    copying = Copying(small, total, lambda done, of: seen.append((done, of)))
    with small.transaction():
        for (id,) in list(small.rows("SELECT id FROM agent_groups")):
            copying.copy("agent_groups", "id = :id", {"id": id}, {"id": f"{id}2", "name": f"{id}2"})
    assert seen == [(number, total) for number in range(1, total + 1)]


def test_no_table_of_ours_and_no_function_stays(small: Constellation) -> None:
    from pattern_cli.agents.cloning import clone

    clone(small, "Juniper", "Marigold")
    assert list(small.rows("SELECT name FROM sqlite_temp_schema")) == []
    assert small.value("SELECT count(*) FROM pragma_function_list WHERE name LIKE 'new\\_%' ESCAPE '\\'") == 0
