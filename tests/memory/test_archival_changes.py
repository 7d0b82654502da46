"""Adding, editing and deleting archival entries: the runtime's own form, whole chains, nothing else touched."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.errors import AmbiguousError, ConflictError, NotFoundError, UsageError
from pattern_cli.memory.archival import Archival
from pattern_cli.memory.archival_changes import KEEP, ArchivalChanges, DeletedEntries
from pattern_cli.store.constellation import Constellation

CHAIN = (
    "arch_73bac759d22a40479116d13057af165d",
    "arch_e1f9b187a1544b7fa7c674fca332d967",
    "arch_ce7b3f73477246448bbfff585dc10391",
    "arch_7823fe9e902c4a2fa1e486dc30bca1cc",
)
WHOLE, WITH_METADATA = "arch_017cf422a4a34e1f8d8d7db92384ee3f", "arch_e8e6f676eab74d4c9515b5f4c5f25867"
EVERY = "SELECT rowid, * FROM archival_entries ORDER BY rowid"
CHECK = "INSERT INTO archival_fts (archival_fts, rank) VALUES ('integrity-check', 1)"


@pytest.fixture
def path(database: Callable[[str], Path]) -> Path:
    return database("constellations/small.db")


def change(path: Path, verb: str, *args: Any, **options: Any) -> Any:
    with Constellation.open(path, "write") as constellation:
        try:
            return getattr(ArchivalChanges(constellation), verb)(*args, **options)
        finally:
            constellation.connection.execute(CHECK)


def rows(path: Path, sql: str = EVERY, *params: Any) -> list[Any]:
    with Constellation.open(path) as constellation:
        return list(constellation.rows(sql, params))


def found(path: Path, word: str) -> int:
    sql = "SELECT count(*) FROM archival_fts WHERE archival_fts MATCH ?"
    return int(rows(path, sql, word)[0][0])


def test_an_entry_is_added_as_the_runtime_adds_one(path: Path) -> None:
    added = change(path, "add", "Juniper", "The zeppelin lands.", {"topic": "zeppelins"})
    ((*_, id, agent, content, metadata, chunk, parent, created),) = rows(path)[-1:]

    assert added.id == id
    assert re.fullmatch(r"arch_[0-9a-f]{32}", id)
    assert (agent, content, metadata) == (added.agent_id, "The zeppelin lands.", '{"topic":"zeppelins"}')
    assert (chunk, parent) == (0, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", created)
    assert (found(path, "lands"), found(path, "zeppelins")) == (1, 1)


def test_without_metadata_the_column_stays_empty(path: Path) -> None:
    change(path, "add", "Juniper", "A note.")
    assert rows(path, "SELECT metadata FROM archival_entries ORDER BY rowid DESC LIMIT 1") == [(None,)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(min_size=1).filter(str.strip),
    metadata=st.none()
    | st.booleans()
    | st.text()
    | st.lists(st.integers() | st.text())
    | st.dictionaries(st.text(), st.integers() | st.booleans() | st.text()),
)
def test_what_is_added_is_read_back_as_it_is(path: Path, text: str, metadata: Any) -> None:
    added = change(path, "add", "Juniper", text, metadata)
    with Constellation.open(path) as constellation:
        record = Archival(constellation).show(added.id)

    assert (record.content, record.metadata, record.damage) == (text, metadata, ())


@pytest.mark.parametrize(("owner", "kind"), [("Harbor Crew", "group"), ("_constellation_", "constellation")])
def test_groups_and_the_constellation_can_own_entries(path: Path, owner: str, kind: str) -> None:
    added = change(path, "add", owner, "A note.")
    assert (added.owner, added.owner_kind) == (owner, kind)


def test_an_owner_that_is_gone_gets_no_new_entry(path: Path) -> None:
    with Constellation.open(path, "write") as constellation:
        constellation.connection.execute("UPDATE archival_entries SET agent_id = 'gone' WHERE id = ?", (WHOLE,))
    with pytest.raises(NotFoundError, match='"gone" is gone'):
        change(path, "add", "gone", "A note.")


@pytest.mark.parametrize("number", [5, 1.5])
def test_a_bare_number_is_no_metadata(path: Path, number: float) -> None:
    before = rows(path)
    with pytest.raises(UsageError, match="bare number"):
        change(path, "add", "Juniper", "A note.", number)
    with pytest.raises(UsageError, match="bare number"):
        change(path, "edit", WHOLE, metadata=number)
    assert rows(path) == before


def test_an_empty_text_is_refused(path: Path) -> None:
    before = rows(path)
    for verb, args in (("add", ("Juniper", " \n")), ("edit", (WHOLE, ""))):
        with pytest.raises(UsageError, match="empty"):
            change(path, verb, *args)
    assert rows(path) == before


def test_an_edit_changes_the_named_columns_alone(path: Path) -> None:
    before = {row[1]: row for row in rows(path)}
    done = change(path, "edit", WITH_METADATA, "The zeppelin lands.")
    after = {row[1]: row for row in rows(path)}

    assert done.columns == ("content",)
    assert {id for id in before if before[id] != after[id]} == {WITH_METADATA}
    old, new = before[WITH_METADATA], after[WITH_METADATA]
    assert (new[3], (*new[:3], *new[4:])) == ("The zeppelin lands.", (*old[:3], *old[4:]))
    assert found(path, "zeppelin") == 1


def test_metadata_that_is_not_named_keeps_its_bytes(path: Path) -> None:
    stored = ' {"topic" : "kettle"} '
    with Constellation.open(path, "write") as constellation:
        constellation.connection.execute("UPDATE archival_entries SET metadata = ? WHERE id = ?", (stored, WHOLE))
    change(path, "edit", WHOLE, "A note.")
    assert rows(path, "SELECT metadata FROM archival_entries WHERE id = ?", WHOLE) == [(stored,)]


def test_metadata_alone_is_changed_and_cleared(path: Path) -> None:
    content = rows(path, "SELECT content FROM archival_entries WHERE id = ?", WHOLE)
    assert change(path, "edit", WHOLE, metadata={"zeppelin": True}).columns == ("metadata",)
    assert found(path, "zeppelin") == 1
    assert change(path, "edit", WHOLE, metadata=None).columns == ("metadata",)
    assert rows(path, "SELECT metadata FROM archival_entries WHERE id = ?", WHOLE) == [(None,)]
    assert rows(path, "SELECT content FROM archival_entries WHERE id = ?", WHOLE) == content


def test_the_same_again_writes_nothing(path: Path) -> None:
    change(path, "edit", WHOLE, "A note.", {"a": 1})
    assert change(path, "edit", WHOLE, "A note.", {"a": 1}).columns == ()


def test_an_edit_without_anything_is_refused(path: Path) -> None:
    with pytest.raises(UsageError, match="neither content nor metadata"):
        change(path, "edit", WHOLE)


def test_a_dry_run_tells_and_writes_nothing(path: Path) -> None:
    before = path.read_bytes()
    with Constellation.open(path) as constellation:
        changes = ArchivalChanges(constellation)
        assert changes.edit(WHOLE, "A note.", dry_run=True).columns == ("content",)
        added = changes.add("Juniper", "A note.", dry_run=True)
        assert (added.id, added.created_at, added.dry_run) == (None, None, True)
    assert path.read_bytes() == before


def test_an_entry_that_was_changed_meanwhile_is_a_conflict(path: Path) -> None:
    with pytest.raises(ConflictError, match="changed meanwhile"):
        change(path, "edit", WHOLE, "A note.", expected="something else")
    current = rows(path, "SELECT content FROM archival_entries WHERE id = ?", WHOLE)[0][0]
    assert change(path, "edit", WHOLE, "A note.", KEEP, expected=current).columns == ("content",)


def test_a_damaged_entry_can_be_repaired_by_an_edit(path: Path) -> None:
    with Constellation.open(path, "write") as constellation:
        constellation.connection.execute(
            "UPDATE archival_entries SET content = x'ff00', metadata = 5 WHERE id = ?", (WHOLE,)
        )
    done = change(path, "edit", WHOLE, "A note.", {"n": 5})

    assert done.columns == ("content", "metadata")
    with Constellation.open(path) as constellation:
        assert Archival(constellation).show(WHOLE).damage == ()


def test_a_single_entry_goes_alone(path: Path) -> None:
    before = rows(path)
    gone = change(path, "delete", [WHOLE])

    assert (gone.deleted, gone.named, gone.added) == (1, 1, 0)
    assert rows(path) == [row for row in before if row[1] != WHOLE]


@pytest.mark.parametrize("part", CHAIN)
def test_any_part_takes_its_whole_chain(path: Path, part: str) -> None:
    before = rows(path)
    gone = change(path, "delete", [part])

    assert tuple(entry.id for entry in gone.entries) == CHAIN
    assert [entry.id for entry in gone.entries if entry.named] == [part]
    assert rows(path) == [row for row in before if row[1] not in CHAIN]


def test_parts_whose_first_is_missing_are_a_chain_too(path: Path) -> None:
    with Constellation.open(path, "write") as constellation:
        constellation.connection.execute("PRAGMA foreign_keys=OFF")
        constellation.connection.execute("DELETE FROM archival_entries WHERE id = ?", (CHAIN[0],))
    assert tuple(entry.id for entry in change(path, "delete", [CHAIN[2]]).entries) == CHAIN[1:]


def test_a_part_of_a_part_belongs_to_the_chain(path: Path) -> None:
    with Constellation.open(path, "write") as constellation:
        sql = "UPDATE archival_entries SET parent_entry_id = ? WHERE id = ?"
        constellation.connection.execute(sql, (CHAIN[3], WHOLE))
    assert {entry.id for entry in change(path, "delete", [CHAIN[1]]).entries} == {*CHAIN, WHOLE}


def test_a_circle_of_parts_ends(path: Path) -> None:
    with Constellation.open(path, "write") as constellation:
        sql = "UPDATE archival_entries SET parent_entry_id = ? WHERE id = ?"
        constellation.connection.execute(sql, (CHAIN[3], CHAIN[0]))
        constellation.connection.execute(sql, (WHOLE, WHOLE))
    assert {entry.id for entry in change(path, "delete", [CHAIN[1]]).entries} == set(CHAIN)
    assert change(path, "delete", [WHOLE]).deleted == 1


def test_several_ids_and_the_same_twice(path: Path) -> None:
    gone = change(path, "delete", [WHOLE, CHAIN[1], CHAIN[1][:20], CHAIN[2]])
    assert (gone.deleted, gone.named, gone.added, gone.owners) == (5, 3, 2, {"Juniper": 5})


def test_unknown_and_ambiguous_ids_delete_nothing(path: Path) -> None:
    before = rows(path)
    with pytest.raises(NotFoundError, match="arch_none"):
        change(path, "delete", [WHOLE, "arch_none"])
    with pytest.raises(AmbiguousError):
        change(path, "delete", ["arch_"])
    with pytest.raises(UsageError, match="no entry is named"):
        change(path, "delete", [])
    assert rows(path) == before


def test_the_snapshot_is_made_before(path: Path) -> None:
    seen: list[int] = []

    def save(constellation: Constellation) -> str:
        seen.append(constellation.value("SELECT count(*) FROM archival_entries"))
        return "there"

    gone: DeletedEntries = change(path, "delete", [WHOLE], snapshot=save)
    assert (gone.snapshot, seen) == ("there", [17])


def test_what_was_planned_is_deleted_or_nothing(path: Path) -> None:
    with Constellation.open(path, "write") as constellation:
        changes = ArchivalChanges(constellation)
        plan = changes.plan_deletion([CHAIN[0]])
        with Constellation.open(path, "write") as other:
            other.connection.execute("UPDATE archival_entries SET parent_entry_id = NULL WHERE id = ?", (CHAIN[3],))
        with pytest.raises(ConflictError, match="nothing was deleted"):
            changes.delete([CHAIN[0]], planned=plan)
    assert len(rows(path)) == 17
