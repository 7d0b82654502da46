"""The group of `pattern groups`, on which several modules declare its commands."""

from __future__ import annotations

from typing import Literal

from pattern_cli.cli.options import Group

group = Group("groups", help="Groups of agents and how they coordinate.")

EXITS = (3, 4, 5, 6)


def mode(dry_run: bool) -> Literal["read", "write"]:
    """How to open the database for a change, or for a look at it."""
    return "read" if dry_run else "write"
