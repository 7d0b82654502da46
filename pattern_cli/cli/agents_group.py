"""The group of `pattern agents`, on which several modules declare its commands."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer

from pattern_cli.cli.options import Group, Run
from pattern_cli.render.formats import Format

group = Group("agents", help="Agents: who they are and how they are configured.")

AgentArgument = Annotated[str, typer.Argument(metavar="AGENT", help="Name, id, or the beginning of an id.")]


class Status(StrEnum):
    """The statuses of an agent."""

    active = "active"
    hibernated = "hibernated"
    archived = "archived"


def say(run: Run, remarks: Iterable[str]) -> None:
    """Tell a person what is worth a second look; who reads JSON has it there."""
    for remark in remarks if run.format not in (Format.json, Format.ndjson) else ():
        run.note(remark)
