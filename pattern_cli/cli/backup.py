"""`pattern backup`: back up a constellation, list backups, prove one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.options import Group, Run
from pattern_cli.errors import UsageError
from pattern_cli.render import values
from pattern_cli.render.tables import Column, Layout, Line, Table

if TYPE_CHECKING:
    from pathlib import Path

group = Group("backup", help="Back up a constellation, list and prove backups.")

_STATES = {"verified": "green", "unverified": "yellow"}
# Nothing is read for a list: what was checked then may be damaged by now.
_SAID = {"verified": "verified when made"}


def _content(record: Any) -> str:
    schema = "no ledger" if record.version is None else f"schema {record.version:04d}"
    rows = values.plural(sum(record.counts.values()), "row")
    return f"{values.size(record.size)} · {schema} · {rows} in {values.plural(len(record.counts), 'table')}"


def _speed(record: Any) -> str:
    rate = f" · {values.size(record.size / record.seconds)}/s" if record.seconds else ""
    return f"{record.seconds:.1f} s{rate}"


SNAPSHOT = Layout(
    title=lambda record: record.path,
    lines=(
        Line("size", "content", of_row=_content),
        Line("verified", "check", show=lambda done: "integrity ok" if done else "not checked (--no-verify)"),
        Line("hash", "hash"),
        Line("manifest", "manifest"),
        Line("seconds", "took", of_row=_speed),
    ),
    record="pattern_cli.backups.snapshot:Snapshot",
)

PROVEN = Layout(
    title=lambda record: record.path,
    lines=(
        Line("size", "content", of_row=_content),
        Line("integrity", "proven", show=lambda _: "hash, integrity and all row counts are those of its manifest"),
        Line("hash", "hash"),
        Line("created_at", "made", show=values.local),
        Line("reason", "reason"),
        Line("source", "source"),
        Line("seconds", "took", of_row=_speed),
    ),
    record="pattern_cli.backups.verify:Verification",
)

BACKUPS = Table(
    columns=(
        Column("name", "NAME", style="bold"),
        Column("created_at", "MADE", show=values.ago),
        Column("reason", "REASON"),
        Column("size", "SIZE", show=values.size, right=True),
        Column("version", "SCHEMA", show=lambda v: values.DASH if v is None else f"{v:04d}"),
        Column(
            "state",
            "STATE",
            show=lambda state: _SAID.get(state) or str(state),
            style=lambda row: _STATES.get(row.state, "red"),
        ),
    ),
    empty="no backups yet → pattern backup makes one",
    record="pattern_cli.backups.catalog:Backup",
)


@group.default(
    record=SNAPSHOT,
    examples=(
        "pattern backup",
        "pattern backup -o /mnt/usb/",
        "pattern backup list",
        "pattern backup verify constellation-20260108T190218Z.db",
    ),
    exits=(4, 5),
)
def back_up(
    run: Run,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE|DIR", help="Where to. Default: backups/ beside the database."),
    ] = None,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Skip the integrity check of the finished file (twice as fast).")
    ] = False,
) -> None:
    """Back up a constellation while it is in use.

    The copy is consistent, proven and readable by its owner only before it gets its name. A manifest beside it holds
    what proves it later: hash, row counts, schema version.
    """
    destination = _place(output, "-o")
    with run.open() as constellation:
        from pattern_cli.backups.snapshot import snapshot

        if output and output.endswith("/") and destination:
            destination.mkdir(parents=True, exist_ok=True)
        with run.progress("backup", "bytes") as progress:
            done = snapshot(constellation, destination=destination, verify=not no_verify, progress=progress)
    run.show(done)


def _place(given: str | None, what: str) -> Path | None:
    """The path that was given, None for the default place."""
    from pathlib import Path

    if given is not None and not given.strip():
        raise UsageError(f"{what} is an empty text", "leave it out for backups/ beside the database")
    return None if given is None else Path(given).expanduser()


@group.command(
    "list",
    rows=BACKUPS,
    examples=("pattern backup list", "pattern backup list /mnt/usb", "pattern backup list --json"),
)
def list_backups(
    run: Run,
    folder: Annotated[
        str | None, typer.Argument(metavar="[DIR]", help="All backups there. Default: backups/ beside the database.")
    ] = None,
) -> None:
    """List backups, the newest first, with reason, size and state.

    The database itself need not exist any more. Only manifests and sizes are looked at: a backup is "verified when
    made"; `backup verify` proves it today.
    """
    from pattern_cli.backups.catalog import backups
    from pattern_cli.store.locate import locate

    run.rows(backups(locate(run.db), _place(folder, "the folder")))


@group.command(
    "verify",
    record=PROVEN,
    examples=(
        "pattern backup verify constellation-20260108T190218Z.db",
        "pattern backup verify /mnt/usb/constellation-20260108T190218Z.db --json",
    ),
    exits=(5, 6),
)
def verify_backup(
    run: Run,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A backup: its path, or its name in the default place.")],
) -> None:
    """Prove a backup from its manifest: size, hash, integrity, schema and row counts.

    The manifest itself may be named too.
    """
    from pattern_cli.backups.catalog import find
    from pattern_cli.backups.verify import verify
    from pattern_cli.store.locate import locate

    path = find(file, locate(run.db))
    with run.progress("verify", "bytes") as progress:
        proven = verify(path, progress)
    run.show(proven)
