"""Every command explains itself: what it does, an example that parses, its exit statuses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from pattern_cli.cli.app import app
from pattern_cli.cli.options import EXITS

Program = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]


def examples(text: str) -> list[str]:
    lines = text[text.index("\nExamples:\n") :].splitlines()[2:]
    return [line.strip() for line in lines[: lines.index("")]]


def parse(line: str) -> None:
    """Parse a command line to the last command without running anything."""
    command: Any = typer.main.get_command(app)
    words = shlex.split(re.split(r" > | && |   |#", line)[0])
    assert words.pop(0) == "pattern"
    context = command.make_context("pattern", words)
    while hasattr(command, "resolve_command") and (rest := [*context._protected_args, *context.args]):
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


def test_help_has_all_sections(command: str, program: Program) -> None:
    done = program(*command.split(), "--help")
    assert done.code == 0
    assert f"Usage: pattern {command}".rstrip() in done.out
    assert "\x1b" not in done.out
    statuses = done.out[done.out.index("\nExit status:\n") :].splitlines()[2:]
    codes = [int(line.split()[0]) for line in statuses if line.strip()]
    assert {0, 1, 2, 130} <= set(codes) <= set(EXITS)
    assert codes == sorted(codes)
    assert examples(done.out)


def test_examples_parse(command: str, program: Program) -> None:
    for line in examples(program(*command.split(), "--help").out):
        if "|" not in line:
            parse(line)
        assert command in line


def test_help_says_what_every_option_does(command: str, tree: dict[str, Any]) -> None:
    for parameter in tree[command].params:
        assert getattr(parameter, "help", None) or parameter.name == "help", parameter.name


def test_root_help_names_every_command(program: Program) -> None:
    from pattern_cli.cli.app import COMMANDS

    out = program("--help").out
    for name, (_, short) in COMMANDS.items():
        assert f"{name} " in out
        assert short in out


def test_short_help_is_the_groups_help(program: Program) -> None:
    """What `pattern --help` says without importing a module is what the module says."""
    from pattern_cli.cli.app import COMMANDS

    for name, (_, short) in COMMANDS.items():
        assert short in program(name, "--help").out or name in {"init", "search", "import", "vacuum"}


def test_version(program: Program) -> None:
    import pattern_cli

    assert program("--version").out == f"pattern {pattern_cli.__version__}\n"


@pytest.mark.parametrize("words", [("agents",), ("db",)])
def test_a_group_alone_shows_its_help(words: tuple[str, ...], program: Program) -> None:
    assert f"Usage: pattern {words[0]}" in program(*words).out
