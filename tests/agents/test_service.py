"""Agents in a list: counts and last activity as plain SQL gives them, on every database; damaged rows stay."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pattern_cli.agents.service import AgentRow, Agents
from pattern_cli.errors import AmbiguousError, NotFoundError
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.snowflake import make

Copy = Callable[[str], Path]
SMALL = "constellations/small.db"
FOLDERS = ("constellations", "versions", "imported", "wal")


@pytest.fixture
def small(database: Copy) -> Iterator[Constellation]:
    with Constellation.open(database(SMALL), "write") as constellation:
        yield constellation


def row(constellation: Constellation, name: str) -> AgentRow:
    return next(row for row in Agents(constellation).list() if row.name == name)


@pytest.mark.parametrize("folder", FOLDERS)
def test_counts_on_every_database(folder: str, fixtures_dir: Path, database: Copy) -> None:
    for source in sorted((fixtures_dir / folder).glob("*.db")):
        if source.name == "auth.db":
            continue
        with Constellation.open(database(f"{folder}/{source.name}")) as constellation:
            value = constellation.value
            deleted = "AND is_deleted = 0" if constellation.has_column("messages", "is_deleted") else ""
            rows = list(Agents(constellation).list())
            assert [found.name for found in rows] == [
                r[0] for r in constellation.rows("SELECT name FROM agents ORDER BY 1")
            ]
            for found in rows:
                one = (found.id,)
                of = "WHERE agent_id = ?"
                assert found.message_count == value(f"SELECT count(*) FROM messages {of} {deleted}", one)
                assert found.block_count == value(f"SELECT count(*) FROM memory_blocks {of} AND is_active = 1", one)
                assert found.archival_count == value(f"SELECT count(*) FROM archival_entries {of}", one)
                assert found.model == f"{found.model_provider}/{found.model_name}"
                assert (found.last_active is None) == (not value(f"SELECT count(*) FROM messages {of}", one))
                assert found.damage == ()
                shown = Agents(constellation).show(found.id)
                for field in AgentRow.__dataclass_fields__:
                    if field != "damage":
                        assert getattr(shown, field) == getattr(found, field)


def test_times_are_rfc3339_in_utc(small: Constellation) -> None:
    found = row(small, "Juniper")
    assert found.created_at == "2025-11-03T08:15:30.123456789Z"
    small.connection.execute("UPDATE agents SET updated_at = '2026-01-08 19:02:18' WHERE name = 'Juniper'")
    assert row(small, "Juniper").updated_at == "2026-01-08T19:02:18Z"


def test_one_status_only(small: Constellation) -> None:
    assert [found.name for found in Agents(small).list(status="archived")] == ["Quill ツ שלום"]
    assert list(Agents(small).list(status="asleep")) == []


def test_deleted_messages_and_inactive_blocks_do_not_count(small: Constellation) -> None:
    small.connection.execute("UPDATE messages SET is_deleted = 1; UPDATE memory_blocks SET is_active = 0")
    found = row(small, "Juniper")
    assert (found.message_count, found.block_count) == (0, 0)
    assert found.last_active


@pytest.mark.parametrize(
    ("position", "when"),
    [
        (str(make(1_800_000_000_123)), "2027-01-15T08:00:00.123Z"),
        ("00VWADZVMM000", None),
        ("msg_0123456789abcdef", None),
        ("letta-import-1767898938", None),
        ("", None),
        ("00000000000000000005", None),
    ],
)
def test_the_last_activity_is_the_newest_position_that_is_a_time(
    position: str, when: str | None, small: Constellation
) -> None:
    before = row(small, "Juniper").last_active
    small.connection.execute(
        """UPDATE messages SET position = ?
           WHERE id = (SELECT id FROM messages WHERE agent_id = ? ORDER BY position LIMIT 1)""",
        (position, row(small, "Juniper").id),
    )
    assert row(small, "Juniper").last_active == (when or before)


def test_an_agent_without_messages_was_never_active(small: Constellation) -> None:
    small.connection.execute("DELETE FROM messages")
    assert {found.last_active for found in Agents(small).list()} == {None}


def test_damaged_rows_are_shown_and_hide_none(small: Constellation) -> None:
    connection = small.connection
    connection.execute("UPDATE agents SET status = 'asleep', created_at = 5, updated_at = '' WHERE name = 'Juniper'")
    connection.execute("UPDATE agents SET description = CAST(x'ff' AS TEXT), model_name = x'00' WHERE name = 'Marlow'")
    rows = {found.name: found for found in Agents(small).list()}
    assert len(rows) == 3
    assert rows["Juniper"].status == "asleep"
    assert rows["Juniper"].damage == (
        "status: 'asleep' is not one of active, hibernated, archived",
        "created_at: not a time",
        "updated_at: not a time",
    )
    assert rows["Marlow"].description == "\udcff"
    assert rows["Marlow"].damage == (
        "description: not valid UTF-8",
        "model_name: stored as bytes, which the runtime cannot read",
    )
    assert rows["Quill ツ שלום"].damage == ()


def test_rows_can_go_to_another_process(small: Constellation) -> None:
    rows = list(Agents(small).list())
    assert pickle.loads(pickle.dumps(rows)) == rows


def test_showing_what_is_not_there(small: Constellation) -> None:
    with pytest.raises(NotFoundError):
        Agents(small).show("Junper")
    with pytest.raises(AmbiguousError):
        small.connection.execute("PRAGMA foreign_keys = OFF")
        small.connection.execute("UPDATE agents SET id = 'ea0f_other' WHERE name = 'Marlow'")
        Agents(small).show("ea0f")
