"""Which file is meant: --db, PATTERN_DB, the runtime's configuration, its data directory (database.md §1.1, §1.2)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pattern_cli.errors import UsageError
from pattern_cli.store.locate import configuration, data_directory, locate, where

Write = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home without any configuration, the working directory somewhere else."""
    for name in ("PATTERN_DB", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(work)
    return home


def configured(file: Path, folder: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[database]\npath = "{folder}"\n')
    return file


def test_db_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATTERN_DB", "/from/environment.db")
    configured(Path("pattern.toml"), "/from/toml")
    assert where("given.db") == (Path("given.db"), "--db")


def test_then_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATTERN_DB", "/from/environment.db")
    configured(Path("pattern.toml"), "/from/toml")
    assert where() == (Path("/from/environment.db"), "PATTERN_DB")


def test_an_empty_environment_variable_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATTERN_DB", "")
    assert where().source == "data directory"


def test_an_empty_db_is_no_other_database(home: Path) -> None:
    """`--db "$UNSET"` must not touch the constellation of the data directory."""
    with pytest.raises(UsageError):
        where("")


def test_a_tilde_the_shell_left_is_the_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert locate("~/lab/a.db") == home / "lab" / "a.db"
    monkeypatch.setenv("PATTERN_DB", "~/b.db")
    assert locate() == home / "b.db"


def test_the_home_of_nobody_known(home: Path) -> None:
    assert locate("~no-such-user-here/a.db") == Path("~no-such-user-here/a.db")


def test_the_three_configuration_files_in_order(home: Path) -> None:
    last = configured(home / ".pattern" / "config.toml", "/last")
    assert (configuration(), where().path) == (last, Path("/last/constellation.db"))
    if sys.platform == "linux":
        middle = configured(home / ".config" / "pattern" / "config.toml", "/middle")
        assert where() == (Path("/middle/constellation.db"), str(middle))
    first = configured(Path("pattern.toml"), "/first")
    assert where() == (Path("/first/constellation.db"), str(first))


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders")
def test_xdg_folders(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "conf"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    assert where() == (home / "data" / "pattern" / "constellation.db", "data directory")
    file = configured(home / "conf" / "pattern" / "config.toml", "/configured")
    assert where() == (Path("/configured/constellation.db"), str(file))


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders")
def test_a_relative_xdg_folder_is_ignored_as_by_the_runtime(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert data_directory() == home / ".local" / "share" / "pattern"


@pytest.mark.skipif(sys.platform == "win32", reason="a home in HOME")
def test_macs_keep_their_folder_whatever_xdg_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "conf"))
    support = home / "Library" / "Application Support" / "pattern"
    assert data_directory() == support
    file = configured(support / "config.toml", "/configured")
    assert configuration() == file


def test_the_default(home: Path) -> None:
    assert where() == (data_directory() / "constellation.db", "data directory")
    if sys.platform == "linux":
        assert data_directory() == home / ".local" / "share" / "pattern"


def test_the_path_is_a_folder_relative_to_the_working_directory(home: Path) -> None:
    configured(home / ".pattern" / "config.toml", "lab/here")
    assert locate() == Path("lab/here/constellation.db")
    configured(home / ".pattern" / "config.toml", "")
    assert locate() == Path("constellation.db")


def test_a_tilde_in_the_configuration_is_a_folder_of_that_name(home: Path) -> None:
    configured(Path("pattern.toml"), "~/lab")
    assert locate() == Path("~/lab/constellation.db")


def test_a_configuration_without_a_database_means_the_default(home: Path) -> None:
    Path("pattern.toml").write_text('[model]\nprovider = "anthropic"\n')
    assert where().source == "data directory"


def test_other_keys_of_the_table_are_ignored(home: Path) -> None:
    Path("pattern.toml").write_text('[database]\ntype = "embedded"\npath = "/lab"\nstrict_mode = true\n')
    assert locate() == Path("/lab/constellation.db")


@pytest.mark.parametrize(
    "content",
    [
        b"[database\npath = ",
        b'[database]\npath = "\xff"\n',
        b'[database]\ntype = "embedded"\n',
        b"[database]\npath = 5\n",
        b'database = "/lab"\n',
        b"x = " + b"[" * 5_000,
    ],
)
def test_a_broken_configuration_is_named_and_never_passed_over(content: bytes, home: Path) -> None:
    Path("pattern.toml").write_bytes(content)
    configured(home / ".pattern" / "config.toml", "/other")
    with pytest.raises(UsageError) as caught:
        where()
    assert "pattern.toml" in caught.value.message
    assert "\n" not in caught.value.message
    assert "--db" in str(caught.value.hint)
    assert locate("given.db") == Path("given.db")


def test_a_folder_named_like_the_configuration_is_none(home: Path) -> None:
    Path("pattern.toml").mkdir()
    assert configuration() is None
