"""The manual pages: one for every command, without a fault, and they say what the help says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from docs import man
from docs.generate import commands, left_over
from docs.man import MAN, pages
from pattern_cli.cli.options import Group, Run
from pattern_cli.render.tables import Layout

COMMANDS = dict(commands())
PAGES = pages()


def mandoc(*words: str) -> str:
    found = shutil.which("mandoc")
    if not found:
        pytest.skip("mandoc is not installed")
    done = subprocess.run([found, *words], capture_output=True, text=True)
    return done.stdout + done.stderr


def shown(text: str) -> str:
    """A page as a person sees it, without styles."""
    return re.sub(".\b", "", text)


def test_every_command_has_its_page_and_nothing_else_has() -> None:
    names = {f"{path.replace(' ', '-')}.1" for path in COMMANDS}
    assert {path.name for path in PAGES} == names
    assert {path.name for path in MAN.iterdir()} == names, "run `make docs`"


def test_mandoc_finds_no_fault(tmp_path: Path) -> None:
    files = []
    for path, text in PAGES.items():
        files.append(tmp_path / path.name)
        files[-1].write_text(text, encoding="utf-8")
    # Pages that are named but not installed on this machine are no fault.
    assert [line for line in mandoc("-Tlint", *map(str, files)).splitlines() if "referenced manual" not in line] == []


def test_mandoc_would_find_a_fault(tmp_path: Path) -> None:
    page = tmp_path / "pattern.1"
    page.write_text(PAGES[MAN / "pattern.1"] + ".NOSUCH request\n", encoding="utf-8")
    assert "unknown macro" in mandoc("-Tlint", str(page))


@pytest.mark.parametrize("path", COMMANDS)
def test_a_page_shows_options_examples_and_statuses(path: str, tmp_path: Path) -> None:
    file = tmp_path / "page.1"
    file.write_text(PAGES[MAN / f"{path.replace(' ', '-')}.1"], encoding="utf-8")
    text = shown(mandoc("-Tutf8", "-Owidth=200", str(file)))
    command = COMMANDS[path]
    for parameter in command.params:
        is_shown = parameter.param_type_name == "option" and not parameter.hidden
        for option in parameter.opts if is_shown else ():
            assert option in text
    for example in getattr(command, "examples", ()):
        assert example in text
    for code in getattr(command, "exits", ()):
        assert re.search(rf"^ +{code} ", text, re.MULTILINE)
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"):
        assert re.search(rf"^{heading}$", text, re.MULTILINE)


def test_a_group_has_no_environment_of_options_that_it_only_passes_on() -> None:
    page = PAGES[MAN / "pattern-agents.1"]
    assert "PATTERN_DEBUG" in page
    assert "PATTERN_DB" not in page and ".SH FILES" not in page


def test_text_that_looks_like_a_request_stays_text(tmp_path: Path) -> None:
    group = Group("toys", help="Toys.", alone=True)
    awkward = ("pattern toys wind .SH \\fB 'x' -n5 ~/a ^ `b` \"c\"", ".SH FAKE " + "long " * 40, "'br")

    @group.command("wind", record=Layout(), examples=awkward, db=False)
    def _wind(run: Run) -> None:
        """.Wind it up \\n with 'care' - and more.

        'Twice a day.
        """

    command = typer.main.get_command(group.app)
    text = man.page("pattern toys", {"pattern": command, "pattern toys": command})
    file = tmp_path / "page.1"
    file.write_text(text, encoding="utf-8")
    assert mandoc("-Tlint", str(file)) == ""
    plain = shown(mandoc("-Tutf8", "-Owidth=300", str(file)))
    for example in awkward:
        assert example.rstrip() in plain
    assert "\nFAKE" not in plain


def test_the_date_is_that_of_the_newest_release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(man, "ROOT", tmp_path)
    log = tmp_path / "CHANGELOG.md"
    log.write_text("## [0.3.0] – unreleased\n\n## [0.2.0] – 2027-02-03\n\n## [0.1.0] – 2026-12-01\n")
    assert man.date() == "2027-02-03"
    log.write_text("## [0.1.0] – unreleased\n")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", man.date())


def test_pages_of_commands_that_are_gone_are_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("docs.generate.MAN", tmp_path)
    (tmp_path / "pattern-gone.1").write_text("")
    assert tmp_path / "pattern-gone.1" in left_over([])
