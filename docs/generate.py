"""Writes the generated documents again, or with --check says which are not fresh: `make docs`, `make test`.

The command reference and the manual pages are the help of every command, word for word; the tables of exit statuses
come from the error classes; the shells' completions from the program itself; the pictures are what the program prints.
Everything else in docs/ is written by people.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from docs.man import MAN
from docs.terminal import ROOT

DOCS = ROOT / "docs"
COMPLETIONS = ROOT / "completions"
WIDTH = 90
_REGION = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command and group by its path, in the order of the help: `pattern`, `pattern init`, `pattern agents`, …"""
    import typer

    from pattern_cli.cli.app import app
    from pattern_cli.cli.making import walk

    yield from walk(typer.main.get_command(app), "pattern")


def reference() -> str:
    """docs/commands.md: the help of every command."""
    found = dict(commands())
    parts = [
        "# Commands\n\nWhat `--help` says, for every command. This page is written by `make docs`.\n",
        "\n".join(f"{'  ' * (path.count(' '))}- [`{path}`](#{path.replace(' ', '-')})" for path in found) + "\n",
    ]
    for path in found:
        parts.append(f"## {path}\n\n```\n{_help(path, found)}\n```\n")
    return "\n".join(parts)


def _help(path: str, found: dict[str, Any]) -> str:
    import typer

    context, above = None, ""
    for name in path.split(" "):
        above = f"{above} {name}".lstrip()
        settings = found[above].context_settings if context is None else {}
        context = typer.Context(
            found[above], info_name=name, parent=context, terminal_width=WIDTH, max_content_width=WIDTH, **settings
        )
    return str(found[path].get_help(context)).rstrip()


def statuses() -> str:
    """The table of exit statuses with the errors that have them."""
    from pattern_cli import errors
    from pattern_cli.cli.options import EXITS

    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    lines = ["| status | meaning | `error` in JSON |", "| ---: | --- | --- |"]
    for code, meaning in EXITS.items():
        names = [
            f"`{cls('').name}`" for cls in classes if issubclass(cls, errors.PatternError) and cls.exit_code == code
        ]
        lines.append(f"| {code} | {meaning} | {', '.join(names)} |")
    return "\n".join(lines) + "\n"


def statuses_by_command() -> str:
    """Which statuses each command can end with."""
    lines = ["| command | exit statuses |", "| --- | --- |"]
    for path, command in commands():
        if codes := getattr(command, "exits", ()):
            lines.append(f"| `{path}` | {', '.join(map(str, codes))} |")
    return "\n".join(lines) + "\n"


REGIONS = {"statuses": statuses, "statuses-by-command": statuses_by_command}


def documents() -> Iterator[tuple[Path, str]]:
    """Every generated document with the content it should have."""
    from docs.man import pages
    from pattern_cli.cli.shells import SHELLS

    yield DOCS / "commands.md", reference()
    yield from pages().items()
    for shell in SHELLS.values():
        yield COMPLETIONS / shell.kept, shell.script
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if "<!-- generated: " in text:
            yield path, _REGION.sub(lambda found: f"{found[1]}{REGIONS[found['name']]()}{found[3]}", text)


def left_over(fresh: Collection[Path]) -> list[Path]:
    """Files of commands that are gone: in man/ and completions/ everything is generated."""
    return [path for folder in (MAN, COMPLETIONS) for path in sorted(folder.glob("*")) if path not in fresh]


def stale() -> list[Path]:
    """The generated documents that are not what the program would write now."""
    from docs.pictures import draw, words_in

    fresh = dict(documents())
    found = [path for path, text in fresh.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    found += left_over(fresh)
    for path, picture in draw().items():
        # Versions of Rich place the same words a little differently.
        if not path.exists() or words_in(path.read_text(encoding="utf-8")) != words_in(picture):
            found.append(path)
    return found


def main() -> int:
    """Write or check; 1 when something is not fresh."""
    os.environ["COLUMNS"] = str(WIDTH)
    if "--check" in sys.argv[1:]:
        found = stale()
        for path in found:
            print(f"{path.relative_to(ROOT)} is not fresh: run `make docs`")
        return 1 if found else 0
    from docs.pictures import draw

    fresh = dict(documents())
    for path in left_over(fresh):
        path.unlink()
    for path, text in (*fresh.items(), *draw().items()):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
