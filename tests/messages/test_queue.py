"""Mailboxes: what waits, in the runtime's order; old schemas, damaged rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import NotFoundError, SchemaError
from pattern_cli.messages.queue import Queue, QueuedRow
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
SMALL = "constellations/small.db"
MARLOW = "agt_19a6f2c3b40"


def listed(path: Path, *args: Any, **options: Any) -> list[QueuedRow]:
    with Constellation.open(path) as constellation:
        return list(Queue(constellation).list(*args, **options))


def change(path: Path, sql: str, *params: Any) -> None:
    with Constellation.open(path, "write") as constellation:
        constellation.connection.execute(sql, params)


def test_only_what_waits_is_listed(read_only: Callable[[str], Path]) -> None:
    rows = listed(read_only(SMALL))

    assert [row.id for row in rows] == ["33200932007313408", "33200932007313409", "33200932007313411"]
    assert {row.processed_at for row in rows} == {None}


def test_delivered_ones_are_listed_too_when_asked_for(read_only: Callable[[str], Path]) -> None:
    rows = listed(read_only(SMALL), processed=True)

    assert len(rows) == 4
    assert [row.processed_at for row in rows if row.processed_at] == ["2026-11-23T13:36:32Z"]


def test_one_agents_mailbox(read_only: Callable[[str], Path]) -> None:
    assert {row.target_agent_id for row in listed(read_only(SMALL), "Marlow")} == {MARLOW}
    with pytest.raises(NotFoundError, match="Marlo"):
        listed(read_only(SMALL), "Marlo ")


def test_the_limit_keeps_those_that_come_first(read_only: Callable[[str], Path]) -> None:
    assert [row.id for row in listed(read_only(SMALL), limit=1)] == ["33200932007313408"]


def test_who_sent_it_is_said_in_words(read_only: Callable[[str], Path]) -> None:
    assert [row.sender for row in listed(read_only(SMALL), processed=True)] == [
        "Juniper",
        "cli s1",
        "discord 3",
        "bluesky h.example",
    ]


def test_the_order_is_priority_then_age_by_instants(database: Database) -> None:
    path = database(SMALL)
    change(path, "UPDATE queued_messages SET priority = 5 WHERE id = '33200932007313411'")
    # As text the space form comes before every other time of the day.
    change(path, "UPDATE queued_messages SET created_at = '2026-11-23 23:00:00' WHERE id = '33200932007313408'")

    assert [row.id[-2:] for row in listed(path)] == ["11", "09", "08"]


def test_a_row_that_the_runtime_cannot_read_is_shown_and_named(database: Database) -> None:
    path = database(SMALL)
    change(path, "UPDATE queued_messages SET created_at = 'soon' WHERE id = '33200932007313409'")
    change(path, "UPDATE queued_messages SET origin_json = '{' WHERE id = '33200932007313411'")
    rows = {row.id[-2:]: row for row in listed(path)}

    assert rows["09"].unreadable
    assert rows["09"].damage == ("created_at: not a time",)
    assert not rows["11"].unreadable
    assert rows["11"].damage == ("origin_json: not valid JSON",)
    assert rows["11"].sender == ""


def test_versions_before_the_full_content_are_read(read_only: Callable[[str], Path]) -> None:
    rows = listed(read_only("versions/0011.db"), processed=True)

    assert rows
    assert {(row.content_json, row.role) for row in rows} == {(None, "user")}


def test_a_version_without_mailboxes_says_which_is_needed(read_only: Callable[[str], Path]) -> None:
    with pytest.raises(SchemaError, match="0005"):
        listed(read_only("versions/0004.db"))
