"""`pattern archival`: add, edit and delete archival entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.archival_group import group
from pattern_cli.cli.options import DryRunOption, NoSnapshotOption, Run, YesOption
from pattern_cli.errors import UsageError
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line

if TYPE_CHECKING:
    from pattern_cli.memory.archival_changes import StoredEntry

_PREVIEW = 70

OwnerArgument = Annotated[
    str,
    typer.Argument(metavar="AGENT", help="Name, id, or the beginning of an id; also a group, or _constellation_."),
]
EntryArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the entry, or the beginning of it.")]
TextArgument = Annotated[
    str, typer.Argument(metavar="TEXT|@FILE|-", help="The content: a text, a file, standard input.")
]
MetadataOption = Annotated[
    str | None, typer.Option("--metadata", metavar="JSON|@FILE", help="Any JSON but a bare number; null for none.")
]


def _metadata(record: Any) -> str:
    return "" if record.metadata is None else values.plain(record.metadata)


def _changed(record: Any) -> str:
    if not record.columns:
        return "nothing: it is so already"
    return f"{' and '.join(record.columns)}{', not yet' if record.dry_run else ''}"


ADDED = Layout(
    title=lambda record: record.id or f"would be added for {record.owner}",
    lines=(
        Line("owner", "owner"),
        Line("created_at", "created", show=values.local),
        Line("metadata", "metadata", of_row=_metadata),
    ),
    bodies=(("", lambda record: record.content),),
    record="pattern_cli.memory.archival_changes:StoredEntry",
)
EDITED = Layout(
    title=lambda record: record.id,
    lines=(
        Line("columns", "changed", of_row=_changed),
        Line("owner", "owner"),
        Line("metadata", "metadata", of_row=_metadata),
    ),
    bodies=(("", lambda record: record.content if "content" in record.columns else ""),),
    record="pattern_cli.memory.archival_changes:StoredEntry",
)


@group.command(
    "add",
    record=ADDED,
    examples=(
        'pattern archival add Juniper "The harbor opens at seven."',
        'pattern archival add Juniper @notes.md --metadata \'{"topic": "harbor"}\'',
        "pandoc talk.docx -t plain | pattern archival add Juniper -",
    ),
    exits=(6, 7),
)
def add_entry(
    run: Run,
    owner: OwnerArgument,
    text: TextArgument,
    metadata: MetadataOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Add an archival entry, which the agent finds by search; safe beside a running runtime."""
    from pattern_cli.cli.inputs import read_json, read_text

    content = read_text(text, "TEXT")
    given = None if metadata is None else read_json(metadata, "--metadata")
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.memory.archival_changes import ArchivalChanges

        added = ArchivalChanges(constellation).add(owner, content, given, dry_run=dry_run)
    run.show(added)
    _note_owner(run, added)


def _note_owner(run: Run, entry: StoredEntry) -> None:
    if entry.owner_kind != "agent":
        run.note(f"no agent finds entries of {entry.owner}: an agent's search looks only at its own")


@group.command(
    "edit",
    record=EDITED,
    examples=(
        'pattern archival edit arch_017cf4 "The harbor opens at eight."',
        "pattern archival edit arch_017cf4 --editor",
        'pattern archival edit arch_017cf4 --metadata \'{"topic": "harbor"}\'',
    ),
    exits=(4, 6, 7),
)
def edit_entry(
    run: Run,
    entry: EntryArgument,
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT|@FILE|-]", help="The new content: a text, a file, standard input.")
    ] = None,
    editor: Annotated[bool, typer.Option("--editor", "-e", help="Edit the content in $VISUAL or $EDITOR.")] = False,
    metadata: MetadataOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Change the content of an archival entry, its metadata, or both; what is not named stays byte for byte.

    Agents cannot do that. They find the change at their next search, also beside a running runtime.
    """
    from pattern_cli.cli.inputs import read_json, read_text
    from pattern_cli.memory.archival_changes import KEEP

    if editor and text is not None:
        raise UsageError("a text and --editor exclude each other", "leave out one of them")
    content = KEEP if text is None else read_text(text, "TEXT")
    given = KEEP if metadata is None else read_json(metadata, "--metadata")
    if editor:
        _edit_in_editor(run, entry, given, dry_run)
        return
    run.show(_edit(run, entry, content, given, KEEP, dry_run))


def _edit(run: Run, entry: str, content: Any, metadata: Any, expected: Any, dry_run: bool) -> StoredEntry:
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.memory.archival_changes import ArchivalChanges

        changes = ArchivalChanges(constellation)
        return changes.edit(entry, content, metadata, expected=expected, dry_run=dry_run)


def _edit_in_editor(run: Run, entry: str, metadata: Any, dry_run: bool) -> None:
    """Let the person edit the content; it is stored unless the entry was changed meanwhile."""
    from pattern_cli.cli.editor import edited
    from pattern_cli.memory.archival import Archival

    with run.open() as constellation:
        record = Archival(constellation).show(entry)
    if not isinstance(record.content, str) or any(problem.startswith("content:") for problem in record.damage):
        raise UsageError(f"the content of {record.id} is no text", "name the whole new content instead of --editor")
    with edited(record.content, record.id) as new:
        text = record.content if new is None else new
        done = _edit(run, record.id, text, metadata, record.content, dry_run)
    run.show(done)


def _deleted(removal: Any) -> str:
    going = values.plural(removal.deleted, "archival entry", "archival entries")
    return f"{going} would be deleted" if removal.dry_run else f"{going} deleted"


def _named(removal: Any) -> str:
    named = f"{values.number(removal.named)} named"
    return f"{named}, {values.number(removal.added)} more parts of the same notes" if removal.added else named


def _entries(removal: Any) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    for entry in removal.entries:
        pieces += [
            (f"{values.plain(entry.id)}  ", "dim"),
            (f"{entry.owner}  ", "bold"),
            (entry.preview if len(entry.preview) <= _PREVIEW else f"{entry.preview[:_PREVIEW]}…", ""),
            ("\n" if entry.named else "  ← a part of the same note\n", "yellow"),
        ]
    return pieces


_LINES = (
    Line("named", "entries", of_row=_named),
    Line("owners", "of", show=lambda owners: ", ".join(f"{name} {count}" for name, count in owners.items())),
    Line("snapshot", "snapshot"),
)
GOING = Layout(
    title=_deleted, lines=_LINES, bodies=(("", _entries),), record="pattern_cli.memory.archival_changes:DeletedEntries"
)
DELETED = Layout(title=_deleted, lines=_LINES, record="pattern_cli.memory.archival_changes:DeletedEntries")


@group.command(
    "delete",
    record=DELETED,
    examples=(
        "pattern archival delete arch_017cf4 --dry-run",
        "pattern archival delete arch_017cf4 arch_e8e6f6 --yes",
    ),
    exits=(4, 6, 7),
)
def delete_entries(
    run: Run,
    entries: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Ids of the entries, or the beginnings of them.")
    ],
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: NoSnapshotOption = False,
) -> None:
    """Delete archival entries for good; a note in several parts goes as a whole.

    The runtime has no way to bring an entry back, so a snapshot is made first.
    """
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.memory.archival_changes import ArchivalChanges

        changes = ArchivalChanges(constellation)
        plan = changes.plan_deletion(entries)
        if dry_run:
            run.show(plan, GOING)
            return
        if run.terminal and not yes:
            run.show(plan, GOING)
        run.confirm(f"delete {values.plural(plan.deleted, 'archival entry', 'archival entries')}", yes=yes)
        saver = run.saver("archival delete", no_snapshot)
        done = changes.delete(entries, planned=plan, snapshot=saver)
        has_vectors = constellation.has_table("embeddings")
    run.show(done)
    if has_vectors:
        run.note("the runtime's own vectors of these entries are still in the table embeddings")
