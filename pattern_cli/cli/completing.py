"""What may stand at the cursor of a command line: commands, options, values, and the names in the constellation.

What fits an argument is told by its metavar, for every command alike: a metavar that is neither in `MEANINGS` nor in
`FREE` is a mistake of whoever declared it (a test says so). Nothing here prints, prompts or leaves a trace.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer._click.core import ParameterSource
from typer.core import TyperArgument, TyperGroup, TyperOption

from pattern_cli.cli.options import given_before

if TYPE_CHECKING:
    from pattern_cli.store.names import Kind, Name

# Somebody waits for the answer: a database that is locked for longer has none.
_BUSY_MS = 300
_SHORT = 100
_WHENS = ("today", "yesterday", "1h", "1d", "7d", "30d")
MESSAGE_ROLES = ("user", "assistant", "system", "tool")
MEMBER_ROLES = ("regular", "supervisor", "observer", "specialist")
PATTERNS = ("round_robin", "dynamic", "pipeline", "supervisor", "voting", "sleeptime")
SELECTORS = ("random", "capability", "load_balancing", "supervisor", "custom")
PERMISSIONS = ("read_only", "partner", "human", "append", "read_write", "admin")
SCHEMAS = ("text", "map", "list", "log", "composite")
DOMAINS = ("memory_management", "system_integrity")
_KINDS_OF_TEXT = ("messages", "memory", "archival")


class Candidate(NamedTuple):
    """A whole word that may stand at the cursor, and what it is. Both are printable."""

    value: str
    note: str = ""


class Answer(NamedTuple):
    """What fits: candidates, or with `files` what the shell itself knows of files.

    Candidates are all there are of a kind, or those that begin as the word does: the shell has to choose.
    """

    candidates: list[Candidate]
    files: bool = False


class Place(NamedTuple):
    """Where a value is asked for: context and parameter of the command, what is typed of the value so far.

    `plain` says that the value may begin with a minus, because `--` was typed.
    """

    context: Any
    parameter: Any
    begins: str
    plain: bool


def complete(arguments: Sequence[str], begins: str) -> Answer:
    """What may follow the arguments, of which the last begins with `begins`.

    Raises whatever a wrong line or a database that cannot be read raises: then nothing is to be offered.
    """
    plain = "--" in arguments
    if not plain and (name := _open_option(arguments)):
        context = _context(arguments[:-1])
        if option := _option(context, name):
            return _values(Place(context, option, begins, False))
    context = _context(arguments)
    if begins.startswith("-") and not plain:
        return _option_or_its_value(context, begins)
    argument = next((one for one in context.command.params if _is_missing(context, one)), None)
    if argument is not None:
        return _values(Place(context, argument, begins, plain))
    return Answer(_commands(context) or (_options(context, begins) if not begins else []))


def _option_or_its_value(context: Any, begins: str) -> Answer:
    """The options that begin so, or what fits behind `--option=`."""
    name, sign, value = begins.partition("=")
    if not sign:
        return Answer(_options(context, begins))
    option = _option(context, name)
    answer = _values(Place(context, option, value, True)) if option else Answer([])
    return Answer([Candidate(f"{name}={found}", note) for found, note in answer.candidates], answer.files)


def _context(arguments: Sequence[str]) -> Any:
    """The context of the last command in the arguments. Raises LookupError for one that does not exist."""
    from pattern_cli.cli.app import app

    context: Any = typer.main.get_command(app).make_context("pattern", list(arguments), resilient_parsing=True)
    while isinstance(context.command, TyperGroup) and (rest := [*context._protected_args, *context.args]):
        name, command, rest = context.command.resolve_command(context, rest)
        if command is None:
            raise LookupError(name)
        context = command.make_context(name, rest, parent=context, resilient_parsing=True)
    return context


def _open_option(arguments: Sequence[str]) -> str | None:
    """The last argument, if it is an option that may want the next word as its value."""
    last = arguments[-1] if arguments else ""
    return last if last.startswith("-") and len(last) > 1 and "=" not in last else None


def _option(context: Any, name: str) -> Any:
    """The option of that name, unless it takes no value."""
    for parameter in context.command.params:
        if isinstance(parameter, TyperOption) and name in parameter.opts:
            return None if parameter.is_flag or parameter.count else parameter
    return None


def _is_missing(context: Any, parameter: Any) -> bool:
    """Whether a parameter is an argument that still takes a word."""
    return isinstance(parameter, TyperArgument) and (
        parameter.nargs == -1 or context.get_parameter_source(parameter.name) is not ParameterSource.COMMANDLINE
    )


def _commands(context: Any) -> list[Candidate]:
    """The commands of a group; those of the program without importing any."""
    from pattern_cli.cli.app import COMMANDS

    if context.parent is None:
        return [Candidate(name, short) for name, (_, short) in COMMANDS.items()]
    commands = getattr(context.command, "commands", {})
    return [
        Candidate(name, command.get_short_help_str(_SHORT)) for name, command in commands.items() if not command.hidden
    ]


def _options(context: Any, begins: str) -> list[Candidate]:
    """The options that may still be given; short names only where a single minus is typed."""
    found = []
    for parameter in context.command.get_params(context):
        again = parameter.multiple or parameter.name == "help"
        given = context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
        if isinstance(parameter, TyperOption) and not parameter.hidden and (again or not given):
            names = [*parameter.opts, *parameter.secondary_opts]
            shown = [name for name in names if name.startswith("--") or begins == "-" or name == begins]
            found += [Candidate(name, parameter.help or "") for name in shown]
    return found


def _values(place: Place) -> Answer:
    """What a parameter takes."""
    parameter = place.parameter
    if choices := parameter.type.shell_complete(place.context, parameter, ""):
        if choices[0].type != "plain":
            return Answer([], files=True)
        return Answer([Candidate(str(item.value), item.help or "") for item in choices])
    words = metavars(parameter)
    if words & FILES:
        return Answer([], files=True)
    finders = [MEANINGS[word] for word in sorted(words) if word in MEANINGS]
    return Answer([candidate for find in finders for candidate in find(place)])


def metavars(parameter: Any) -> set[str]:
    """The words of a parameter's metavar: `OWNER` and `BLOCK` of `[OWNER|BLOCK]...`."""
    return {word for word in re.split(r"[|=\[\]\s…]|\.\.\.", parameter.metavar or "") if word}


def _names(place: Place, kind: Kind, of: str | None = None) -> Iterator[Candidate]:
    """The names or ids of a kind; what cannot be typed safely is offered by its id, if it has one."""
    for name in _found(place, kind, place.begins, of):
        if _can_be_typed(name.text, place.plain):
            yield Candidate(name.text, _said(name.note))
        elif name.id is not None and _can_be_typed(name.id, place.plain):
            yield Candidate(name.id, _said(name.text))


def _found(place: Place, kind: Kind, begins: str, of: str | None) -> list[Name]:
    from pattern_cli.store.constellation import Constellation
    from pattern_cli.store.locate import locate
    from pattern_cli.store.names import Deleted, find

    states: dict[str, Deleted] = {"restore": "only", "purge": "also"}
    given = place.context.params.get("db")
    path = locate(given_before(place.context, "db") if given is None else given)
    with Constellation.open(path) as constellation:
        constellation.connection.set_busy_timeout(_BUSY_MS)
        return find(constellation, kind, begins, of, states.get(place.context.info_name, "without"))


def _can_be_typed(text: str, plain: bool) -> bool:
    """Whether a name can stand on a command line as it is: no control or broken characters, not like an option."""
    return text not in {"", "-"} and _said(text) == text and (plain or not text.startswith("-"))


def _said(text: str) -> str:
    from pattern_cli.render.safe import line

    return line(text)


def _named_before(place: Place, *metavar: str) -> str | None:
    """What is typed for an argument with one of these metavars; the nearest one before this parameter."""
    found = None
    for parameter in place.context.command.params:
        if parameter is place.parameter and found is not None:
            break
        value = place.context.params.get(parameter.name)
        if parameter is not place.parameter and isinstance(value, str) and metavars(parameter) & set(metavar):
            found = value
    return found


def _labels(place: Place) -> Iterator[Candidate]:
    owner = _named_before(place, "OWNER", "AGENT", "GROUP")
    return _names(place, "label", owner) if owner else iter(())


def _members(place: Place) -> Iterator[Candidate]:
    group = _named_before(place, "GROUP")
    return _names(place, "member", group) if group else _names(place, "agent")


def _blocks(place: Place) -> Iterator[Candidate]:
    """Ids of blocks once something is typed of one; OWNER/LABEL behind the slash."""
    owner, slash, _ = place.begins.rpartition("/")
    if slash and owner:
        for label, note in _names(place._replace(plain=True), "label", owner):
            yield Candidate(f"{owner}/{label}", note)
    elif place.begins:
        yield from _names(place, "block")


def _ids(place: Place) -> Iterator[Candidate]:
    """Ids of what the parameter is named after."""
    kinds: dict[str, Kind] = {"message": "message", "entry": "archival", "block": "block", "batch": "batch"}
    kind = kinds.get(place.parameter.name.rstrip("s").removesuffix("_id"))
    return _names(place, kind) if kind else iter(())


def _roles(place: Place) -> Iterator[Candidate]:
    is_member = "pattern groups" in place.context.command_path
    return map(Candidate, MEMBER_ROLES if is_member else MESSAGE_ROLES)


def _lists(place: Place) -> Iterator[Candidate]:
    """Several words with commas: each one once."""
    before, comma, _ = place.begins.rpartition(",")
    known = fields_of(place.context.command) if place.parameter.name == "fields" else _KINDS_OF_TEXT
    return (Candidate(f"{before}{comma}{word}") for word in known if word not in before.split(","))


def fields_of(command: Any) -> tuple[str, ...]:
    """The fields that a command's table or layout names; there may be more."""
    view = getattr(command, "view", None)
    parts: Iterable[Any] = getattr(view, "columns", getattr(view, "lines", ()))
    record = getattr(getattr(view, "record", None), "__dataclass_fields__", {})
    return tuple(dict.fromkeys([*(part.key for part in parts if part.key), *record]))


def _files_behind_at(place: Place) -> Iterator[Candidate]:
    """`@` and the names of files; those of folders end with a slash."""
    if not place.begins.startswith("@") or place.begins.startswith("@@"):
        return
    folder, slash, begins = place.begins[1:].rpartition("/")
    with os.scandir(folder + slash or ".") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.name.startswith(begins) or (entry.name.startswith(".") and not begins):
                continue
            if _said(entry.name) == entry.name:
                yield Candidate(f"@{folder}{slash}{entry.name}{'/' if entry.is_dir() else ''}")


FILES = frozenset({"FILE", "DIR", "ARCHIVE", "PATH"})
MEANINGS: dict[str, Callable[[Place], Iterator[Candidate]]] = {
    "AGENT": lambda place: _names(place, "agent"),
    "GROUP": lambda place: _names(place, "group"),
    "OWNER": lambda place: _names(place, "owner"),
    "MEMBER": _members,
    "LABEL": _labels,
    "BLOCK": _blocks,
    "ID": _ids,
    "ROLE": _roles,
    "PATTERN": lambda place: map(Candidate, PATTERNS),
    "SELECTOR": lambda place: map(Candidate, SELECTORS),
    "PERMISSION": lambda place: map(Candidate, PERMISSIONS),
    "SCHEMA": lambda place: map(Candidate, SCHEMAS),
    "DOMAIN": lambda place: map(Candidate, DOMAINS),
    "WHEN": lambda place: map(Candidate, _WHENS),
    "A,B": _lists,
    "@FILE": _files_behind_at,
}
# What only the person can know.
FREE = frozenset(
    {"TEXT", "NAME", "N", "-", "OLD", "NEW", "VALUE", "ENTRY", "FIELD", "TO", "A..B", "JSON", "KEY", "WORD"}
)
