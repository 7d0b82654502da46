"""The options that say which messages are meant, for every command that works on several of them.

def list_messages(run: Run, agent: AgentArgument = None, *, chosen: Chosen) -> None:
    with run.open() as constellation:
        messages = Messages(constellation)
        messages.list(chosen.filter(messages, agent))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pattern_cli.cli.options import SinceOption, Together, UntilOption

if TYPE_CHECKING:
    from pattern_cli.messages.filters import Filter
    from pattern_cli.messages.service import Messages

AgentArgument = Annotated[
    str | None, typer.Argument(metavar="[AGENT]", help="Only this agent's: name, id, or the beginning of an id.")
]
RoleOption = Annotated[
    str | None, typer.Option("--role", metavar="ROLE", help="Only this role: user, assistant, system, tool.")
]
BatchOption = Annotated[
    str | None, typer.Option("--batch", metavar="ID", help="Only this batch: id, or the beginning of it.")
]
SourceOption = Annotated[str | None, typer.Option("--source", metavar="TEXT", help="Only from this source.")]
ArchivedOption = Annotated[bool, typer.Option("--archived", help="Archived messages too.")]
DeletedOption = Annotated[bool, typer.Option("--deleted", help="Deleted messages too.")]


class Fitting(Together):
    """Which messages are meant, whatever their state."""

    role: RoleOption = None
    batch: BatchOption = None
    source: SourceOption = None
    since: SinceOption = None
    until: UntilOption = None

    def fitting(
        self, messages: Messages, agent: str | None = None, archived: bool = False, deleted: bool = False
    ) -> Filter:
        """The filter for the messages of a constellation. Raises what `Messages.filter` and `parse_when` raise."""
        from pattern_cli.store.times import parse_until, parse_when

        return messages.filter(
            agent,
            role=self.role,
            batch=self.batch,
            source=self.source,
            since=None if self.since is None else parse_when(self.since),
            until=None if self.until is None else parse_until(self.until),
            archived=archived,
            deleted=deleted,
        )


class Chosen(Fitting):
    """Which messages are meant: archived and deleted ones only when asked for."""

    archived: ArchivedOption = False
    deleted: DeletedOption = False

    def filter(self, messages: Messages, agent: str | None = None) -> Filter:
        """The filter for the messages of a constellation. Raises what `Messages.filter` and `parse_when` raise."""
        return self.fitting(messages, agent, self.archived, self.deleted)
