"""Peewee over a constellation's connection: values it could not bind, broken text, errors, transactions."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import peewee
import pytest

from pattern_cli.errors import ConflictError, SchemaError
from pattern_cli.store.constellation import Constellation

BROKEN = b"bad\xff".decode("utf-8", "surrogateescape")


class Agent(peewee.Model):
    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField(null=True)

    class Meta:
        table_name = "agents"


class Recipe(peewee.Model):
    class Meta:
        table_name = "recipes"


@pytest.fixture
def constellation(database: Callable[[str], Path]) -> Iterator[Constellation]:
    with Constellation.open(database("constellations/small.db"), "write") as constellation:
        yield constellation


@pytest.mark.parametrize(
    "value",
    [
        datetime.date(2026, 1, 8),
        datetime.datetime(2026, 1, 8, 19, 2),
        datetime.time(19, 2),
        decimal.Decimal("1.50"),
        uuid.UUID(int=5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_apsw_cannot_bind_becomes_text(value: object, constellation: Constellation) -> None:
    cursor = constellation.database.execute_sql("SELECT ?, typeof(?)", (value, value))
    assert cursor.fetchone() == (str(value), "text")


def test_other_objects_are_refused(constellation: Constellation) -> None:
    with pytest.raises(TypeError, match="cannot bind"):
        constellation.database.execute_sql("SELECT ?", (object(),))


def test_one_broken_text_hides_no_row(constellation: Constellation) -> None:
    constellation.connection.execute("UPDATE agents SET name = CAST(x'626164ff' AS TEXT) WHERE name = 'Juniper'")
    names = {agent.name for agent in constellation.bind(Agent.select())}
    assert len(names) == 3
    assert BROKEN in names
    assert constellation.bind(Agent.select().where(Agent.name == BROKEN)).count() == 1


def test_writing_and_reading_through_models(constellation: Constellation) -> None:
    with constellation.transaction():
        constellation.bind(Agent.update(description="new").where(Agent.name == "Juniper")).execute()
    found = constellation.bind(Agent.select().where(Agent.description == "new")).get()
    assert found.name == "Juniper"


def test_errors_are_this_programs(constellation: Constellation) -> None:
    with pytest.raises(SchemaError):
        list(constellation.bind(Recipe.select()))
    with pytest.raises(ConflictError):
        constellation.bind(Agent.update(name="same")).execute()


def test_an_empty_result(constellation: Constellation) -> None:
    assert list(constellation.bind(Agent.select().where(Agent.name == "none"))) == []
    with pytest.raises(peewee.DoesNotExist):
        constellation.bind(Agent.select().where(Agent.name == "none")).get()


def test_rows_are_streamed(constellation: Constellation) -> None:
    rows = constellation.database.execute_sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    )
    assert [next(iter(rows)) for _ in range(3)] == [(1,), (2,), (3,)]
    rows.close()


def test_the_connection_is_not_peewees_to_close(constellation: Constellation) -> None:
    constellation.database.connect(reuse_if_open=True)
    constellation.database.close()
    assert constellation.value("SELECT count(*) FROM agents") == 3
    assert constellation.bind(Agent.select()).count() == 3
