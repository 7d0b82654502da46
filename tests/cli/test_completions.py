"""`pattern completions`: what is printed, where it is put, and whose files stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.cli.completions import ShellName, usual_place
from pattern_cli.cli.shells import SHELLS

ROOT = Path(__file__).resolve().parents[2]
PLACES = {
    "bash": "home/data/bash-completion/completions/pattern",
    "zsh": "home/data/zsh/site-functions/_pattern",
    "fish": "home/.config/fish/completions/pattern.fish",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_show_prints_what_is_kept_in_the_repository(shell: str, cli: Callable[..., Any]) -> None:
    done = cli("completions", "show", shell)
    assert done.code == 0
    assert done.out == (ROOT / "completions" / SHELLS[shell].kept).read_text()
    assert json.loads(cli("completions", "show", shell, "--json").out) == {"shell": shell, "script": done.out}


@pytest.mark.parametrize("shell", SHELLS)
def test_install_writes_where_the_shell_looks(shell: str, cli: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / PLACES[shell]
    first = json.loads(cli("completions", "install", "--shell", shell, "--json").out)
    assert (first["path"], first["changed"]) == (str(path), True)
    assert path.read_text() == SHELLS[shell].script
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    again = json.loads(cli("completions", "install", "--shell", shell, "--json").out)
    assert (again["path"], again["changed"]) == (str(path), False)


def test_without_variables_the_usual_folders_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "BASH_COMPLETION_USER_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert usual_place(ShellName.bash) == tmp_path / ".local/share/bash-completion/completions"
    assert usual_place(ShellName.zsh) == tmp_path / ".local/share/zsh/site-functions"
    assert usual_place(ShellName.fish) == tmp_path / ".config/fish/completions"
    monkeypatch.setenv("BASH_COMPLETION_USER_DIR", str(tmp_path / "own"))
    assert usual_place(ShellName.bash) == tmp_path / "own" / "completions"


def test_the_shell_of_the_person_and_another_folder(cli: Callable[..., Any], tmp_path: Path) -> None:
    install = ("completions", "install", "--dir", tmp_path / "a b", "--json")
    done = json.loads(cli(*install, env={"SHELL": "/usr/bin/zsh"}).out)
    assert (tmp_path / "a b" / "_pattern").read_text() == SHELLS["zsh"].script
    assert f"fpath=('{tmp_path}/a b' $fpath)" in done["remark"]


def test_an_older_one_is_replaced_and_a_link_stays(cli: Callable[..., Any], tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles"
    kept.write_text("# Written by `pattern completions show fish`. Older.\n")
    (tmp_path / "pattern.fish").symlink_to(kept)
    assert cli("completions", "install", "--shell", "fish", "--dir", tmp_path).code == 0
    assert (tmp_path / "pattern.fish").is_symlink()
    assert kept.read_text() == SHELLS["fish"].script


def test_somebody_elses_file_stays(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "pattern").write_text("complete -W 'mine' pattern\n")
    done = cli("completions", "install", "--shell", "bash", "--dir", tmp_path)
    assert done.code == 4
    assert "is not of this program" in done.err
    assert (tmp_path / "pattern").read_text() == "complete -W 'mine' pattern\n"


@pytest.mark.parametrize("shell", ["", "/bin/tcsh"])
def test_an_unknown_shell_is_named(shell: str, cli: Callable[..., Any]) -> None:
    done = cli("completions", "install", env={"SHELL": shell})
    assert done.code == 2
    assert "--shell" in done.err
