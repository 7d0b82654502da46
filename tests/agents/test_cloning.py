"""A copy knows what the first knows, byte for byte, and shares nothing with it but what is shared."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.agents.cloning import Cloned, clone
from pattern_cli.agents.deletion import delete
from pattern_cli.errors import ConflictError, NotFoundError, RefusedError, UsageError
from pattern_cli.memory.blocks import Blocks
from pattern_cli.store import snowflake
from pattern_cli.store.constellation import Constellation
from tests.agents.conftest import everything

JUNIPER = "ea0f0a49523a4b939139570e2791c66a"
MARLOW = "agt_19a6f2c3b40"


def rows(constellation: Constellation, table: str, where: str, without: str = "") -> list[tuple[Any, ...]]:
    """The rows of a table, in their order, each value as SQL writes it: its exact bytes and type."""
    left_out = {"rowid", *without.split()}
    names = [n for (n,) in constellation.rows("SELECT name FROM pragma_table_info(?)", (table,)) if n not in left_out]
    quoted = ", ".join(f"quote({name})" for name in names)
    return list(constellation.rows(f"SELECT {quoted} FROM {table} WHERE {where} ORDER BY rowid"))


def both(constellation: Constellation, done: Cloned, table: str, without: str) -> list[tuple[Any, ...]]:
    """The same rows of the first agent and of its copy, after saying that they are the same."""
    first = rows(constellation, table, f"agent_id = '{done.source_id}'", without)
    assert rows(constellation, table, f"agent_id = '{done.id}'", without) == first
    return first


def test_memory_comes_with_its_whole_history(small: Constellation) -> None:
    done = clone(small, "Juniper", "Marigold")
    assert both(small, done, "memory_blocks", "id agent_id")
    pairs = list(
        small.rows(
            "SELECT a.id, b.id FROM memory_blocks a JOIN memory_blocks b ON b.label = a.label AND b.agent_id = ?"
            " WHERE a.agent_id = ?",
            (done.id, JUNIPER),
        )
    )
    for old, new in pairs:
        assert new.startswith("mem_")
        for table in ("memory_block_updates", "memory_block_checkpoints"):
            copied = rows(small, table, f"block_id = '{new}'", "id block_id")
            assert copied == rows(small, table, f"block_id = '{old}'", "id block_id")
    undone = """SELECT count(*) FROM memory_block_updates u JOIN memory_blocks b ON b.id = u.block_id
                WHERE NOT u.is_active AND b.agent_id = ?"""
    assert small.value(undone, (done.id,)) == small.value(undone, (JUNIPER,)) > 0


def test_every_block_reads_the_same(small: Constellation) -> None:
    done = clone(small, "Juniper", "Marigold")
    first = {row.label: row.used for row in Blocks(small).list("Juniper") if row.agent_id == JUNIPER}
    assert {row.label: row.used for row in Blocks(small).list("Marigold") if row.agent_id == done.id} == first


def test_messages_keep_their_places_and_batches(small: Constellation) -> None:
    done = clone(small, "Juniper", "Marigold")
    assert both(small, done, "messages", "id agent_id batch_id source_metadata")
    pairs = list(
        small.rows(
            """SELECT a.batch_id, b.batch_id FROM messages a JOIN messages b ON b.position = a.position
               AND b.content_json = a.content_json AND b.sequence_in_batch IS a.sequence_in_batch
               WHERE b.agent_id = ? AND a.agent_id = ?""",
            (done.id, JUNIPER),
        )
    )
    batches = dict(pairs)
    assert len(set(batches.values())) == len(batches) > 5
    taken = {batch for (batch,) in small.rows("SELECT batch_id FROM messages WHERE agent_id <> ?", (done.id,))}
    for old, new in batches.items():
        if old is None:
            assert new is None
        else:
            assert new not in taken
            if old.isdigit():
                assert snowflake.milliseconds(snowflake.parse(new)) == snowflake.milliseconds(snowflake.parse(old))
    ids = [id for (id,) in small.rows("SELECT id FROM messages WHERE agent_id = ?", (done.id,))]
    assert all(id.startswith("msg_") and len(id) == 36 for id in ids)


def test_metadata_names_the_copy_and_its_blocks(small: Constellation) -> None:
    block = small.value("SELECT id FROM memory_blocks WHERE agent_id = ? AND label = 'persona'", (JUNIPER,))
    metadata = {
        "user_id": JUNIPER,
        "discord_message_id": 18446744073709551615,
        "block_refs": [
            {"label": "persona", "block_id": block, "agent_id": JUNIPER},
            {"label": "other", "block_id": "x", "agent_id": MARLOW},
        ],
    }
    first = "SELECT id FROM messages WHERE agent_id = ? ORDER BY rowid LIMIT 1"
    id = small.value(first, (JUNIPER,))
    small.connection.execute("UPDATE messages SET source_metadata = ? WHERE id = ?", (json.dumps(metadata), id))
    done = clone(small, "Juniper", "Marigold")
    found = json.loads(
        small.value("SELECT source_metadata FROM messages WHERE id = ?", (small.value(first, (done.id,)),))
    )
    copied = small.value("SELECT id FROM memory_blocks WHERE agent_id = ? AND label = 'persona'", (done.id,))
    assert found == {
        "user_id": done.id,
        "discord_message_id": 18446744073709551615,
        "block_refs": [{"label": "persona", "block_id": copied, "agent_id": done.id}, metadata["block_refs"][1]],
    }


def test_what_cannot_be_read_is_copied_as_it_is(small: Constellation) -> None:
    small.connection.execute(
        f"""UPDATE messages SET source_metadata = '{{oops {JUNIPER}', batch_id = CAST(x'ff' AS TEXT),
            content_json = 5, content_preview = CAST(x'fe' AS TEXT) WHERE rowid IN
            (SELECT rowid FROM messages WHERE agent_id = '{JUNIPER}' LIMIT 2);
            UPDATE messages SET batch_id = 'letta-import-5', created_at = 'never', position = '' WHERE rowid IN
            (SELECT rowid FROM messages WHERE agent_id = '{JUNIPER}' LIMIT 2 OFFSET 2);
            UPDATE memory_blocks SET metadata = '{{', content_preview = CAST(x'fd' AS TEXT) WHERE label = 'persona'"""
    )
    done = clone(small, "Juniper", "Marigold")
    both(small, done, "memory_blocks", "id agent_id")
    both(small, done, "messages", "id agent_id batch_id source_metadata")
    broken = """SELECT count(*) FROM messages WHERE agent_id = ? AND source_metadata LIKE '{oops%'
                AND batch_id = CAST(x'ff' AS TEXT)"""
    assert small.value(broken, (done.id,)) == 2
    letta = "SELECT count(*) FROM messages WHERE agent_id = ? AND batch_id LIKE 'letta%'"
    assert (small.value(letta, (JUNIPER,)), small.value(letta, (done.id,))) == (2, 0)


@pytest.mark.parametrize(
    ("table", "link"), [("archival_entries", "parent_entry_id"), ("archive_summaries", "previous_summary_id")]
)
def test_chains_hang_together_in_the_copy(table: str, link: str, small: Constellation) -> None:
    done = clone(small, "Juniper", "Marigold")
    assert both(small, done, table, f"id agent_id {link}")
    links = f"SELECT count(*), count({link}) FROM {table} WHERE agent_id = ?"
    assert next(small.rows(links, (done.id,))) == next(small.rows(links, (JUNIPER,)))
    inside = (
        f"SELECT count(*) FROM {table} c JOIN {table} p ON p.id = c.{link} WHERE c.agent_id = ?1 AND p.agent_id = ?1"
    )
    assert small.value(inside, (done.id,)) == small.value(inside, (JUNIPER,)) > 0


def test_a_chain_in_a_circle_and_one_to_another_agent(small: Constellation) -> None:
    small.connection.execute(
        f"""INSERT INTO archival_entries VALUES ('a', '{JUNIPER}', 'circle', NULL, 0, NULL, 't'),
            ('b', '{JUNIPER}', 'circle', NULL, 1, 'a', 't'), ('m', '{MARLOW}', 'his', NULL, 0, NULL, 't'),
            ('c', '{JUNIPER}', 'hangs on his', NULL, 1, 'm', 't');
            UPDATE archival_entries SET parent_entry_id = 'b' WHERE id = 'a'"""
    )
    done = clone(small, "Juniper", "Marigold")
    parent = """SELECT p.{0} FROM archival_entries c JOIN archival_entries p ON p.id = c.parent_entry_id
                WHERE c.agent_id = ? AND c.content = ?"""
    assert small.value(parent.format("agent_id"), (done.id, "circle")) == done.id
    assert small.value(parent.format("id"), (done.id, "hangs on his")) == "m"


def test_shares_given_and_received(small: Constellation) -> None:
    shared = """SELECT b.label, b.agent_id = ?1, s.agent_id = ?1, s.permission FROM shared_block_agents s
                JOIN memory_blocks b ON b.id = s.block_id WHERE s.agent_id = ?1 OR b.agent_id = ?1 ORDER BY 1, 2, 3"""
    small.connection.execute(
        f"""INSERT OR IGNORE INTO shared_block_agents SELECT id, '{MARLOW}', 'append', 't' FROM memory_blocks
            WHERE agent_id = '{JUNIPER}' AND label = 'persona'"""
    )
    first = list(small.rows(shared, (JUNIPER,)))
    done = clone(small, "Juniper", "Marigold")
    assert list(small.rows(shared, (done.id,))) == first
    assert list(small.rows(shared, (JUNIPER,))) == first
    assert len({(given, received) for _, given, received, _ in first}) == 2


def test_the_row_of_the_copy(small: Constellation) -> None:
    small.connection.execute(
        """UPDATE agents SET config = json_set(config, '$.id', id), description = CAST(x'ff' AS TEXT),
           tool_rules = ' [ ] ', enabled_tools = 5 WHERE name = 'Juniper'"""
    )
    done = clone(small, "Juniper", "Marigold")
    (first,) = rows(small, "agents", "name = 'Juniper'", "id name config created_at updated_at")
    assert rows(small, "agents", f"id = '{done.id}'", "id name config created_at updated_at") == [first]
    old, new = (
        json.loads(small.value("SELECT config FROM agents WHERE name = ?", (n,))) for n in ("Juniper", "Marigold")
    )
    assert new == old | {"id": done.id, "name": "Marigold"}
    assert small.value(
        "SELECT created_at = updated_at AND created_at LIKE '%+00:00' FROM agents WHERE id = ?", (done.id,)
    )


def test_a_configuration_that_does_not_name_the_agent_keeps_its_bytes(small: Constellation) -> None:
    small.connection.execute("UPDATE agents SET config = '{ \"a\" : 1.50 }' WHERE name = 'Marlow'")
    clone(small, "Marlow", "Marigold")
    assert small.value("SELECT config FROM agents WHERE name = 'Marigold'") == '{ "a" : 1.50 }'


def test_groups_only_when_asked_for(small: Constellation) -> None:
    members = "SELECT group_id, role, capabilities FROM group_members WHERE agent_id = ? ORDER BY 1"
    alone = clone(small, "Juniper", "Marigold")
    assert list(small.rows(members, (alone.id,))) == []
    assert any("Harbor Crew, Night Watch" in remark for remark in alone.remarks)
    joined = clone(small, "Juniper", "Basil", groups=True)
    assert list(small.rows(members, (joined.id,))) == list(small.rows(members, (JUNIPER,))) != []
    assert not any("Harbor Crew" in remark for remark in joined.remarks)


def test_without_messages_summaries_come_along(small: Constellation) -> None:
    done = clone(small, "Juniper", "Marigold", messages=False)
    assert small.value("SELECT count(*) FROM messages WHERE agent_id = ?", (done.id,)) == 0
    assert both(small, done, "archive_summaries", "id agent_id previous_summary_id")
    assert "messages" not in done.rows


def test_what_stays_with_the_first_is_said(small: Constellation) -> None:
    small.connection.execute(
        f"INSERT INTO queued_messages(id, target_agent_id, content) VALUES ('1', '{JUNIPER}', 'waits')"
    )
    remarks = " ".join(clone(small, "Juniper", "Marigold").remarks)
    assert "1 waiting message" in remarks
    assert "1 login" in remarks
    assert "data sources come along" in remarks


def test_a_copy_can_go_again_without_a_trace(small: Constellation) -> None:
    counters = {"sqlite_sequence"}
    before = {name: rows for name, rows in everything(small).items() if name not in counters}
    delete(small, clone(small, "Juniper", "Marigold", groups=True).id)
    assert {name: rows for name, rows in everything(small).items() if name not in counters} == before
    for index in ("messages_fts", "memory_blocks_fts", "archival_fts"):
        small.connection.execute(f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)")


@pytest.mark.parametrize(
    ("ref", "name", "error"),
    [
        ("Nobody", "Basil", NotFoundError),
        ("Juniper", "Marlow", ConflictError),
        ("Juniper", "Juniper", ConflictError),
        ("Juniper", "", UsageError),
        ("Juniper", "a\nb", UsageError),
        ("Juniper", "\udcff", UsageError),
    ],
)
def test_bad_input_writes_nothing(ref: str, name: str, error: type[Exception], small: Constellation) -> None:
    before = everything(small)
    with pytest.raises(error):
        clone(small, ref, name)
    assert everything(small) == before


def test_an_error_in_the_middle_undoes_all(small: Constellation) -> None:
    before = everything(small)
    seen = []

    def stop(done: int, total: int | None) -> None:
        seen.append(done)
        if done > 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clone(small, "Juniper", "Marigold", progress=stop)
    assert everything(small) == before
    assert seen == sorted(seen)
    assert clone(small, "Juniper", "Marigold").rows["messages"] == 48


def test_beside_a_runtime_a_small_copy_is_made(beside_a_runtime: Constellation) -> None:
    assert clone(beside_a_runtime, "Marlow", "Marigold").rows


def test_a_large_one_is_refused_beside_a_runtime(
    beside_a_runtime: Constellation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pattern_cli.store.constellation.LIVE_ROWS", 20)
    before = everything(beside_a_runtime)
    with pytest.raises(RefusedError, match="cloning Juniper would hold the write lock"):
        clone(beside_a_runtime, "Juniper", "Marigold")
    assert everything(beside_a_runtime) == before
    assert clone(beside_a_runtime, "Juniper", "Marigold", force=True).rows


def test_large_agents(database: Callable[[str], Path]) -> None:
    with Constellation.open(database("constellations/medium.db"), "write") as constellation:
        (agent,) = next(constellation.rows("SELECT agent_id FROM messages GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"))
        done = clone(constellation, agent, "Copy")
        assert done.rows["messages"] > 1_000
        both(constellation, done, "messages", "id agent_id batch_id source_metadata")
        grouped = "SELECT count(DISTINCT batch_id) FROM messages WHERE agent_id = ?"
        assert constellation.value(grouped, (done.id,)) == constellation.value(grouped, (agent,))
        assert list(constellation.rows("PRAGMA foreign_key_check")) == []


def test_a_dry_run_counts_and_writes_nothing(small: Constellation) -> None:
    before = everything(small)
    tried = clone(small, "Juniper", "Marigold", dry_run=True)
    assert everything(small) == before
    assert tried.id is None
    done = clone(small, "Juniper", "Marigold")
    assert replace(done, id=None, dry_run=True) == tried
    with pytest.raises(ConflictError):
        clone(small, "Juniper", "Marlow", dry_run=True)
