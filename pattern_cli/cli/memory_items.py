"""`pattern memory item` and `pattern memory log`: the items of lists, the entries of logs."""

from __future__ import annotations

from typing import Annotated

import typer

from pattern_cli.cli.memory_edit import (
    EDITED,
    AsTextOption,
    Changing,
    LabelArgument,
    NewFieldOption,
    OwnerArgument,
    show,
)
from pattern_cli.cli.memory_group import EXITS, group
from pattern_cli.cli.options import Group, Run

items = Group("item", help="Items of a list: add, insert, remove, move.")
logs = Group("log", help="Entries of a log: add.")

FieldOption = Annotated[
    str | None, typer.Option("--field", metavar="NAME", help="A list field of a block with named fields.")
]
IndexArgument = Annotated[int, typer.Argument(metavar="N", help="Number of the item, as memory show counts, from 1.")]
WordsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="VALUE|@FILE|-…",
        help="The item; where items are objects, FIELD=VALUE for each field, or the object as JSON.",
    ),
]


@items.command(
    "add",
    record=EDITED,
    examples=(
        'pattern memory item add Juniper todo title="Mend the kettle" done=false',
        "pattern memory item add Juniper human oolong --field likes",
        "pattern memory item add Juniper todo @item.json --dry-run",
    ),
    exits=EXITS,
)
def add_item(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    words: WordsArgument,
    changing: Changing,
    field: FieldOption = None,
    new_field: NewFieldOption = False,
    as_text: AsTextOption = False,
) -> None:
    """Add an item to the end of a list.

    Where the schema does not say what an item is, it is JSON if it is JSON, else a text.
    """
    _insert(run, owner, label, None, words, changing, field, new_field, as_text)


@items.command(
    "insert",
    record=EDITED,
    examples=(
        'pattern memory item insert Juniper todo 1 title="First of all"',
        "pattern memory item insert Juniper human 2 oolong --field likes",
    ),
    exits=EXITS,
)
def insert_item(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    index: IndexArgument,
    words: WordsArgument,
    changing: Changing,
    field: FieldOption = None,
    new_field: NewFieldOption = False,
    as_text: AsTextOption = False,
) -> None:
    """Put an item before the item N."""
    _insert(run, owner, label, index, words, changing, field, new_field, as_text)


@items.command(
    "remove",
    record=EDITED,
    examples=(
        "pattern memory item remove Juniper todo 3 --dry-run",
        "pattern memory item remove Juniper todo 2 5 --as-admin",
    ),
    exits=EXITS,
)
def remove_items(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    indexes: Annotated[
        list[int], typer.Argument(metavar="N…", help="Numbers of the items, as memory show counts them now.")
    ],
    changing: Changing,
    field: FieldOption = None,
) -> None:
    """Take items out of a list; only the permission admin allows it. `memory undo` brings them back."""
    with run.open_to_change(changing.dry_run) as constellation:
        from pattern_cli.memory.items import Items

        show(run, Items(constellation).remove(owner, label, indexes, field=field, terms=changing.terms()))


@items.command(
    "move",
    record=EDITED,
    examples=("pattern memory item move Juniper todo 5 1", "pattern memory item move Juniper human 1 2 --field likes"),
    exits=EXITS,
)
def move_item(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    index: IndexArgument,
    to: Annotated[int, typer.Argument(metavar="TO", help="The number that it gets.")],
    changing: Changing,
    field: FieldOption = None,
) -> None:
    """Make the item N the item TO; the others close up."""
    with run.open_to_change(changing.dry_run) as constellation:
        from pattern_cli.memory.items import Items

        show(run, Items(constellation).move(owner, label, index, to, field=field, terms=changing.terms()))


@logs.command(
    "add",
    record=EDITED,
    examples=(
        'pattern memory log add Juniper observations "A heron on the roof."',
        'pattern memory log add Juniper observations observation="A heron" context=roof --agent Juniper',
        "pattern memory log add Juniper observations @entry.json --no-timestamp",
    ),
    exits=EXITS,
)
def add_entry(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="ENTRY|@FILE|-…",
            help="FIELD=VALUE for each field, the entry as JSON, or a text for its main field.",
        ),
    ],
    changing: Changing,
    timestamp: Annotated[
        bool, typer.Option("--timestamp/--no-timestamp", help="Add the time, if the schema wants one.")
    ] = True,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="AGENT", help="Whose entry it is, if the schema wants that.")
    ] = None,
    new_field: NewFieldOption = False,
    as_text: AsTextOption = False,
) -> None:
    """Add an entry to a log. Only what is named here is stored; the runtime adds nothing either."""
    given = _read(words)
    with run.open_to_change(changing.dry_run) as constellation:
        from pattern_cli.memory.items import Items

        edited = Items(constellation).log_typed(
            owner,
            label,
            given,
            as_text=as_text,
            stamp=timestamp,
            agent=agent,
            new_field=new_field,
            terms=changing.terms(),
        )
        show(run, edited)


def _insert(
    run: Run,
    owner: str,
    label: str,
    index: int | None,
    words: list[str],
    changing: Changing,
    field: str | None,
    new_field: bool,
    as_text: bool,
) -> None:
    given = _read(words)
    with run.open_to_change(changing.dry_run) as constellation:
        from pattern_cli.memory.items import Items

        edited = Items(constellation).insert_typed(
            owner, label, index, given, as_text=as_text, field=field, new_field=new_field, terms=changing.terms()
        )
        show(run, edited)


def _read(words: list[str]) -> list[str]:
    """A single word may stand for a file or standard input; FIELD=VALUE pairs are as they are."""
    from pattern_cli.cli.inputs import read_text

    return [read_text(words[0], "VALUE")] if len(words) == 1 else words


group.add(items)
group.add(logs)
