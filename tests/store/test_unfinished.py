from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pattern_cli.errors import ConflictError
from pattern_cli.store import unfinished
from pattern_cli.store.unfinished import discard, give_name, partial_name, remove_leftovers, require_unused, to_disk

# No process has this number: it is above what any system gives out.
NOBODY = 2**22 + 1


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    path = partial_name(tmp_path / "new.db")
    path.write_text("complete")
    return path


def test_a_file_in_the_making_is_hidden_and_says_whose_it_is(tmp_path: Path) -> None:
    assert partial_name(tmp_path / "new.db") == tmp_path / f".new.db.{os.getpid()}.partial"


def test_it_gets_its_name_and_loses_the_other(partial: Path, tmp_path: Path) -> None:
    give_name(partial, tmp_path / "new.db", "")
    assert [file.name for file in tmp_path.iterdir()] == ["new.db"]


def test_it_gets_its_name_where_there_are_no_links(
    partial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*names: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    give_name(partial, tmp_path / "new.db", "")
    assert [file.name for file in tmp_path.iterdir()] == ["new.db"]


def test_what_has_the_name_is_never_replaced(partial: Path, tmp_path: Path) -> None:
    (tmp_path / "new.db").write_text("precious")
    with pytest.raises(ConflictError, match="exists already") as caught:
        give_name(partial, tmp_path / "new.db", "choose another")
    assert caught.value.hint == "choose another"
    assert (tmp_path / "new.db").read_text() == "precious"


def test_a_link_that_leads_nowhere_has_the_name_too(tmp_path: Path) -> None:
    (tmp_path / "new.db").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConflictError, match="exists already"):
        require_unused(tmp_path / "new.db", "")


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_the_log_of_a_database_that_is_gone_is_not_played_into_a_new_one(
    suffix: str, partial: Path, tmp_path: Path
) -> None:
    (tmp_path / f"new.db{suffix}").write_text("old")
    with pytest.raises(ConflictError, match=f"new.db{suffix} is the log of a database that is gone"):
        give_name(partial, tmp_path / "new.db", "")
    assert not (tmp_path / "new.db").exists()


def test_discarding_takes_the_side_files_along(partial: Path, tmp_path: Path) -> None:
    Path(f"{partial}-wal").touch()
    Path(f"{partial}-shm").touch()
    discard(partial)
    discard(partial)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pid", "age", "stays"),
    [
        (NOBODY, unfinished.LEFTOVER_AGE_S + 60, False),
        (NOBODY, 60, True),
        (os.getpid(), unfinished.LEFTOVER_AGE_S + 60, True),
    ],
    ids=["of a dead process", "young", "of a living process"],
)
def test_leftovers(tmp_path: Path, pid: int, age: int, stays: bool) -> None:
    left = tmp_path / f".other.db.{pid}.partial"
    left.touch()
    os.utime(left, (time.time() - age, time.time() - age))
    remove_leftovers(tmp_path)
    assert left.exists() is stays


def test_files_and_folders_are_brought_to_the_disk(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    to_disk(tmp_path / "file")
    to_disk(tmp_path)
    assert not descriptors or len(os.listdir("/proc/self/fd")) == descriptors
