from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import apsw

from pattern_cli.models import Agent, AgentAtprotoEndpoint, GroupMember, damage, present
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]


def test_damage_is_found_in_instances_dicts_and_tuples(database: Database) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE agents SET status = 'asleep', created_at = 'once' WHERE name = 'Marlow'")
    connection.close()
    with Constellation.open(path) as constellation:
        query = Agent.select().where(Agent.name == "Marlow")
        (row,) = constellation.bind(query)
        (mapping,) = constellation.bind(query.dicts())
        (values,) = constellation.bind(query.tuples())
    expected = ("status: 'asleep' is not one of active, hibernated, archived", "created_at: not a time")
    assert damage(row) == damage(mapping) == damage(values) == expected
    assert (row.status, row.created_at) == ("asleep", "once")


def test_columns_of_later_versions_are_left_out(database: Database) -> None:
    with Constellation.open(database("versions/0010.db")) as constellation:
        fields = present(constellation, GroupMember)
        assert [field.name for field in fields] == ["group", "agent", "role", "joined_at"]
        for member in constellation.bind(GroupMember.select(*fields)):
            assert member.capabilities is None
            assert member.group_id


def test_a_missing_table_has_no_columns(database: Database) -> None:
    with Constellation.open(database("versions/0007.db")) as constellation:
        assert present(constellation, AgentAtprotoEndpoint) == []


def test_saving_writes_only_what_was_changed(database: Database) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute(
        "UPDATE agents SET config = '{\"a\":  1}', updated_at = '2026-01-08 19:02:18' WHERE name = 'Marlow'"
    )
    connection.close()
    with Constellation.open(path, "write") as constellation, constellation.database.bind_ctx([Agent]):
        agent = Agent.get(Agent.name == "Marlow")
        agent.description = "changed"
        agent.save()
        row = next(constellation.rows("SELECT description, config, updated_at FROM agents WHERE name = 'Marlow'"))
    assert row == ("changed", '{"a":  1}', "2026-01-08 19:02:18")


def test_a_reference_never_reads_another_row(database: Database) -> None:
    with Constellation.open(database("constellations/small.db")) as constellation:
        member = next(iter(constellation.bind(GroupMember.select())))
    assert member.agent == member.agent_id


def test_a_value_as_stored_survives_pickling() -> None:
    """Services' results go through process pools (architecture.md §9)."""
    value = pickle.loads(pickle.dumps(Agent.status.python_value("asleep")))
    assert value == "asleep"
    assert damage([value]) == ("status: 'asleep' is not one of active, hibernated, archived",)


def test_the_row_a_remark_is_about_can_be_named() -> None:
    value = GroupMember.role.python_value("boss")
    assert damage([value], "of Juniper") == ("role of Juniper: not valid JSON",)


def test_only_the_fields_named_are_looked_for(database: Database) -> None:
    with Constellation.open(database("versions/0010.db")) as constellation:
        assert [field.name for field in present(constellation, GroupMember, "role", "capabilities")] == ["role"]
