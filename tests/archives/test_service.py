from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.archives.archive import Archive
from pattern_cli.archives.plans import ImportOptions
from pattern_cli.archives.service import Import, refusal
from pattern_cli.backups.snapshot import snapshot
from pattern_cli.errors import ConflictError, FailureError, IntegrityError, RefusedError, SchemaError
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.schemas import TextSchema, parse
from pattern_cli.store import snowflake, times
from pattern_cli.store.constellation import Constellation

ROOT = Path(__file__).resolve().parents[2]
ARCHIVES = (
    "medium-agent-Alder",
    "medium-agent-Kelp",
    "medium-constellation",
    "medium-group-thin",
    "nochain-agent",
    "nochain-constellation",
    "nochain-group",
    "small-agent-full",
    "small-agent-nomsg",
    "small-agent-quill",
    "small-constellation",
    "small-group-full",
    "small-group-thin",
    "small-group2-full",
)
CONVERTED = (
    "conv-v2-agent-real",
    "conv-v2-constellation-struct",
    "convkeep-v2-agent-real",
    "convkeep-v2-constellation-struct",
)
JSON_COLUMNS = {
    "config",
    "enabled_tools",
    "tool_rules",
    "pattern_config",
    "role",
    "capabilities",
    "metadata",
    "content_json",
    "source_metadata",
}
COUNTED = (
    "agents",
    "agent_groups",
    "group_members",
    "memory_blocks",
    "archival_entries",
    "messages",
    "archive_summaries",
    "shared_block_agents",
)


@pytest.mark.parametrize("keep_ids", [False, True], ids=["new", "keep"])
@pytest.mark.parametrize("name", ARCHIVES)
def test_every_archive_of_the_runtime_comes_whole(
    name: str, keep_ids: bool, fresh: Path, fixtures_dir: Path, importing: Any, content: Any
) -> None:
    wanted = json.loads((fixtures_dir / "archives" / "counts.json").read_text())[f"{name}.car"]
    done = importing(fresh, fixtures_dir / "archives" / f"{name}.car", keep_ids=keep_ids)
    there = content(fresh).counts()
    assert {table: done.adds[table] for table in COUNTED} == wanted
    assert {table: there.get(table, 0) for table in COUNTED} == wanted
    assert there.get("memory_block_updates", 0) == done.rescued
    assert done.damaged_documents == 0
    content(fresh).require_sound()


@pytest.mark.parametrize("keep_ids", [False, True], ids=["new", "keep"])
@pytest.mark.parametrize("name", CONVERTED)
def test_archives_of_the_runtimes_converter_come_too(
    name: str, keep_ids: bool, fresh: Path, fixtures_dir: Path, importing: Any, planning: Any, content: Any
) -> None:
    path = fixtures_dir / "archives" / "v2" / f"{name}.car"
    plan = planning(fresh, path, keep_ids=keep_ids)
    done = importing(fresh, path, keep_ids=keep_ids)
    there = content(fresh).counts()
    assert done.adds == plan.adds
    assert {table: count for table, count in done.adds.items() if count} == {
        table: count for table, count in there.items() if table in done.adds
    }
    assert done.adds["messages"] > 0
    content(fresh).require_sound()


@pytest.mark.parametrize("name", ["v2-agent-real", "v2-agent-struct", "v2-group-struct", "v2-constellation-struct"])
def test_older_formats_are_named_and_refused(name: str, fixtures_dir: Path) -> None:
    with pytest.raises(SchemaError, match="format version 2"):
        Archive.open(fixtures_dir / "archives" / "v2" / f"{name}.car")


def test_the_shipped_archive_comes_without_the_fixtures(
    fresh: Path, shipped: Path, importing: Any, content: Any
) -> None:
    done = importing(fresh, shipped / "small-group-full.car")
    assert done.adds == {
        "agents": 3,
        "agent_groups": 1,
        "group_members": 3,
        "memory_blocks": 36,
        "memory_block_updates": 19,
        "shared_block_agents": 10,
        "messages": 86,
        "archival_entries": 16,
        "archive_summaries": 5,
    }
    assert (done.rescued, done.previews_kept, done.batches, done.database) == (19, 11, 30, str(fresh))
    assert (done.kind, done.version, done.sections, done.conflicts, done.remarks) == ("group", 3, 96, (), ())
    content(fresh).require_sound()


def test_the_plan_says_what_the_import_does(fresh: Path, shipped: Path, importing: Any, planning: Any) -> None:
    plan = planning(fresh, shipped / "small-group-full.car")
    done = importing(fresh, shipped / "small-group-full.car")
    for name in ("adds", "removes", "batches", "rescued", "previews_kept", "remarks", "conflicts", "exported_at"):
        assert getattr(plan, name) == getattr(done, name), name
    assert [(a.kind, a.name, a.action) for a in plan.arrivals] == [(a.kind, a.name, a.action) for a in done.arrivals]


def _plain(column: str, value: Any) -> Any:
    """A value of a column without its spelling: JSON decoded, times as nanoseconds."""
    if isinstance(value, str) and column.endswith("_at"):
        return times.nanoseconds(value)
    if isinstance(value, str) and column in JSON_COLUMNS and value[:1] in "[{":
        return json.loads(value)
    return value


def _rows(content: Any, table: str, columns: list[str], where: str) -> dict[Any, dict[str, Any]]:
    rows = content.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {where}")
    named = [{c: _plain(c, v) for c, v in zip(columns, row, strict=True)} for row in rows]
    return {json.dumps([row[c] for c in columns[:2]]): row for row in named}


def test_with_kept_ids_every_value_is_that_of_the_source(
    fresh: Path, fixtures_dir: Path, importing: Any, content: Any
) -> None:
    importing(fresh, fixtures_dir / "archives" / "small-constellation.car", keep_ids=True)
    source, target = content(fixtures_dir / "constellations" / "small.db"), content(fresh)
    compared = 0
    for table, where in {
        "agents": "1",
        "agent_groups": "1",
        "group_members": "1",
        "memory_blocks": "is_active = 1",
        "messages": "is_deleted = 0",
        "archival_entries": "agent_id IN (SELECT id FROM agents)",
        "archive_summaries": "1",
        "shared_block_agents": "1",
    }.items():
        made_anew = {"memory_blocks": {"last_seq", "frontier", "embedding_model"}}.get(table, set())
        columns = [
            name for name in target.rows(f"SELECT name FROM pragma_table_info('{table}')") if name not in made_anew
        ]
        wanted, found = (_rows(one, table, columns, where) for one in (source, target))
        if table == "shared_block_agents":
            wanted = {key: row for key, row in wanted.items() if key in found}
        assert found == wanted, table
        compared += len(found)
    assert compared == 164


def test_with_new_ids_no_old_id_is_left_in_a_column(
    fresh: Path, fixtures_dir: Path, importing: Any, content: Any
) -> None:
    importing(fresh, fixtures_dir / "archives" / "small-constellation.car")
    source, target = content(fixtures_dir / "constellations" / "small.db"), content(fresh)
    old = {
        id
        for table in ("agents", "agent_groups", "memory_blocks", "messages", "archival_entries", "archive_summaries")
        for id in source.rows(f"SELECT id FROM {table}")
    }
    for table, rows in target.everything().items():
        for row in rows:
            values = row if isinstance(row, tuple) else (row,)
            assert not old & {value for value in values if isinstance(value, str)}, table


def test_with_new_ids_everything_still_hangs_together(
    fresh: Path, fixtures_dir: Path, importing: Any, content: Any
) -> None:
    importing(fresh, fixtures_dir / "archives" / "small-constellation.car")
    source, target = content(fixtures_dir / "constellations" / "small.db"), content(fresh)
    agents = "(SELECT id FROM agents)"
    for what in (
        "SELECT a.name, m.position, m.created_at, m.role FROM messages m JOIN agents a ON a.id = m.agent_id"
        " WHERE is_deleted = 0",
        "SELECT a.name, b.label, b.content_preview FROM memory_blocks b JOIN agents a ON a.id = b.agent_id"
        " WHERE is_active = 1",
        "SELECT g.name, b.label FROM memory_blocks b JOIN agent_groups g ON g.id = b.agent_id WHERE is_active = 1",
        "SELECT label FROM memory_blocks WHERE agent_id = '_constellation_' AND is_active = 1",
        f"SELECT e.content, p.content FROM archival_entries e LEFT JOIN archival_entries p ON p.id = e.parent_entry_id"
        f" WHERE e.agent_id IN {agents}",
        "SELECT s.summary, p.summary, s.depth FROM archive_summaries s"
        " LEFT JOIN archive_summaries p ON p.id = s.previous_summary_id",
        "SELECT g.name, a.name, json_extract(m.role, '$.type'), m.capabilities FROM group_members m"
        " JOIN agent_groups g ON g.id = m.group_id JOIN agents a ON a.id = m.agent_id",
        "SELECT b.label, a.name, s.permission, s.attached_at FROM shared_block_agents s"
        " JOIN memory_blocks b ON b.id = s.block_id JOIN agents a ON a.id = s.agent_id WHERE b.is_active = 1",
    ):
        assert sorted(map(repr, source.rows(what))) == sorted(map(repr, target.rows(what)))


def test_ids_inside_json_follow(fresh: Path, fixtures_dir: Path, importing: Any, content: Any) -> None:
    importing(fresh, fixtures_dir / "archives" / "small-constellation.car")
    source, target = content(fixtures_dir / "constellations" / "small.db"), content(fresh)
    senders = """SELECT m.position, a.name FROM messages m JOIN agents a
                 ON a.id = json_extract(m.source_metadata, '$.user_id') WHERE is_deleted = 0"""
    assert sorted(source.rows(senders)) == sorted(target.rows(senders)) != []
    references = """SELECT m.position, b.label FROM messages m, json_each(m.source_metadata, '$.block_refs') r
                    JOIN memory_blocks b ON b.id = json_extract(r.value, '$.block_id') WHERE b.is_active = 1"""
    assert sorted(source.rows(references)) == sorted(target.rows(references))


def test_batches_keep_their_messages_and_milliseconds(
    fresh: Path, fixtures_dir: Path, importing: Any, content: Any
) -> None:
    importing(fresh, fixtures_dir / "archives" / "small-constellation.car")
    source, target = content(fixtures_dir / "constellations" / "small.db"), content(fresh)
    by_name = "SELECT a.name || m.position, m.batch_id FROM messages m JOIN agents a ON a.id = m.agent_id"
    old, new = (
        dict(source.rows(f"{by_name} WHERE batch_id NOT NULL AND is_deleted = 0")),
        dict(target.rows(f"{by_name} WHERE batch_id NOT NULL")),
    )
    assert old.keys() == new.keys()
    assert len(set(zip(old.values(), (new[key] for key in old), strict=True))) == len(set(old.values()))
    assert len(set(new.values())) == len(set(old.values()))
    for key, batch in old.items():
        assert snowflake.milliseconds(int(new[key])) == snowflake.milliseconds(snowflake.parse(batch))
        assert new[key] != batch


@pytest.mark.parametrize("name", ["small-constellation", "medium-agent-Alder", "nochain-group"])
def test_blocks_load_as_the_runtime_loads_them_and_rescued_ones_equal_their_preview(
    name: str, fresh: Path, fixtures_dir: Path, importing: Any
) -> None:
    done = importing(fresh, fixtures_dir / "archives" / f"{name}.car")
    rescued = 0
    with Constellation.open(fresh) as constellation:
        loader = Loader(constellation)
        sql = "SELECT id, loro_snapshot, content_preview, metadata, frontier, last_seq FROM memory_blocks"
        for id, snapshot, preview, metadata, frontier, last in list(constellation.rows(sql)):
            document = loader.load_as_runtime(id, snapshot)
            updates = list(constellation.rows("SELECT * FROM memory_block_updates WHERE block_id = ?", (id,)))
            assert (frontier, last) == (b"\0", len(updates))
            if updates:
                rescued += 1
                assert parse(json.loads(metadata) if metadata else None)[0] == TextSchema()
                assert document.text("content") == preview
                ((_, _, seq, blob, size, source, _, version, active),) = updates
                assert (seq, size, source, version, active) == (1, len(blob), "migration", document.version, 1)
    assert rescued == done.rescued > 0


def _dump(content: Any, path: Path) -> Any:
    return content(path).everything()


@pytest.mark.parametrize("policy", ["fail", "rename", "skip", "replace"])
@pytest.mark.parametrize("keep_ids", [False, True], ids=["new", "keep"])
def test_each_policy_beside_the_original(
    policy: str, keep_ids: bool, small: Path, fixtures_dir: Path, importing: Any, planning: Any, content: Any
) -> None:
    archive = fixtures_dir / "archives" / "small-constellation.car"
    before = _dump(content, small)
    counts = {table: len(rows) for table, rows in before.items()}
    plan = planning(small, archive, on_conflict=policy, keep_ids=keep_ids)
    assert plan.fails is (policy == "fail")
    assert {conflict.kind for conflict in plan.conflicts} >= {"agent", "group"}
    if policy == "fail":
        with pytest.raises(ConflictError, match="exists already"):
            importing(small, archive, on_conflict=policy, keep_ids=keep_ids)
        assert _dump(content, small) == before
        return
    done = importing(small, archive, on_conflict=policy, keep_ids=keep_ids)
    after = {table: len(rows) for table, rows in _dump(content, small).items()}
    for table in COUNTED:
        assert after[table] == counts[table] + done.adds[table] - done.removes.get(table, 0), table
    assert done.adds == plan.adds and done.removes == plan.removes and done.conflicts == plan.conflicts
    if policy == "rename":
        assert done.adds["agents"] == 3 and done.adds["messages"] == 86 and not done.removes
        assert "Juniper (2)" in content(small).rows("SELECT name FROM agents")
    if policy == "skip":
        assert done.adds["agents"] == done.adds["messages"] == 0 and not done.removes
    if policy == "replace":
        assert after["agents"] == 3 and done.removes["messages"] == counts["messages"]
        assert done.snapshot and Path(done.snapshot).is_file()
        assert content(Path(done.snapshot)).counts() == {table: count for table, count in counts.items() if count}
    content(small).require_sound()


def test_a_replaced_agent_keeps_its_place_in_groups_and_queue(
    small: Path, fixtures_dir: Path, importing: Any, content: Any
) -> None:
    place = """SELECT g.name, a.name FROM group_members m JOIN agents a ON a.id = m.agent_id
               JOIN agent_groups g ON g.id = m.group_id"""
    queue = "SELECT q.id, a.name FROM queued_messages q JOIN agents a ON a.id = q.target_agent_id"
    before = [sorted(content(small).rows(sql)) for sql in (place, queue)]
    done = importing(small, fixtures_dir / "archives" / "small-agent-full.car", on_conflict="replace")
    assert [sorted(content(small).rows(sql)) for sql in (place, queue)] == before
    assert all(before)
    assert done.removes["memory_block_updates"] > 0
    content(small).require_sound()


def test_replacing_by_name_with_kept_ids_takes_the_archived_id_along(
    small: Path, fixtures_dir: Path, importing: Any, content: Any
) -> None:
    archive = fixtures_dir / "archives" / "small-agent-full.car"
    connection_count = (
        "SELECT count(*) FROM group_members m JOIN agents a ON a.id = m.agent_id WHERE a.name = 'Juniper'"
    )
    before = content(small).value(connection_count)
    subprocess.run(
        ["sqlite3", small, "PRAGMA foreign_keys=OFF; BEGIN;"
         + "".join(
             f"UPDATE {table} SET {column} = 'another' WHERE {column} = (SELECT id FROM agents WHERE name = 'Juniper');"
             for table, column in (
                 ("group_members", "agent_id"), ("messages", "agent_id"), ("memory_blocks", "agent_id"),
                 ("archival_entries", "agent_id"), ("archive_summaries", "agent_id"),
                 ("shared_block_agents", "agent_id"), ("queued_messages", "target_agent_id"),
                 ("queued_messages", "source_agent_id"), ("activity_events", "agent_id"), ("tasks", "agent_id"),
                 ("events", "agent_id"), ("coordination_tasks", "assigned_to"), ("handoff_notes", "from_agent"),
                 ("handoff_notes", "to_agent"), ("agent_summaries", "agent_id"), ("agent_data_sources", "agent_id"),
                 ("folder_attachments", "agent_id"), ("agent_atproto_endpoints", "agent_id"),
             )
         )
         + "UPDATE agents SET id = 'another' WHERE name = 'Juniper'; COMMIT; PRAGMA foreign_key_check"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    done = importing(small, archive, on_conflict="replace", keep_ids=True)
    assert done.arrivals[0].id == done.arrivals[0].archived_id
    assert content(small).value(connection_count) == before > 0
    assert not content(small).rows("SELECT 1 FROM group_members WHERE agent_id = 'another'")
    content(small).require_sound()


def test_a_name_can_be_given(small: Path, fixtures_dir: Path, importing: Any, content: Any) -> None:
    importing(small, fixtures_dir / "archives" / "small-agent-full.car", rename="Juniper the Second")
    config = content(small).value("SELECT config FROM agents WHERE name = 'Juniper the Second'")
    assert json.loads(config).get("name", "Juniper the Second") == "Juniper the Second"


def test_messages_and_entries_can_be_left_out_and_summaries_come(
    fresh: Path, shipped: Path, importing: Any, content: Any
) -> None:
    done = importing(fresh, shipped / "small-group-full.car", messages=False, archival=False)
    assert (done.adds["messages"], done.adds["archival_entries"], done.batches) == (0, 0, 0)
    assert content(fresh).value("SELECT count(*) FROM archive_summaries") == 5
    content(fresh).require_sound()


def test_one_open_archive_can_be_imported_twice(
    empty_database: Path, tmp_path: Path, shipped: Path, content: Any
) -> None:
    configs = []
    with Archive.open(shipped / "small-group-full.car") as archive:
        for name in ("one.db", "two.db"):
            path = tmp_path / name
            path.write_bytes(empty_database.read_bytes())
            with Constellation.open(path, "write") as target:
                Import(target, archive).run()
            rows = content(path).rows("SELECT id, name, json_extract(config, '$.id') FROM agents")
            configs.append([(name, inner is None or inner == id) for id, name, inner in rows])
    assert configs[0] == configs[1]
    assert all(right for config in configs for _, right in config)


def test_an_import_that_is_run_again_is_planned_again(fresh: Path, shipped: Path) -> None:
    with Archive.open(shipped / "small-agent-quill.car") as archive, Constellation.open(fresh, "write") as target:
        importing = Import(target, archive)
        importing.run()
        with pytest.raises(ConflictError, match="exists already"):
            importing.run()


def test_an_older_schema_is_refused_before_anything(database: Any, shipped: Path, content: Any) -> None:
    path = database("versions/0011.db")
    with (
        Archive.open(shipped / "small-agent-quill.car") as archive,
        Constellation.open(path) as target,
        pytest.raises(SchemaError, match="0011"),
    ):
        Import(target, archive)


@pytest.mark.parametrize(
    ("archive", "options", "hint"),
    [
        ("agent", {}, "--rename NAME gives it another name, --on-conflict rename|skip|replace decides otherwise"),
        ("agent", {"keep_ids": True}, "leave out --keep-ids, or decide with --on-conflict rename|skip|replace"),
        ("group", {}, "--on-conflict rename|skip|replace decides what happens"),
        ("constellation", {}, "--on-conflict rename|skip|replace decides what happens"),
    ],
)
def test_what_would_fail_says_before_what_helps(
    archive: str, options: dict[str, Any], hint: str, build: Any, fresh: Path, importing: Any, planning: Any
) -> None:
    export = build.agent_export(build.agent(name="Bea") if options else None)
    importing(fresh, build.write("Agent", build.agent_export()), keep_ids=True)
    data = {
        "agent": export,
        "group": build.group_export(agent_exports=[export]),
        "constellation": build.constellation({"agent_a": build.put(export)}),
    }[archive]
    path = build.write(archive.capitalize(), data)
    problem = refusal(planning(fresh, path, **options))
    assert problem and problem.hint == hint
    with pytest.raises(ConflictError) as caught:
        importing(fresh, path, **options)
    assert (caught.value.message, caught.value.hint) == (problem.message, hint)
    assert refusal(planning(fresh, path, on_conflict="rename", **options)) is None


# Nothing stays on any error.


class Stop(BaseException):
    pass


@pytest.mark.parametrize("error", [Stop, KeyboardInterrupt, RuntimeError])
def test_any_exception_in_the_middle_undoes_everything(
    error: type[BaseException], small: Path, fixtures_dir: Path, content: Any, importing: Any
) -> None:
    before, bytes_before = _dump(content, small), small.read_bytes()

    def progress(done: int, total: int | None) -> None:
        raise error

    with pytest.raises(error):
        importing(small, fixtures_dir / "archives" / "medium-agent-Kelp.car", run={"progress": progress})
    assert _dump(content, small) == before
    assert small.read_bytes() == bytes_before


def test_a_full_disk_undoes_everything(small: Path, fixtures_dir: Path, content: Any) -> None:
    before = _dump(content, small)
    with (
        Archive.open(fixtures_dir / "archives" / "medium-agent-Kelp.car") as archive,
        Constellation.open(small, "write") as target,
    ):
        pages = target.value("PRAGMA page_count")
        target.connection.execute(f"PRAGMA max_page_count = {pages + 100}").fetchall()
        with pytest.raises(FailureError, match="no space left"):
            Import(target, archive).run()
    assert _dump(content, small) == before
    content(small).require_sound()


KILLED = """
import os, signal, sys
from pathlib import Path
from pattern_cli.archives.archive import Archive
from pattern_cli.archives.service import Import
from pattern_cli.store.constellation import Constellation
def progress(done, total):
    if done > total * int(sys.argv[3]) // 100:
        os.kill(os.getpid(), signal.SIGKILL)
with Archive.open(Path(sys.argv[1])) as archive, Constellation.open(Path(sys.argv[2]), "write") as target:
    Import(target, archive).run(progress=progress)
"""


@pytest.mark.parametrize("percent", [0, 50, 90])
def test_kill_9_in_the_middle_leaves_the_database_as_before(
    percent: int, small: Path, fixtures_dir: Path, content: Any
) -> None:
    before = _dump(content, small)
    archive = fixtures_dir / "archives" / "medium-agent-Alder.car"
    done = subprocess.run([sys.executable, "-c", KILLED, str(archive), str(small), str(percent)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert _dump(content, small) == before
    content(small).require_sound()


def test_a_damage_that_only_shows_while_writing_undoes_everything(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    chunks = [build.chunk(build.message(0)), build.chunk(build.message(1, created_at="never"), index=1)]
    path = build.write_agent(blocks=[build.block()], chunks=chunks)
    before = fresh.read_bytes()
    with pytest.raises(IntegrityError, match="message 1: the key created_at"):
        importing(fresh, path)
    assert fresh.read_bytes() == before


@pytest.fixture(scope="module")
def damaged_target(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    path = tmp_path_factory.mktemp("damaged") / "constellation.db"
    path.write_bytes(empty_database.read_bytes())
    return path


def _try(data: bytes, target: Path, folder: Path) -> None:
    archive = folder / "damaged.car"
    archive.write_bytes(data)
    before = target.read_bytes()
    with (
        pytest.raises(IntegrityError),
        Archive.open(archive) as source,
        Constellation.open(target, "write") as constellation,
    ):
        Import(constellation, source).run()
    assert target.read_bytes() == before


_relaxed = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_relaxed
@given(data=st.data())
def test_every_truncated_archive_is_refused(data: st.DataObject, shipped: Path, damaged_target: Path) -> None:
    whole = (shipped / "small-agent-quill.car").read_bytes()
    length = data.draw(st.integers(0, len(whole) - 1))
    _try(whole[:length], damaged_target, damaged_target.parent)


@_relaxed
@given(data=st.data())
def test_every_flipped_bit_is_noticed(data: st.DataObject, shipped: Path, damaged_target: Path) -> None:
    whole = bytearray((shipped / "small-agent-quill.car").read_bytes())
    # The header and the first lengths deserve as many tries as all the rest.
    last = data.draw(st.sampled_from([120, len(whole) - 1]))
    whole[data.draw(st.integers(0, last))] ^= 1 << data.draw(st.integers(0, 7))
    _try(bytes(whole), damaged_target, damaged_target.parent)


def test_every_cut_between_two_blocks_is_noticed(shipped: Path, damaged_target: Path) -> None:
    whole = (shipped / "small-agent-quill.car").read_bytes()
    with Archive.open(shipped / "small-agent-quill.car") as archive:
        places = sorted(archive.car.offset(cid) for cid in archive.car._index)
    for place in places:
        _try(whole[:place], damaged_target, damaged_target.parent)


# Beside other processes.

WRITER = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(5000)
connection.execute("SELECT count(*) FROM agents").fetchall()
print("ready", flush=True)
for line in sys.stdin:
    connection.execute(line)
    print("done", flush=True)
"""


class Other:
    """Another process that has the database open and runs statements on demand."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._expect("ready")

    def _expect(self, word: str) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline().strip() == word

    def run(self, sql: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(sql.replace("\n", " ") + "\n")
        self.process.stdin.flush()
        self._expect("done")


@pytest.fixture
def other() -> Any:
    """Start another process on a database."""
    running: list[Other] = []

    def start(path: Path) -> Other:
        running.append(Other(path))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.communicate()


def test_beside_a_runtime_small_imports_hold_the_lock_for_less_than_a_second(
    small: Path, fixtures_dir: Path, importing: Any, other: Callable[[Path], Other], content: Any
) -> None:
    other(small)
    done = importing(small, fixtures_dir / "archives" / "medium-agent-Kelp.car")
    assert sum(done.adds.values()) == 1_700
    assert done.seconds < 1
    content(small).require_sound()


def test_beside_a_runtime_large_imports_are_refused_before_anything_is_written(
    small: Path, fixtures_dir: Path, importing: Any, other: Callable[[Path], Other], content: Any
) -> None:
    archive = fixtures_dir / "archives" / "medium-constellation.car"
    other(small)
    before = _dump(content, small)
    with pytest.raises(RefusedError, match="would hold the write lock"):
        importing(small, archive, on_conflict="rename")
    assert _dump(content, small) == before
    assert importing(small, archive, on_conflict="rename", run={"force": True}).adds["messages"] == 19_979


def test_beside_a_runtime_large_content_in_few_rows_is_refused(
    fresh: Path, build: Any, importing: Any, other: Callable[[Path], Other]
) -> None:
    entries = [build.entry(f"e{n}", content=chr(97 + n) * 900_000) for n in range(4)]
    other(fresh)
    with pytest.raises(RefusedError, match="would hold the write lock"):
        importing(fresh, build.write_agent(entries=entries))
    assert importing(fresh, build.write_agent(entries=entries), archival=False).adds["agents"] == 1


def test_beside_a_runtime_nothing_is_replaced(
    small: Path, fixtures_dir: Path, importing: Any, other: Callable[[Path], Other], content: Any
) -> None:
    other(small)
    before = _dump(content, small)
    with pytest.raises(RefusedError, match="replacing"):
        importing(small, fixtures_dir / "archives" / "small-agent-quill.car", on_conflict="replace")
    assert _dump(content, small) == before
    assert not (small.parent / "backups").exists()


def test_what_another_process_commits_meanwhile_is_looked_at_again(
    small: Path, shipped: Path, other: Callable[[Path], Other], content: Any
) -> None:
    process = other(small)
    with (
        Archive.open(shipped / "small-agent-quill.car") as archive,
        Constellation.open(small, "write") as target,
    ):
        importing = Import(target, archive, ImportOptions(rename="Newcomer"))
        assert not importing.plan().fails
        process.run("UPDATE agents SET name = 'Newcomer' WHERE name = 'Juniper'")
        before = _dump(content, small)
        with pytest.raises(ConflictError, match="changed by another process"):
            importing.run()
    assert _dump(content, small) == before


def test_what_does_not_concern_the_import_does_not_stop_it(
    small: Path, shipped: Path, other: Callable[[Path], Other], content: Any
) -> None:
    process = other(small)
    with (
        Archive.open(shipped / "small-agent-quill.car") as archive,
        Constellation.open(small, "write") as target,
    ):
        importing = Import(target, archive, ImportOptions(on_conflict="rename"))
        importing.plan()
        process.run("UPDATE agents SET description = 'changed' WHERE name = 'Juniper'")
        assert importing.run().adds["messages"] == 14
    content(small).require_sound()


def _after_the_snapshot(monkeypatch: pytest.MonkeyPatch, happening: Callable[[], Any]) -> None:
    """Let something happen just after the real snapshot is taken."""

    def snapshot_and_more(*args: Any, **kwargs: Any) -> Any:
        taken = snapshot(*args, **kwargs)
        happening()
        return taken

    monkeypatch.setattr("pattern_cli.backups.snapshot.snapshot", snapshot_and_more)


def test_an_edit_that_is_not_in_the_snapshot_is_never_replaced(
    small: Path, fixtures_dir: Path, importing: Any, content: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = """UPDATE memory_blocks SET content_preview = 'an edit of now'
              WHERE agent_id = (SELECT id FROM agents WHERE name = 'Juniper')"""
    _after_the_snapshot(monkeypatch, lambda: subprocess.run(["sqlite3", small, edit], check=True))
    before = content(small).counts()
    with pytest.raises(ConflictError, match="changed by another process"):
        importing(small, fixtures_dir / "archives" / "small-agent-full.car", on_conflict="replace")
    assert content(small).counts() == before
    assert content(small).rows("SELECT 1 FROM memory_blocks WHERE content_preview = 'an edit of now'")


def test_nothing_is_replaced_when_a_runtime_comes_after_the_plan(
    small: Path,
    fixtures_dir: Path,
    importing: Any,
    other: Callable[[Path], Other],
    content: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _after_the_snapshot(monkeypatch, lambda: other(small))
    archive = fixtures_dir / "archives" / "small-agent-quill.car"
    before = _dump(content, small)
    with pytest.raises(RefusedError, match="replacing"):
        importing(small, archive, on_conflict="replace")
    assert _dump(content, small) == before
    assert importing(small, archive, on_conflict="replace", run={"force": True}).removes


def test_two_imports_at_once_both_arrive(small: Path, fixtures_dir: Path, content: Any) -> None:
    archive = fixtures_dir / "archives" / "medium-agent-Kelp.car"
    command = [
        sys.executable,
        "-m",
        "pattern_cli",
        "--db",
        str(small),
        "import",
        str(archive),
        "--on-conflict",
        "rename",
    ]
    running = [
        subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"COLUMNS": "80"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    outcomes = [(process.communicate(timeout=60), process.returncode) for process in running]
    # Either both saw each other's work, or the later one says that its plan no longer holds; never a mixture.
    arrived = sum(code == 0 for _, code in outcomes)
    assert arrived >= 1
    assert all(code in (0, 4) for _, code in outcomes), outcomes
    assert content(small).value("SELECT count(*) FROM agents WHERE name LIKE 'Kelp%'") == arrived
    content(small).require_sound()
