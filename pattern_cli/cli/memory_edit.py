"""`pattern memory`: change what a block holds."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.memory_group import EXITS, group, name, show_difference
from pattern_cli.cli.options import DryRunOption, Run, Together
from pattern_cli.render import values
from pattern_cli.render.formats import Format
from pattern_cli.render.tables import Layout, Line

if TYPE_CHECKING:
    from pattern_cli.memory.editing import Edited, Terms


class As(StrEnum):
    """How a block that is no text is written for an editor."""

    toml = "toml"
    json = "json"


OwnerArgument = Annotated[
    str, typer.Argument(metavar="OWNER", help="Agent, group or _constellation_: name, id, or the beginning of an id.")
]
LabelArgument = Annotated[
    str, typer.Argument(metavar="LABEL", help="Label of the block, owned or received by a share.")
]
SectionOption = Annotated[str | None, typer.Option("--section", metavar="NAME", help="A section of a composite block.")]
NewFieldOption = Annotated[bool, typer.Option("--new-field", help="Also a field that the schema does not know.")]
AsTextOption = Annotated[bool, typer.Option("--text", help="Take the value as a text, also when it is JSON.")]


class Changing(Together):
    """On which terms a block is changed."""

    as_admin: Annotated[
        bool, typer.Option("--as-admin", help="Do it although the permission or a read-only field forbids it.")
    ] = False
    force_limit: Annotated[
        bool, typer.Option("--force-limit", help="Do it although the block's limit is exceeded.")
    ] = False
    dry_run: DryRunOption = False

    def terms(self, expected: bytes | None = None) -> Terms:
        """The terms for the service."""
        from pattern_cli.memory.editing import Terms

        return Terms(self.as_admin, self.force_limit, expected, self.dry_run)


def _used(record: Any) -> str:
    more = f", over its limit of {values.number(record.char_limit)}" if record.over_limit else ""
    change = record.used - record.used_before
    moved = f" ({'+' if change > 0 else '−'}{values.number(abs(change))})" if change else ""
    return f"{values.number(record.used)} characters{moved}{more}"


def _stored(record: Any) -> str:
    if not record.changed:
        return "nothing: the content is so already"
    return "nothing: a dry run" if record.dry_run else f"update {record.seq}"


EDITED = Layout(
    title=name,
    lines=(
        Line("seq", "stored", of_row=_stored),
        Line("used", "holds", of_row=_used),
        Line(
            "preview_adopted", "also", show=lambda on: "the text of the archive's preview became content" if on else ""
        ),
        Line("healed", "also", show=lambda on: "updates that waited for missing ones are visible again" if on else ""),
    ),
    record="pattern_cli.memory.editing:Edited",
)


def show(run: Run, edited: Edited) -> None:
    """Print what was changed; the texts themselves only for who tries, a person as their difference."""
    if not edited.dry_run:
        from dataclasses import replace

        run.show(replace(edited, before="", after=""))
    elif edited.changed and not run.fields and run.format is Format.table:
        header = f"{name(edited)} · {_used(edited)} · nothing was written"
        show_difference(edited.before, edited.after, header)
    else:
        run.show(edited)


@group.command(
    "set",
    record=EDITED,
    examples=(
        "pattern memory set Juniper scratchpad @notes.md",
        'pattern memory set "Harbor Crew" crew_board "Nothing to do." --dry-run',
        'pattern memory set Juniper bluesky_user:heron.example "Likes rain." --section notes',
        "ls | pattern memory set Juniper files -",
    ),
    exits=EXITS,
)
def set_text(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    text: Annotated[
        str, typer.Argument(metavar="TEXT|@FILE|-", help="The whole new text, a file with it, or standard input.")
    ],
    changing: Changing,
    section: SectionOption = None,
) -> None:
    """Make the whole text of a block another one.

    Only what differs is stored, so that what others write meanwhile stays. A running runtime sees it at its next
    access. A text that begins with a dash comes after --.
    """
    from pattern_cli.cli.inputs import read_text

    new = read_text(text, "TEXT")
    with run.open_to_change(changing.dry_run) as constellation:
        from pattern_cli.memory.texts import Texts

        show(run, Texts(constellation).set(owner, label, new, section=section, terms=changing.terms()))


@group.command(
    "append",
    record=EDITED,
    examples=(
        'pattern memory append Juniper scratchpad "The kettle is fixed." --line',
        "pattern memory append Juniper scratchpad -- '- buy tea'",
        "date | pattern memory append Juniper scratchpad -",
    ),
    exits=EXITS,
)
def append_text(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    text: Annotated[
        str, typer.Argument(metavar="TEXT|@FILE|-", help="What to add, a file with it, or standard input.")
    ],
    changing: Changing,
    line: Annotated[
        bool, typer.Option("--line", "-l", help="On a line of its own; otherwise nothing comes between.")
    ] = False,
    section: SectionOption = None,
) -> None:
    """Add to the end of a block's text.

    Lists and logs have `memory item add` and `memory log add`.
    """
    from pattern_cli.cli.inputs import read_text

    more = read_text(text, "TEXT")
    with run.open_to_change(changing.dry_run) as constellation:
        from pattern_cli.memory.texts import Texts

        edited = Texts(constellation).append(owner, label, more, line=line, section=section, terms=changing.terms())
        show(run, edited)


@group.command(
    "replace",
    record=EDITED,
    examples=(
        'pattern memory replace Juniper persona "slow kettle" "quick kettle" --dry-run',
        "pattern memory replace Juniper persona tea coffee --all",
        r"pattern memory replace Juniper plan '^(\d+)\. ' '\1) ' --regex --all",
    ),
    exits=EXITS,
)
def replace_text(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    old: Annotated[str, typer.Argument(metavar="OLD|@FILE|-", help="What stands there now.")],
    new: Annotated[str, typer.Argument(metavar="NEW|@FILE|-", help="What shall stand there; may be empty.")],
    changing: Changing,
    every: Annotated[bool, typer.Option("--all", "-a", help="Every place, not just the only one.")] = False,
    regex: Annotated[
        bool, typer.Option("--regex", "-r", help="OLD is a regular expression (Python's), NEW may use its groups.")
    ] = False,
    section: SectionOption = None,
) -> None:
    """Replace a piece of a block's text.

    It is an error when OLD stands nowhere, or more than once without --all; nothing is written then.
    """
    from pattern_cli.cli.inputs import read_text

    was, becomes = read_text(old, "OLD"), read_text(new, "NEW")
    with run.open_to_change(changing.dry_run) as constellation:
        from pattern_cli.memory.texts import Texts

        edited = Texts(constellation).replace(
            owner, label, was, becomes, every=every, regex=regex, section=section, terms=changing.terms()
        )
        show(run, edited)


@group.command(
    "edit",
    record=EDITED,
    examples=(
        "pattern memory edit Juniper persona",
        "pattern memory edit Juniper todo --as json",
        "pattern memory edit Juniper human --dry-run",
    ),
    exits=EXITS,
)
def edit_block(
    run: Run,
    owner: OwnerArgument,
    label: LabelArgument,
    changing: Changing,
    language: Annotated[
        As | None, typer.Option("--as", help="How a block that is no text is written: TOML, or JSON if it has nulls.")
    ] = None,
    new_field: NewFieldOption = False,
) -> None:
    """Change a block in your editor (VISUAL, EDITOR, else vi).

    A text comes as it is and whole, everything else as TOML or JSON in the terms of its schema. Only what you change
    is stored. When somebody changed the block meanwhile nothing is, and your text stays in a file that is named.
    """
    from pattern_cli.cli.editor import edited, keep

    with run.open() as constellation:
        from pattern_cli.memory.forms import Forms

        form = Forms(constellation).open(owner, label, language.value if language else None, terms=changing.terms())
    name = f"{owner}-{label}"
    # Nobody waits for the database while the person types.
    with edited(form.text, name, form.suffix) as new:
        text = form.text if new is None else _without_added_end(new, form.text)
        with run.open_to_change(changing.dry_run) as constellation:
            show(run, Forms(constellation).store(form, text, new_field=new_field, terms=changing.terms()))
        if changing.dry_run and new is not None:
            run.note(f"your text is kept in {keep(new, name, form.suffix)}")


def _without_added_end(new: str, old: str) -> str:
    """The text without the line break that editors end every file with."""
    return new.removesuffix("\n") if new.endswith("\n") and not old.endswith("\n") else new
