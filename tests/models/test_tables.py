"""The models against the runtime's schema and the databases it wrote."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.models import AppliedMigration, ArchivalIndex, MemoryBlockIndex, MessageIndex, damage, present
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import AsStored, JsonField, StoredField, TimeField, UnixTime
from pattern_cli.store import ledger, times, versions
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.database import PatternDatabase

Tables = list[type[BaseModel]]
READ = [
    "constellations/small.db",
    "constellations/small-clean.db",
    "constellations/small-embeddings.db",
    "constellations/medium.db",
    "imported/medium-agent-Alder-new.db",
    "imported/nochain-constellation-keep.db",
    "imported/over-original-keep.db",
    "imported/over-original-new-renamed.db",
    "imported/small-agent-full-new.db",
    "imported/small-constellation-keep-PARTIAL.db",
    "imported/small-constellation-new-PARTIAL.db",
    "wal/live.db",
    *(f"versions/{version:04d}.db" for version in versions.KNOWN),
    "versions/0001-preedit.db",
    "versions/0007-preedit.db",
    "versions/0010-preedit.db",
]
COLUMN = ("cid", "name", "type", "notnull", "dflt", "pk")
KEY = ("id", "seq", "table", "from", "to", "on_update", "on_delete", "match")
INDEX = ("seq", "name", "unique", "origin", "partial")
INDEX_COLUMN = ("seqno", "cid", "name", "desc", "coll")


@pytest.fixture(scope="module")
def made(tables: Tables) -> apsw.Connection:
    """A database that Peewee made from the models alone."""
    connection = apsw.Connection(":memory:")
    database = PatternDatabase(connection, ":memory:")
    with database.bind_ctx(tables):
        for model in tables:
            model._schema.create_all(safe=False)
    return connection


def pragma(connection: apsw.Connection, name: str, argument: str, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = connection.execute(f"PRAGMA {name}({argument})").fetchall()
    return [dict(zip(keys, row, strict=False)) for row in rows]


def test_there_is_a_model_for_every_table(tables: Tables, reference_dir: Path) -> None:
    reference = json.loads((reference_dir / "schema/0013.json").read_text())
    assert {model._meta.table_name for model in tables} == {*reference["tables"], "_sqlx_migrations"}
    indexes = {model._meta.table_name: model for model in (MessageIndex, MemoryBlockIndex, ArchivalIndex)}
    assert set(indexes) == set(reference["virtual_tables"])
    for name, virtual in reference["virtual_tables"].items():
        assert [f.name for f in indexes[name]._meta.sorted_fields if f.name != "rowid"] == virtual["columns"]


def test_columns_keys_and_indexes_are_the_runtime_s(made: apsw.Connection, tables: Tables, reference_dir: Path) -> None:
    reference = json.loads((reference_dir / "schema/0013.json").read_text())["tables"]
    for name, table in reference.items():
        assert pragma(made, "table_info", name, COLUMN) == table["columns"], name
        assert pragma(made, "foreign_key_list", name, KEY) == table["foreign_keys"], name
        indexes = pragma(made, "index_list", name, INDEX)
        for index in indexes:
            # The sixth value tells key columns from the rowid that every index ends with.
            parts = made.execute(f"PRAGMA index_xinfo({index['name']})").fetchall()
            index["columns"] = [dict(zip(INDEX_COLUMN, part[:5], strict=True)) for part in parts if part[5]]
        assert indexes == table["indexes"], name
        sql = made.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchall()[0][0]
        assert ("AUTOINCREMENT" in sql) == table["autoincrement"], name


def test_the_ledger_s_model_is_the_ledger(made: apsw.Connection) -> None:
    other = apsw.Connection(":memory:")
    other.execute(ledger.CREATE)
    name = AppliedMigration._meta.table_name
    assert pragma(made, "table_info", name, COLUMN) == pragma(other, "table_info", name, COLUMN)


def same(field: StoredField, raw: Any, value: Any) -> bool:
    """Whether a typed value says what is stored."""
    if raw is None or isinstance(value, AsStored):
        return bool(raw == value or raw == value.raw)
    if isinstance(field, UnixTime):
        return bool(times.nanoseconds(value) == raw * times.NS)
    if isinstance(field, TimeField):
        return value.endswith("Z") and times.nanoseconds(value) == times.nanoseconds(raw)
    if isinstance(field, JsonField):
        return bool(json.loads(raw) == value)
    return bool(raw == value)


@pytest.mark.parametrize("name", READ)
def test_every_row_of_every_database_is_read(name: str, tables: Tables, database: Callable[[str], Path]) -> None:
    with Constellation.open(database(name)) as constellation:
        for model in tables:
            fields = present(constellation, model)
            if not fields:
                continue
            names = ", ".join(f'"{field.column_name}"' for field in fields)
            raw = list(constellation.rows(f'SELECT {names} FROM "{model._meta.table_name}"'))
            rows = list(constellation.bind(model.select(*fields)))
            assert len(rows) == len(raw), model
            for stored, row in zip(raw, rows, strict=True):
                for field, value in zip(fields, stored, strict=True):
                    assert same(field, value, row.__data__[field.name]), f"{model}.{field.name}"


def test_what_the_runtime_cannot_read_is_named_and_hides_nothing(
    tables: Tables, database: Callable[[str], Path]
) -> None:
    found: Counter[str] = Counter()
    with Constellation.open(database("constellations/small.db")) as constellation:
        for model in tables:
            for row in constellation.bind(model.select()):
                found.update(f"{model._meta.table_name}.{problem}" for problem in damage(row))
    assert found == {
        "activity_events.details: a bare number, which the runtime cannot read": 1,
        "coordination_state.value: a bare number, which the runtime cannot read": 3,
    }


def test_the_clean_database_has_no_damage(tables: Tables, database: Callable[[str], Path]) -> None:
    with Constellation.open(database("constellations/small-clean.db")) as constellation:
        for model in tables:
            for row in constellation.bind(model.select()):
                assert damage(row) == (), model
