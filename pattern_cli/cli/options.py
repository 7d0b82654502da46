"""How a command is declared: its options, its help sections and the `Run` it gets.

    group = Group("agents", help="Agents: who they are and how they are configured.")

    @group.command("list", rows=AGENTS, examples=("pattern agents list",), exits=(0, 3))
    def list_agents(run: Run, status: StatusOption = None) -> None:
        '''List the agents.'''
        with run.open() as constellation:
            run.rows(Agents(constellation).list(status=status))

A parameter's metavar also says what the shells complete there: `AGENT`, `GROUP`, `OWNER`, `LABEL`, `FILE`, … (see
`completing.MEANINGS`). `rows=` or `record=` names what the command prints and adds `--format`, `--json` and `--fields`;
`db=False` leaves out `--db`. Everything else is an ordinary Typer signature. `Group(..., alone=True)` is a command
without subcommands; `group.add(Group("field", help="…"))` makes a group inside a group, to any depth.
Options that several commands share are a class of `Together`, and one argument of the function.
"""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

from pattern_cli.cli.making import Commands, Makers
from pattern_cli.errors import RefusedError, UsageError
from pattern_cli.render.formats import Format, default_format

if TYPE_CHECKING:
    from pattern_cli.render.output import Counted
    from pattern_cli.render.progress import Progress
    from pattern_cli.render.tables import Layout, Table
    from pattern_cli.store.constellation import Constellation

EXITS = {
    0: "done",
    1: "failure",
    2: "usage: a wrong option or value",
    3: "not found",
    4: "conflict: exists already, was changed meanwhile, or is in use",
    5: "integrity: damaged file, bad hash, failed verification",
    6: "schema: needs a migration, or an unknown version",
    7: "refused: a running runtime, or a confirmation is missing",
    8: "a dependency is missing",
    130: "interrupted",
}
_ALWAYS = (0, 1, 2, 130)
_OPENING = (3, 4, 5)

DbOption = Annotated[
    str | None,
    typer.Option("--db", metavar="FILE", help="Database file. Default: PATTERN_DB, pattern.toml, data directory."),
]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="Output format. Default: a table on a terminal, tsv in a pipe.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Same as --format json.")]
FieldsOption = Annotated[str | None, typer.Option("--fields", metavar="A,B", help="Only these fields, in this order.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would happen and change nothing.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Do it although a running runtime has the file open.")]
NoSnapshotOption = Annotated[bool, typer.Option("--no-snapshot", help="Do not make a backup first.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="Not before: 2h, 3d, yesterday, 2026-01-08.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="WHEN", help="Not after, as --since; a date means the end of that day.")
]
LimitOption = Annotated[int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="At most so many rows.")]


class Run:
    """One run of a command: opens the database, writes the results, says remarks, asks questions."""

    def __init__(
        self,
        db: str | None = None,
        form: Format | None = None,
        fields: tuple[str, ...] = (),
        view: Table | Layout | None = None,
    ) -> None:
        self.db = db
        self.form = form
        self.fields = fields
        self._view = view

    @property
    def format(self) -> Format:
        """The format asked for, else a table on a terminal and tab-separated values in a pipe."""
        return self.form or default_format(sys.stdout)

    @property
    def terminal(self) -> bool:
        """Whether the output goes to a person: a terminal, and no other format asked for."""
        return self.form is None and sys.stdout.isatty()

    def open(self, mode: Literal["read", "write"] = "read", *, any_schema: bool = False) -> Constellation:
        """Open the database that was named, or the default one."""
        from pattern_cli.store.constellation import Constellation
        from pattern_cli.store.locate import locate

        constellation = Constellation.open(locate(self.db), mode, any_schema=any_schema)
        if constellation.read_from_copy:
            self.note(f"{constellation.path} has a log that this user may not index; a private copy is read")
        return constellation

    def open_to_change(self, dry_run: bool) -> Constellation:
        """Open the database for a change; for a dry run only to read."""
        return self.open("read" if dry_run else "write")

    def rows(self, rows: Iterable[Any], table: Table | None = None) -> int:
        """Write a list and return its length; rows that could not be read completely are counted in a warning."""
        from pattern_cli.render.output import write_rows
        from pattern_cli.render.tables import Table

        view = table or self._view
        assert isinstance(view, Table)
        counted = write_rows(rows, view, self.format, self.fields)
        if counted.damaged:
            self.warn_damage(counted)
        return counted.count

    def lines(self, lines: Iterable[Any], names: tuple[str, ...], known: Iterable[str]) -> None:
        """Write a list in a JSON format, in which finished objects may stand for rows.

        `names` are the fields without `--fields`, `known` all that may be asked for.
        """
        from pattern_cli.render.output import choose, write_lines

        choose(known, self.fields)
        counted = write_lines(lines, self.format, self.fields or names)
        if counted.damaged:
            self.warn_damage(counted)

    def stream(
        self,
        rows: Iterable[Any],
        drawn: Callable[[Any], list[list[tuple[str, str]]]],
        names: tuple[str, ...],
        known: Iterable[str],
    ) -> None:
        """Write rows one by one as they come: not as a table but as lines of pieces, else as `rows` and `lines`."""
        from pattern_cli.render.following import at_once, print_lines
        from pattern_cli.render.output import choose
        from pattern_cli.render.tables import Table

        assert isinstance(self._view, Table)
        if self.format in (Format.json, Format.ndjson):
            self.lines(at_once(rows), names, known)
        elif self.format is not Format.table or self.fields:
            choose(known, self.fields)
            self.rows(at_once(rows))
        elif (counted := print_lines(rows, drawn, self._view.empty)).damaged:
            self.warn_damage(counted)

    def show(self, record: Any, layout: Layout | None = None) -> None:
        """Write one object; what could not be read in it is named in warnings."""
        from pattern_cli.render.output import write_record
        from pattern_cli.render.tables import Layout

        view = layout or self._view
        write_record(record, view if isinstance(view, Layout) else Layout(), self.format, self.fields)
        for problem in getattr(record, "damage", ()):
            self.warn(problem)

    def warn_damage(self, counted: Counted) -> None:
        """Say that rows were shown although they cannot be decoded; a few are named."""
        count, names = counted.damaged, counted.names
        rows = "1 row" if count == 1 else f"{count} rows"
        which = f": {', '.join(names)}" if len(names) == count else ""
        self.warn(
            f"{rows} could not be decoded completely and {'is' if count == 1 else 'are'} shown as stored{which};"
            " the field damage says why"
        )

    def warn(self, text: str) -> None:
        """Something the person should know, on standard error."""
        from pattern_cli.render.messages import say

        say("warning", text)

    def note(self, text: str) -> None:
        """A remark on standard error."""
        from pattern_cli.render.messages import say

        say("note", text)

    def tell(self, remarks: Iterable[str]) -> None:
        """Remarks for a person, as notes; who reads JSON has them there."""
        for remark in remarks if self.format not in (Format.json, Format.ndjson) else ():
            self.note(remark)

    @contextmanager
    def progress(self, label: str, unit: str = "") -> Iterator[Progress | None]:
        """A progress callback for a service; None where standard error is no terminal."""
        from pattern_cli.render.progress import progress

        with progress(label, unit) as report:
            yield report

    def saver(self, reason: str, skip: bool = False) -> Callable[[Constellation], str] | None:
        """What a destructive service calls first: makes a snapshot and returns its path; None with `--no-snapshot`."""
        from pattern_cli.backups.snapshot import saver

        return None if skip else saver(reason)

    def text_alone(self, option: str) -> None:
        """Raise UsageError when a format or fields were asked for beside an option that prints a text alone."""
        if self.form or self.fields:
            other = "--fields" if self.fields else f"--format {self.form}"
            raise UsageError(f"{option} is the text alone, so it goes not with {other}", "leave out one of them")

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask on a terminal; elsewhere raise RefusedError unless `--yes` was given."""
        if yes:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise RefusedError(f"{question} needs a confirmation", "add --yes, or look first with --dry-run")
        from pattern_cli.render.safe import line

        if not typer.confirm(f"{line(question)}?", err=True):
            raise RefusedError("not confirmed; nothing was changed")


class Together:
    """Options declared once for several commands, which get them as one argument.

        class Chosen(Together):
            role: RoleOption = None

        def list_messages(run: Run, chosen: Chosen) -> None: ...

    The options stand in the help where the argument stands in the signature; their values are attributes of it.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        self.__dict__.update(given)

    @classmethod
    def options(cls) -> list[inspect.Parameter]:
        """The declared options, as parameters of a function."""
        hints = typing.get_type_hints(cls, include_extras=True)
        return [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=getattr(cls, name), annotation=hints[name])
            for name in hints
        ]


class PatternCommand(TyperCommand):
    """A command whose help ends with examples and exit statuses."""

    examples: tuple[str, ...] = ()
    exits: tuple[int, ...] = ()
    view: Table | Layout | None = None

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the sections after the options, line for line."""
        write_sections(self, formatter)


class PatternGroup(TyperGroup):
    """A group whose help ends with examples and exit statuses, and whose commands are made when they are needed."""

    examples: tuple[str, ...] = ()
    exits: tuple[int, ...] = ()
    view: Table | Layout | None = None
    makers: typing.ClassVar[Makers] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if self.makers:
            self.commands = Commands(self.makers)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the sections after the commands, line for line."""
        write_sections(self, formatter)

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of their declaration."""
        return list(self.commands)


def write_sections(command: Any, formatter: Any) -> None:
    """Write a command's examples and exit statuses line for line, as the last part of its help."""
    for heading, lines in (
        ("Examples", command.examples),
        ("Exit status", [f"{code:<4} {EXITS[code]}" for code in command.exits]),
    ):
        if lines:
            formatter.write_paragraph()
            formatter.write(f"{heading}:\n" + "".join(f"  {line}\n" for line in lines))


class Group:
    """A command group in the making; `app` is its Typer application."""

    def __init__(self, name: str, help: str, *, alone: bool = False) -> None:
        self.name = name
        self.alone = alone
        self._makers: Makers = {}
        self.app = typer.Typer(
            name=name,
            help=help,
            cls=type("DeclaredGroup", (PatternGroup,), {"makers": self._makers}),
            rich_markup_mode=None,
            no_args_is_help=True,
            add_completion=False,
        )
        if not alone:
            self.app.callback()(_shared_before)

    def command(
        self,
        name: str,
        *,
        rows: Table | None = None,
        record: Layout | None = None,
        examples: tuple[str, ...],
        exits: tuple[int, ...] = (),
        db: bool = True,
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Declare a command; the first line of the function's docstring is its short help."""

        def declare(function: Callable[..., None]) -> Callable[..., None]:
            attributes = {"examples": examples, "exits": _statuses(exits, db), "view": rows or record}

            def make(app: typer.Typer | None = None) -> Any:
                app = app or typer.Typer(rich_markup_mode=None, add_completion=False)
                kind = type("DeclaredCommand", (PatternCommand,), attributes)
                app.command(name, cls=kind)(_with_run(function, rows or record, db))
                return typer.main.get_command(app)

            if self.alone:
                make(self.app)
            else:
                self._makers[name] = make
            return function

        return declare

    def default(
        self, *, record: Layout, examples: tuple[str, ...], exits: tuple[int, ...] = ()
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Declare what the group does when no subcommand follows."""

        def declare(function: Callable[..., None]) -> Callable[..., None]:
            wrapped = _with_run(function, record, True)
            attributes = {"examples": examples, "exits": _statuses(exits, True), "view": record}
            group = type("DefaultGroup", (PatternGroup,), {**attributes, "makers": self._makers})
            self.app.callback(invoke_without_command=True, cls=group)(_unless_subcommand(wrapped))
            self.app.info.no_args_is_help = False
            return function

        return declare

    def add(self, sub: Group) -> None:
        """Put another group into this one, after the commands: `pattern memory field …`."""
        self._makers[sub.name] = lambda: typer.main.get_command(sub.app)

    @property
    def names(self) -> list[str]:
        """The names of the commands and groups in it, in the order of the help."""
        return list(self._makers)


def _statuses(exits: tuple[int, ...], db: bool) -> tuple[int, ...]:
    return tuple(sorted({*_ALWAYS, *(_OPENING if db else ()), *exits}))


def _own(function: Callable[..., None]) -> tuple[list[inspect.Parameter], dict[str, type[Together]]]:
    """A function's own options, and which of its arguments stand for several of them."""
    hints = typing.get_type_hints(function, include_extras=True)
    own: list[inspect.Parameter] = []
    together: dict[str, type[Together]] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints[name]
        if isinstance(hint, type) and issubclass(hint, Together):
            together[name] = hint
            own += hint.options()
        elif name != "run":
            own.append(parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY))
    return own, together


def _with_run(function: Callable[..., None], view: Table | Layout | None, db: bool) -> Callable[..., None]:
    """A function with the shared options in its signature, which calls `function` with a `Run`."""
    own, together = _own(function)
    shared: dict[str, Any] = {}
    if db:
        shared["db"] = (DbOption, None)
    if view is not None:
        shared |= {"form": (FormatOption, None), "as_json": (JsonOption, False), "fields": (FieldsOption, None)}

    @functools.wraps(function)
    def command(ctx: typer.Context, **given: Any) -> None:
        taken = {name: given.pop(name) for name in shared}
        form = asked_format(taken) or _format_before(ctx)
        fields = taken.get("fields")
        names = field_names(given_before(ctx, "fields") if fields is None else fields)
        if names and view is not None and not given.get("dry_run"):  # which may show something else
            _check_fields(names, view)
        # An empty --db is a mistake to be named, not a --db that was left out.
        place = given_before(ctx, "db") if taken.get("db") is None else taken["db"]
        for name, kind in together.items():
            given[name] = kind({option.name: given.pop(option.name) for option in kind.options()})
        function(Run(place, form, names, view), **given)

    parameters = [
        inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *own,
        *(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for name, (annotation, default) in shared.items()
        ),
    ]
    wrapper: Any = command
    wrapper.__signature__ = inspect.Signature(parameters)
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del wrapper.__wrapped__
    return command


def field_names(given: str | None) -> tuple[str, ...]:
    """The fields that `--fields` names, none without it. Raises UsageError when it names none."""
    names = tuple(name.strip() for name in (given or "").split(",") if name.strip())
    if given is not None and not names:
        raise UsageError("--fields names no field", "for example --fields id,name")
    return names


def _check_fields(names: tuple[str, ...], view: Table | Layout) -> None:
    """Raise UsageError for a field that there is not, before the command reads or writes anything."""
    from pattern_cli.render.output import choose
    from pattern_cli.render.tables import fields_of

    if (known := fields_of(view)) is not None:
        choose(known, names)


def asked_format(given: Mapping[str, Any]) -> Format | None:
    """The format that `--format` and `--json` ask for. Raises UsageError when they contradict each other."""
    form = given.get("form")
    if not given.get("as_json"):
        return form and Format(form)
    if form not in (None, Format.json):
        raise UsageError(f"--json and --format {form} contradict each other", "leave out one of them")
    return Format.json


def _format_before(ctx: typer.Context) -> Format | None:
    """The format that was asked for nearest before the subcommand."""
    parent = ctx.parent
    while parent is not None:
        if form := asked_format(parent.params):
            return form
        parent = parent.parent
    return None


def given_before(ctx: typer.Context, name: str) -> Any:
    """The value of a shared option that stands before the subcommand: `pattern --db F backup --json list`."""
    parent = ctx.parent
    while parent is not None:
        if parent.params.get(name) not in (None, False):
            return parent.params[name]
        parent = parent.parent
    return None


def _shared_before(
    db: Annotated[str | None, typer.Option("--db", metavar="FILE", hidden=True)] = None,
    form: Annotated[Format | None, typer.Option("--format", hidden=True)] = None,
    as_json: Annotated[bool, typer.Option("--json", hidden=True)] = False,
    fields: Annotated[str | None, typer.Option("--fields", metavar="A,B", hidden=True)] = None,
) -> None:
    """Take the shared options where people put them too: `pattern agents --db F list`; `given_before` finds them."""


def _unless_subcommand(wrapped: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(wrapped)
    def callback(ctx: typer.Context, **given: Any) -> None:
        if ctx.invoked_subcommand is None:
            wrapped(ctx, **given)

    wrapper: Any = callback
    wrapper.__signature__ = wrapped.__signature__  # type: ignore[attr-defined]
    del wrapper.__wrapped__
    return callback
