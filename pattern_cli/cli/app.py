"""The root of the command tree, its lazy groups, and the one place where errors become exit statuses."""

from __future__ import annotations

import contextlib
import errno
import importlib
import itertools
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer.core import TyperGroup

from pattern_cli import __version__
from pattern_cli.cli.options import (
    DbOption,
    FieldsOption,
    FormatOption,
    Group,
    JsonOption,
    Run,
    asked_format,
    field_names,
    write_sections,
)
from pattern_cli.errors import FailureError, PatternError, StoppedError
from pattern_cli.render.pasting import database

# Name, module and short help of every command: `pattern --help` prints them without importing any of the modules.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Create an empty constellation."),
    "agents": ("agents", "Agents: who they are and how they are configured."),
    "groups": ("groups", "Groups of agents and how they coordinate."),
    "memory": ("memory", "Memory blocks: what agents know."),
    "archival": ("archival", "Archival entries: long-term notes of an agent."),
    "messages": ("messages", "Messages: list, follow, send, archive, delete."),
    "search": ("search", "Search messages, memory and archival entries."),
    "import": ("imports", "Import an archive."),
    "backup": ("backup", "Back up a constellation, list and prove backups."),
    "vacuum": ("vacuum", "Give unused space back to the disk."),
    "migrate": ("migrate", "Schema versions: status, plan, upgrade."),
    "db": ("database", "The database file: facts and counts."),
    "completions": ("completions", "Completion in bash, zsh and fish: show, install."),
}
_EXAMPLES = (
    "pattern                          where the constellation is and what is in it",
    "pattern import archive.car       bring in an archive",
    'pattern search "slow kettle"     find it again',
    "pattern --db FILE agents list    another database",
)


class RootGroup(TyperGroup):
    """The root: knows its commands by name and imports a command's module only to run it."""

    examples = _EXAMPLES
    exits = (0, 1, 2, 3, 4, 5, 6, 7, 8, 130)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, its module imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"pattern_cli.cli.{COMMANDS[cmd_name][0]}")
        group: Group = module.group
        command = typer.main.get_command(group.app)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words begin with; a misspelt one gets the nearest name."""
        try:
            return super().resolve_command(ctx, args)
        except ClickException as error:
            import difflib

            if near := difflib.get_close_matches(args[0], COMMANDS, n=1):
                error.message += f" Did you mean '{near[0]}'?"
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in COMMANDS.items()])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write examples and exit statuses."""
        write_sections(self, formatter)


app = typer.Typer(
    cls=RootGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"pattern {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    db: DbOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
    fields: FieldsOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Administer a Pattern constellation: see, change, move and save what its agents know.

    Without a command it says where the constellation is, what is in it and what to do next.
    """
    if ctx.invoked_subcommand is None:
        from pattern_cli.cli.home import home

        home(Run(db, asked_format({"form": form, "as_json": as_json}), field_names(fields)))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status; no error leaves it as a traceback."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if shell := os.environ.get("_PATTERN_COMPLETE"):  # a shell asks, because somebody pressed TAB
        from pattern_cli.cli.shells import respond

        return respond(shell, arguments)
    _make_streams_ready()
    database(_option(arguments, "--db"))
    try:
        status = _invoke(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader has seen enough
        _discard(sys.stdout)
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return StoppedError.exit_code
    except ClickException as error:
        from pattern_cli.cli.mistakes import usage

        return _fail(usage(error), arguments)
    except PatternError as error:
        return _fail(error, arguments)
    except Exception as error:
        translated = _translated(error)
        if translated is None:
            if os.environ.get("PATTERN_DEBUG"):
                raise
            translated = FailureError(
                f"unexpected {type(error).__name__}: {error}",
                "this is a defect of this program; PATTERN_DEBUG=1 shows where it happened",
            )
        return _fail(translated, arguments)


def _make_streams_ready() -> None:
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            # Closed by whoever started us. Its number must not go to a file that is opened later.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
        elif name != "stdin" and hasattr(stream, "reconfigure"):
            # A terminal without UTF-8 gets escapes instead of an error.
            stream.reconfigure(errors="backslashreplace")


def _discard(stream: Any) -> None:
    """Let what is still to be written go nowhere: Python would complain again when it flushes at exit."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _invoke(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    try:
        with command.make_context("pattern", list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except NoArgsIsHelpError as asked:
        typer.echo(asked.message)
    return 0


def _translated(error: Exception) -> PatternError | None:
    if isinstance(error, OSError):
        name = f" {error.filename}" if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "free some space and try again" if full else "check the path and its permissions"
        return FailureError(f"the system refused{name}: {error.strerror or error}", hint)
    from pattern_cli.store.failures import translate

    return translate(error)


def _fail(error: PatternError, arguments: Sequence[str]) -> int:
    """Say what went wrong, after all output that came before, and return the exit status."""
    if not isinstance(error, StoppedError):
        from pattern_cli.render.messages import report

        try:
            sys.stdout.flush()
        except OSError:
            _discard(sys.stdout)
        with contextlib.suppress(OSError):
            report(error, _wants_json(arguments))
    return error.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether errors should be objects too."""
    return "--json" in arguments or _option(arguments, "--format") in {"json", "ndjson"}


def _option(arguments: Sequence[str], name: str) -> str | None:
    """The value of an option, looked up in the words, which may be wrong in other places; the last one counts."""
    found = None
    for word, after in itertools.zip_longest(arguments, arguments[1:]):
        if word == "--":
            break
        if word == name:
            found = after
        elif word.startswith(f"{name}="):
            found = word.removeprefix(f"{name}=")
    return found
