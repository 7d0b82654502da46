"""Groups as rows and records: members in the runtime's order, roles, configuration, damage, on every database."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pattern_cli.errors import NotFoundError
from pattern_cli.groups.service import Groups
from pattern_cli.store.constellation import Constellation

Copy = Callable[[str], Path]
SMALL = "constellations/small.db"


@pytest.fixture
def small(database: Copy) -> Iterator[Constellation]:
    with Constellation.open(database(SMALL), "write") as constellation:
        yield constellation


@pytest.mark.parametrize("folder", ["constellations", "versions", "imported", "wal"])
def test_every_group_of_every_database(folder: str, fixtures_dir: Path, database: Copy) -> None:
    members = "SELECT agent_id FROM group_members WHERE group_id = ? ORDER BY agent_id"
    for source in sorted((fixtures_dir / folder).glob("*.db")):
        if source.name == "auth.db":
            continue
        with Constellation.open(database(f"{folder}/{source.name}")) as constellation:
            rows = list(Groups(constellation).list())
            names = [name for (name,) in constellation.rows("SELECT name FROM agent_groups ORDER BY name")]
            assert [row.name for row in rows] == names
            for row in rows:
                found = Groups(constellation).show(row.name)
                ids = [id for (id,) in constellation.rows(members, (row.id,))]
                assert [member.agent_id for member in found.members] == ids
                assert row.member_count == found.member_count == len(ids)
                assert row.members == tuple(member.agent_name for member in found.members)
                (config,) = next(constellation.rows("SELECT pattern_config FROM agent_groups WHERE id = ?", (row.id,)))
                assert found.pattern_config == json.loads(config)
                assert row.damage == ()


def test_a_group(small: Constellation) -> None:
    found = Groups(small).show("Harbor Crew")
    assert (found.pattern_type, found.description) == ("supervisor", "day shift")
    assert found.blocks == ("crew_board",)
    assert [(member.agent_name, member.role, member.capabilities) for member in found.members] == [
        ("Marlow", {"type": "specialist", "domain": "memory_management"}, ["memory", "lookup"]),
        ("Quill ツ שלום", {"type": "observer"}, []),
        ("Juniper", {"type": "supervisor"}, ["planning"]),
    ]
    assert found.members[0].joined_at == "2025-11-03T08:15:30.123456789Z"
    assert found.damage == ()
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_member_that_is_gone_keeps_its_id(small: Constellation) -> None:
    small.connection.execute("PRAGMA foreign_keys = OFF")
    small.connection.execute("UPDATE group_members SET agent_id = 'gone' WHERE agent_id LIKE 'ea0f%'")
    row = next(row for row in Groups(small).list() if row.name == "Night Watch")
    assert set(row.members) == {"Marlow", "gone"}
    member = next(m for m in Groups(small).show("Night Watch").members if m.agent_id == "gone")
    assert member.agent_name is None


def test_a_group_without_members_or_memory(small: Constellation) -> None:
    small.connection.execute("DELETE FROM group_members; UPDATE memory_blocks SET is_active = 0")
    found = Groups(small).show("Harbor Crew")
    assert (found.member_count, found.members, found.blocks) == (0, (), ())
    assert [row.members for row in Groups(small).list()] == [(), ()]


def test_damage_is_shown_and_named(small: Constellation) -> None:
    small.connection.execute(
        "UPDATE agent_groups SET pattern_type = 'swarm', pattern_config = 7, updated_at = 'x' WHERE name LIKE 'Night%'"
    )
    small.connection.execute(
        "UPDATE group_members SET role = 5, capabilities = 'x', joined_at = '' WHERE group_id LIKE 'grp%'"
    )
    found = Groups(small).show("Night Watch")
    assert (found.pattern_type, found.pattern_config, found.updated_at) == ("swarm", 7, "x")
    assert {(member.role, member.capabilities, member.joined_at) for member in found.members} == {(5, "x", "")}
    assert len(found.damage) == 3 + 3 * 2
    assert "role of Juniper: a bare number, which the runtime cannot read" in found.damage
    rows = {row.name: row for row in Groups(small).list()}
    assert len(rows["Night Watch"].damage) == 2
    assert rows["Harbor Crew"].damage == ()


def test_a_role_of_before_0011_is_shown_as_it_is(database: Copy) -> None:
    with Constellation.open(database("versions/0010.db")) as constellation:
        (row,) = Groups(constellation).list()
        found = Groups(constellation).show(row.id)
        assert len(found.members) == row.member_count == 2
        for member in found.members:
            assert member.capabilities == []


def test_a_broken_name_hides_no_other_group(small: Constellation) -> None:
    small.connection.execute("UPDATE agent_groups SET name = CAST(x'48ff' AS TEXT) WHERE name = 'Harbor Crew'")
    small.connection.execute("UPDATE agents SET name = CAST(x'4dff' AS TEXT) WHERE name = 'Marlow'")
    rows = {row.name: row for row in Groups(small).list()}
    assert set(rows) == {"H\udcff", "Night Watch"}
    assert rows["H\udcff"].damage == ("name: not valid UTF-8",)
    assert "M\udcff" in rows["Night Watch"].members
    assert Groups(small).show("H\udcff").id == rows["H\udcff"].id


def test_an_unknown_group(small: Constellation) -> None:
    with pytest.raises(NotFoundError, match='no group named "Nobody"'):
        Groups(small).show("Nobody")
