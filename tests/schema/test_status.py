from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from pattern_cli.errors import SchemaError
from pattern_cli.schema.status import Status
from pattern_cli.store import versions
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]


def test_every_version_has_a_row(database: Database) -> None:
    with Constellation.open(database("versions/0007-preedit.db")) as constellation:
        rows = list(Status(constellation).rows())
    assert [(row.version, row.state) for row in rows] == [
        (version, "applied" if version <= 7 else "pending") for version in versions.KNOWN
    ]
    assert rows[0].checksum_state == "pre-edit"
    assert rows[0].installed_on == "2026-11-23T13:27:03Z"
    assert (rows[-1].description, rows[-1].installed_on, rows[-1].checksum_state) == ("update frontiers", None, None)


def test_a_row_that_cannot_be_decoded_is_shown_as_stored(database: Database) -> None:
    path = database("versions/0013.db")
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE _sqlx_migrations SET installed_on = 'last week', checksum = 'abc' WHERE version = 5")
    connection.execute("UPDATE _sqlx_migrations SET version = 'x', success = 0 WHERE version = 13")
    connection.close()
    with Constellation.open(path) as constellation:
        rows = {row.version: row for row in Status(constellation).rows()}
    assert (rows[5].installed_on, rows[5].damage) == ("last week", ("installed_on: not a time",))
    assert (rows[5].checksum, rows[5].checksum_state) == ("abc", "mismatch")
    assert rows["x"].state == "dirty"
    assert rows[13].state == "pending"
    assert len(rows) == len(versions.KNOWN) + 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("versions/0011.db", "pending in .*: 0012, 0013"),
        ("versions/0010-preedit.db", "pending in .*: 0011, 0012, 0013"),
    ],
)
def test_what_is_pending_is_named(name: str, says: str, database: Database) -> None:
    with Constellation.open(database(name)) as constellation, pytest.raises(SchemaError, match=says):
        Status(constellation).require_current()


def test_the_checksum_of_the_superseded_edition_alone_is_reason_enough(database: Database) -> None:
    path = database("versions/0013.db")
    old = database("versions/0001-preedit.db")
    connection = apsw.Connection(str(path))
    connection.execute("ATTACH ? AS old", (str(old),))
    connection.execute(
        "UPDATE _sqlx_migrations SET checksum = (SELECT checksum FROM old._sqlx_migrations) WHERE version = 1"
    )
    connection.close()
    with Constellation.open(path) as constellation, pytest.raises(SchemaError, match="superseded edition"):
        Status(constellation).require_current()


def test_a_current_database_is_fine(database: Database) -> None:
    with Constellation.open(database("versions/0013.db")) as constellation:
        found = Status(constellation)
        found.require_current()
        assert (found.drift(), found.problems()) == ((), ())
