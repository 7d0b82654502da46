"""The group of `pattern memory`, on which several modules declare its commands, and what these share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from pattern_cli.cli.options import Group, Run

group = Group("memory", help="Memory blocks: what agents know.")

EXITS = (3, 4, 5, 6, 7)

OwnerOrBlock = Annotated[
    str,
    typer.Argument(
        metavar="OWNER|BLOCK",
        help="Agent, group or _constellation_ of the block; or the block itself by id, the beginning of its id, or "
        "OWNER/LABEL.",
    ),
]
Label = Annotated[
    str | None, typer.Argument(metavar="[LABEL]", help="Label of the block, owned or received by a share.")
]
AsAdminOption = Annotated[bool, typer.Option("--as-admin", help="Whatever the block's permission says.")]


class BlockType(StrEnum):
    """The types of a block."""

    core = "core"
    working = "working"
    archival = "archival"
    log = "log"


def name(record: Any) -> str:
    """A block as people call it."""
    return f"{record.owner}/{record.label}"


def say(run: Run, record: Any) -> None:
    """Print a record and its remarks."""
    run.show(record)
    run.tell(record.remarks)


def show_difference(before: str, after: str, header: str = "") -> None:
    """Print what differs between two texts, word by word."""
    from pattern_cli.memory.comparing import compare
    from pattern_cli.render.differences import write_difference

    write_difference(compare(before, after, "words"), "words", header)
