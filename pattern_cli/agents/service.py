"""Agents as rows and records (database.md §2.2 agents, §5.1 to §5.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pattern_cli.models.words import AGENT_STATUSES
from pattern_cli.store import snowflake
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_text, read_time, read_word
from pattern_cli.store.ids import resolve

if TYPE_CHECKING:
    from pattern_cli.agents.changes import Edited
    from pattern_cli.agents.cloning import Cloned
    from pattern_cli.agents.creation import Created
    from pattern_cli.agents.deletion import Deletion
    from pattern_cli.agents.records import AgentRecord

    Progress = Callable[[int, int | None], None]


# The newest position of a row of `agents`, from the index. All that tell a time begin with a digit; a message id,
# which old conversions stored as a position, would come last in the order of text.
NEWEST_POSITION = """(SELECT position FROM messages WHERE agent_id = agents.id AND position < ':'
                      ORDER BY position DESC LIMIT 1)"""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent in a list: `model` is provider/name, `message_count` leaves tombstones out.

    `last_active` is the time of the newest position, RFC 3339 UTC.
    """

    id: str
    name: str
    status: str
    model: str
    block_count: int
    message_count: int
    last_active: str | None
    description: str | None
    model_provider: str
    model_name: str
    archival_count: int
    created_at: str
    updated_at: str
    damage: tuple[str, ...]


class Agents:
    """The agents of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def list(self, status: str | None = None) -> Iterator[AgentRow]:
        """All agents by name, with their counts; `status` keeps one status only.

        Plain SQL, without the models: this is the command people wait for (architecture.md §7).
        """
        constellation = self._constellation
        kept = "is_deleted = 0" if constellation.has_column("messages", "is_deleted") else "1"
        messages = dict(constellation.rows(f"SELECT agent_id, count(*) FROM messages WHERE {kept} GROUP BY agent_id"))
        blocks = dict(
            constellation.rows("SELECT agent_id, count(*) FROM memory_blocks WHERE is_active = 1 GROUP BY agent_id")
        )
        entries = dict(constellation.rows("SELECT agent_id, count(*) FROM archival_entries GROUP BY agent_id"))
        sql = f"""SELECT id, name, description, status, model_provider, model_name, created_at, updated_at,
                        {NEWEST_POSITION}
                 FROM agents WHERE ?1 IS NULL OR status = ?1 ORDER BY name"""
        for id, name, description, state, provider, model, created, updated, position in constellation.rows(
            sql, (status,)
        ):
            damage: Damage = []
            yield AgentRow(
                id=read_text(id, "id", damage),
                name=read_text(name, "name", damage),
                status=read_word(state, "status", AGENT_STATUSES, damage),
                model=f"{provider}/{model}",
                block_count=blocks.get(id, 0),
                message_count=messages.get(id, 0),
                last_active=snowflake.rfc3339z_of(position) if position else None,
                description=read_text(description, "description", damage),
                model_provider=read_text(provider, "model_provider", damage),
                model_name=read_text(model, "model_name", damage),
                archival_count=entries.get(id, 0),
                created_at=read_time(created, "created_at", damage),
                updated_at=read_time(updated, "updated_at", damage),
                damage=tuple(damage),
            )

    def show(self, ref: str) -> AgentRecord:
        """One agent by id, name or unique id prefix. Raises NotFoundError or AmbiguousError."""
        from pattern_cli.agents.records import read

        with self._constellation.one_moment():
            return read(self._constellation, resolve(self._constellation, "agent", ref))

    def create(
        self,
        name: str,
        provider: str | None = None,
        model: str | None = None,
        *,
        system_prompt: str | None = None,
        description: str | None = None,
        config: Any = None,
        tools: Sequence[str] | None = None,
        dry_run: bool = False,
    ) -> Created:
        """Create an agent; `config` is the configuration as the runtime stores it (agents/creation.py).

        Raises UsageError, and ConflictError when the name is taken.
        """
        from pattern_cli.agents.creation import create

        given: dict[str, Any] = {"system_prompt": system_prompt, "description": description, "dry_run": dry_run}
        return create(self._constellation, name, provider, model, config=config, tools=tools, **given)

    def edit(
        self, ref: str, *, force: bool = False, expected: str | None = None, dry_run: bool = False, **changes: Any
    ) -> Edited:
        """Change what is named and nothing else; the names are those of `agents.changes.Changes`.

        Raises as `agents.changes.edit`.
        """
        from pattern_cli.agents.changes import Changes, edit

        return edit(self._constellation, ref, Changes(**changes), force=force, expected=expected, dry_run=dry_run)

    def rename(self, ref: str, name: str, *, force: bool = False, dry_run: bool = False) -> Edited:
        """Give an agent another name, in its configuration and in the patterns of its groups too. Raises as `edit`."""
        return self.edit(ref, name=name, force=force, dry_run=dry_run)

    def set_status(self, ref: str, status: str, *, dry_run: bool = False) -> Edited:
        """Make an agent `active`, `hibernated` or `archived`. Raises as `edit`."""
        return self.edit(ref, status=status, dry_run=dry_run)

    def clone(
        self,
        ref: str,
        name: str,
        *,
        messages: bool = True,
        groups: bool = False,
        force: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Cloned:
        """Copy an agent with all it knows under another name. Raises as `agents.cloning.clone`."""
        from pattern_cli.agents.cloning import clone

        given: dict[str, Any] = {"messages": messages, "groups": groups, "force": force, "dry_run": dry_run}
        return clone(self._constellation, ref, name, progress=progress, **given)

    def plan_deletion(self, ref: str) -> Deletion:
        """What `delete` would take along. Raises NotFoundError or AmbiguousError."""
        from pattern_cli.agents.deletion import plan

        return plan(self._constellation, ref)

    def delete(
        self,
        ref: str,
        *,
        shown: Deletion | None = None,
        snapshot: Callable[[Constellation], str] | None = None,
        force: bool = False,
        progress: Progress | None = None,
    ) -> Deletion:
        """Delete an agent with all that hangs on it; `snapshot` makes a backup first and returns its path.

        Raises as `agents.deletion.delete`.
        """
        from pattern_cli.agents.deletion import delete

        given: dict[str, Any] = {"shown": shown, "snapshot": snapshot, "force": force}
        return delete(self._constellation, ref, progress=progress, **given)
