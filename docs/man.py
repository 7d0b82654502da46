"""The manual pages in man/: one for every command, in man(7), of the same words as `--help`.

Written by `make docs`; `mandoc -Tlint` finds nothing to say about them (tests/test_man.py).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from docs.terminal import ROOT

MAN = ROOT / "man"
_WIDTH = 76
# The date of pages between two releases; behind a release its own date from CHANGELOG.md counts.
_BEGUN = "2026-11-24"
_RELEASE = re.compile(r"^## \[[\d.]+\] \S (\d{4}-\d\d-\d\d)$", re.MULTILINE)

_DATABASE = ("PATTERN_DB", "The database file, where no --db names one.")
_OUTPUT = (
    ("NO_COLOR", "Set to anything: no colours."),
    ("COLUMNS", "The width of tables, where it is not the terminal's."),
    ("PAGER", "The program that shows long texts on a terminal; cat shows them at once."),
)
_EDITING = ("VISUAL, EDITOR", "The editor that --editor and `edit` open.")
_DEBUG = ("PATTERN_DEBUG", "Set to 1: a defect of the program shows where it happened.")
_FILES = (
    ("constellation.db", "The database, in the data directory or where the configuration says; see pattern(1)."),
    (
        "pattern.toml, ~/.config/pattern/config.toml, ~/.pattern/config.toml",
        "The runtime's configuration: the first that exists may name the folder of the database.",
    ),
    ("backups/", "Beside the database: backups and snapshots made before destructive commands."),
)


def pages() -> dict[Path, str]:
    """Every manual page with the content it should have."""
    from docs.generate import commands

    found = dict(commands())
    return {MAN / f"{path.replace(' ', '-')}.1": page(path, found) for path in found}


def page(path: str, found: dict[str, Any]) -> str:
    """The page of one of the commands."""
    return "\n".join(_page(path, found)) + "\n"


def _page(path: str, found: dict[str, Any]) -> Iterator[str]:
    from pattern_cli import __version__
    from pattern_cli.cli.options import EXITS

    command, context = found[path], _context(path, found)
    name = path.replace(" ", "-")
    short, *more = _paragraphs(command.help or "")
    yield f'.TH "{_escaped(name.upper())}" "1" "{date()}" "pattern {__version__}" "Pattern constellations"'
    yield ".SH NAME"
    yield from _lines(f"{name} - {_lowered(short)}")
    yield ".SH SYNOPSIS"
    yield f".B {_escaped(path)}"
    yield from _lines(" ".join(command.collect_usage_pieces(context)))
    yield ".SH DESCRIPTION"
    for number, paragraph in enumerate([short, *more]):
        yield from ([".PP"] if number else [])
        yield from _lines(paragraph)
    children = [child for child in found if child.rpartition(" ")[0] == path]
    yield from _list("COMMANDS", [(_page_name(child), found[child].get_short_help_str(300)) for child in children])
    parameters = [(p.param_type_name, p.get_help_record(context)) for p in command.get_params(context)]
    yield from _list("ARGUMENTS", [record for kind, record in parameters if kind == "argument" and record])
    yield from _list("OPTIONS", [record for kind, record in parameters if kind == "option" and record])
    yield from _examples(getattr(command, "examples", ()))
    yield from _list("EXIT STATUS", [(str(code), EXITS[code]) for code in getattr(command, "exits", ())])
    yield from _list("ENVIRONMENT", list(_environment(command)))
    if _has(command, "db"):
        yield from _list("FILES", list(_FILES))
    yield ".SH SEE ALSO"
    yield from _references(path, children, list(found))


def _context(path: str, found: dict[str, Any]) -> Any:
    import typer

    context, above = None, ""
    for name in path.split(" "):
        above = f"{above} {name}".lstrip()
        settings = found[above].context_settings if context is None else {}
        context = typer.Context(found[above], info_name=name, parent=context, **settings)
    return context


def date() -> str:
    """The date on the pages: that of the newest release."""
    released = _RELEASE.search((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    return released[1] if released else _BEGUN


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.strip().split("\n\n")]


def _lowered(sentence: str) -> str:
    """A sentence as the line NAME wants it: no full stop, no capital."""
    sentence = sentence.rstrip(".")
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _has(command: Any, name: str) -> bool:
    """Whether a command shows this option in its help."""
    return any(parameter.name == name and not getattr(parameter, "hidden", False) for parameter in command.params)


def _environment(command: Any) -> Iterator[tuple[str, str]]:
    if _has(command, "db"):
        yield _DATABASE
    if _has(command, "form"):
        yield from _OUTPUT
    if _has(command, "editor") or command.name == "edit":
        yield _EDITING
    yield _DEBUG


def _list(heading: str, items: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A section of words with their explanations; nothing when there are none."""
    if items:
        yield f".SH {heading}"
    for word, text in items:
        yield ".TP"
        yield from _kept(f"\\fB{_escaped(word)}\\fR")
        yield from _lines(text or "See the description.")


def _examples(examples: Sequence[str]) -> Iterator[str]:
    if examples:
        yield from (".SH EXAMPLES", ".EX", *(line for one in examples for line in _kept(_safe(one))), ".EE")


def _references(path: str, children: list[str], every: list[str]) -> Iterator[str]:
    """The pages above, below and beside."""
    above = path.rpartition(" ")[0]
    beside = [one for one in every if above and one.rpartition(" ")[0] == above and one != path]
    named = [*([above] if above else []), *children, *(beside if above != "pattern" else [])] or ["pattern"]
    for number, one in enumerate(named):
        yield f".BR {_escaped(one.replace(' ', '-'))} (1){',' if number + 1 < len(named) else ''}"


def _page_name(path: str) -> str:
    return f"{path.replace(' ', '-')}(1)"


def _lines(text: str) -> Iterator[str]:
    """Running text in short lines."""
    for line in _wrapped(_escaped(" ".join(text.split()))):
        yield _safe(line, escaped=True)


def _kept(line: str) -> Iterator[str]:
    """One line of the page, which may be several of the file: a backslash at the end goes on."""
    *before, last = _wrapped(line)
    yield from (f"{part} \\" for part in before)
    yield last


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False, replace_whitespace=False)


def _safe(line: str, escaped: bool = False) -> str:
    """A line that is text and no request."""
    return ("\\&" if line.startswith((".", "'")) else "") + (line if escaped else _escaped(line))


def _escaped(text: str) -> str:
    """Characters that would be something else to troff."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq")
    return text.replace("^", "\\(ha").replace("~", "\\(ti").replace('"', "\\(dq")
