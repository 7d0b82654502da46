"""The group of `pattern agents`, on which several modules declare its commands."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pattern_cli.cli.options import Group

group = Group("agents", help="Agents: who they are and how they are configured.")

AgentArgument = Annotated[str, typer.Argument(metavar="AGENT", help="Name, id, or the beginning of an id.")]


class Status(StrEnum):
    """The statuses of an agent."""

    active = "active"
    hibernated = "hibernated"
    archived = "archived"
