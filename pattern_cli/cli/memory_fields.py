"""`pattern memory field`: the named fields of a block."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pattern_cli.cli.memory_edit import (
    EDITED,
    AsTextOption,
    Changing,
    LabelArgument,
    NewFieldOption,
    OwnerArgument,
    SectionOption,
    show,
)
from pattern_cli.cli.memory_group import EXITS, group
from pattern_cli.cli.options import Group, Run
from pattern_cli.render.tables import Layout, Line

fields = Group("field", help="Named fields of a block: get, set, count.")

FieldArgument = Annotated[
    str, typer.Argument(metavar="FIELD", help="Name of the field; in a composite block SECTION.FIELD.")
]

VALUE = Layout(
    title=lambda record: f"{record.owner}/{record.label}",
    lines=(Line("field", "field"), Line("field_type", "type"), Line("value", "value"), Line("root", "stored in")),
    record="pattern_cli.memory.fields:FieldValue",
)


@fields.command(
    "get",
    record=VALUE,
    examples=(
        "pattern memory field get Juniper human nickname --raw",
        "pattern memory field get Juniper bluesky_user:heron.example card.handle --json",
    ),
    exits=(3, 5),
)
def get_field(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    field: FieldArgument,
    section: SectionOption = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="The value alone: a text byte for byte, anything else as JSON.")
    ] = False,
) -> None:
    """Show the value of a field, its type, and where it is stored."""
    with run.open() as constellation:
        from pattern_cli.memory.fields import Fields

        found = Fields(constellation).get(owner, label, field, section=section)
    if raw and run.form is None and not run.fields:
        _print(run, found)
    else:
        run.show(found)
    if found.remark:
        run.note(found.remark)


def _print(run: Run, found: Any) -> None:
    from pattern_cli.render.encode import pretty
    from pattern_cli.render.output import write_text

    if isinstance(found.value, str):
        write_text(found.value, raw=True)
    else:
        write_text(pretty(found.value))
    for problem in found.damage:
        run.warn(problem)


@fields.command(
    "set",
    record=EDITED,
    examples=(
        "pattern memory field set Juniper human nickname Robin",
        'pattern memory field set Juniper human likes \'["tea", "rain"]\' --dry-run',
        "pattern memory field set Juniper human last_seen now",
        "pattern memory field set Juniper bluesky_user:heron.example card.handle heron.example --as-admin",
    ),
    exits=EXITS,
)
def set_field(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    field: FieldArgument,
    value: Annotated[
        str, typer.Argument(metavar="VALUE|@FILE|-", help="The new value by the field's type; lists are JSON arrays.")
    ],
    changing: Changing,
    section: SectionOption = None,
    new_field: NewFieldOption = False,
    as_text: AsTextOption = False,
) -> None:
    """Give a field a value of its type.

    The value of a field without a type is JSON if it is JSON, else a text. As in the runtime the field's own
    read-only mark counts, not the permission of the block.
    """
    from pattern_cli.cli.inputs import read_text

    text = read_text(value, "VALUE")
    with run.open_to_change(changing.dry_run) as constellation:
        from pattern_cli.memory.fields import Fields

        edited = Fields(constellation).set_typed(
            owner, label, field, text, as_text=as_text, section=section, new_field=new_field, terms=changing.terms()
        )
        show(run, edited)


@fields.command(
    "incr",
    record=EDITED,
    examples=(
        "pattern memory field incr Juniper human energy",
        "pattern memory field incr Juniper human energy 5",
        "pattern memory field incr Juniper human energy -- -2",
    ),
    exits=EXITS,
)
def count_field(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    field: FieldArgument,
    changing: Changing,
    by: Annotated[int, typer.Argument(metavar="[N]", help="How much to add; below zero after --.")] = 1,
    section: SectionOption = None,
) -> None:
    """Add to a counter; what others add at the same time counts as well."""
    with run.open_to_change(changing.dry_run) as constellation:
        from pattern_cli.memory.fields import Fields

        edited = Fields(constellation).increment(owner, label, field, by, section=section, terms=changing.terms())
        show(run, edited)


group.add(fields)
