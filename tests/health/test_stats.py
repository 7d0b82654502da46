from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.health import stats
from pattern_cli.health.stats import AgentMessages, DatabaseStats, EmbeddingStats, Stats
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
VERSIONS = ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0009", "0010", "0011", "0012", "0013"]


def read(path: Path, **options: Any) -> DatabaseStats:
    with Constellation.open(path) as constellation:
        return Stats(constellation).read(**options)


def test_what_is_left_out_is_counted_apart(database: Database) -> None:
    found = read(database("constellations/small.db"))
    assert (found.agents, found.groups) == (3, 2)
    assert (found.blocks, found.inactive_blocks) == (37, 1)
    assert (found.updates, found.undone_updates, found.checkpoints) == (135, 11, 2)
    assert (found.messages, found.archived_messages, found.deleted_messages) == (86, 18, 5)
    assert found.archival_entries == 17


def test_the_counts_are_those_of_plain_sql(database: Database) -> None:
    path = database("constellations/medium.db")
    found = read(path, top=100)
    sql = """SELECT a.id, a.name, count(*) FILTER (WHERE NOT is_deleted),
                    count(*) FILTER (WHERE NOT is_deleted AND is_archived), count(*) FILTER (WHERE is_deleted)
             FROM agents AS a JOIN messages AS m ON m.agent_id = a.id GROUP BY a.id ORDER BY 3 DESC, a.name"""
    expected = [AgentMessages(*row) for row in apsw.Connection(str(path)).execute(sql)]  # type: ignore[arg-type]
    assert list(found.top_agents) == expected


def test_only_the_most_active_agents_are_named(database: Database) -> None:
    path = database("constellations/medium.db")
    assert len(read(path).top_agents) == 5
    assert read(path, top=2).top_agents == read(path).top_agents[:2]
    assert read(path, top=0).top_agents == ()


def test_an_agent_without_messages_is_named(database: Database) -> None:
    found = read(database("versions/0013.db"))
    assert [(agent.name, agent.message_count) for agent in found.top_agents][-1][1] == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_every_schema_version_is_counted(database: Database, version: str) -> None:
    found = read(database(f"versions/{version}.db"))
    assert found.version == int(version)
    assert (found.agents, found.messages, found.archived_messages) == (2, 2, 1)
    assert found.updates == (3 if version >= "0004" else 0)
    assert len(found.full_text) == (3 if version >= "0002" else 0)


def test_the_vector_table_needs_no_extension(database: Database) -> None:
    assert read(database("constellations/small-embeddings.db")).embeddings == EmbeddingStats(20, 8)
    assert read(database("constellations/small.db")).embeddings is None


def test_a_full_text_index_with_missing_rows_shows_it(database: Database) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO messages_fts(messages_fts) VALUES ('delete-all')")
    connection.close()
    shown = {index.name: (index.table, index.rows, index.indexed) for index in read(path).full_text}
    assert shown["messages_fts"] == ("messages", 91, 0)
    assert shown["memory_blocks_fts"] == ("memory_blocks", 38, 38)


def test_the_sizes_add_up_to_the_file(database: Database) -> None:
    path = database("constellations/small-embeddings.db")
    found = read(path)
    names = [table.name for table in found.tables]
    assert "embeddings" in names and "messages_fts" in names
    assert not any(name.startswith(("embeddings_", "messages_fts_", "sqlite_")) for name in names)
    total = sum(table.size or 0 for table in found.tables)
    # What is left are the schema, SQLite's own table and its index.
    assert 0 <= found.size - total <= 30 * 4096
    assert [table.size for table in found.tables] == sorted((table.size for table in found.tables), reverse=True)  # type: ignore[type-var]


def test_a_large_file_is_not_measured_unasked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database("constellations/small.db")
    monkeypatch.setattr(stats, "CHEAP_BYTES", 1000)
    assert {table.size for table in read(path).tables} == {None}
    assert None not in {table.size for table in read(path, sizes=True).tables}


def test_an_old_file_has_no_later_tables(database: Database) -> None:
    found = read(database("versions/0001.db"))
    assert found.queued_messages == 0
    assert "queued_messages" not in [table.name for table in found.tables]
