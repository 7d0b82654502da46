"""The documents: generated parts are fresh, what they name exists, every option is in the reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import commands, documents, stale

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = {path for path, _ in commands()}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_generated_documents_are_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    assert [name_of(path) for path in stale()] == [], "run `make docs`"


def test_a_stale_document_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    reference = dict(documents())[ROOT / "docs" / "commands.md"]
    assert "## pattern messages tail" in reference
    monkeypatch.setattr("pattern_cli.cli.app.COMMANDS", {"init": ("init", "Something else.")})
    assert dict(documents())[ROOT / "docs" / "commands.md"] != reference


def test_every_option_is_in_the_reference() -> None:
    sections = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8").split("\n## ")
    by_title = {section.splitlines()[0]: section for section in sections[1:]}
    assert set(by_title) == NAMES
    for path, command in commands():
        for parameter in command.params:
            is_shown = parameter.param_type_name == "option" and not parameter.hidden
            for option in parameter.opts if is_shown else ():
                assert option in by_title[path], (path, option)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"`((?:tests|benchmarks|docs|pattern_cli|migrations)/[\w./-]*)`", text):
        assert (ROOT / target).exists() or target == "pattern_cli/_migrations", target
    for script in re.findall(r"`(\w+\.py)`", text):
        assert list(ROOT.glob(f"benchmarks/{script}")) or list(ROOT.glob(f"pattern_cli/**/{script}")), script


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"(?:`|\$ )(pattern(?: [a-z][\w-]*)+)", text):
        path, *words = line.split()
        while words and any(name.startswith(f"{path} ") for name in NAMES):
            path = f"{path} {words.pop(0)}"
            assert path in NAMES, line
