"""`pattern messages`: list, show and follow messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.filters import AgentArgument, Chosen
from pattern_cli.cli.messages_group import group
from pattern_cli.cli.options import LimitOption, Run
from pattern_cli.errors import UsageError
from pattern_cli.render import values
from pattern_cli.render.formats import Format
from pattern_cli.render.tables import Column, Layout, Line, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pattern_cli.messages.rows import MessageRow
    from pattern_cli.messages.tail import Tail

ON_TERMINAL = 50
_PREVIEW = 400
_ONE_LINE = 100
_NAME_WIDTH = 16
_MARK_WIDTH = 12
EMPTY = ("(empty)", "dim")
MARKS = {"user": "← user", "assistant": "→ assistant", "tool": "↩ tool", "system": "· system"}
STYLES = {"user": "green", "assistant": "cyan", "tool": "dim", "system": "yellow"}


def preview(text: str) -> str:
    """A text on one line, cut where no terminal would show it."""
    return " ".join(text[:_PREVIEW].split())


def state_words(row: Any) -> str:
    """What deleted and archived messages say behind the speaker."""
    return " (deleted)" if row.is_deleted else " (archived)" if row.is_archived else ""


def role_words(row: Any) -> str:
    """Who speaks, with an arrow that says in which direction; deleted and archived ones say so."""
    return f"{MARKS.get(row.role, row.role)}{state_words(row)}"


def is_said(row: Any) -> bool:
    """Whether a message holds anything: a tool, an image, a thought, or a text that is not blank."""
    from pattern_cli.messages import content

    return any(not isinstance(part, content.Text) or part.text.strip() for part in row.content.parts)


def _role_style(row: Any) -> str:
    style = STYLES.get(row.role, "red")
    return f"{style} strike" if row.is_deleted else style


def _line_of_text(row: Any) -> list[tuple[str, str]]:
    """What a message says, in pieces on one line: thinking dim, tools marked, errors red."""
    from pattern_cli.messages import content

    pieces: list[tuple[str, str]] = []
    for part in row.content.parts:
        text, style = content.words(part), "dim"
        if isinstance(part, content.Text):
            style = ""
        elif isinstance(part, content.ToolCall):
            text, style = f"⚙ {part.name} {content.json_words(part.arguments)}", ""
        elif isinstance(part, content.ToolResponse):
            text, style = f"↩ {part.text}", "red" if part.is_error else ""
        pieces.append((f"{' ' if pieces else ''}{preview(text)}", style))
    return pieces if is_said(row) else [EMPTY]


MESSAGES = Table(
    columns=(
        Column("created_at", "TIME", show=values.clock),
        Column("agent_name", "AGENT", of_row=lambda row: row.agent_name or row.agent_id, style="bold"),
        Column("role", "ROLE", of_row=role_words, style=_role_style),
        Column("text", "TEXT", of_row=_line_of_text, wide=True),
        Column("id", "ID", style="dim", ids=16, leave_out=1),
    ),
    empty="no messages here → --archived and --deleted show hidden ones, pattern import ARCHIVE brings some in",
    record="pattern_cli.messages.rows:MessageRow",
)


@group.command(
    "list",
    rows=MESSAGES,
    examples=(
        "pattern messages list",
        "pattern messages list Juniper --role user --since 2h",
        "pattern messages list --batch 31058928949198848 --archived",
        "pattern messages list --format ndjson > messages.ndjson",
    ),
    exits=(3,),
)
def list_messages(
    run: Run,
    agent: AgentArgument = None,
    *,
    chosen: Chosen,
    limit: LimitOption = None,
) -> None:
    """List messages, oldest first: the newest 50 on a terminal, all in a pipe, the newest N with --limit.

    The order is that of the positions as numbers. In JSON the field text, the readable content, is given only when
    asked for by --fields, since it repeats content_json.
    """
    with run.open() as constellation:
        from pattern_cli.messages.rows import FIELDS, MessageRow
        from pattern_cli.messages.service import Messages
        from pattern_cli.render.output import BETWEEN

        messages = Messages(constellation)
        wanted = chosen.filter(messages, agent)
        if run.format in (Format.json, Format.ndjson):
            known = tuple(MessageRow.__dataclass_fields__)
            built = not run.fields or set(run.fields) <= set(FIELDS)
            between = BETWEEN[run.format]
            lines = messages.lines(wanted, limit, run.fields, between) if built else messages.list(wanted, limit)
            run.lines(lines, FIELDS, known)
            return
        if limit is not None or not run.terminal:
            run.rows(messages.list(wanted, limit))
            return
        page = messages.newest(wanted, ON_TERMINAL)
        run.rows(page.rows)
        if page.more:
            run.note(f"the newest {ON_TERMINAL}; --limit N shows more")


def _batch(record: Any) -> str:
    if record.batch_id is None:
        return ""
    kind = f" · {record.batch_type}" if record.batch_type else ""
    return f"{record.batch_id} · {record.batch_index} of {record.batch_count}{kind}"


def _state(record: Any) -> str:
    return ", ".join(
        word for word, is_so in (("archived", record.is_archived), ("deleted", record.is_deleted)) if is_so
    )


def _content(record: Any) -> list[tuple[str, str]]:
    from pattern_cli.messages import content

    uses = {use.call_id: use for use in record.tools}
    pieces: list[tuple[str, str]] = []
    for part in record.content.parts:
        if isinstance(part, content.ToolCall):
            pieces += [(f"⚙ {part.name} ", "cyan"), (f"{_arguments(part.arguments)}\n", "")]
            use = uses[part.call_id]
            if use.response is None:
                pieces.append(("  ↩ no response in this batch\n", "dim"))
            elif use.response_message != record.id:
                pieces.append((f"  ↩ {_indented(use.response)}\n", "red" if use.is_error else "dim"))
        elif isinstance(part, content.ToolResponse):
            name = uses[part.call_id].name or part.call_id
            pieces += [(f"↩ {name} ", "red" if part.is_error else "cyan"), (f"{_indented(part.text)}\n", "")]
        elif isinstance(part, content.Text):
            pieces.append((f"{part.text}\n", ""))
        else:
            pieces.append((f"{content.words(part)}\n", "dim"))
    return pieces if is_said(record) else [EMPTY]


def _arguments(value: Any) -> str:
    from pattern_cli.messages.content import json_words
    from pattern_cli.render.encode import pretty

    short = json_words(value)
    return short if len(short) <= _ONE_LINE else pretty(value)


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def _metadata(record: Any) -> str:
    from pattern_cli.render.encode import pretty

    return pretty(record.source_metadata) if record.source_metadata not in (None, {}) else ""


MESSAGE = Layout(
    title=lambda record: f"{record.agent_name or record.agent_id}  {role_words(record)}",
    lines=(
        Line("id", "id"),
        Line("created_at", "time", show=values.local),
        Line("kind", "kind"),
        Line("batch_id", "batch", of_row=_batch),
        Line("position", "position"),
        Line("source", "source"),
        Line("is_archived", "state", of_row=_state),
    ),
    bodies=(("", _content), ("metadata", _metadata)),
    record="pattern_cli.messages.records:MessageRecord",
)


@group.command(
    "show",
    record=MESSAGE,
    examples=(
        "pattern messages show msg_a895c0",
        "pattern messages show msg_a895c0 --raw > message.txt",
        "pattern messages show msg_a895c0 --json --fields tools",
    ),
    exits=(3,),
)
def show_message(
    run: Run,
    message: Annotated[str, typer.Argument(metavar="ID", help="Id, or the beginning of an id.")],
    raw: Annotated[bool, typer.Option("--raw", help="The readable text alone, unaltered in a pipe.")] = False,
) -> None:
    """Show one message: all its content, the tools it calls with their responses, batch and metadata."""
    if raw:
        run.text_alone("--raw")
    with run.open() as constellation:
        from pattern_cli.messages.service import Messages

        record = Messages(constellation).show(message)
    if raw:
        from pattern_cli.render.output import write_text

        write_text(record.text, raw=True)
        for problem in record.damage:
            run.warn(problem)
    else:
        run.show(record)


TailOption = Annotated[int, typer.Option("--lines", "-n", min=0, metavar="N", help="Begin with the newest N messages.")]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Go on: print every new message as it is stored.")]


def _drawn(row: Any, tools: tuple[str, ...], width: int) -> list[list[tuple[str, str]]]:
    """A message as lines of time, agent, who speaks or which tool, what is said; each tool has a line of its own."""
    from pattern_cli.messages import content

    names = iter(tools)
    begin = [(values.clock(row.created_at), "dim"), (f"  {(row.agent_name or str(row.agent_id)).ljust(width)}", "bold")]
    lines: list[list[tuple[str, str]]] = []
    speaking = False
    for part in row.content.parts:
        is_tool = isinstance(part, content.ToolCall | content.ToolResponse)
        if is_tool or not speaking:
            lines.append([*begin, _speaker(row, part, next(names) if is_tool else "")])
        lines[-1].append(_said(part))
        speaking = not is_tool
    return lines if is_said(row) else [[*begin, _speaker(row), (" ", ""), EMPTY]]


def _speaker(row: Any, part: Any = None, tool: str = "") -> tuple[str, str]:
    from pattern_cli.messages import content

    mark, style = role_words(row), _role_style(row)
    if isinstance(part, content.ToolCall):
        mark, style = f"⚙ {tool}{state_words(row)}", "magenta"
    elif isinstance(part, content.ToolResponse):
        mark, style = f"↩ {tool}{state_words(row)}", "red" if part.is_error else "magenta"
    return f"  {mark.ljust(_MARK_WIDTH)} ", style


def _said(part: Any) -> tuple[str, str]:
    from pattern_cli.messages import content

    if isinstance(part, content.ToolCall):
        return f" {preview(content.json_words(part.arguments))}", ""
    if isinstance(part, content.ToolResponse):
        text = preview(part.text) or EMPTY[0]
        return f" {text}", "red" if part.is_error else "" if part.text.strip() else "dim"
    return f" {preview(content.words(part))}", "" if isinstance(part, content.Text) else "dim"


@group.command(
    "tail",
    rows=MESSAGES,
    examples=(
        "pattern messages tail",
        "pattern messages tail Juniper -n 50",
        "pattern messages tail -f",
        "pattern messages tail -f -n 0 --role user --format ndjson | while read -r message; do …; done",
    ),
    exits=(3,),
)
def tail_messages(
    run: Run,
    agent: AgentArgument = None,
    lines: TailOption = 10,
    follow: FollowOption = False,
    *,
    chosen: Chosen,
) -> None:
    """Show the newest messages, every tool and every response on a line of its own; with -f go on with every new one.

    New messages come in the order in which they are stored, also ones with older positions from an import. Following
    ends on Ctrl-C (130) and when the reader of a pipe is gone (0); --format json has an end and cannot follow.
    """
    if follow and run.format is Format.json:
        raise UsageError("--format json is one array, which never ends with --follow", "--format ndjson can follow")
    if follow:
        _close_when_told_to_end()
    with run.open() as constellation:
        from pattern_cli.messages.rows import FIELDS, MessageRow
        from pattern_cli.messages.service import Messages
        from pattern_cli.messages.tail import Tail

        messages = Messages(constellation)
        wanted = chosen.filter(messages, agent)
        tail = Tail(constellation, wanted)
        width = min(_NAME_WIDTH, messages.longest_name())
        run.stream(
            _tailed(run, tail, lines, follow),
            lambda row: _drawn(row, tail.tools(row), width),
            FIELDS,
            tuple(MessageRow.__dataclass_fields__),
        )


def _tailed(run: Run, tail: Tail, lines: int, follow: bool) -> Iterator[MessageRow]:
    yield from tail.newest(lines)
    if follow:
        from pattern_cli.render.following import reader_watch

        yield from tail.follow(reader_watch(), run.note)


def _close_when_told_to_end() -> None:
    """Let the signals that end a program unwind it, so that the database is closed and no side file stays behind."""
    import signal

    def end(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


# Last, so that their commands follow these in the help.
from pattern_cli.cli import messages_changes, messages_queue  # noqa: E402, F401
