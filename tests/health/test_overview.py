"""The first screen's facts: counts as SQL gives them, health, days, full blocks, damaged rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from pattern_cli.health import overview as module
from pattern_cli.health.overview import DAYS, overview
from pattern_cli.render.encode import compact
from pattern_cli.store.checksums import PRE_EDIT_INITIAL
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.snowflake import make

Copy = Callable[[str], Path]
NOON = 1_767_873_600  # 2026-01-08T12:00:00Z
DAY = 86_400


class Clock:
    """The part of `time` that tells which day it is."""

    @staticmethod
    def time() -> float:
        return float(NOON)


@pytest.fixture
def small(database: Copy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Constellation]:
    """A small database, open for changes, on a day of January."""
    monkeypatch.setattr(module, "time", Clock)
    with Constellation.open(database("constellations/small.db"), "write") as constellation:
        yield constellation


@pytest.mark.parametrize(
    ("change", "health"),
    [
        ("SELECT 1", "healthy"),
        ("DELETE FROM _sqlx_migrations WHERE version = 11", "needs migration to 0013"),
        (
            f"UPDATE _sqlx_migrations SET checksum = x'{PRE_EDIT_INITIAL}' WHERE version = 1",
            "needs migration to 0013",
        ),
        ("UPDATE _sqlx_migrations SET success = 0 WHERE version = 3", "version 0003 of {} is marked as failed"),
    ],
)
def test_healthy_is_what_the_runtime_opens_as_it_is(change: str, health: str, database: Callable[[str], Path]) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute(change)
    connection.close()
    with Constellation.open(path) as constellation:
        assert overview(constellation).health.startswith(health.format(path))


@pytest.mark.parametrize("folder", ["constellations", "versions", "imported", "wal"])
def test_counts_on_every_database(folder: str, fixtures_dir: Path, database: Copy) -> None:
    for source in sorted((fixtures_dir / folder).glob("*.db")):
        if source.name == "auth.db":
            continue
        path = database(f"{folder}/{source.name}")
        with Constellation.open(path) as constellation:
            value = constellation.value
            deleted = "WHERE is_deleted = 0" if constellation.has_column("messages", "is_deleted") else ""
            found = overview(constellation)
            assert found.message_count == value(f"SELECT count(*) FROM messages {deleted}")
            assert found.block_count == value("SELECT count(*) FROM memory_blocks WHERE is_active = 1")
            assert found.archival_count == value("SELECT count(*) FROM archival_entries")
            assert sum(found.agents.values()) == value("SELECT count(*) FROM agents")
            assert len(found.groups) == value("SELECT count(*) FROM agent_groups")
            assert found.version == constellation.version
            assert found.health == ("healthy" if found.version == 13 else "needs migration to 0013")
            assert found.path == str(path)
            assert found.holders == ()
            assert found.last_backup is None
            assert json.loads(compact(found))["version"] == found.version


def test_the_size_counts_the_log(database: Copy) -> None:
    path = database("wal/live.db")
    with Constellation.open(path) as constellation:
        assert overview(constellation).size == path.stat().st_size + Path(f"{path}-wal").stat().st_size


def test_messages_of_the_last_days(small: Constellation) -> None:
    connection = small.connection
    rowids = [rowid for (rowid,) in connection.execute("SELECT rowid FROM messages ORDER BY rowid").fetchall()]
    connection.execute("UPDATE messages SET is_deleted = 0, position = '0'")
    midnight = NOON - DAY // 2
    moments = [
        midnight, midnight - 1, midnight - DAY, midnight + DAY - 1,
        midnight - (DAYS - 1) * DAY, midnight - (DAYS - 1) * DAY - 1, midnight + DAY, NOON,
    ]  # fmt: skip
    for rowid, moment in zip(rowids, moments, strict=False):
        connection.execute("UPDATE messages SET position = ? WHERE rowid = ?", (str(make(moment * 1000)), rowid))
    connection.execute("UPDATE messages SET position = '315x', is_deleted = 0 WHERE rowid = ?", (rowids[20],))
    connection.execute("UPDATE messages SET is_deleted = 1 WHERE rowid = ?", (rowids[7],))
    expected = [0] * DAYS
    expected[0], expected[-2], expected[-1] = 1, 2, 2
    assert overview(small).messages_per_day == tuple(expected)


def test_statuses_in_their_order_and_as_stored(small: Constellation) -> None:
    assert list(overview(small).agents) == ["active", "hibernated", "archived"]
    small.connection.execute("UPDATE agents SET status = CAST(x'61ff' AS TEXT) WHERE name = 'Juniper'")
    small.connection.execute("UPDATE agents SET status = x'00' WHERE name = 'Marlow'")
    found = overview(small).agents
    assert found["archived"] == 1
    assert sum(found.values()) == 3
    assert len(json.loads(compact(overview(small)))["agents"]) == 3


def test_blocks_over_nine_tenths_of_their_limit(small: Constellation) -> None:
    assert overview(small).full_blocks == ()
    used = "SELECT id FROM memory_blocks WHERE label = 'persona' AND agent_id LIKE 'ea0f%'"
    from pattern_cli.memory.blocks import Blocks

    row = next(row for row in Blocks(small).list() if row.id == small.value(used))
    assert row.used
    for limit, full in ((row.used, 1), (int(row.used / 0.9) + 1, 0), (0, 0), (-5, 0)):
        small.connection.execute("UPDATE memory_blocks SET char_limit = ? WHERE id = ?", (limit, row.id))
        found = overview(small).full_blocks
        assert len(found) == full
        if found:
            assert (found[0].owner, found[0].label, found[0].used, found[0].limit) == (
                "Juniper",
                "persona",
                limit,
                limit,
            )


def test_damaged_rows_hide_nothing(small: Constellation) -> None:
    connection = small.connection
    connection.execute("UPDATE messages SET position = x'ff' WHERE rowid % 2 = 0")
    connection.execute("UPDATE messages SET position = 'msg_1' WHERE rowid % 3 = 0")
    connection.execute("UPDATE agent_groups SET name = CAST(x'48ff' AS TEXT), pattern_type = 5 WHERE name LIKE 'H%'")
    connection.execute("UPDATE memory_blocks SET char_limit = 'much', metadata = 5, loro_snapshot = x'ff'")
    found = overview(small)
    assert found.last_message
    assert {group.name for group in found.groups} == {"H\udcff", "Night Watch"}
    assert found.block_count == 37
    assert json.loads(compact(found))["message_count"] == found.message_count
