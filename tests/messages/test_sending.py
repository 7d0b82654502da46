"""Sending: the row is the one the runtime would have written, and it can deliver it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.errors import AmbiguousError, NotFoundError, UsageError
from pattern_cli.messages.queue import Queue
from pattern_cli.messages.sending import Sent, send
from pattern_cli.store import snowflake
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
SMALL = "constellations/small.db"
JUNIPER, MARLOW = "ea0f0a49523a4b939139570e2791c66a", "agt_19a6f2c3b40"


def put(path: Path, *args: Any, **options: Any) -> Sent:
    with Constellation.open(path, "write") as constellation:
        return send(constellation, *args, **options)


def stored(path: Path, id: str | None) -> dict[str, Any]:
    with Constellation.open(path) as constellation:
        cursor = constellation.connection.execute("SELECT * FROM queued_messages WHERE id = ?", (id,))
        names = [column[0] for column in cursor.description]
        return dict(zip(names, next(cursor), strict=True))


def delivered(row: dict[str, Any]) -> tuple[Any, Any]:
    """Content and metadata of the message that the runtime makes of a row (database.md §7.4)."""
    return json.loads(row["content_json"]), json.loads(row["metadata_json_full"])


def test_the_row_has_the_types_of_one_that_the_runtime_wrote(database: Database) -> None:
    path = database(SMALL)
    ours = stored(path, put(path, "Marlow", "Please look.", sender="Juniper").id)
    theirs = stored(path, "33200932007313408")

    differing = {name for name in ours if type(ours[name]) is not type(theirs[name])}
    assert differing == {"batch_id"}
    assert ours["batch_id"] is None
    assert (ours["priority"], ours["role"], ours["metadata_json"], ours["processed_at"]) == (0, "user", None, None)
    assert list(json.loads(ours["origin_json"])) == list(json.loads(theirs["origin_json"]))
    assert ours["created_at"].endswith("+00:00")
    assert "T" in ours["created_at"]


def test_the_id_is_a_position_of_now_in_decimal(database: Database) -> None:
    path = database(SMALL)
    sent = put(path, "Marlow", "Please look.")

    assert sent.id is not None
    assert len(sent.id) == 17
    assert (snowflake.rfc3339z_of(sent.id) or "")[:16] == (sent.created_at or "")[:16]


def test_an_agents_message_names_the_agent(database: Database) -> None:
    path = database(SMALL)
    row = stored(path, put(path, "Marlow", "Please look.", sender="Juniper").id)

    assert (row["source_agent_id"], row["target_agent_id"]) == (JUNIPER, MARLOW)
    assert json.loads(row["origin_json"])["name"] == "Juniper"
    assert delivered(row) == ({"Text": "Please look."}, {"user_id": JUNIPER})


def test_a_persons_message_names_the_person(database: Database) -> None:
    path = database(SMALL)
    row = stored(path, put(path, "Marlow", "Please look.", user="ada", metadata={"channel_id": "harbor", "n": 1}).id)

    assert row["source_agent_id"] is None
    assert json.loads(row["origin_json"]) == {"type": "cli", "session_id": "ada", "command": "messages send"}
    assert delivered(row)[1] == {"user_id": "ada", "channel_id": "harbor", "n": 1}


def test_nobodys_message_has_empty_metadata_as_the_runtime_writes_it(database: Database) -> None:
    path = database(SMALL)
    assert stored(path, put(path, "Marlow", "Please look.").id)["metadata_json_full"] == "{}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1).filter(str.strip))
def test_every_text_is_delivered_as_it_was_typed(database: Database, tmp_path: Path, text: str) -> None:
    path = tmp_path / "shared.db"
    if not path.exists():
        database(SMALL).rename(path)
    row = stored(path, put(path, "Marlow", text).id)

    assert delivered(row)[0] == {"Text": text}
    assert row["content"] == text


def test_what_waits_already_comes_first(database: Database) -> None:
    path = database(SMALL)
    assert put(path, "Marlow", "third").ahead == 2
    with Constellation.open(path) as constellation:
        assert [row.content for row in Queue(constellation).list("Marlow")][2] == "third"


def test_a_waiting_row_that_stops_the_mailbox_is_named(database: Database) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        constellation.connection.execute("UPDATE queued_messages SET created_at = '' WHERE id = '33200932007313409'")
    assert put(path, "Marlow", "after it").blocked_by == ("33200932007313409",)
    assert put(path, "Juniper", "elsewhere").blocked_by == ()


def test_a_status_does_not_keep_a_message_away(database: Database) -> None:
    path = database(SMALL)
    with Constellation.open(path, "write") as constellation:
        constellation.connection.execute("UPDATE agents SET status = 'archived' WHERE name = 'Juniper'")
    assert put(path, "Juniper", "still there?").agent_status == "archived"


def test_a_dry_run_stores_nothing(database: Database) -> None:
    path = database(SMALL)
    before = path.read_bytes()
    with Constellation.open(path) as constellation:
        sent = send(constellation, "Marlow", "not yet", dry_run=True)

    assert (sent.id, sent.created_at, sent.dry_run) == (None, None, True)
    assert path.read_bytes() == before


def test_messages_sent_at_the_same_time_are_all_stored(database: Database) -> None:
    path = database(SMALL)
    with ThreadPoolExecutor(4) as pool:
        ids = [sent.id for sent in pool.map(lambda number: put(path, "Marlow", f"message {number}"), range(20))]

    assert len(set(ids)) == 20
    with Constellation.open(path) as constellation:
        assert constellation.value("SELECT count(*) FROM queued_messages") == 24


def test_the_runtime_that_has_the_file_open_is_named(database: Database, writer: Callable[[Path], Any]) -> None:
    path = database(SMALL)
    other = writer(path)
    other.run(("SELECT 1", []))

    assert str(other.process.pid) in (put(path, "Marlow", "beside it").runtime or "")


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"user_id": 5}, "user_id"),
        ({"channel_id": ["a"]}, "channel_id"),
        ({"timestamp": "soon"}, "timestamp"),
        ({"timestamp": 5}, "timestamp"),
        ({"block_refs": None}, "block_refs"),
        ({"block_refs": [{"label": "persona", "block_id": "mem_1"}]}, "block_refs"),
        ({"more": float("inf")}, "metadata"),
    ],
)
def test_metadata_that_the_runtime_would_drop_is_refused(database: Database, metadata: Any, said: str) -> None:
    path = database(SMALL)
    with pytest.raises(UsageError, match=said):
        put(path, "Marlow", "hello", metadata=metadata)
    with Constellation.open(path) as constellation:
        assert constellation.value("SELECT count(*) FROM queued_messages") == 4


def test_a_time_in_the_metadata_gets_the_runtimes_form(database: Database) -> None:
    assert put(database(SMALL), "Marlow", "hello", metadata={"timestamp": "2026-01-08 19:02"}).metadata_json_full == {
        "timestamp": "2026-01-08T19:02:00Z"
    }


def test_metadata_of_the_caller_is_not_changed(database: Database) -> None:
    given_one = {"timestamp": "2026-01-08 19:02"}
    put(database(SMALL), "Marlow", "hello", metadata=given_one)
    assert given_one == {"timestamp": "2026-01-08 19:02"}


@pytest.mark.parametrize(
    ("args", "options", "said"),
    [
        (("Marlow", " \n"), {}, "empty"),
        (("Marlow", "x"), {"sender": "Juniper", "user": "ada"}, "not from both"),
        (("Marlow", "x"), {"user": "ada", "metadata": {"user_id": "bob"}}, "named twice"),
    ],
)
def test_what_makes_no_sense_is_refused(database: Database, args: Any, options: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        put(database(SMALL), *args, **options)


def test_an_unknown_agent_gets_the_nearest_name(database: Database) -> None:
    path = database(SMALL)
    with pytest.raises(NotFoundError) as caught:
        put(path, "Junper", "x")
    assert "did you mean Juniper?" in (caught.value.hint or "")
    with pytest.raises(NotFoundError, match="Nobody"):
        put(path, "Marlow", "x", sender="Nobody")


def test_a_group_has_no_mailbox_and_its_members_are_named(database: Database) -> None:
    with pytest.raises(NotFoundError, match="is a group") as caught:
        put(database(SMALL), "Harbor Crew", "x")
    assert "Juniper, Marlow" in (caught.value.hint or "")


def test_an_ambiguous_beginning_is_refused(database: Database) -> None:
    path = database("constellations/medium.db")
    with Constellation.open(path) as constellation:
        ids = sorted(str(row[0]) for row in constellation.rows("SELECT id FROM agents"))
    shared = next(first[:1] for first, second in itertools.pairwise(ids) if first[:1] == second[:1])
    with pytest.raises(AmbiguousError):
        put(path, shared, "x")
