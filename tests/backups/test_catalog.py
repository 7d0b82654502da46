from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pattern_cli.backups.catalog import backups, default_name, find, newest
from pattern_cli.backups.manifest import Manifest, encode, manifest_path
from pattern_cli.backups.snapshot import snapshot
from pattern_cli.errors import NotFoundError
from pattern_cli.store.constellation import Constellation

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a small file that looks like a backup, with its manifest."""
    folder = tmp_path / "backups"
    folder.mkdir()

    def one(stamp: str, stem: str = "c", size: int = 4, verified: bool = True, reason: str = "backup") -> Path:
        path = folder / f"{stem}-{stamp}.db"
        path.write_bytes(b"1234")
        created = datetime.strptime(stamp[:16], "%Y%m%dT%H%M%SZ").strftime("%Y-%m-%dT%H:%M:%SZ")
        manifest = Manifest(
            path.name, "/somewhere/c.db", 13, reason, created, size, "blake3:00", {}, verified, "pattern 0", "3"
        )
        manifest_path(path).write_text(encode(manifest))
        return path

    return one


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    return tmp_path / "c.db"


def test_there_are_none_without_the_folder(tmp_path: Path) -> None:
    assert list(backups(tmp_path / "c.db")) == []
    assert newest(tmp_path / "c.db") is None


def test_they_come_newest_first(make: Make, database_path: Path) -> None:
    for stamp in ("20260101T000000Z", "20260301T000000Z", "20260201T000000Z"):
        make(stamp)
    assert [b.created_at[:7] for b in backups(database_path)] == ["2026-03", "2026-02", "2026-01"]
    assert newest(database_path) == "2026-03-01T00:00:00Z"


def test_those_of_other_databases_are_left_out(make: Make, database_path: Path) -> None:
    make("20260101T000000Z", stem="other")
    make("20260101T000000Z", stem="c-old")
    assert list(backups(database_path)) == []


def test_a_folder_shows_all_that_are_in_it(make: Make, database_path: Path) -> None:
    folder = make("20260101T000000Z", stem="other").parent
    make("20260102T000000Z")
    (folder / "notes.txt").write_text("no backup")
    assert [b.name for b in backups(database_path, folder)] == ["c-20260102T000000Z.db", "other-20260101T000000Z.db"]


def test_backups_of_a_database_whose_name_only_begins_alike_are_not_its_own(make: Make, database_path: Path) -> None:
    make("20260101T000000Z")
    assert list(backups(database_path.with_suffix(".sqlite"))) == []
    assert newest(database_path.with_suffix(".sqlite")) is None
    assert newest(database_path) is not None


def test_a_name_beside_the_log_of_a_backup_that_is_gone_is_not_given(make: Make, database_path: Path) -> None:
    folder = make("20260101T000000Z").parent
    (folder / "c-20260102T000000Z.db-wal").touch()
    assert default_name(database_path, datetime(2026, 1, 2, tzinfo=UTC), folder) == "c-20260102T000000Z-2.db"


@pytest.mark.parametrize("left", [".db-journal", ".db.json-wal", ".db.json", ".db"])
def test_no_name_is_given_that_could_not_be_used(left: str, make: Make, database_path: Path) -> None:
    folder = make("20260101T000000Z").parent
    (folder / f"c-20260102T000000Z{left}").symlink_to("nowhere")
    assert default_name(database_path, datetime(2026, 1, 2, tzinfo=UTC), folder) == "c-20260102T000000Z-2.db"


def test_a_folder_that_is_not_there_is_said(database_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no folder"):
        list(backups(database_path, Path("/nowhere/at/all")))


def test_its_state_is_told(make: Make, database_path: Path) -> None:
    make("20260101T000000Z")
    make("20260102T000000Z", verified=False)
    make("20260103T000000Z", size=5)
    manifest_path(make("20260104T000000Z")).unlink()
    make("20260105T000000Z").unlink()
    manifest_path(make("20260106T000000Z")).write_text("{")
    found = list(backups(database_path))
    assert [b.state for b in found] == [
        "bad manifest",
        "missing",
        "no manifest",
        "changed",
        "unverified",
        "verified",
    ]
    assert found[0].damage and not found[1].damage
    assert newest(database_path) == "2026-01-02T00:00:00Z"


def test_without_a_manifest_its_name_tells_the_time(make: Make, database_path: Path) -> None:
    manifest_path(make("20260104T050607Z")).unlink()
    assert next(backups(database_path)).created_at == "2026-01-04T05:06:07Z"


def test_unfinished_ones_are_not_listed(make: Make, database_path: Path) -> None:
    folder = make("20260101T000000Z").parent
    (folder / ".c-20260102T000000Z.db.77.partial").write_text("half")
    assert len(list(backups(database_path))) == 1


def test_a_name_in_the_default_place_finds_it(
    make: Make, database_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = make("20260101T000000Z")
    assert find(path.name, database_path) == path
    assert find(str(path), database_path) == path
    with pytest.raises(NotFoundError, match="there is no backup nothing"):
        find("nothing", database_path)


def test_a_taken_second_is_numbered(make: Make, database_path: Path) -> None:
    folder = make("20260101T000000Z").parent
    when = datetime(2026, 1, 1, tzinfo=UTC)
    assert default_name(database_path, when, folder) == "c-20260101T000000Z-2.db"
    make("20260101T000000Z-2")
    assert default_name(database_path, when, folder) == "c-20260101T000000Z-3.db"
    assert len(list(backups(database_path))) == 2


def test_a_real_one_is_listed_as_it_was_made(database: Callable[[str], Path]) -> None:
    path = database("constellations/small.db")
    with Constellation.open(path) as constellation:
        done = snapshot(constellation, reason="import")
    (found,) = backups(path)
    assert (found.path, found.reason, found.size, found.hash) == (done.path, "import", done.size, done.hash)
    assert (found.state, found.version, found.created_at) == ("verified", 13, done.created_at)
