"""What fields store and read, through a real table with the runtime's column types."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import UsageError
from pattern_cli.models import (
    Agent,
    AgentAtprotoEndpoint,
    AppliedMigration,
    ArchivalEntry,
    CoordinationState,
    HandoffNote,
    MemoryBlock,
    MemoryBlockUpdate,
    QueuedMessage,
    damage,
)
from pattern_cli.schema import create_constellation
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.database import PatternDatabase

YEAR_1, YEAR_9999 = -62_135_596_800 * times.NS, 253_402_300_799 * times.NS
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
STATE = CoordinationState


class Memory:
    """A table of a model in memory: what goes in, what the file holds, what comes out."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.connection = apsw.Connection(":memory:")
        self.database = PatternDatabase(self.connection, ":memory:")
        with self.database.bind_ctx([model]):
            model._schema.create_all(safe=False)

    def through(self, **values: Any) -> Any:
        """Insert a row, and read it back through the model."""
        self.connection.execute(f"DELETE FROM {self.model._meta.table_name}")
        self.model.insert(**values).bind(self.database).execute()
        return self.read()

    def read(self) -> Any:
        return next(iter(self.model.select().bind(self.database)))

    def stored(self, column: str) -> Any:
        sql = f"SELECT {column}, typeof({column}) FROM {self.model._meta.table_name}"
        return self.connection.execute(sql).fetchall()[0]


STATES = Memory(CoordinationState)


@given(st.integers(YEAR_1, YEAR_9999))
def test_a_time_keeps_its_nanoseconds(moment: int) -> None:
    row = STATES.through(key="k", value={}, updated_at=moment)
    assert times.nanoseconds(row.updated_at) == moment
    assert row.updated_at.endswith("Z")
    assert str(STATES.stored("updated_at")[0]).endswith("+00:00")


@given(st.integers(YEAR_1, YEAR_9999), st.sampled_from(["%sZ", "%s+00:00", "%s"]), st.sampled_from("T "))
def test_every_form_the_runtime_reads_is_read(moment: int, zone: str, middle: str) -> None:
    text = (zone % times.from_nanoseconds(moment)[:-1]).replace("T", middle)
    STATES.through(key="k", value={}, updated_at=0)
    STATES.connection.execute("UPDATE coordination_state SET updated_at = ?", (text,))
    row = STATES.read()
    assert times.nanoseconds(row.updated_at) == moment
    assert damage(row) == ()


@given(st.text())
def test_what_is_no_time_is_shown_as_it_is_and_goes_back_unchanged(text: str) -> None:
    try:
        times.nanoseconds(text)
    except ValueError:
        field = STATE.updated_at
        value = field.python_value(text)
        assert value == text
        assert damage([value]) == ("updated_at: not a time",)
        assert field.db_value(value) == text
        with pytest.raises(UsageError, match="not a time"):
            field.db_value(text)


@given(JSON)
def test_json_comes_back_as_it_went_in(value: Any) -> None:
    row = STATES.through(key="k", value=value, updated_at=0)
    stored, kind = STATES.stored("value")
    assert kind == "text"
    if isinstance(value, int | float) and not isinstance(value, bool):
        assert json.loads(row.value) == value
    else:
        assert row.value == value
        assert stored == stored.strip()
        assert json.loads(stored) == value
    assert damage(row) == ()


@pytest.mark.parametrize("number", [5, -1, 0, 2**63, 10**400, 1.0, 1e300])
def test_a_bare_number_is_written_as_a_string(number: Any) -> None:
    STATES.through(key="k", value=number, updated_at=0)
    assert STATES.stored("value") == (f'"{number}"', "text")
    assert STATES.read().value == str(number)


def test_integers_inside_json_are_exact() -> None:
    assert STATES.through(key="k", value={"id": 2**80 + 1}, updated_at=0).value["id"] == 2**80 + 1


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {1, 2}, {"a": object()}])
def test_what_cannot_be_json_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="cannot be JSON"):
        STATE.value.db_value(value)


def test_half_a_surrogate_pair_survives_json() -> None:
    assert STATES.through(key="k", value=["\ud800"], updated_at=0).value == ["\ud800"]


def test_none_is_null_where_a_json_column_may_not_be_empty() -> None:
    STATES.through(key="k", value=None, updated_at=0)
    assert STATES.stored("value") == ("null", "text")
    assert ArchivalEntry.metadata.db_value(None) is None


@pytest.mark.parametrize("raw", [5, 1.5, -(2**63)])
def test_a_bare_number_found_in_json_is_shown_reported_and_left_alone(raw: Any) -> None:
    STATES.through(key="k", value={}, updated_at=0)
    STATES.connection.execute("UPDATE coordination_state SET value = ?", (raw,))
    row = STATES.read()
    assert row.value == raw
    assert damage(row) == ("value: a bare number, which the runtime cannot read",)
    assert STATE.value.db_value(row.value) == raw


@pytest.mark.parametrize("raw", ["{", "", "nul", "[" * 100_000])
def test_broken_json_is_shown_as_stored_and_goes_back_unchanged(raw: str) -> None:
    value = STATE.value.python_value(raw)
    assert value == raw
    assert damage([value]) == ("value: not valid JSON",)
    assert STATE.value.db_value(value) == raw


@pytest.mark.parametrize("raw", [b'{"a": [1]}', b'"x"', b"[1]", b"null", b"true", b"12", b"1.5", b"\xff"])
def test_json_stored_as_bytes_goes_back_as_the_same_bytes(raw: bytes) -> None:
    value = STATE.value.python_value(raw)
    assert damage([value])[0] == "value: stored as bytes, which the runtime cannot read"
    assert STATE.value.db_value(value) == raw


def test_json_in_a_text_column_keeps_its_numbers() -> None:
    field = QueuedMessage.content_json
    assert field.db_value(5) == "5"
    assert field.python_value("5") == 5


@given(st.text())
def test_an_unknown_word_is_shown_and_reported_but_never_written(word: str) -> None:
    field = Agent.status
    value = field.python_value(word)
    assert value == word
    if word in field.words:
        assert damage([value]) == ()
        assert field.db_value(word) == word
    else:
        assert damage([value])[0].startswith("status: ")
        assert field.db_value(value) == word
        with pytest.raises(UsageError, match="active, hibernated, archived"):
            field.db_value(word)


def test_a_word_of_a_free_column_is_no_damage_but_still_checked_when_written() -> None:
    assert damage([MemoryBlockUpdate.source.python_value("robot")]) == ()
    with pytest.raises(UsageError, match="agent, sync, migration, manual"):
        MemoryBlockUpdate.source.db_value("robot")


@given(st.integers(-(2**40), 2**33))
def test_unix_seconds_are_times(seconds: int) -> None:
    field = AgentAtprotoEndpoint.created_at
    if YEAR_1 <= seconds * times.NS <= YEAR_9999:
        shown = field.python_value(seconds)
        assert times.nanoseconds(shown) == seconds * times.NS
        assert field.db_value(shown) == seconds
    else:
        assert damage([field.python_value(seconds)]) == ("created_at: not a time",)


def test_unix_seconds_refuse_a_fraction_and_show_a_text_as_stored() -> None:
    field = AgentAtprotoEndpoint.created_at
    with pytest.raises(UsageError, match="whole seconds"):
        field.db_value("2026-01-08T19:02:18.5Z")
    with pytest.raises(UsageError, match="not a time"):
        field.db_value("soon")
    value = field.python_value("yesterday")
    assert (value, damage([value])) == ("yesterday", ("created_at: not a time",))


def test_the_ledger_s_time_is_written_in_the_space_form() -> None:
    field = AppliedMigration.installed_on
    assert field.db_value("2026-01-08T20:02:18.123456789+01:00") == "2026-01-08 19:02:18"
    assert field.python_value("2026-01-08 19:02:18") == "2026-01-08T19:02:18Z"


@pytest.mark.parametrize(("raw", "truth"), [(0, False), (1, True), (7, True), (-1, True), (0.5, True), ("true", False)])
def test_flags_are_read_as_the_runtime_reads_them(raw: Any, truth: bool) -> None:
    assert MemoryBlock.pinned.python_value(raw) is truth
    assert MemoryBlock.pinned.db_value(truth) == int(truth)


@given(st.binary())
def test_bytes_are_bytes(content: bytes) -> None:
    field = MemoryBlock.loro_snapshot
    assert field.python_value(field.db_value(content)) == content


def test_a_text_in_a_column_of_bytes_is_read_as_its_bytes_and_a_number_is_reported() -> None:
    field = MemoryBlock.loro_snapshot
    assert field.python_value("é") == "é".encode()
    assert damage([field.python_value(3)]) == ("loro_snapshot: stored as a number, which the runtime cannot read",)
    with pytest.raises(UsageError, match="not bytes"):
        field.db_value("text")


@pytest.mark.parametrize("raw", ["many", 1.5, b"\x01"])
def test_what_is_no_whole_number_stays_as_stored(raw: Any) -> None:
    field = MemoryBlock.char_limit
    value = field.python_value(raw)
    assert (value, damage([value])) == (raw, ("char_limit: not a whole number",))
    assert field.db_value(value) == raw


@pytest.mark.parametrize("value", ["5", 1.0, 2**63, -(2**63) - 1])
def test_only_whole_numbers_of_64_bits_are_written(value: Any) -> None:
    with pytest.raises(UsageError, match="64 bits"):
        MemoryBlock.char_limit.db_value(value)


def test_bytes_in_a_text_column_and_texts_that_are_no_utf_8_are_reported() -> None:
    field = HandoffNote.content
    assert damage([field.python_value(b"\xff")]) == ("content: stored as bytes, which the runtime cannot read",)
    assert damage([field.python_value("caf\udce9")]) == ("content: not valid UTF-8",)
    assert damage([field.python_value("café")]) == ()
    with pytest.raises(UsageError, match=r"handoff_notes\.content cannot hold 5: it is not a text"):
        field.db_value(5)


def test_a_text_that_is_no_utf_8_hides_no_other_row(database: Callable[[str], Path]) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE agents SET description = CAST(x'636166e9' AS TEXT) WHERE name = 'Marlow'")
    connection.close()
    with Constellation.open(path) as constellation:
        agents = {agent.name: agent for agent in constellation.bind(Agent.select())}
    assert len(agents) == 3
    assert damage(agents["Marlow"]) == ("description: not valid UTF-8",)
    assert [name for name, agent in agents.items() if damage(agent)] == ["Marlow"]


def test_a_column_left_out_of_an_insert_gets_the_runtime_s_default(tmp_path: Path) -> None:
    with create_constellation(tmp_path / "new.db") as constellation:
        agent = Agent.insert(
            id="a", name="A", model_provider="p", model_name="m", system_prompt="", config={}, enabled_tools=[],
            created_at=0, updated_at=0,
        )  # fmt: skip
        constellation.bind(agent).execute()
        assert constellation.value("SELECT status FROM agents") == "active"
        assert constellation.value("SELECT created_at FROM agents") == "1970-01-01T00:00:00+00:00"
