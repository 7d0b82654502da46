from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from pattern_cli.schema.shape import differences
from pattern_cli.store import versions

Database = Callable[[str], Path]
UP_TO = {version: tuple(v for v in versions.KNOWN if v <= version) for version in versions.KNOWN}


@pytest.mark.parametrize("version", versions.KNOWN)
def test_the_runtime_s_own_databases_do_not_differ(version: int, fixtures_dir: Path) -> None:
    name = f"file:{fixtures_dir}/versions/{version:04d}.db?immutable=1"
    connection = apsw.Connection(name, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    assert differences(connection, UP_TO[version]) == ()


@pytest.mark.parametrize("name", ["versions/0010-preedit.db", "constellations/small-embeddings.db"])
def test_a_role_of_the_first_days_and_further_tables_are_no_difference(name: str, database: Database) -> None:
    connection = apsw.Connection(str(database(name)))
    version = connection.execute("SELECT max(version) FROM _sqlx_migrations").fetchall()[0][0]
    assert differences(connection, UP_TO[int(str(version))]) == ()


ATTACHMENTS = """DROP TABLE folder_attachments;
    CREATE TABLE folder_attachments (
        folder_id TEXT NOT NULL,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        access TEXT NOT NULL,
        attached_at TEXT NOT NULL,
        PRIMARY KEY (folder_id, agent_id)
    )"""
DELETION = "CREATE TRIGGER archival_ad AFTER DELETE ON archival_entries BEGIN SELECT 1; END"


@pytest.mark.parametrize(
    ("sql", "difference"),
    [
        ("DROP TRIGGER messages_au", "trigger messages_au is missing"),
        ("DROP INDEX idx_updates_block", "index idx_updates_block is missing"),
        ("DROP INDEX idx_tasks_due; CREATE INDEX idx_tasks_due ON tasks (due_at)", "index idx_tasks_due differs"),
        (
            "DROP INDEX idx_tasks_agent; CREATE INDEX idx_tasks_agent ON tasks (agent_id)",
            "index idx_tasks_agent differs",
        ),
        ("ALTER TABLE events DROP location", "column events.location is missing"),
        ("ALTER TABLE events DROP location; ALTER TABLE events ADD location", "column events.location differs"),
        (f"DROP TRIGGER archival_ad; {DELETION}", "trigger archival_ad differs"),
        (ATTACHMENTS, "foreign key folder_attachments.folder_id is missing"),
    ],
)
def test_every_kind_of_difference_is_named(sql: str, difference: str, database: Database) -> None:
    connection = apsw.Connection(str(database("versions/0013.db")))
    connection.execute(sql)
    assert differences(connection, versions.KNOWN) == (difference,)


def test_a_missing_table_is_named_with_what_it_had(database: Database) -> None:
    connection = apsw.Connection(str(database("versions/0013.db")))
    connection.execute("DROP TABLE coordination_state")
    assert differences(connection, versions.KNOWN)[0] == "table coordination_state is missing"


def test_versions_that_cannot_have_been_applied_alone_are_named(database: Database) -> None:
    connection = apsw.Connection(str(database("versions/0013.db")))
    assert differences(connection, (1, 10)) == ("the ledger lacks versions that later ones build on",)
