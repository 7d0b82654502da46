"""`pattern agents`: create an agent, change its row, rename it, set its status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pattern_cli.cli.agents_group import AgentArgument, Status, group
from pattern_cli.cli.inputs import read_json, read_text
from pattern_cli.cli.options import DryRunOption, ForceOption, Run, Together
from pattern_cli.errors import UsageError
from pattern_cli.render import values
from pattern_cli.render.tables import Layout, Line

if TYPE_CHECKING:
    from pattern_cli.agents.changes import Edited

EXITS = (4, 6)
EXITS_LIVE = (4, 6, 7)


def words(value: Any) -> str:
    """Words as people write them, one after the other."""
    return ", ".join(map(values.plain, value))


CREATED = Layout(
    title=lambda record: record.name,
    lines=(
        Line("id", "id"),
        Line("status", "status"),
        Line("model", "model"),
        Line("enabled_tools", "tools", show=lambda tools: words(tools) or "all built-in tools"),
        Line("dry_run", "dry run", show=values.tried),
    ),
    record="pattern_cli.agents.creation:Created",
)

EDITED = Layout(
    title=lambda record: record.name,
    lines=(
        Line("id", "id"),
        Line("changed", "changed", show=lambda names: words(names) or "nothing: it was so already"),
        Line("groups", "named anew in", show=words),
        Line("dry_run", "dry run", show=values.tried),
    ),
    record="pattern_cli.agents.changes:Edited",
)


class Fields(Together):
    """What an agent is made of; what is not named stays as it is."""

    provider: Annotated[
        str | None, typer.Option("--provider", metavar="NAME", help="Provider of the model: anthropic, openai, …")
    ] = None
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="Name of the model.")] = None
    system_prompt: Annotated[
        str | None, typer.Option("--system-prompt", metavar="TEXT|@FILE|-", help="Base instructions.")
    ] = None
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT|@FILE|-", help="What the agent is for.")
    ] = None
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="JSON|@FILE|-", help="The whole configuration as the runtime stores it."),
    ] = None
    tool: Annotated[
        list[str] | None,
        typer.Option("--tool", metavar="NAME", help="A tool; again for more. No tool by name means all."),
    ] = None

    def given(self) -> dict[str, Any]:
        """What was named, read from files and standard input."""
        if (self.system_prompt, self.description, self.config).count("-") > 1:
            raise UsageError("standard input can be only one of them", "@FILE reads the others from files")
        read = {
            "provider": self.provider,
            "model": self.model,
            "system_prompt": self.system_prompt and read_text(self.system_prompt, "--system-prompt"),
            "description": self.description and read_text(self.description, "--description"),
            "config": self.config if self.config is None else read_json(self.config, "--config"),
            "tools": tuple(self.tool) if self.tool else None,
        }
        return {name: value for name, value in read.items() if value is not None}


@group.command(
    "create",
    record=CREATED,
    examples=(
        "pattern agents create Juniper --provider anthropic --model claude-sonnet-4-20250514",
        "pattern agents create Juniper --provider openai --model gpt-4.1 --system-prompt @prompt.md --tool recall",
        "pattern agents create Juniper --config @juniper.json",
    ),
    exits=EXITS,
)
def create_agent(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new agent.")],
    fields: Fields,
    dry_run: DryRunOption = False,
) -> None:
    """Create an agent: one row, complete or not at all.

    What --config says need not be given again; unknown keys in it are kept. Memory is added by `pattern memory create`.
    """
    given = fields.given()
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.agents.service import Agents

        done = Agents(constellation).create(name, dry_run=dry_run, **given)
    run.show(done)
    run.tell(done.remarks)


@group.command(
    "edit",
    record=EDITED,
    examples=(
        "pattern agents edit Juniper --model claude-opus-4-20250514",
        "pattern agents edit Juniper --add-tool web --remove-tool shell",
        "pattern agents edit Juniper --unset description",
        "pattern agents edit Juniper --editor",
    ),
    exits=EXITS_LIVE,
)
def edit_agent(
    run: Run,
    agent: AgentArgument,
    fields: Fields,
    add_tool: Annotated[
        list[str] | None, typer.Option("--add-tool", metavar="NAME", help="One more tool; again for more.")
    ] = None,
    remove_tool: Annotated[
        list[str] | None, typer.Option("--remove-tool", metavar="NAME", help="One tool less; again for more.")
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="NAME", help="Store none: description, tool_rules.")
    ] = None,
    editor: Annotated[bool, typer.Option("--editor", help="Open the whole agent as TOML in $EDITOR.")] = False,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
) -> None:
    """Change what is named and nothing else.

    Where the configuration repeats a column, both are changed: the runtime takes the configuration's. A running
    runtime reads an agent only when it loads it, so beside one only the description can be changed without --force.
    """
    given = fields.given() | _changed_lists(add_tool, remove_tool, unset)
    if editor and given:
        raise UsageError("--editor takes no other change", "make it in the editor, or leave --editor out")
    if editor:
        done = _edit_in_editor(run, agent, force, dry_run)
    else:
        with run.open_to_change(dry_run) as constellation:
            from pattern_cli.agents.service import Agents

            done = Agents(constellation).edit(agent, force=force, dry_run=dry_run, **given)
    _say(run, done)


def _changed_lists(*lists: list[str] | None) -> dict[str, Any]:
    names = ("add_tools", "remove_tools", "unset")
    return {name: tuple(words) for name, words in zip(names, lists, strict=True) if words}


def _edit_in_editor(run: Run, agent: str, force: bool, dry_run: bool) -> Edited:
    from pattern_cli.cli.editor import edited

    with run.open() as constellation:
        from pattern_cli.agents.changes import Changes, Edited, edit
        from pattern_cli.agents.text import as_text, changes_in

        text = as_text(constellation, agent)
    with edited(text.toml, f"agent-{text.name}", ".toml") as new:
        changes = Changes() if new is None else changes_in(text, new)
        if changes == Changes():
            return Edited(text.id, text.name, (), (), (), dry_run)
        with run.open_to_change(dry_run) as constellation:
            return edit(constellation, text.id, changes, force=force, expected=text.version, dry_run=dry_run)


@group.command(
    "rename",
    record=EDITED,
    examples=("pattern agents rename Juniper Marigold",),
    exits=EXITS_LIVE,
)
def rename_agent(
    run: Run,
    agent: AgentArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")],
    dry_run: DryRunOption = False,
    force: ForceOption = False,
) -> None:
    """Give an agent another name.

    The name in its configuration and in the patterns of its groups follows. Refuses beside a running runtime, which
    goes on under the old name until it loads the agent again.
    """
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.agents.service import Agents

        done = Agents(constellation).rename(agent, name, force=force, dry_run=dry_run)
    _say(run, done)


@group.command(
    "status",
    record=EDITED,
    examples=("pattern agents status Juniper hibernated",),
    exits=EXITS,
)
def set_status(
    run: Run,
    agent: AgentArgument,
    status: Annotated[Status, typer.Argument(help="active, hibernated or archived.")],
    dry_run: DryRunOption = False,
) -> None:
    """Make an agent active, hibernated or archived.

    The runtime stores the status and shows it, but does not act on it: an archived agent still answers.
    """
    with run.open_to_change(dry_run) as constellation:
        from pattern_cli.agents.service import Agents

        done = Agents(constellation).set_status(agent, status, dry_run=dry_run)
    _say(run, done)


def _say(run: Run, done: Edited) -> None:
    run.show(done)
    run.tell(done.remarks)
