from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import apsw

from pattern_cli.schema.invariants import Invariants, broken, taken
from pattern_cli.store import versions

Database = Callable[[str], Path]
SOUND = Invariants({"agents": 3, "messages": 91}, Counter(), ())


def test_a_lost_row_and_a_lost_table_are_named() -> None:
    after = Invariants({"agents": 2}, Counter(), ())
    assert list(broken(SOUND, after)) == [
        "table agents has 2 rows, not 3",
        "table messages has no longer any rows, not 91",
    ]


def test_a_new_table_breaks_nothing() -> None:
    after = Invariants({**SOUND.rows, "queued_messages": 0}, Counter(), ())
    assert list(broken(SOUND, after)) == []


def test_what_was_broken_before_is_not_counted_again() -> None:
    before = Invariants({}, Counter({("messages", "agents"): 2}), ("index a is missing",))
    after = Invariants({}, Counter({("messages", "agents"): 3}), ("index a is missing", "trigger b is missing"))
    assert list(broken(before, before)) == []
    assert list(broken(before, after)) == [
        "3 rows of messages point to rows that agents does not have",
        "trigger b is missing",
    ]


def test_rows_dangling_keys_and_drift_of_a_real_database_are_found(database: Database) -> None:
    connection = apsw.Connection(str(database("constellations/small.db")))
    connection.execute("DELETE FROM agents WHERE name = 'Marlow'; DROP INDEX idx_agents_name")
    found = taken(connection, versions.KNOWN)
    assert found.rows["agents"] == 2
    assert found.dangling["messages", "agents"] > 0
    assert found.drift == ("index idx_agents_name is missing",)
    assert "_sqlx_migrations" not in found.rows
    assert not any(name.startswith("messages_fts") for name in found.rows)
