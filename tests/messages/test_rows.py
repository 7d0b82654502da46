from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.messages.filters import Filter
from pattern_cli.messages.rows import COLUMNS, FIELDS, decode
from pattern_cli.messages.service import Messages
from pattern_cli.store.constellation import Constellation

Message = Callable[..., dict[str, Any]]
EVERYTHING = Filter(archived=True, deleted=True)


@pytest.fixture
def row(message: Message) -> Callable[..., Any]:
    """A decoded message with these raw columns."""

    def build(**columns: Any) -> Any:
        found = message(1, **columns)
        return decode(tuple(found[name] for name in COLUMNS), {"agt_1": "Juniper"})

    return build


def test_a_row_of_the_runtime_has_no_damage(row: Callable[..., Any]) -> None:
    found = row()
    assert found.damage == ()
    assert (found.agent_name, found.kind, found.text) == ("Juniper", "text", "message 1")
    assert found.created_at == "2026-01-08T19:02:18.000001123Z"
    assert (found.is_archived, found.is_deleted) == (False, False)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"content_json": "{"}, "content_json: not valid JSON"),
        ({"content_json": 5}, "content_json: a bare number"),
        ({"content_json": "[1e400]"}, "content_json: not valid JSON"),
        ({"content_json": '{"Text":NaN}'}, "content_json: not valid JSON"),
        ({"content_json": b'{"Text":"a"}'}, "content_json: stored as bytes"),
        ({"content_json": '"a"'}, "content_json: a bare text"),
        ({"content_json": '{"Parts":[5]}'}, "content_json: item 1 is no part"),
        ({"role": "narrator"}, "role: 'narrator' is not one of"),
        ({"batch_type": "odd"}, "batch_type: 'odd' is not one of"),
        ({"position": ""}, "position: not a position"),
        ({"batch_id": "letta-import-1764000000"}, "batch_id: not a position"),
        ({"sequence_in_batch": 1.5}, "sequence_in_batch: not a whole number"),
        ({"source_metadata": "[]"}, "source_metadata: not an object"),
        ({"source_metadata": "{"}, "source_metadata: not valid JSON"),
        ({"created_at": "tomorrow"}, "created_at: not a time"),
        ({"source": b"x"}, "source: stored as bytes"),
        ({"content_preview": "a\udcff"}, "content_preview: not valid UTF-8"),
    ],
)
def test_what_the_runtime_cannot_read_is_named_once_and_kept(
    row: Callable[..., Any], columns: dict[str, Any], problem: str
) -> None:
    found = row(**columns)
    assert len(found.damage) == 1
    assert found.damage[0].startswith(problem)


@pytest.mark.parametrize(
    "columns",
    [
        {"id": None, "batch_id": None, "sequence_in_batch": None, "batch_type": None, "source_metadata": None},
        {"position": "00000000000000000005"},
        {"position": "00VWADZVMM000"},
        {"agent_id": "gone"},
    ],
)
def test_what_is_merely_unusual_is_no_damage(row: Callable[..., Any], columns: dict[str, Any]) -> None:
    assert row(**columns).damage == ()


@pytest.mark.parametrize(
    ("stored", "value"), [(1, True), (2, True), (0.5, True), (0, False), ("true", False), (None, False)]
)
def test_truth_is_read_as_the_runtime_reads_it(row: Callable[..., Any], stored: Any, value: bool) -> None:
    assert row(is_archived=stored).is_archived is value


def test_one_undecodable_row_does_not_hide_the_others(opened: Callable[..., Constellation], message: Message) -> None:
    constellation = opened(message(1), message(2, content_json="{", role="x", created_at="y"), message(3))
    found = list(Messages(constellation).list())
    assert [len(row.damage) for row in found] == [0, 3, 0]
    assert found[1].content_json == "{"


@pytest.mark.parametrize("name", ["versions/0001.db", "versions/0006.db", "imported/small-agent-full-new.db"])
def test_older_schemas_are_read_without_tombstones(database: Callable[[str], Path], name: str) -> None:
    with Constellation.open(database(name)) as constellation:
        found = list(Messages(constellation).list(EVERYTHING))
        assert found
        assert not any(row.is_deleted for row in found)


def test_text_is_the_only_field_json_leaves_out() -> None:
    assert "text" not in FIELDS
    assert {*COLUMNS} < {*FIELDS}
    assert {*FIELDS} - {*COLUMNS} == {"agent_name", "kind", "damage"}
