from __future__ import annotations

import json
import os
import re
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest
from blake3 import blake3

from pattern_cli.backups import finished
from pattern_cli.backups import snapshot as module
from pattern_cli.backups.manifest import manifest_path
from pattern_cli.backups.snapshot import snapshot
from pattern_cli.backups.verify import verify
from pattern_cli.errors import ConflictError, FailureError, IntegrityError, NotFoundError
from pattern_cli.store.constellation import Constellation

Database = Callable[[str], Path]
SMALL = "constellations/small.db"
MEDIUM = "constellations/medium.db"
VERSIONS = [
    "0001",
    "0001-preedit",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
]


def take(path: Path, **options: Any) -> Any:
    with Constellation.open(path) as constellation:
        return snapshot(constellation, **options)


def count(path: Path, table: str = "messages") -> int:
    with finished.opened(path) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def damage_index(path: Path) -> None:
    """Take two rows out of an index by writing them while SQLite does not know the index."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA writable_schema = ON")
    where = "name = 'idx_messages_agent_position'"
    row = connection.execute(f"SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE {where}").fetchall()[
        0
    ]
    connection.execute(f"DELETE FROM sqlite_schema WHERE {where}")
    connection.close()
    connection = apsw.Connection(str(path))
    connection.execute(
        "INSERT INTO messages SELECT id || 'x', agent_id, position || '1', batch_id, sequence_in_batch, role,"
        " content_json, content_preview, batch_type, source, source_metadata, is_archived, created_at, is_deleted"
        " FROM messages LIMIT 2"
    )
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)
    connection.close()


def test_a_backup_holds_every_row_of_every_table(database: Database) -> None:
    path = database(MEDIUM)
    done = take(path)
    with Constellation.open(path) as source, finished.opened(Path(done.path)) as copy:
        tables = [
            name for (name,) in source.rows("SELECT name FROM sqlite_schema WHERE rootpage > 0 AND type = 'table'")
        ]
        for table in tables:
            query = f'SELECT * FROM "{table}"'
            assert source.connection.execute(query).fetchall() == copy.execute(query).fetchall(), table


def test_its_default_place_and_name(database: Database) -> None:
    path = database(SMALL)
    done = take(path)
    assert Path(done.path).parent == path.parent / "backups"
    assert re.fullmatch(r"small-\d{8}T\d{6}Z\.db", Path(done.path).name)
    assert names(Path(done.path).parent) == [Path(done.path).name, Path(done.path).name + ".json"]


def test_only_its_owner_may_read_it(database: Database) -> None:
    done = take(database(SMALL))
    for file, mode in ((done.path, 0o600), (done.manifest, 0o600), (Path(done.path).parent, 0o700)):
        assert stat.S_IMODE(Path(file).stat().st_mode) == mode


def test_the_manifest_says_what_proves_it(database: Database) -> None:
    path = database(SMALL)
    done = take(path, reason="migrate")
    manifest = json.loads(Path(done.manifest).read_text())
    content = Path(done.path).read_bytes()
    assert manifest["format"] == "pattern-backup"
    assert manifest["format_version"] == 1
    assert manifest["source"] == str(path)
    assert manifest["version"] == 13
    assert manifest["reason"] == "migrate"
    assert manifest["size"] == len(content)
    assert manifest["hash"] == "blake3:" + blake3(content).hexdigest()
    assert manifest["counts"]["messages"] == count(Path(done.path))
    assert manifest["counts"]["_sqlx_migrations"] == 12
    assert manifest["verified"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", manifest["created_at"])
    assert "messages_fts_data" not in manifest["counts"]


def test_what_is_only_in_the_log_is_backed_up(database: Database) -> None:
    path = database("wal/live.db")
    done = take(path)
    assert count(Path(done.path)) == 241
    assert not Path(done.path + "-wal").exists()


def test_the_source_and_its_log_stay_as_they_were(database: Database, tmp_path: Path) -> None:
    path = database("wal/live.db")
    before = {name: (path.parent / name).read_bytes() for name in names(path.parent) if not name.endswith("-shm")}
    take(path, destination=tmp_path)
    assert {name: (path.parent / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("version", VERSIONS)
def test_every_schema_version_can_be_backed_up(database: Database, version: str) -> None:
    done = take(database(f"versions/{version}.db"))
    assert done.version == int(version[:4])
    assert done.verified


def test_a_vector_table_needs_no_extension(database: Database) -> None:
    done = take(database("constellations/small-embeddings.db"))
    assert count(Path(done.path), "embeddings_rowids") == 20


def test_it_finishes_beside_a_writer_that_commits_every_20_ms(database: Database, writing: Any) -> None:
    path = database(MEDIUM)
    with writing(path):
        before = count_live(path)
        began = time.monotonic()
        done = take(path)
        assert time.monotonic() - began < 30
        after = count_live(path)
    assert before <= done.counts["messages"] <= after
    assert after > before
    assert finished.problems_in(Path(done.path)) == []


def count_live(path: Path) -> int:
    with Constellation.open(path) as constellation:
        return int(constellation.value("SELECT count(*) FROM messages"))


def test_it_is_the_state_of_one_moment(database: Database, writing: Any) -> None:
    path = database(MEDIUM)
    seen: list[int] = []

    def watch(done: int, total: int | None) -> None:
        seen.append(done)
        time.sleep(0.03)

    with writing(path), Constellation.open(path) as constellation:
        done = snapshot(constellation, progress=watch)
    with finished.opened(Path(done.path)) as copy:
        written = [
            row[0] for row in copy.execute("SELECT id FROM messages WHERE id GLOB 'msg_written_*' ORDER BY rowid")
        ]
    assert written == [f"msg_written_{number}" for number in range(len(written))]
    assert len(seen) > 5, "the copy must have taken several commits' time"


def test_a_named_file_is_used(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "saved"
    assert take(database(SMALL), destination=target).path == str(target)
    assert manifest_path(target).exists()


def test_a_named_folder_gets_the_default_name(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert Path(take(database(SMALL), destination=folder).path).parent == folder


def test_two_in_one_second_get_two_names(database: Database) -> None:
    path = database(SMALL)
    made = {take(path).path for _ in range(4)}
    assert len(made) == 4


class OneSecond:
    """A clock that stands still."""

    @staticmethod
    def now(zone: Any) -> datetime:
        return datetime(2026, 1, 2, tzinfo=UTC)


def test_two_at_once_get_two_names(database: Database, monkeypatch: pytest.MonkeyPatch, started: Any) -> None:
    """The other one starts when this one has chosen its name, and ends before this one gives it to its backup."""
    path = database(SMALL)
    monkeypatch.setattr(module, "datetime", OneSecond)
    script = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import pattern_cli.backups.snapshot as module
from pattern_cli.store.constellation import Constellation
class OneSecond:
    now = staticmethod(lambda zone: datetime(2026, 1, 2, tzinfo=UTC))
module.datetime = OneSecond
with Constellation.open(sys.argv[1]) as constellation:
    print(Path(module.snapshot(constellation).path).name, flush=True)
"""
    others: list[str] = []

    def other(done: int, total: int | None) -> None:
        if not others:
            others.append(started(script, path).line())

    done = Path(take(path, progress=other).path)
    assert (others, done.name) == (["small-20260102T000000Z.db"], "small-20260102T000000Z-2.db")
    assert json.loads(manifest_path(done).read_text())["file"] == done.name
    assert sorted(names(done.parent)) == sorted(
        [f"{name}{end}" for name in (*others, done.name) for end in ("", ".json")]
    )
    assert all(verify(done.parent / name).counts["messages"] == 91 for name in (*others, done.name))


def test_an_existing_file_is_never_replaced(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "saved.db"
    target.write_text("precious")
    with pytest.raises(ConflictError, match=r"saved\.db exists already"):
        take(database(SMALL), destination=target)
    assert target.read_text() == "precious"


def test_the_log_of_a_database_that_is_gone_is_not_played_into_a_backup(database: Database, tmp_path: Path) -> None:
    log = tmp_path / "saved.db-wal"
    log.write_text("of another database")
    with pytest.raises(ConflictError, match=r"saved\.db-wal is the log of a database that is gone"):
        take(database(SMALL), destination=tmp_path / "saved.db")
    assert not (tmp_path / "saved.db").exists()


def test_a_file_that_appears_meanwhile_is_not_replaced_either(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(ConflictError):
        take(database(SMALL), destination=folder / "x.db", progress=lambda done, total: touch(folder / "x.db"))
    assert names(folder) == ["x.db"]
    assert (folder / "x.db").read_text() == "precious"


def touch(path: Path) -> None:
    path.write_text("precious")


def test_a_missing_folder_is_named(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no folder"):
        take(database(SMALL), destination=tmp_path / "nowhere" / "x.db")


def test_uncommitted_changes_are_never_backed_up(database: Database) -> None:
    with (
        Constellation.open(database(SMALL), "write") as constellation,
        constellation.transaction(),
        pytest.raises(FailureError, match="inside a transaction"),
    ):
        snapshot(constellation)


def test_a_full_disk_is_said_before_anything_is_written(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 1000})())
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(FailureError, match=r"needs 0\.7 MB"):
        take(database(SMALL), destination=folder)
    assert names(folder) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_when_it_is_interrupted(database: Database, tmp_path: Path, error: type[BaseException]) -> None:
    folder = tmp_path / "out"
    folder.mkdir()

    def stop(done: int, total: int | None) -> None:
        if total is None or done > total / 2:
            raise error

    with pytest.raises(error):
        take(database(MEDIUM), destination=folder, progress=stop)
    assert names(folder) == []


def test_the_source_can_be_used_after_an_interruption(database: Database) -> None:
    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with Constellation.open(database(SMALL)) as constellation:
        with pytest.raises(KeyboardInterrupt):
            snapshot(constellation, progress=stop)
        assert not constellation.connection.in_transaction
        assert snapshot(constellation).verified


def test_a_write_error_leaves_nothing(database: Database, tmp_path: Path, started: Any) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    script = """
import resource, sys
from pathlib import Path
from pattern_cli.backups.snapshot import snapshot
from pattern_cli.errors import FailureError
from pattern_cli.store.constellation import Constellation
with Constellation.open(sys.argv[1]) as constellation:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, 10_000_000))
    try:
        snapshot(constellation, destination=Path(sys.argv[2]))
    except FailureError as error:
        print(error.message, flush=True)
"""
    process = started(script, database(MEDIUM), folder)
    assert "failed" in process.line()
    process.process.communicate()
    assert names(folder) == []


def test_killed_in_the_middle_nothing_has_the_final_name(database: Database, tmp_path: Path, started: Any) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = database(MEDIUM)
    script = """
import sys, time
from pathlib import Path
from pattern_cli.backups.snapshot import snapshot
from pattern_cli.store.constellation import Constellation
def progress(done, total):
    if total is None or done > total / 2:
        print("half", flush=True)
        time.sleep(60)
with Constellation.open(sys.argv[1]) as constellation:
    snapshot(constellation, destination=Path(sys.argv[2]), progress=progress)
"""
    process = started(script, path, folder)
    assert process.line() == "half"
    process.kill()
    (left,) = names(folder)
    assert left.startswith(".") and left.endswith(f".{process.process.pid}.partial")
    os.utime(folder / left, (time.time() - 7200, time.time() - 7200))
    done = take(path, destination=folder)
    assert names(folder) == [Path(done.path).name, Path(done.manifest).name], "a later backup clears what was left"


def test_a_damaged_source_makes_no_backup(database: Database, tmp_path: Path) -> None:
    path = database(SMALL)
    damage_index(path)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(IntegrityError, match="missing from index idx_messages_agent_position"):
        take(path, destination=folder)
    assert names(folder) == []


def test_unchecked_even_a_damaged_source_is_saved(database: Database) -> None:
    path = database(SMALL)
    damage_index(path)
    done = take(path, verify=False)
    assert not done.verified
    assert json.loads(Path(done.manifest).read_text())["verified"] is False


def test_progress_counts_bytes_to_the_end(database: Database) -> None:
    path = database(MEDIUM)
    seen: list[tuple[int, int | None]] = []
    done = take(path, progress=lambda done, total: seen.append((done, total)))
    copied = [step for step in seen if step[1] is not None]
    assert copied[-1] == (done.size, done.size)
    assert [step[0] for step in copied] == sorted(step[0] for step in copied)
    assert seen[-1] == (0, None)
