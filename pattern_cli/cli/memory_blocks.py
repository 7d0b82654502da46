"""`pattern memory`: create blocks, change what is known about them, delete them and bring them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.memory_group import EXITS, AsAdminOption, BlockType, Label, OwnerOrBlock, group, name, say
from pattern_cli.cli.options import DryRunOption, ForceOption, NoSnapshotOption, Run, Together, YesOption
from pattern_cli.errors import UsageError
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line

if TYPE_CHECKING:
    from pattern_cli.memory.schemas import Schema


PermissionOption = Annotated[
    str | None,
    typer.Option(
        "--permission",
        metavar="PERMISSION",
        help="What its agent may do: read_only, partner, human, append, read_write, admin.",
    ),
]
TypeOption = Annotated[
    BlockType | None,
    typer.Option(
        "--type",
        case_sensitive=False,
        help="core is always in the context; working when pinned, shared or mentioned; archival and log never.",
    ),
]
PinnedOption = Annotated[
    bool | None, typer.Option("--pinned/--unpinned", help="Keep a working block in its agent's context.")
]
CharactersOption = Annotated[int | None, typer.Option("--limit", metavar="N", help="How many characters it may hold.")]
DescriptionOption = Annotated[
    str | None,
    typer.Option("--description", metavar="TEXT|@FILE|-", help="What agents are told about the block, beside it."),
]
DisplayLimitOption = Annotated[
    int | None, typer.Option("--display-limit", metavar="N", help="How many entries of a log agents see, newest first.")
]


class Design(Together):
    """The schema of a new block."""

    schema: Annotated[
        str,
        typer.Option(
            "--schema", metavar="SCHEMA|@FILE", help="text, map, list, log, composite, or a file of JSON or TOML."
        ),
    ] = "text"
    field: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            metavar="FIELD",
            help="NAME:TYPE or NAME:TYPE:DESCRIPTION, a field of a map, an item or an entry; in a composite block "
            "SECTION.NAME. Types: Text, Number, Boolean, List, Timestamp, Counter. May be repeated.",
        ),
    ] = None
    section: Annotated[
        list[str] | None,
        typer.Option("--section", metavar="NAME", help="A section of a composite block: NAME, NAME:text, NAME:map."),
    ] = None
    display_limit: DisplayLimitOption = None
    max_items: Annotated[
        int | None, typer.Option("--max-items", metavar="N", help="How many items a list may have.")
    ] = None
    viewport: Annotated[
        str | None, typer.Option("--viewport", metavar="A..B", help="Which lines of a text agents see.")
    ] = None

    def read(self) -> Schema:
        """The schema that is meant."""
        from pattern_cli.memory import designs

        shown = None if self.viewport is None else designs.viewport(self.viewport)
        parts = designs.Parts(self.field or (), self.section or (), self.display_limit, self.max_items, shown)
        if not self.schema.startswith("@"):
            return designs.of_words(self.schema, parts)
        if parts.named:
            raise UsageError(
                f"the schema is in {self.schema[1:]} already, so {sorted(parts.named)[0]} goes not with it",
                "put it into the file",
            )
        from pattern_cli.cli.inputs import read_text

        return designs.of_text(read_text(self.schema, "--schema"), f"the schema in {self.schema[1:]}")


def _filled(record: Any) -> str:
    return f"{values.number(record.used)}/{values.number(record.char_limit)} characters"


def _kind(record: Any) -> str:
    pin = " · pinned" if record.pinned else ""
    return f"{record.block_type} · {record.schema_type} · {record.permission}{pin}"


def _names(names: Any) -> str:
    return ", ".join(map(values.plain, names))


CREATED = Layout(
    title=name,
    lines=(
        Line("id", "id"),
        Line("block_type", "is", of_row=_kind),
        Line("description", "about"),
        Line("used", "holds", of_row=_filled),
        Line("shared_with", "shared with", show=_names),
        Line("dry_run", "dry run", show=values.tried),
    ),
    record="pattern_cli.memory.creation:Created",
)


@group.command(
    "create",
    record=CREATED,
    examples=(
        'pattern memory create Juniper scratchpad --pinned --limit 8000 --description "Notes to yourself."',
        "pattern memory create Juniper persona --type core --from @persona.md",
        'pattern memory create Juniper mood --schema map --field "mood:Text:today" --field energy:Counter',
        "pattern memory create Marlow todo --schema list --field title:Text --field done:Boolean --from @todo.json",
        'pattern memory create "Harbor Crew" crew_board --members',
        "pattern memory create Juniper card --schema @card.toml",
    ),
    exits=(3, 4, 6, 7),
)
def create_block(
    run: Run,
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Agent, group or _constellation_ that shall own it.")],
    label: Annotated[str, typer.Argument(metavar="NAME", help="The label: the block's name for its agents.")],
    design: Design,
    block_type: TypeOption = BlockType.working,
    permission: PermissionOption = None,
    limit: CharactersOption = None,
    pinned: Annotated[bool, typer.Option("--pinned", help="Keep a working block in its agent's context.")] = False,
    description: DescriptionOption = None,
    content: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TEXT|@FILE|-", help="What it shall hold; for other schemas than text as JSON or TOML."
        ),
    ] = None,
    members: Annotated[
        bool, typer.Option("--members", help="Share a group's block with all of its members, by its permission.")
    ] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Create a block.

    Without options it is a text of type working that its agent may read and write, of at most 5000 characters or the
    agent's memory_char_limit. What it holds is its first update, which can be undone. A running runtime sees it at its
    next access. A log without --field has one field, message.
    """
    from pattern_cli.cli.inputs import read_text

    if description == content == "-":
        raise UsageError("--description and --from cannot both be standard input", "put one of them into a file: @FILE")
    about = None if description is None else read_text(description, "--description")
    holds = None if content is None else read_text(content, "--from")
    schema = design.read()
    from pattern_cli.memory.creation import NewBlock, create

    kind = (block_type or BlockType.working).value
    new = NewBlock(schema, kind, permission or "read_write", limit, pinned, about, holds, members)
    with run.open_to_change(dry_run) as constellation:
        say(run, create(constellation, owner, label, new, dry_run=dry_run))


def _changes(changes: Any) -> str:
    return "; ".join(f"{one.name} {_short(one.before)} → {_short(one.after)}" for one in changes) or "nothing: it is so"


def _short(value: Any) -> str:
    text = "none" if value is None else " ".join(values.plain(value).split())
    return text if len(text) <= 40 else f"{text[:39]}…"


CHANGED = Layout(
    title=name,
    lines=(Line("changes", "changed", show=_changes), Line("dry_run", "dry run", show=values.tried)),
    record="pattern_cli.memory.settings:Changed",
)


@group.command(
    "meta",
    record=CHANGED,
    examples=(
        "pattern memory meta Juniper persona --permission read-only",
        "pattern memory meta Juniper scratchpad --pinned --limit 8000",
        "pattern memory meta Juniper persona --description @about.md",
        "pattern memory meta Juniper notes --rename old_notes",
        "pattern memory meta Juniper scratchpad --viewport none",
    ),
    exits=EXITS,
)
def change_settings(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    block_type: TypeOption = None,
    permission: PermissionOption = None,
    pinned: PinnedOption = None,
    limit: CharactersOption = None,
    description: DescriptionOption = None,
    rename: Annotated[str | None, typer.Option("--rename", metavar="NAME", help="Another label.")] = None,
    viewport: Annotated[
        str | None,
        typer.Option("--viewport", metavar="A..B", help="Which lines of a text agents see; none for all of it."),
    ] = None,
    display_limit: DisplayLimitOption = None,
    max_items: Annotated[
        int | None, typer.Option("--max-items", metavar="N", help="How many items a list may have, 0 for any number.")
    ] = None,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
) -> None:
    """Change what is known about a block: type, permission, pin, limit, description, label, what agents see of it.

    Only what is named changes. Type, permission, pin and description reach a running runtime at once, a limit when it
    restarts; a new label and what agents see of the content are refused beside one. An agent that is started from a
    TOML file gets permission and type from that file again.
    """
    from pattern_cli.memory import designs
    from pattern_cli.memory.settings import Settings, Wanted

    about = None
    if description is not None:
        from pattern_cli.cli.inputs import read_text

        about = read_text(description, "--description")
    shown: Any = viewport
    if viewport is not None and viewport != "none":
        shown = designs.viewport(viewport)
    kind = None if block_type is None else block_type.value
    wanted = Wanted(kind, permission, pinned, limit, about, rename, shown, display_limit, max_items)
    with run.open_to_change(dry_run) as constellation:
        say(run, Settings(constellation).change(owner, label, wanted, force=force, dry_run=dry_run))


def _state(record: Any) -> str:
    state = "in use" if record.is_active else "deleted"
    return state if record.changed else f"{state} already"


REMOVED = Layout(
    title=name,
    lines=(
        Line("id", "id"),
        Line("is_active", "is", of_row=_state),
        Line("used", "holds", show=lambda used: values.plural(used, "character")),
        Line("shared_with", "shared with", show=_names),
        Line("dry_run", "dry run", show=values.tried),
    ),
    record="pattern_cli.memory.removal:Removed",
)


@group.command(
    "delete",
    record=REMOVED,
    examples=(
        "pattern memory delete Juniper old_minutes --as-admin --dry-run",
        "pattern memory delete Juniper old_minutes --as-admin --yes",
    ),
    exits=EXITS,
)
def delete_block(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    as_admin: AsAdminOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> None:
    """Delete a block, so that agents no longer see it; `memory restore` brings it back as it was.

    Content, history, shares and the label stay, until `memory purge`. Only the permission admin allows it, or
    --as-admin.
    """
    from pattern_cli.memory.removal import Removal

    with run.open() as constellation:
        plan = Removal(constellation).delete(owner, label, as_admin=as_admin, dry_run=True)
    if dry_run:
        say(run, plan)
        return
    if plan.changed:
        if run.terminal and not yes and plan.shared_with:
            run.note(f"{name(plan)} is shared with {_names(plan.shared_with)}")
        run.confirm(f"delete {name(plan)}", yes=yes)
    with run.open("write") as constellation:
        say(run, Removal(constellation).delete(plan.id, as_admin=as_admin))


@group.command(
    "restore",
    record=REMOVED,
    examples=("pattern memory restore Juniper retired", "pattern memory restore mem_069b4e"),
    exits=EXITS,
)
def restore_block(run: Run, owner: OwnerOrBlock, label: Label = None, dry_run: DryRunOption = False) -> None:
    """Bring a deleted block back, with its content, its history and its shares.

    `memory list --all` shows the deleted ones.
    """
    from pattern_cli.memory.removal import Removal

    with run.open_to_change(dry_run) as constellation:
        say(run, Removal(constellation).restore(owner, label, dry_run=dry_run))


def _rows(record: Any) -> str:
    return f"{values.plural(record.updates, 'update')}, {values.plural(record.checkpoints, 'checkpoint')}"


PURGE = Layout(
    title=name,
    lines=(
        Line("id", "id"),
        Line("used", "holds", show=lambda used: values.plural(used, "character")),
        Line("updates", "history", of_row=_rows),
        Line("embeddings", "vectors", show=lambda count: str(count) if count else ""),
        Line("size", "size", show=values.size),
        Line("shared_with", "shared with", show=_names),
        Line("snapshot", "snapshot"),
        Line("dry_run", "dry run", show=values.tried),
    ),
    record="pattern_cli.memory.removal:Purge",
)


@group.command(
    "purge",
    record=PURGE,
    examples=("pattern memory purge Juniper retired --dry-run", "pattern memory purge Juniper retired --yes"),
    exits=EXITS,
)
def purge_block(
    run: Run,
    owner: OwnerOrBlock,
    label: Label = None,
    as_admin: AsAdminOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: NoSnapshotOption = False,
    force: ForceOption = False,
) -> None:
    """Remove a block for good: content, history, checkpoints, shares; its label is free then.

    A backup is made first. A block that is not deleted yet needs the permission admin, or --as-admin. Refuses while
    another process has the file open. The file itself forgets the text with `pattern vacuum`, an index of meanings with
    its next update.
    """
    from pattern_cli.memory.removal import Removal

    with run.open() as constellation:
        plan = Removal(constellation).plan(owner, label, as_admin=as_admin)
    if dry_run:
        say(run, plan)
        return
    if run.terminal and not yes:
        held = f"{values.plural(plan.used, 'character')} and {values.plural(plan.updates, 'update')}"
        run.note(f"{name(plan)} holds {held}, which cannot be brought back")
    run.confirm(f"purge {name(plan)} for good", yes=yes)
    with run.open("write") as constellation:
        saver = run.saver("memory purge", no_snapshot)
        say(run, Removal(constellation).purge(plan, force=force, snapshot=saver))
