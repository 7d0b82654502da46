"""Archiving and deleting: marks that can be taken back, indexes that stay right, a runtime that is not disturbed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import ConflictError, RefusedError
from pattern_cli.messages.filters import Filter
from pattern_cli.messages.marking import Change, Mark, Marking
from pattern_cli.messages.selection import Choice
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
Make = Callable[..., Path]
Message = Callable[..., dict[str, Any]]
SMALL = "constellations/small.db"
ALL = Choice(fitting=Filter(archived=True))
CHECK = "INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)"


def mark(path: Path, action: Mark, choice: Choice, **options: Any) -> Change:
    with Constellation.open(path, "write") as constellation:
        change = Marking(constellation, action, choice).run(**options)
        constellation.connection.execute(CHECK)
        return change


def rows(path: Path, sql: str) -> list[Any]:
    with Constellation.open(path) as constellation:
        return list(constellation.rows(sql))


@pytest.mark.parametrize(("there", "back", "column"), [("archive", "unarchive", 11), ("delete", "undelete", 13)])
def test_a_mark_changes_its_column_alone_and_can_be_taken_back(
    database: Database, there: Mark, back: Mark, column: int
) -> None:
    path = database(SMALL)
    everything = "SELECT * FROM messages ORDER BY rowid"
    before = rows(path, everything)
    change = mark(path, there, Choice(fitting=Filter(role="user")))
    marked = rows(path, everything)

    differing = [(old, new) for old, new in zip(before, marked, strict=True) if old != new]
    assert len(differing) == change.changed > 0
    for old, new in differing:
        assert [number for number in range(len(old)) if old[number] != new[number]] == [column]
        assert new[column] == 1
    ids = tuple(new[0] for _, new in differing)
    mark(path, back, Choice(ids=ids, exact=True))
    assert rows(path, everything) == before


def test_mailboxes_and_summaries_stay_as_they_are(database: Database) -> None:
    path = database(SMALL)
    others = [f"SELECT * FROM {table} ORDER BY rowid" for table in ("queued_messages", "archive_summaries")]
    before = [rows(path, sql) for sql in others]
    mark(path, "archive", ALL)
    mark(path, "delete", ALL)

    assert [rows(path, sql) for sql in others] == before


def test_what_the_runtime_counts_follows(database: Database) -> None:
    path = database(SMALL)
    recent = "SELECT count(*) FROM messages WHERE is_archived = 0 AND is_deleted = 0"
    ((before,),) = rows(path, recent)
    change = mark(path, "archive", ALL)

    assert rows(path, recent) == [(0,)]
    assert change.changed == before


def test_nothing_to_change_is_no_error_and_makes_no_snapshot(database: Database) -> None:
    path = database(SMALL)
    mark(path, "archive", ALL)
    taken: list[str] = []
    change = mark(path, "archive", ALL, snapshot=lambda c: taken.append("one") or "path")

    assert (change.changed, change.snapshot, taken) == (0, None, [])


def test_a_named_message_that_is_so_already_is_counted(make: Make, message: Message) -> None:
    path = make(message(1, is_archived=1), message(2))
    change = mark(path, "archive", Choice(ids=(message(1)["id"], message(2)["id"])))

    assert (change.changed, change.unchanged) == (1, 1)


def test_the_snapshot_is_made_before_the_change(database: Database) -> None:
    path = database(SMALL)
    seen: list[int] = []

    def save(constellation: Constellation) -> str:
        seen.append(constellation.value("SELECT count(*) FROM messages WHERE is_deleted"))
        return "there"

    change = mark(path, "delete", ALL, snapshot=save)
    assert change.snapshot == "there"
    assert seen[0] < rows(path, "SELECT count(*) FROM messages WHERE is_deleted")[0][0]


def test_a_plan_changes_nothing_and_says_what_would(database: Database) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    with Constellation.open(path) as constellation:
        plan = Marking(constellation, "delete", Choice(fitting=Filter(role="tool"))).plan()
    assert path.read_bytes() == before
    done = mark(path, "delete", Choice(fitting=Filter(role="tool")))

    assert plan.dry_run
    assert (plan.changed, plan.added, plan.counts, plan.first) == (done.changed, done.added, done.counts, done.first)


def test_what_was_planned_is_done_or_nothing(make: Make, message: Message, writer: Any) -> None:
    path = make(message(1), message(2))
    with Constellation.open(path, "write") as constellation:
        marking = Marking(constellation, "delete", ALL)
        marking.plan()
        other = writer(path)
        other.run(("UPDATE messages SET is_deleted = 1 WHERE id = ?", [message(1)["id"]]))
        with pytest.raises(ConflictError, match="nothing was done"):
            marking.run(force=True)
        assert constellation.value("SELECT count(*) FROM messages WHERE is_deleted") == 1


def test_a_change_during_the_snapshot_is_found(make: Make, message: Message, writer: Any) -> None:
    path = make(message(1))
    other = writer(path)

    def save(constellation: Constellation) -> str:
        other.run(("UPDATE messages SET is_deleted = 1", []))
        return "there"

    with Constellation.open(path, "write") as constellation, pytest.raises(ConflictError):
        Marking(constellation, "delete", ALL).run(save, force=True)


def test_beside_a_runtime_a_turn_without_an_answer_is_refused(make: Make, message: Message, writer: Any) -> None:
    path = make(message(1, role="assistant"), message(2, role="user"))
    writer(path).run(("SELECT count(*) FROM agents", []))

    with pytest.raises(RefusedError, match="of Juniper has no answer yet"):
        mark(path, "archive", ALL)
    assert mark(path, "archive", Choice(ids=(message(1)["id"],))).changed == 1
    assert mark(path, "archive", ALL, force=True).changed == 1
    assert mark(path, "unarchive", ALL).changed == 2


def test_without_a_runtime_it_is_not(make: Make, message: Message) -> None:
    assert mark(make(message(1, role="user")), "archive", ALL).changed == 1


def test_beside_a_runtime_too_many_rows_are_refused(database: Database, writer: Any) -> None:
    path = database("constellations/medium.db")
    writer(path).run(("SELECT count(*) FROM agents", []))

    with pytest.raises(RefusedError, match="write lock"):
        mark(path, "delete", ALL)
    assert rows(path, "SELECT count(*) FROM messages WHERE NOT is_deleted")[0][0] > 5_000


def test_undecodable_messages_are_marked_as_all_others(make: Make, message: Message) -> None:
    path = make(message(1, content_json="{", position="x", batch_id="letta-import-1", created_at="soon"))
    change = mark(path, "archive", ALL)

    assert change.changed == 1
    assert change.first[0].text == "{"
