"""Which messages a change takes: the chosen ones, the rest of their batches, nothing by accident."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.errors import AmbiguousError, ConflictError, NotFoundError, SchemaError, UsageError
from pattern_cli.messages.filters import Filter
from pattern_cli.messages.selection import APPLIES, Choice, Selection, open_batches
from pattern_cli.store.constellation import Constellation

Make = Callable[..., Path]
Message = Callable[..., dict[str, Any]]
Opened = Callable[..., Constellation]
AGENT = "agt_1"
CALLS = '{"ToolCalls":[{"call_id":"c","fn_name":"f","fn_arguments":{}}]}'


def ids(constellation: Constellation, selection: Selection) -> set[str]:
    sql = "SELECT id FROM messages WHERE rowid IN (SELECT value FROM json_each(?))"
    return {str(row[0]) for row in constellation.rows(sql, (selection.page,))}


@pytest.fixture
def turns(message: Message) -> list[dict[str, Any]]:
    """Two turns of three messages each, and a message without a batch."""
    found = []
    for batch in ("31395935909707776", "31395935999999999"):
        for sequence, role in enumerate(("user", "tool", "assistant")):
            found.append(message(len(found) + 1, batch_id=batch, sequence_in_batch=sequence, role=role))
    return [*found, message(7, batch_id=None, sequence_in_batch=None)]


def test_a_chosen_message_brings_its_batch(opened: Opened, turns: list[dict[str, Any]]) -> None:
    constellation = opened(*turns)
    selection = Selection(constellation, "archive", Choice(fitting=Filter(role="tool")))

    assert ids(constellation, selection) == {row["id"] for row in turns[:6]}
    assert (selection.chosen, selection.added, selection.cut, len(selection.batches)) == (2, 4, 0, 2)


def test_exact_takes_only_the_chosen_and_tells_what_it_cuts(opened: Opened, turns: list[dict[str, Any]]) -> None:
    constellation = opened(*turns)
    selection = Selection(constellation, "archive", Choice(fitting=Filter(role="tool"), exact=True))

    assert ids(constellation, selection) == {turns[1]["id"], turns[4]["id"]}
    assert (selection.chosen, selection.added, selection.cut) == (2, 0, 2)


def test_a_message_without_a_batch_goes_alone(opened: Opened, turns: list[dict[str, Any]]) -> None:
    constellation = opened(*turns)
    selection = Selection(constellation, "delete", Choice(ids=(turns[6]["id"],)))

    assert (len(selection.rows), selection.batches) == (1, set())


def test_a_batch_id_of_another_agent_is_another_batch(make: Make, message: Message) -> None:
    path = make(message(1, batch_id="31395935909707776"), message(2, batch_id="31395935909707776", agent_id="agt_2"))
    with Constellation.open(path) as constellation:
        assert len(Selection(constellation, "archive", Choice(fitting=Filter(agent_id=AGENT))).rows) == 1


@pytest.mark.parametrize(
    ("action", "fits"),
    [
        ("archive", {"kept"}),
        ("unarchive", {"archived"}),
        ("delete", {"kept"}),
        ("undelete", {"deleted", "both"}),
        ("purge", {"deleted", "both"}),
    ],
)
def test_each_change_applies_to_its_own(make: Make, message: Message, action: str, fits: set[str]) -> None:
    states = {"kept": (0, 0), "archived": (1, 0), "deleted": (0, 1), "both": (1, 1)}
    rows = [
        message(number, batch_id=None, id=name, is_archived=archived, is_deleted=deleted)
        for number, (name, (archived, deleted)) in enumerate(states.items())
    ]
    with Constellation.open(make(*rows)) as constellation:
        assert ids(constellation, Selection(constellation, action, Choice(fitting=Filter()))) == fits
        named = Selection(constellation, action, Choice(ids=tuple(states)))
        # Named by their ids, archived messages are deleted too.
        assert ids(constellation, named) == fits | ({"archived"} if action == "delete" else set())
        assert named.unchanged == 4 - named.chosen


def test_archived_ones_are_deleted_only_when_asked_for_or_with_their_batch(make: Make, message: Message) -> None:
    batch = {"batch_id": "31395935909707776"}
    path = make(message(1, **batch), message(2, is_archived=1, **batch), message(3, is_archived=1))
    with Constellation.open(path) as constellation:
        assert len(Selection(constellation, "delete", Choice(fitting=Filter())).rows) == 2
        assert len(Selection(constellation, "delete", Choice(fitting=Filter(archived=True))).rows) == 3


def test_an_id_named_twice_counts_once(opened: Opened, turns: list[dict[str, Any]]) -> None:
    constellation = opened(*turns)
    selection = Selection(constellation, "delete", Choice(ids=(turns[6]["id"], turns[6]["id"][:36])))

    assert (selection.chosen, selection.unchanged) == (1, 0)


def test_unknown_and_ambiguous_ids_are_refused(opened: Opened, turns: list[dict[str, Any]]) -> None:
    constellation = opened(*turns)
    with pytest.raises(NotFoundError, match="nothing"):
        Selection(constellation, "delete", Choice(ids=("nothing",)))
    with pytest.raises(AmbiguousError):
        Selection(constellation, "delete", Choice(ids=("msg_",)))


def test_nothing_is_chosen_by_accident() -> None:
    with pytest.raises(UsageError, match="not said which"):
        Choice()
    with pytest.raises(UsageError, match="not by both"):
        Choice(ids=("msg_1",), fitting=Filter())


def test_a_preview_has_the_ends_in_order_and_no_message_twice(opened: Opened, message: Message) -> None:
    constellation = opened(*(message(number, batch_id=None) for number in (5, 1, 4, 2, 3)))
    first, last = Selection(constellation, "archive", Choice(fitting=Filter())).ends()

    assert [row.text for row in (*first, *last)] == [f"message {number}" for number in (1, 2, 3, 4, 5)]
    assert len(first) == 3


def test_counts_are_by_agent_and_role(opened: Opened, turns: list[dict[str, Any]]) -> None:
    counts = Selection(opened(*turns), "archive", Choice(fitting=Filter())).counts()

    assert [(row.agent_name, row.role, row.count) for row in counts] == [
        ("Juniper", "assistant", 2),
        ("Juniper", "tool", 2),
        ("Juniper", "user", 3),
    ]


def test_messages_that_came_meanwhile_are_left_alone(make: Make, message: Message, writer: Any) -> None:
    path = make(message(1))
    with Constellation.open(path) as constellation:
        before = Selection(constellation, "archive", Choice(fitting=Filter()))
        writer(path).say(2)
        now = Selection(constellation, "archive", Choice(fitting=Filter()))
        assert len(now.rows) == 2
        now.require_same(before)
        assert now.rows == before.rows


def test_a_batch_that_grew_meanwhile_is_a_conflict(make: Make, message: Message, writer: Any) -> None:
    path = make(message(1))
    with Constellation.open(path) as constellation:
        before = Selection(constellation, "archive", Choice(fitting=Filter()))
        writer(path).say(2, batch_id=message(1)["batch_id"])
        with pytest.raises(ConflictError, match="meanwhile"):
            Selection(constellation, "archive", Choice(fitting=Filter())).require_same(before)


def test_a_message_that_changed_meanwhile_is_a_conflict(make: Make, message: Message, writer: Any) -> None:
    path = make(message(1), message(2))
    with Constellation.open(path) as constellation:
        before = Selection(constellation, "archive", Choice(fitting=Filter()))
        writer(path).run(("UPDATE messages SET is_archived = 1 WHERE id = ?", [message(1)["id"]]))
        with pytest.raises(ConflictError, match="meanwhile"):
            Selection(constellation, "archive", Choice(fitting=Filter())).require_same(before)


@pytest.mark.parametrize(
    ("last", "is_open"),
    [
        ({"role": "user"}, True),
        ({"role": "tool"}, True),
        ({"role": "assistant", "content_json": CALLS}, True),
        ({"role": "assistant"}, False),
    ],
)
def test_a_batch_is_open_until_it_has_an_answer(
    opened: Opened, message: Message, last: dict[str, Any], is_open: bool
) -> None:
    batch = message(1)["batch_id"]
    constellation = opened(message(1), message(2, batch_id=batch, sequence_in_batch=1, **last))

    assert list(open_batches(constellation, {(AGENT, batch)})) == ([(AGENT, batch)] if is_open else [])


def test_only_the_newest_batch_is_worked_on(opened: Opened, message: Message) -> None:
    constellation = opened(message(1), message(2))
    assert list(open_batches(constellation, {(AGENT, message(1)["batch_id"])})) == []


def test_a_version_without_deleted_messages_says_which_is_needed(read_only: Callable[[str], Path]) -> None:
    with (
        Constellation.open(read_only("versions/0006.db")) as constellation,
        pytest.raises(SchemaError, match="0007"),
    ):
        Selection(constellation, "archive", Choice(fitting=Filter()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(("a", "b")),
            st.sampled_from((None, "31395935909707776", "31395935999999999", "letta-import-1")),
            st.sampled_from(("user", "assistant", "tool")),
            st.booleans(),
            st.booleans(),
        ),
        max_size=14,
    ),
    action=st.sampled_from(tuple(APPLIES)),
    role=st.sampled_from(("user", "assistant", "tool")),
)
def test_no_batch_is_cut(make: Make, message: Message, rows: list[Any], action: str, role: str) -> None:
    made = [
        message(number, agent_id=agent, batch_id=batch, role=said, is_archived=archived, is_deleted=deleted)
        for number, (agent, batch, said, archived, deleted) in enumerate(rows)
    ]
    with Constellation.open(make(*made, name=f"{uuid4().hex}.db")) as constellation:
        selection = Selection(constellation, action, Choice(fitting=Filter(role=role)))
        taken = ids(constellation, selection)
        fits = f"SELECT id, agent_id, batch_id FROM messages AS m WHERE {APPLIES[action]}"
        for id, agent, batch in constellation.rows(fits):
            if batch is not None and (agent, batch) in selection.batches:
                assert id in taken
        assert selection.chosen + selection.added == len(taken)
