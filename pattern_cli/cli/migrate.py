"""`pattern migrate`: schema versions, what is pending, the upgrade."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from pattern_cli.cli.options import DryRunOption, ForceOption, Group, NoSnapshotOption, Run, YesOption
from pattern_cli.render import values
from pattern_cli.render.formats import Format
from pattern_cli.render.pasting import pasteable
from pattern_cli.render.tables import Column, Layout, Line, Table

group = Group("migrate", help="Schema versions: status, plan, upgrade.")

_STATES = {"applied": "green", "pending": "yellow"}


def _four(version: Any) -> str:
    return f"{version:04d}" if isinstance(version, int) else values.DASH if version is None else str(version)


def _each(versions: Any) -> str:
    return ", ".join(map(_four, versions))


VERSIONS = Table(
    columns=(
        Column("version", "VERSION", show=_four, style="bold"),
        Column("description", "DESCRIPTION", wide=True),
        Column("state", "STATE", style=lambda row: _STATES.get(row.state, "red")),
        Column("installed_on", "INSTALLED", show=values.local),
        Column(
            "checksum_state",
            "CHECKSUM",
            show=lambda state: state or values.DASH,
            style=lambda row: "" if row.checksum_state in (None, "ok") else "red",
        ),
    ),
    record="pattern_cli.schema.status:VersionRow",
)

STATEMENTS = Table(
    columns=(
        Column("version", "VERSION", show=_four, style="bold"),
        Column("description", "DESCRIPTION"),
        Column("statement", "STATEMENT", wide=True),
    ),
    empty="nothing is pending",
    record="pattern_cli.schema.upgrade:PlannedStatement",
)

PLAN = Layout(
    title=lambda record: record.path,
    lines=(
        Line("version", "schema", of_row=lambda record: f"{_four(record.version)} → {record.newest:04d}"),
        Line("pending", "pending", show=_each),
        Line(
            "checksum_rewrite",
            "checksum",
            show=lambda due: "of version 0001 is that of its superseded edition: is rewritten" if due else "",
        ),
        Line("statements", "statements", show=lambda planned: pasteable(f"{len(planned)} → pattern migrate plan")),
        Line("drift", "differs", show=", ".join),
        Line("holders", "in use by", show=lambda names: f"{', '.join(names)}: refused until it ends" if names else ""),
    ),
)


def _compared(record: Any) -> str:
    if not record.tables:
        return ""
    rows, tables = values.plural(record.rows, "row"), values.plural(record.tables, "table")
    return f"{rows} in {tables} are all there; keys, triggers and indexes too"


DONE = Layout(
    title=lambda record: record.path,
    lines=(
        Line("version", "schema", show=_four),
        Line("applied", "applied", show=lambda versions: _each(versions) or "nothing was pending"),
        Line(
            "checksum_rewritten",
            "checksum",
            show=lambda done: "of version 0001 rewritten to that of its published edition" if done else "",
        ),
        Line("rows", "proven", of_row=_compared),
        Line("rebuilt", "rebuilt", show=", ".join),
        Line("snapshot", "snapshot"),
        Line("seconds", "took", show=lambda seconds: f"{seconds:.1f} s"),
    ),
    record="pattern_cli.schema.upgrade:Upgraded",
)


@group.command(
    "status",
    rows=VERSIONS,
    examples=("pattern migrate status", "pattern migrate status --check && echo current"),
    exits=(6,),
)
def status(
    run: Run,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 6 when something is pending or the runtime would refuse the file.")
    ] = False,
) -> None:
    """Show every schema version: applied or pending, since when, and whether its checksum is the runtime's.

    There is no version 0008. A checksum "pre-edit" is that of a superseded edition of version 0001, which today's
    runtime refuses and `migrate up` rewrites.
    """
    with run.open() as constellation:
        from pattern_cli.schema.status import Status

        found = Status(constellation)
        run.rows(found.rows())
        for difference in found.drift():
            run.warn(f"the schema is not quite that of its versions: {difference}")
        if check:
            found.require_current()
        for problem in found.problems():
            run.warn(problem)


@group.command(
    "plan",
    rows=STATEMENTS,
    examples=("pattern migrate plan", "pattern migrate plan --sql > upgrade.sql"),
    exits=(6,),
)
def plan(
    run: Run,
    sql: Annotated[bool, typer.Option("--sql", help="As one SQL script; the default on a terminal.")] = False,
) -> None:
    """Print the statements that `migrate up` would run, the entries in the ledger included.

    Nothing is changed. The script holds each version in its own transaction; `migrate up` also takes a snapshot and
    checks rows, foreign keys, triggers and full-text indexes.
    """
    with run.open() as constellation:
        from pattern_cli.schema.upgrade import Upgrade

        planned = Upgrade(constellation).plan()
    if not run.fields and run.form in (None, Format.table) and (sql or run.terminal):
        from pattern_cli.render.output import paged
        from pattern_cli.schema.script import script

        if planned.statements:
            paged(script(planned))
    else:
        run.rows(planned.statements)
    if not planned.statements:
        run.note(f"nothing is pending in {planned.path}")


@group.command(
    "up",
    record=DONE,
    examples=("pattern migrate up --dry-run", "pattern migrate up --yes", "pattern migrate up --yes --no-snapshot"),
    exits=(4, 5, 6, 7),
)
def up(
    run: Run,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: NoSnapshotOption = False,
    force: ForceOption = False,
) -> None:
    """Bring the database to the newest schema version.

    Makes a verified backup first. Each version is one transaction, in which rows, foreign keys, triggers and indexes
    are compared with those before; a full-text index that does not match its table is made anew. Refuses while a
    runtime has the file open.
    """
    with run.open() as constellation:
        from pattern_cli.schema.upgrade import Upgrade

        planned = Upgrade(constellation).plan()
    if dry_run:
        run.show(planned, PLAN)
        return
    if planned.statements:
        if run.terminal and not yes:
            first = "" if no_snapshot else "; a snapshot is made first"
            run.note(f"{planned.path} is at schema {_four(planned.version)}, {_pending(planned)}{first}")
        run.confirm(f"migrate {planned.path}", yes=yes)
    mode: Literal["read", "write"] = "write" if planned.statements else "read"
    with run.open(mode, any_schema=True) as constellation, run.progress("migrate", "versions") as progress:
        done = Upgrade(constellation).run(run.saver("migrate", no_snapshot), force=force, progress=progress)
    run.show(done)
    for index in done.rebuilt:
        run.warn(f"full-text index {index} did not match its table and was rebuilt")
    for difference in done.drift:
        run.warn(f"the schema is not quite that of its versions: {difference}")
    if done.dangling:
        run.warn(f"{values.plural(done.dangling, 'row')} point to rows that do not exist, as before")


def _pending(planned: Any) -> str:
    versions = f"pending {_each(planned.pending)}" if planned.pending else "nothing pending"
    return f"{versions}{' and a checksum to rewrite' if planned.checksum_rewrite else ''}"
