from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.archives.placement import Placed, Placement
from pattern_cli.archives.removal import count_removed, remove
from pattern_cli.store.constellation import Constellation


def _replacing(path: Path, name: str, new_id: str | None = None) -> Placement:
    with Constellation.open(path) as constellation:
        old = constellation.value("SELECT id FROM agents WHERE name = ?", (name,))
    return Placement(agents=[Placed(new_id or old, name, replaces=old)])


def _remove(path: Path, placement: Placement) -> dict[str, int]:
    with Constellation.open(path, "write") as constellation:
        counted = count_removed(constellation, placement).rows
        with constellation.transaction() as connection:
            remove(connection, placement)
    return counted


@pytest.mark.parametrize("name", ["Juniper", "Marlow"])
def test_what_is_counted_is_what_goes(name: str, small: Path, content: Any) -> None:
    before = {table: len(rows) for table, rows in content(small).everything().items()}
    counted = _remove(small, _replacing(small, name))
    after = {table: len(rows) for table, rows in content(small).everything().items()}
    gone = {table: before[table] - after[table] for table in before if before[table] != after[table]}
    # The agent's row itself is overwritten in place.
    assert counted.pop("agents") == 1
    assert counted == gone
    assert counted["memory_block_updates"] > 0
    content(small).require_sound()


def test_size_counts_what_makes_rows_large(small: Path) -> None:
    with Constellation.open(small) as constellation:
        size = count_removed(constellation, _replacing(small, "Juniper")).size
        assert 10_000 < size < 1_000_000


def test_another_id_reaches_everything_that_points_to_the_agent(small: Path, content: Any) -> None:
    placement = _replacing(small, "Juniper", "another")
    old = placement.agents[0].replaces
    before = content(small).everything()
    _remove(small, placement)
    after = content(small).everything()
    assert not [table for table, rows in after.items() if any(old in row for row in rows if isinstance(row, tuple))]
    for table in ("group_members", "queued_messages", "activity_events", "tasks", "agent_atproto_endpoints"):
        assert len(after[table]) == len(before[table])
    assert any("another" in row for row in after["group_members"])
    content(small).require_sound()


def test_entries_of_others_do_not_go_along(fresh: Path, build: Any, importing: Any, content: Any) -> None:
    importing(fresh, build.write_agent(entries=[build.entry("root")]), keep_ids=True)
    other = build.write_agent(build.agent("b", "Bo"), entries=[build.entry("leaf", "root", "b")])
    importing(fresh, other, keep_ids=True)
    _remove(fresh, _replacing(fresh, "Ann"))
    assert content(fresh).rows("SELECT id, parent_entry_id FROM archival_entries") == [("leaf", None)]
    content(fresh).require_sound()


def test_a_database_with_vectors_is_no_obstacle(database: Any, content: Any) -> None:
    path = database("constellations/small-embeddings.db")
    _remove(path, _replacing(path, "Juniper", "another"))
    connection = apsw.Connection(str(path))
    assert connection.execute("SELECT count(*) FROM agents WHERE id = 'another'").fetchall() == [(1,)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
