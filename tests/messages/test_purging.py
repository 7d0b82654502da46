"""Purging: only what is deleted goes, for good, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import ConflictError
from pattern_cli.messages.filters import Filter
from pattern_cli.messages.marking import Change, Marking
from pattern_cli.messages.purging import Purging
from pattern_cli.messages.selection import Choice
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
Make = Callable[..., Path]
Message = Callable[..., dict[str, Any]]
SMALL = "constellations/small.db"
ALL = Choice(fitting=Filter())
CHECK = "INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)"


def purge(path: Path, choice: Choice = ALL, **options: Any) -> Change:
    with Constellation.open(path, "write") as constellation:
        change = Purging(constellation, choice).run(**options)
        constellation.connection.execute(CHECK)
        return change


def rows(path: Path, sql: str) -> list[Any]:
    with Constellation.open(path) as constellation:
        return list(constellation.rows(sql))


def test_deleted_messages_go_and_all_others_stay(database: Database) -> None:
    path = database(SMALL)
    kept = "SELECT rowid, * FROM messages WHERE NOT is_deleted ORDER BY rowid"
    before = rows(path, kept)
    ((deleted,),) = rows(path, "SELECT count(*) FROM messages WHERE is_deleted")
    change = purge(path)

    assert change.changed == deleted > 0
    assert rows(path, "SELECT rowid, * FROM messages ORDER BY rowid") == before
    assert change.rebuilt == ()


def test_all_other_tables_stay(database: Database) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        Marking(constellation, "delete", Choice(fitting=Filter(archived=True))).run()
    tables = ("archive_summaries", "queued_messages", "agents", "memory_blocks", "archival_entries", "agent_summaries")
    before = {table: rows(path, f"SELECT * FROM {table} ORDER BY rowid") for table in tables}
    purge(path)

    assert rows(path, "SELECT count(*) FROM messages") == [(0,)]
    assert {table: rows(path, f"SELECT * FROM {table} ORDER BY rowid") for table in tables} == before


def test_a_purged_text_is_found_no_more(database: Database) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        Marking(constellation, "delete", Choice(fitting=Filter(archived=True))).run()
    found = "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'kettle'"
    assert rows(path, found)[0][0] > 0
    purge(path)
    assert rows(path, found) == [(0,)]


def test_a_message_that_is_not_deleted_is_never_purged(make: Make, message: Message) -> None:
    path = make(message(1), message(2, is_deleted=1))
    change = purge(path, Choice(ids=(message(1)["id"], message(2)["id"])))

    assert (change.changed, change.unchanged) == (1, 1)
    assert rows(path, "SELECT id FROM messages") == [(message(1)["id"],)]


def test_an_index_that_was_wrong_before_is_made_anew(database: Database) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        # As INSERT OR REPLACE leaves it (D21): a text in the index that no message has.
        constellation.connection.execute("INSERT INTO messages_fts (rowid, content_preview) VALUES (99999, 'stale')")

    assert purge(path).rebuilt == ("messages_fts",)
    assert rows(path, "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'stale'") == [(0,)]


def test_beside_a_runtime_the_index_is_not_compared(database: Database, writer: Any) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        constellation.connection.execute("INSERT INTO messages_fts (rowid, content_preview) VALUES (99999, 'stale')")
    writer(path).run(("SELECT count(*) FROM agents", []))
    with Constellation.open(path, "write") as constellation:
        change = Purging(constellation, ALL).run()

    assert change.changed > 0
    assert change.rebuilt == ()


def test_the_snapshot_holds_what_goes(make: Make, message: Message) -> None:
    path = make(message(1, is_deleted=1))
    seen: list[int] = []

    def save(constellation: Constellation) -> str:
        seen.append(constellation.value("SELECT count(*) FROM messages"))
        return "there"

    assert purge(path, snapshot=save).snapshot == "there"
    assert seen == [1]


def test_what_was_deleted_after_the_snapshot_is_not_purged(make: Make, message: Message, writer: Any) -> None:
    path = make(message(1, is_deleted=1), message(2))
    other = writer(path)

    def save(constellation: Constellation) -> str:
        other.run(("UPDATE messages SET is_deleted = 1", []))
        return "there"

    with Constellation.open(path, "write") as constellation:
        assert Purging(constellation, ALL).run(save).changed == 1
    assert rows(path, "SELECT id FROM messages") == [(message(2)["id"],)]


def test_what_was_undeleted_meanwhile_stays(make: Make, message: Message, writer: Any) -> None:
    path = make(message(1, is_deleted=1))
    with Constellation.open(path, "write") as constellation:
        purging = Purging(constellation, ALL)
        purging.plan()
        writer(path).run(("UPDATE messages SET is_deleted = 0", []))
        with pytest.raises(ConflictError):
            purging.run()
    assert rows(path, "SELECT count(*) FROM messages") == [(1,)]


def test_a_plan_removes_nothing(database: Database) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    with Constellation.open(path) as constellation:
        assert Purging(constellation, ALL).plan().changed > 0
    assert path.read_bytes() == before
