"""The names and ids that completion offers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from pattern_cli.errors import NotFoundError
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.names import MOST, Kind, find


def texts(path: Path, kind: Kind, *args: object, **named: object) -> list[str]:
    with Constellation.open(path) as constellation:
        return [name.text for name in find(constellation, kind, *args, **named)]  # type: ignore[arg-type]


@pytest.fixture
def small(read_only: Callable[[str], Path]) -> Path:
    return read_only("constellations/small.db")


def test_names_are_sorted_and_say_what_they_are(small: Path) -> None:
    with Constellation.open(small) as constellation:
        agents = find(constellation, "agent")
        assert [name.text for name in agents] == ["Juniper", "Marlow", "Quill ツ שלום"]
        assert agents[1].id == "agt_19a6f2c3b40"
        assert agents[1].note == "agent · gpt-4.1-mini"
        assert [name.text for name in find(constellation, "owner")][3:] == [
            "Harbor Crew",
            "Night Watch",
            "_constellation_",
        ]


def test_members_of_a_group(small: Path) -> None:
    assert "Juniper" in texts(small, "member", of="Harbor Crew")
    with pytest.raises(NotFoundError):
        texts(small, "member", of="Nobody")


def test_labels_are_the_owners_and_those_shared_with_it(small: Path) -> None:
    assert "persona" in texts(small, "label", of="Juniper")
    with Constellation.open(small) as constellation:
        shared = constellation.rows(
            """SELECT b.label, a.name FROM shared_block_agents s JOIN memory_blocks b ON b.id = s.block_id
               JOIN agents a ON a.id = s.agent_id WHERE b.is_active"""
        )
        pairs = list(shared)
    assert pairs
    for label, receiver in pairs:
        assert label in texts(small, "label", of=receiver)


def test_deleted_labels(small: Path) -> None:
    active = texts(small, "label", of="Juniper")
    deleted = texts(small, "label", of="Juniper", deleted="only")
    assert deleted == ["retired"]
    assert sorted(texts(small, "label", of="Juniper", deleted="also")) == sorted({*active, *deleted})


def test_ids_begin_so_and_are_not_too_many(fixtures_dir: Path, read_only: Callable[[str], Path]) -> None:
    medium = read_only("constellations/medium.db")
    found = texts(medium, "message", "msg_")
    assert len(found) == MOST
    assert found == sorted(found)
    assert texts(medium, "message", found[5]) == [found[5]]
    assert texts(medium, "message", "none") == []
    assert texts(medium, "block", "mem_")
    assert texts(medium, "archival", "arch_00")[0].startswith("arch_00")
    assert 0 < len(texts(medium, "message")) < MOST
    batches = texts(medium, "batch")
    assert len(batches) == len(set(batches))
    assert all(batch.startswith("293") for batch in texts(medium, "batch", "293"))


def test_nothing_scans_all_messages(read_only: Callable[[str], Path]) -> None:
    """What a TAB waits for does not grow with the messages: no step of a plan walks their table."""
    plans: list[str] = []
    with Constellation.open(read_only("constellations/medium.db")) as constellation:

        def explain(cursor: apsw.Cursor, sql: str, bindings: object) -> bool:
            if not sql.startswith("EXPLAIN"):
                plan = constellation.connection.cursor()
                plan.exec_trace = None
                plans.extend(row[3] for row in plan.execute(f"EXPLAIN QUERY PLAN {sql}", bindings))  # type: ignore[arg-type]
            return True

        constellation.connection.exec_trace = explain
        for kind, begins in (("message", ""), ("message", "msg_1"), ("batch", "29")):
            find(constellation, kind, begins)  # type: ignore[arg-type]
        constellation.connection.exec_trace = None
    assert any("messages" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith(("SCAN m", "SCAN messages"))]


def test_what_is_stored_as_something_else_is_left_out(database: Callable[[str], Path]) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE agents SET name = x'00ff' WHERE name = 'Juniper'")
    connection.execute("UPDATE agents SET model_name = x'ff' WHERE name = 'Marlow'")
    connection.close()
    assert texts(path, "agent") == ["Marlow", "Quill ツ שלום"]
