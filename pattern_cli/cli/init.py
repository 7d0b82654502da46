"""`pattern init`: create an empty constellation."""

from __future__ import annotations

from typing import Annotated

import typer

from pattern_cli.cli.options import Group, Run
from pattern_cli.render.tables import Layout, Line

group = Group("init", help="Create an empty constellation.", alone=True)

CREATED = Layout(
    title=lambda record: f"created {record['path']}",
    lines=(
        Line("version", "schema", show=lambda version: f"{version:04d}"),
        Line("next", "next", show=lambda step: str(step)),
    ),
    record=("path", "version", "next"),
)


@group.command(
    "init",
    record=CREATED,
    examples=("pattern init", "pattern init ./lab/constellation.db"),
    exits=(4,),
)
def init(
    run: Run,
    path: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="Where to create it. Default: the place other commands read.")
    ] = None,
) -> None:
    """Create an empty constellation at the newest schema version.

    The runtime opens it without complaint. An existing file is never touched.
    """
    import shlex
    from pathlib import Path

    from pattern_cli.schema import create_constellation
    from pattern_cli.store.locate import locate

    target = Path(path).expanduser() if path else locate(run.db)
    with create_constellation(target) as constellation:
        version = constellation.version
    found = run.db is None and target == locate(None)
    step = "pattern import ARCHIVE" if found else f"pattern --db {shlex.quote(str(target))} import ARCHIVE"
    run.show({"path": str(target), "version": version, "next": step})
