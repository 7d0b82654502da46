"""`pattern` alone: where the constellation is, what is in it, what to do next."""

from __future__ import annotations

from typing import Any

from pattern_cli.cli.options import Run
from pattern_cli.errors import NotFoundError
from pattern_cli.render import values
from pattern_cli.render.pasting import pasteable
from pattern_cli.render.tables import Layout, Line

_NAMES_SHOWN = 4


def _file(view: Any) -> str:
    version = "no ledger" if view.version is None else f"schema {view.version:04d}"
    next_step = "   → pattern migrate up" if view.health.startswith("needs migration") else ""
    return f"{values.place(view.path)}   {values.size(view.size)} · {version} · {view.health}{pasteable(next_step)}"


def _used(view: Any) -> str:
    last = f"last message {values.ago(view.last_message)}" if view.last_message else ""
    return ", ".join((*view.holders, last) if view.holders and last else view.holders) or (
        last and f"nobody now; {last}"
    )


def _agents(view: Any) -> str:
    states = " · ".join(f"{count} {status}" for status, count in view.agents.items())
    return f"{sum(view.agents.values())}   {states}" if states else pasteable("none yet   → pattern import ARCHIVE")


def _groups(view: Any) -> str:
    if not view.groups:
        return ""
    shown = [f"{g.name} ({g.pattern_type}, {g.member_count})" for g in view.groups[:_NAMES_SHOWN]]
    more = [f"{len(view.groups) - _NAMES_SHOWN} more"] if len(view.groups) > _NAMES_SHOWN else []
    return f"{len(view.groups)}   " + " · ".join(shown + more)


def _memory(view: Any) -> str:
    if not view.full_blocks:
        return values.plural(view.block_count, "block")
    fullest = sorted(view.full_blocks, key=lambda b: -b.used / b.limit)
    names = [f"{b.owner}/{b.label} {100 * b.used // b.limit} %" for b in fullest[:_NAMES_SHOWN]]
    more = [f"{len(fullest) - _NAMES_SHOWN} more"] if len(fullest) > _NAMES_SHOWN else []
    blocks = values.plural(view.block_count, "block")
    return f"{blocks}   {values.number(len(fullest))} over 90 % of the limit: {', '.join(names + more)}"


def _messages(view: Any) -> str:
    days = f"   {values.sparkline(list(view.messages_per_day))}  last 14 days" if any(view.messages_per_day) else ""
    return f"{values.number(view.message_count)}{days}"


def _backup(last: str | None) -> str:
    return values.ago(last) if last else pasteable("none yet   → pattern backup")


HOME = Layout(
    lines=(
        Line("path", "constellation", of_row=_file),
        Line("holders", "in use by", of_row=_used),
        Line("agents", "agents", of_row=_agents),
        Line("groups", "groups", of_row=_groups),
        Line("block_count", "memory", of_row=_memory),
        Line("archival_count", "archival", show=lambda count: values.plural(count, "entry", "entries")),
        Line("message_count", "messages", of_row=_messages),
        Line("last_backup", "backup", show=_backup),
    ),
    record="pattern_cli.health.overview:Overview",
)

_WELCOME = """There is no constellation at {path} ({source}).

  pattern init                     create an empty one there
  pattern import ARCHIVE --create  create one from an archive
  pattern --db FILE                use another database

pattern --help lists all commands.
"""


def home(run: Run) -> None:
    """Print the first screen; an empty place says the three commands that get one going."""
    from pattern_cli.store.locate import where

    place = where(run.db)
    try:
        constellation = run.open()
    except NotFoundError:
        if run.db or run.form or run.fields:
            raise
        from pattern_cli.render.output import write_text

        write_text(_WELCOME.format(path=place.path, source=place.source))
        return
    with constellation:
        from pattern_cli.health.overview import overview

        run.show(overview(constellation), HOME)
