"""`pattern search`: full-text search."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.options import Group, LimitOption, Run, SinceOption, UntilOption
from pattern_cli.render import values
from pattern_cli.render.tables import Column, Table

if TYPE_CHECKING:
    from pattern_cli.search.hits import Results

group = Group("search", help="Search messages, memory and archival entries.", alone=True)

DEFAULT = 20
_FOUND = "bold yellow"
_LONGEST_PLACE = 28
_BEFORE = 16
_LEAST_SCORE = 0.01


class Syntax(StrEnum):
    """How the text is read."""

    words = "words"
    fts5 = "fts5"


def _score(score: float) -> str:
    """Two digits; a hit never looks as if it were none."""
    return f"{score:.2f}" if score >= _LEAST_SCORE else f"<{_LEAST_SCORE}"


def _place(row: Any) -> str:
    """Whose it is; of a block the label too."""
    owner = row.agent_name or row.agent_id
    place = owner if row.label is None else f"{owner}/{row.label}"
    return place if len(place) <= _LONGEST_PLACE else f"{place[: _LONGEST_PLACE - 1]}…"


def _time(row: Any) -> str:
    return values.local(row.updated_at or row.created_at)[:16]


def _state(row: Any) -> str:
    hidden = (row.is_deleted, "deleted"), (row.is_archived, "archived"), (row.is_active is False, "inactive")
    return next((f"{row.kind} ({word})" for is_so, word in hidden if is_so), row.kind)


def _snippet(row: Any) -> list[tuple[str, str]]:
    """The snippet in pieces: the found words in colour, between the marks that stand there already.

    Little is left before the first of them, which a narrow terminal would cut off otherwise.
    """
    pieces: list[tuple[str, str]] = []
    end = max(row.highlights[0][0] - _BEFORE, 0) if row.highlights else 0
    if end:
        end = row.snippet.find(" ", end, row.highlights[0][0]) + 1 or end
        pieces.append(("… ", ""))
    for begin, stop in row.highlights:
        pieces += [(row.snippet[end:begin], ""), (row.snippet[begin:stop], _FOUND)]
        end = stop
    return [*pieces, (row.snippet[end:], "")]


HITS = Table(
    columns=(
        Column("score", "SCORE", show=_score, style="cyan", right=True),
        Column("kind", "KIND", of_row=_state),
        Column("agent_name", "WHERE", of_row=_place, style="bold", wide=True, least=12),
        Column("label", "LABEL", told=True),
        Column("created_at", "TIME", of_row=_time, style="dim", leave_out=1),
        Column("snippet", "FOUND", of_row=_snippet, wide=True, least=32),
        Column("id", "ID", of_row=lambda row: str(row.short_id), style="dim"),
    ),
    record="pattern_cli.search.hits:Hit",
)


@group.command(
    "search",
    rows=HITS,
    examples=(
        'pattern search "slow kettle"                  either word; texts that hold both come first',
        "pattern search '\"slow kettle\" paint* -tea'     a phrase, beginnings of words, not tea",
        "pattern search harbor --in memory --agent Juniper",
        "pattern search harbor --role user --since 2d --json",
        "pattern search --syntax fts5 'NEAR(slow kettle, 5)'",
    ),
    exits=(3,),
)
def search(
    run: Run,
    text: Annotated[list[str], typer.Argument(metavar="TEXT...", help="Any text; after -- it may begin with a minus.")],
    within: Annotated[
        str | None, typer.Option("--in", metavar="A,B", help="Only in these: messages, memory, archival.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="AGENT", help="Only what this agent or group owns: name or id.")
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", metavar="ROLE", help="Only messages of this role: user, assistant, …")
    ] = None,
    batch: Annotated[str | None, typer.Option("--batch", metavar="ID", help="Only messages of this batch.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="TEXT", help="Only messages from this source.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    archived: Annotated[bool, typer.Option("--archived", help="Archived messages too.")] = False,
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted messages too.")] = False,
    inactive: Annotated[bool, typer.Option("--inactive", help="Inactive (soft-deleted) blocks too.")] = False,
    limit: LimitOption = None,
    syntax: Annotated[
        Syntax, typer.Option("--syntax", help="words: any text; fts5: an expression of SQLite's FTS5.")
    ] = Syntax.words,
) -> None:
    """Search messages, memory blocks and archival entries; the best 20 hits, best first.

    One of the words is enough for a hit, but texts that hold all of them come first. "quotes" make a phrase, -word
    leaves texts with that word out, word* finds its continuations, AND between two words demands both. Memory is
    searched in its whole content. The score is 1 for the best hit; above 0.5 a hit holds all words.

    --since and --until hold for a block's last change, for the creation of messages and entries. Texts are what the
    runtime indexes: names and arguments of tools are not among them.
    """
    from pattern_cli.store.times import parse_until, parse_when

    with run.open() as constellation:
        from pattern_cli.search.service import Search

        results = Search(constellation).find(
            " ".join(text),
            within=[name.strip() for name in within.split(",")] if within is not None else (),
            agent=agent,
            role=role,
            batch=batch,
            source=source,
            since=None if since is None else parse_when(since),
            until=None if until is None else parse_until(until),
            archived=archived,
            deleted=deleted,
            inactive=inactive,
            limit=limit or DEFAULT,
            syntax=syntax.value,
        )
        run.rows(results.hits, Table(HITS.columns, _nothing(results, " ".join(text)), HITS.record))
    for remark in results.remarks:
        run.warn(remark)
    if run.terminal and results.hits:
        run.note(_closing(results))


def _nothing(results: Results, text: str) -> str:
    if results.empty:
        return "there is no word in that text: only letters and digits are indexed"
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    return f"nothing holds {shown} → word* finds continuations; --archived, --deleted and --inactive show hidden ones"


def _closing(results: Results) -> str:
    count = len(results.hits)
    more = f" · more: --limit {count * 2}" if results.more else ""
    return f"{values.plural(count, 'hit')} in {results.seconds * 1000:.0f} ms (text){more}"
