from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from pattern_cli.schema.fulltext import INDEXES, rebuild_unsound

Database = Callable[[str], Path]
SOUND = "INSERT INTO {0} ({0}, rank) VALUES ('integrity-check', 1)"


@pytest.mark.parametrize("name", ["constellations/small.db", "versions/0002.db", "versions/0013.db"])
def test_sound_indexes_are_left_alone(name: str, database: Database) -> None:
    connection = apsw.Connection(str(database(name)))
    stored = [f"SELECT * FROM {index}_data" for index in INDEXES]
    before = [connection.execute(sql).fetchall() for sql in stored]
    assert rebuild_unsound(connection) == ()
    assert [connection.execute(sql).fetchall() for sql in stored] == before


def test_there_is_nothing_to_check_before_version_2(database: Database) -> None:
    assert rebuild_unsound(apsw.Connection(str(database("versions/0001.db")))) == ()


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize(
    "damage", ["INSERT INTO {0} ({0}) VALUES ('delete-all')", "DELETE FROM {0}_data WHERE id > 10"]
)
def test_an_index_that_does_not_match_is_made_anew_and_named(index: str, damage: str, database: Database) -> None:
    connection = apsw.Connection(str(database("constellations/small.db")))
    connection.execute(damage.format(index))
    assert rebuild_unsound(connection) == (index,)
    connection.execute(SOUND.format(index))


def test_a_replaced_row_leaves_an_unsound_index(database: Database) -> None:
    connection = apsw.Connection(str(database("constellations/small.db")))
    connection.execute("REPLACE INTO messages SELECT * FROM messages WHERE content_preview IS NOT NULL LIMIT 1")
    assert rebuild_unsound(connection) == ("messages_fts",)
