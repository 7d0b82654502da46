"""On a real terminal: tables, the person's pager for what is longer than the screen, colour only where it is wanted."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")

Words = Callable[[str, Path], list[str] | None]
Show = Callable[..., str]
ROOT = Path(__file__).resolve().parents[2]
STYLE = re.compile(r"\x1b\[[\d;]*m")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;[\d;]+)m")


@pytest.fixture
def show(small: Path, words: Words, tmp_path: Path) -> Show:
    """What a person with a terminal of so many lines sees of a command."""

    def run(command: str, *options: str, lines: int = 200, **environment: str) -> str:
        kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        line = words(command, small)
        assert line is not None
        output, status = pexpect.run(
            shlex.join([sys.executable, "-m", "pattern_cli", "--db", str(small), *line, *options]),
            env={**kept, "PYTHONPATH": str(ROOT), "PAGER": "cat", "EDITOR": "true", **environment},
            withexitstatus=True,
            timeout=60,
            dimensions=(lines, 120),
        )
        assert status == 0, output
        return output.decode().replace("\r\n", "\n")

    return run


@pytest.fixture
def pager(tmp_path: Path) -> str:
    """A pager that marks every line it shows."""
    path = tmp_path / "pager"
    path.write_text("#!/bin/sh\nexec sed 's/^/paged /'\n")
    path.chmod(0o755)
    return str(path)


def test_long_output_goes_through_the_pager(reading: str, show: Show, pager: str) -> None:
    if reading == "messages tail":
        pytest.skip("follows, so it is never paged")
    shown = STYLE.sub("", show(reading, PAGER=pager, lines=2))
    assert [line for line in shown.splitlines() if not line.startswith(("paged ", "note:", "warning:"))] == []
    assert shown.count("paged ") > 1


def test_output_that_fits_does_not(reading: str, show: Show, pager: str) -> None:
    assert "paged " not in show(reading, PAGER=pager, lines=5_000)


def test_an_empty_pager_means_none(show: Show) -> None:
    assert "Juniper" in show("agents list", PAGER="", lines=2)


def test_a_pager_that_is_missing_does_no_harm(show: Show) -> None:
    assert "Juniper" in show("agents list", PAGER="/none/pager", lines=2)


def test_no_color(reading: str, show: Show) -> None:
    shown = show(reading, NO_COLOR="1")
    assert not COLOUR.search(shown)


def test_colour_is_never_needed(reading: str, show: Show) -> None:
    """The words are the same with and without colour."""
    if reading in {"search", "messages tail"}:
        pytest.skip("says how long it took, or follows")
    times = re.compile(r"\d+ (s|min) ago")
    with_colour, without = (times.sub("", STYLE.sub("", show(reading, **more))) for more in ({}, {"NO_COLOR": "1"}))
    assert with_colour == without


def test_some_output_has_colour(show: Show) -> None:
    assert COLOUR.search(show("agents list"))


def test_columns_set_the_width(show: Show) -> None:
    for width in (40, 80):
        shown = show("agents list", NO_COLOR="1", COLUMNS=str(width))
        lines = STYLE.sub("", shown).splitlines()
        assert max(map(len, lines)) <= width


def test_a_format_on_a_terminal_is_that_format(reading: str, show: Show) -> None:
    shown = show(reading, "--format", "json")
    assert json.loads(shown)
