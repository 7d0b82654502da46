"""The Python API: the verbs of the command line, on open constellations."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

import pattern_cli
from pattern_cli.archives.plans import ImportOptions
from pattern_cli.errors import ConflictError, IntegrityError, NotFoundError, SchemaError

Database = Callable[[str], Path]
ARCHIVE = Path(__file__).parent / "fixtures" / "small-group-full.car"


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    path = tmp_path / "constellation.db"
    pattern_cli.create(path).close()
    pattern_cli.import_archive(ARCHIVE, path)
    return path


def test_everything_public_is_described() -> None:
    assert pattern_cli.__all__ == sorted(pattern_cli.__all__, key=lambda name: (name[0].islower(), name))
    for name in pattern_cli.__all__:
        assert getattr(pattern_cli, name).__doc__
    public = {name for name in vars(pattern_cli.Session) if not name.startswith("_")}
    assert all(getattr(pattern_cli.Session, name).__doc__ for name in public)


def test_it_has_the_verbs_of_the_command_line() -> None:
    """Every command has its counterpart; `migrate status` and `plan` are questions to an open constellation."""
    from pattern_cli.cli.app import COMMANDS

    elsewhere = {"init": "create", "import": "import_archive", "migrate": "migrate", "vacuum": "vacuum"}
    for command in COMMANDS:
        if command in elsewhere:
            assert elsewhere[command] in pattern_cli.__all__
        elif command not in {"db", "completions"}:
            assert hasattr(pattern_cli.Session, command)
    assert all(hasattr(pattern_cli.Session, verb) for verb in ("info", "stats", "tail", "backups", "overview"))


def test_the_keys_of_json_are_the_fields(imported: Path, cli: Callable[..., Any]) -> None:
    with pattern_cli.open(imported) as constellation:
        (crew,) = constellation.groups.list()
        record = constellation.agents.show("Juniper")
    assert is_dataclass(record)
    shown = json.loads(cli("--db", imported, "agents", "show", "Juniper", "--json").out)
    assert list(shown) == [field.name for field in fields(record)]
    assert shown["id"] == record.id
    assert crew.members == tuple(json.loads(cli("--db", imported, "groups", "list", "--json").out)[0]["members"])


def test_the_file_is_closed_without_a_trace(imported: Path) -> None:
    before = sorted(path.name for path in imported.parent.iterdir())
    with pattern_cli.open(imported) as constellation:
        assert constellation.overview().message_count == 86
    assert sorted(path.name for path in imported.parent.iterdir()) == before


def test_without_a_path_it_is_the_command_lines(imported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATTERN_DB", str(imported))
    with pattern_cli.open() as constellation:
        assert constellation.store.path == imported


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        pattern_cli.open(tmp_path / "none.db")


def test_an_existing_file_is_not_created_again(imported: Path) -> None:
    with pytest.raises(ConflictError):
        pattern_cli.create(imported)


def test_writing_needs_the_newest_schema(database: Database) -> None:
    with pytest.raises(SchemaError):
        pattern_cli.open(database("versions/0010.db"), "write")


def test_a_plan_changes_nothing_and_is_what_the_import_does(imported: Path, tmp_path: Path) -> None:
    before = imported.read_bytes()
    options = ImportOptions(on_conflict="rename")
    plan = pattern_cli.plan_import(ARCHIVE, imported, options)
    assert imported.read_bytes() == before
    assert pattern_cli.import_archive(ARCHIVE, imported, options).adds == plan.adds


def test_an_archive_may_be_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "constellation.db"
    pattern_cli.create(path).close()
    seen: list[tuple[int, int | None]] = []
    done = pattern_cli.import_archive(
        io.BytesIO(ARCHIVE.read_bytes()), path, progress=lambda done, total: seen.append((done, total))
    )
    assert done.adds["messages"] == 86
    assert seen[-1] == (ARCHIVE.stat().st_size, ARCHIVE.stat().st_size)


def test_a_damaged_archive_changes_nothing(imported: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.car"
    damaged.write_bytes(ARCHIVE.read_bytes()[:-7])
    before = imported.read_bytes()
    with pytest.raises(IntegrityError):
        pattern_cli.import_archive(damaged, imported, ImportOptions(on_conflict="rename"))
    assert imported.read_bytes() == before


def test_back_up_and_prove(imported: Path, tmp_path: Path) -> None:
    with pattern_cli.open(imported) as constellation:
        saved = constellation.backup(tmp_path / "saved.db")
        constellation.backup()
        (listed,) = constellation.backups()
        assert [Path(found.path) for found in constellation.backups(tmp_path)] == [tmp_path / "saved.db"]
    assert listed.state == "verified"
    assert pattern_cli.verify(tmp_path / "saved.db").hash == saved.hash


def test_a_changed_backup_is_no_backup(imported: Path, tmp_path: Path) -> None:
    with pattern_cli.open(imported) as constellation:
        path = Path(constellation.backup(tmp_path / "saved.db").path)
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    with pytest.raises(IntegrityError):
        pattern_cli.verify(path)


def test_migrate_makes_a_backup_first(database: Database) -> None:
    path = database("versions/0010.db")
    with pattern_cli.open(path) as constellation:
        assert constellation.plan_migration().pending == (11, 12, 13)
    done = pattern_cli.migrate(path)
    assert done.applied == (11, 12, 13)
    assert done.snapshot and pattern_cli.verify(done.snapshot).version == 10
    with pattern_cli.open(path) as constellation:
        assert {row.state for row in constellation.migrations.rows()} == {"applied"}


def test_vacuum(imported: Path) -> None:
    done = pattern_cli.vacuum(imported, take_snapshot=False)
    assert done.rows > 86
    assert done.snapshot is None


def test_tail_and_search(imported: Path) -> None:
    with pattern_cli.open(imported) as constellation:
        newest = constellation.tail("Juniper").newest(3)
        assert [row.agent_name for row in newest] == ["Juniper"] * 3
        found = constellation.search("slow kettle", within=("messages",), limit=2)
        assert {hit.kind for hit in found.hits} == {"message"}
        assert found.more


def test_messages_are_sent_and_wait(imported: Path) -> None:
    with pattern_cli.open(imported, "write") as constellation:
        sent = constellation.send("Juniper", "Hello.", sender="Marlow")
        assert [row.id for row in constellation.queue.list("Juniper")] == [sent.id]


def test_messages_are_archived_deleted_and_purged(imported: Path) -> None:
    from pattern_cli.messages.selection import Choice

    with pattern_cli.open(imported, "write") as constellation:
        juniper = Choice(fitting=constellation.messages.filter("Juniper", archived=True))
        every = constellation.change_messages("delete", juniper, dry_run=True)
        assert every.dry_run
        assert constellation.change_messages("unarchive", juniper).changed > 0
        assert constellation.change_messages("archive", juniper).changed == every.changed
        deleted = constellation.change_messages("delete", juniper)
        assert deleted.changed == every.changed
        assert deleted.snapshot and pattern_cli.verify(deleted.snapshot)
        assert constellation.change_messages("undelete", juniper).snapshot is None
        constellation.change_messages("delete", juniper, take_snapshot=False)
        assert constellation.change_messages("purge", juniper, take_snapshot=False).changed == every.changed
        assert list(constellation.messages.list(constellation.messages.filter("Juniper", archived=True))) == []


def test_archival_entries_are_added_found_and_deleted(imported: Path) -> None:
    with pattern_cli.open(imported, "write") as constellation:
        added = constellation.archival.add("Juniper", "A note.", {"topic": "sky"})
        assert constellation.archival.edit(added.id, "Another note.").columns == ("content",)
        (found,) = constellation.search_archival("topic=sky", owner="Juniper", limit=5)
        assert (found.id, found.content) == (added.id, "Another note.")
        assert constellation.archival.plan_deletion([added.id]).deleted == 1
        assert constellation.archival.delete([added.id]).deleted == 1
