"""The group of `pattern groups`, on which several modules declare its commands."""

from __future__ import annotations

from typing import Any

from pattern_cli.cli.options import Group, Run

group = Group("groups", help="Groups of agents and how they coordinate.")

EXITS = (3, 4, 5, 6)


def show_change(run: Run, changed: Any, what: str) -> None:
    """Print what was changed, its remarks, and when a running runtime sees `what`."""
    run.show(changed)
    for remark in changed.remarks:
        run.warn(remark)
    if changed.runtime and not changed.dry_run:
        run.note(f"{changed.runtime} has the file open and sees {what} when it next loads the group")
