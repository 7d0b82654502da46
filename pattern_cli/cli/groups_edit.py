"""`pattern groups`: create, edit, rename and delete groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.agents import nested, words
from pattern_cli.cli.groups_group import EXITS, group, show_change
from pattern_cli.cli.options import DryRunOption, ForceOption, NoSnapshotOption, Run, Together, YesOption
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line

if TYPE_CHECKING:
    from pattern_cli.groups.configuring import Settings

GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="Name, id, or the beginning of an id.")]
PatternOption = Annotated[
    str | None,
    typer.Option(
        "--pattern", metavar="PATTERN", help="round_robin, dynamic, pipeline, supervisor, voting or sleeptime."
    ),
]
DescriptionOption = Annotated[
    str | None, typer.Option("--description", metavar="TEXT|@FILE|-", help="What the group is for; empty for none.")
]


class PatternSettings(Together):
    """What can be set of a pattern's configuration."""

    config: Annotated[
        str | None,
        typer.Option("--config", metavar="JSON|@FILE|-", help="Keys of the configuration to set; others stay."),
    ] = None
    leader: Annotated[
        str | None, typer.Option("--leader", metavar="MEMBER", help="supervisor: the member who leads.")
    ] = None
    stage: Annotated[
        list[str] | None, typer.Option("--stage", metavar="MEMBER", help="pipeline: the members in order; repeat it.")
    ] = None
    selector: Annotated[
        str | None,
        typer.Option(
            "--selector",
            metavar="SELECTOR",
            help="dynamic: random, capability, load_balancing, supervisor or custom.",
        ),
    ] = None
    skip_unavailable: Annotated[
        bool | None,
        typer.Option("--skip-unavailable/--no-skip-unavailable", help="round_robin: pass over who cannot answer."),
    ] = None
    check_interval: Annotated[
        int | None, typer.Option("--check-interval", min=1, metavar="N", help="sleeptime: seconds between checks.")
    ] = None
    intervention_agent: Annotated[
        str | None, typer.Option("--intervention-agent", metavar="MEMBER", help="sleeptime: the member who steps in.")
    ] = None
    quorum: Annotated[
        int | None, typer.Option("--quorum", min=1, metavar="N", help="voting: so many votes are needed.")
    ] = None
    voting_timeout: Annotated[
        float | None, typer.Option("--voting-timeout", min=0, metavar="N", help="voting: seconds until a vote ends.")
    ] = None
    tie_breaker: Annotated[
        str | None,
        typer.Option(
            "--tie-breaker",
            metavar="MEMBER",
            help="voting: random, first_vote, no_decision, or the member who decides.",
        ),
    ] = None

    def settings(self, unset: list[str] | None = None, *, replace: bool = False) -> Settings:
        """The settings for the service."""
        from pattern_cli.cli.inputs import read_json
        from pattern_cli.groups.configuring import Settings

        return Settings(
            config=None if self.config is None else read_json(self.config, "--config"),
            unset=tuple(unset or ()),
            replace=replace,
            leader=self.leader,
            stages=tuple(self.stage or ()),
            selector=self.selector,
            skip_unavailable=self.skip_unavailable,
            check_interval=self.check_interval,
            intervention_agent=self.intervention_agent,
            quorum=self.quorum,
            voting_timeout=self.voting_timeout,
            tie_breaker=self.tie_breaker,
        )


def _title(record: Any) -> str:
    return f"{record.name}: {'would be ' if record.dry_run and record.action != 'unchanged' else ''}{record.action}"


CHANGED = Layout(
    title=_title,
    lines=(
        Line("id", "id"),
        Line("changed", "changed", show=words),
        Line("pattern_type", "pattern"),
        Line("description", "description"),
        Line("members", "members", show=words),
        Line("removed", "taken out of the config", show=words),
    ),
    bodies=(("pattern config", lambda record: nested(record.pattern_config)),),
    record="pattern_cli.groups.creation:Group",
)


@group.command(
    "create",
    record=CHANGED,
    examples=(
        'pattern groups create "Night Watch" --pattern round_robin --member Juniper --member Marlow:observer',
        "pattern groups create Crew --pattern supervisor --leader Juniper --member Juniper:supervisor",
        "pattern groups create Line --pattern pipeline --member Marlow --member Juniper --stage Marlow --stage Juniper",
        "pattern groups create Sleepers --pattern sleeptime --check-interval 600 --config @triggers.json",
        "pattern groups create Crew --pattern dynamic --member Marlow:specialist:memory_management",
    ),
    exits=EXITS,
)
def create_group(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new group.")],
    pattern: PatternOption,
    chosen: PatternSettings,
    description: DescriptionOption = None,
    member: Annotated[
        list[str] | None,
        typer.Option(
            "--member", metavar="AGENT", help="AGENT, AGENT:ROLE or AGENT:specialist:DOMAIN; repeat it for each."
        ),
    ] = None,
    dry_run: DryRunOption = False,
) -> None:
    """Create a group with its members and its coordination pattern.

    What a pattern needs and is not named gets the runtime's defaults; a supervisor group is led by its only member
    with the role supervisor. The runtime stores the configuration, but its command line coordinates by the pattern
    alone, with settings of its own.
    """
    settings, about = chosen.settings(), _text(description)
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.groups.service import Groups

        made = Groups(constellation).create(
            name, pattern or "", settings, description=about or None, members=member or (), dry_run=dry_run
        )
    show_change(run, made, "this")


def _text(value: str | None) -> str | None:
    from pattern_cli.cli.inputs import read_text

    return None if value is None else read_text(value, "--description")


@group.command(
    "edit",
    record=CHANGED,
    examples=(
        'pattern groups edit "Harbor Crew" --leader Marlow',
        'pattern groups edit "Harbor Crew" --pattern round_robin --dry-run',
        'pattern groups edit "Night Watch" --config \'{"check_interval": 600}\'',
        'pattern groups edit "Night Watch" --editor',
    ),
    exits=EXITS,
)
def edit_group(
    run: Run,
    name: GroupArgument,
    chosen: PatternSettings,
    pattern: PatternOption = None,
    description: DescriptionOption = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="KEY", help="Take a key out of the configuration; repeat it.")
    ] = None,
    replace_config: Annotated[
        bool, typer.Option("--replace-config", help="Keep nothing of the old configuration, unknown keys neither.")
    ] = False,
    editor: Annotated[
        bool, typer.Option("--editor", help="Edit description, pattern and configuration as TOML.")
    ] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Change what is named of a group; everything else stays as it is stored.

    Keys that no pattern knows and data sources stay, also when the pattern changes; the settings of the old pattern
    go then, and are named.
    """
    from pattern_cli.errors import UsageError

    settings, about = chosen.settings(unset, replace=replace_config), _text(description)
    if editor:
        if settings.some or about is not None or pattern is not None:
            raise UsageError("--editor edits all of it at once", "leave out the other options, or --editor")
        _edit_as_text(run, name, dry_run)
        return
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.groups.changing import Edit
        from pattern_cli.groups.service import Groups

        changed = Groups(constellation).edit(name, Edit(about, pattern, settings), dry_run=dry_run)
    show_change(run, changed, "this")


def _edit_as_text(run: Run, name: str, dry_run: bool) -> None:
    from pattern_cli.cli.editor import edited
    from pattern_cli.groups import drafts

    with run.open() as constellation:
        draft = drafts.draft(constellation, name)
    with edited(draft.text, draft.name, ".toml") as text:
        if text is None:
            run.note(f'"{draft.name}" was left as it is')
            return
        with run.open_to_change(dry_run) as constellation:
            changed = drafts.apply(constellation, draft, text, dry_run=dry_run)
    show_change(run, changed, "this")


@group.command("rename", record=CHANGED, examples=('pattern groups rename "Harbor Crew" "Day Shift"',), exits=EXITS)
def rename_group(
    run: Run,
    name: GroupArgument,
    new: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")],
    dry_run: DryRunOption = False,
) -> None:
    """Give a group another name; its id, members and memory stay."""
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.groups.service import Groups

        changed = Groups(constellation).rename(name, new, dry_run=dry_run)
    show_change(run, changed, "this")


def _blocks(record: Any) -> str:
    def line(block: Any) -> str:
        facts = [values.size(block.size)]
        if not block.is_active:
            facts.append("deleted before")
        if block.shared_with:
            facts.append(f"shared with {words(block.shared_with)}")
        return f"{values.plain(block.label)}  {', '.join(facts)}"

    return "\n".join(map(line, record.blocks))


def _memory(record: Any) -> str:
    if not record.blocks and not record.archival_entries:
        return ""
    parts = [values.plural(len(record.blocks), "block")]
    if record.archival_entries:
        parts.append(values.plural(record.archival_entries, "archival entry", "archival entries"))
    return f"{', '.join(parts)}: {f'to {record.given_to}' if record.given_to else 'deleted'}"


def _mentions(counts: dict[str, int]) -> str:
    return ", ".join(f"{table} {values.number(count)}" for table, count in counts.items())


def _some(word: str, many: str) -> Any:
    return lambda count: values.plural(count, word, many) if count else ""


_LINES = (
    Line("id", "id"),
    Line("pattern_type", "pattern"),
    Line("members", "members", show=words),
    Line("blocks", "memory", of_row=_memory),
    Line("endpoints", "endpoints", show=_some("endpoint: deleted", "endpoints: deleted")),
    Line("freed_entries", "entries of others", show=_some("stays by itself", "stay by themselves")),
    Line("embeddings", "vectors", show=_some("vector: deleted", "vectors: deleted")),
    Line("mentions", "still name its id", show=_mentions),
    Line("in_use_by", "in use by"),
    Line("snapshot", "snapshot"),
)
PLAN = Layout(
    title=lambda record: f"delete {record.name}",
    lines=_LINES,
    bodies=(("memory", _blocks),),
    record="pattern_cli.groups.deletion:Deletion",
)
DELETED = Layout(
    title=lambda record: f"{record.name}: deleted",
    lines=_LINES,
    bodies=(("memory", _blocks),),
    record="pattern_cli.groups.deletion:Deletion",
)


@group.command(
    "delete",
    record=DELETED,
    examples=(
        'pattern groups delete "Harbor Crew" --dry-run',
        'pattern groups delete "Harbor Crew" --yes',
        'pattern groups delete "Harbor Crew" --give-memory Juniper',
    ),
    exits=(*EXITS, 7),
)
def delete_group(
    run: Run,
    name: GroupArgument,
    give_memory: Annotated[
        str | None,
        typer.Option(
            "--give-memory", metavar="OWNER", help="Who gets its memory and archival entries; else they are deleted."
        ),
    ] = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_snapshot: NoSnapshotOption = False,
    force: ForceOption = False,
) -> None:
    """Delete a group with its memberships, its memory and the shares of it; the agents stay.

    Shows what goes, asks, and makes a backup first. A running runtime may hold the group's memory: then it is refused.
    """
    with run.open() as constellation:
        from pattern_cli.groups.service import Groups

        plan = Groups(constellation).plan_deletion(name, give_memory)
    if dry_run or (run.terminal and not yes):
        run.show(plan, PLAN)
        for remark in plan.remarks:
            run.warn(remark)
    if dry_run:
        return
    run.confirm(f'delete the group "{plan.name}"', yes=yes)
    with run.open("write") as constellation:
        saver = run.saver("groups delete", no_snapshot)
        done = Groups(constellation).delete(name, give_memory, snapshot=saver, force=force, shown=plan)
    run.show(done)
    for remark in done.remarks:
        run.warn(remark)
    if done.in_use_by:
        run.note(f"{done.in_use_by} has the file open and sees this when it next loads its groups")
