"""A new group with its pattern and its members, in one transaction (database.md §2.2, §5.4, §6.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import ConflictError
from pattern_cli.groups.configuring import Settings, check_pattern, configure
from pattern_cli.groups.members import Role, read_member, remarks_on, role_column
from pattern_cli.groups.references import Roster
from pattern_cli.groups.writing import writing
from pattern_cli.store.constellation import Constellation, describe
from pattern_cli.store.encoding import json_column
from pattern_cli.store.ids import CONSTELLATION, new_id
from pattern_cli.store.naming import require_name, require_text
from pattern_cli.store.times import now_column, rfc3339z


@dataclass(frozen=True, slots=True)
class Group:
    """A group after a change: its row, the names of its members, and what the change did.

    A group that a dry run would create has no id and no times. `changed` names the columns that hold something else
    than before, `removed` the keys of the configuration that went. `runtime` is the running runtime, which sees the
    change when it next loads the group.
    """

    action: str
    id: str | None
    name: str
    pattern_type: str
    pattern_config: Any
    description: str | None
    members: tuple[str, ...]
    created_at: str | None
    updated_at: str | None
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    remarks: tuple[str, ...]
    runtime: str | None
    dry_run: bool


def check_name(constellation: Constellation, name: str, but: str | None = None) -> None:
    """Raise UsageError for what is no name, ConflictError when it means something else already.

    `but` is the id of the group that gets the name.
    """
    require_name(name, "the name")
    hint = "choose another name; `pattern groups list` shows those there are"
    if name == CONSTELLATION:
        raise ConflictError(f'the name "{name}" means the whole constellation', hint)
    sql = "SELECT name = ?1 FROM agent_groups WHERE (name = ?1 OR id = ?1) AND id IS NOT ?2 ORDER BY 1 DESC LIMIT 1"
    taken = constellation.value(sql, (name, but))
    if taken is not None:
        raise ConflictError(f'a group {"named" if taken else "with the id"} "{name}" exists already', hint)
    if constellation.value("SELECT 1 FROM agents WHERE id = ?", (name,)) is not None:
        raise ConflictError(f'an agent with the id "{name}" exists already', hint)


def name_remarks(constellation: Constellation, name: str) -> list[str]:
    """What is worth knowing about a group's name."""
    if constellation.value("SELECT 1 FROM agents WHERE name = ?", (name,)) is None:
        return []
    return [f'an agent is named "{name}" too: commands on memory need an id to tell them apart']


def create(
    constellation: Constellation,
    name: str,
    pattern: str,
    settings: Settings | None = None,
    *,
    description: str | None = None,
    members: Iterable[str] = (),
    dry_run: bool = False,
) -> Group:
    """Create a group with its members, each `AGENT`, `AGENT:ROLE` or `AGENT:specialist:DOMAIN`.

    Raises NotFoundError and AmbiguousError for an agent, ConflictError for a name or member that is there already,
    UsageError for what the runtime could not read.
    """
    pattern = check_pattern(pattern)
    if description is not None:
        require_text(description, "the description")
    with writing(constellation, dry_run) as write:
        check_name(constellation, name)
        joining = _joining(constellation, members)
        roster = Roster(name, {id: _agent_name(constellation, id) for id in joining})
        supervisors = tuple(id for id, role in joining.items() if role.type == "supervisor")
        done = configure(pattern, settings or Settings(), roster, anew=True, supervisors=supervisors)
        id, now = new_id(), now_column()
        write(
            """INSERT INTO agent_groups (id, name, description, pattern_type, pattern_config, created_at, updated_at)
               VALUES (?, ?, ?, ?, ?, ?, ?)""",
            (id, name, description, pattern, json_column(done.value, "the configuration"), now, now),
        )
        for agent, role in joining.items():
            write(
                "INSERT INTO group_members (group_id, agent_id, role, joined_at, capabilities) VALUES (?, ?, ?, ?, ?)",
                (id, agent, role_column(role), now, "[]"),
            )
        holder = constellation.live_holder()
        about_roles = (remark for role in joining.values() for remark in remarks_on({"domain": role.domain}, []))
        return Group(
            action="created",
            id=None if dry_run else id,
            name=name,
            pattern_type=pattern,
            pattern_config=done.value,
            description=description,
            members=tuple(roster.members[agent] for agent in sorted(joining)),
            created_at=None if dry_run else rfc3339z(now),
            updated_at=None if dry_run else rfc3339z(now),
            changed=(),
            removed=(),
            remarks=(*done.remarks, *name_remarks(constellation, name), *about_roles),
            runtime=describe(holder) if holder else None,
            dry_run=dry_run,
        )


def _joining(constellation: Constellation, members: Iterable[str]) -> dict[str, Role]:
    found: dict[str, Role] = {}
    for text in members:
        id, role = read_member(constellation, text)
        if id in found:
            raise ConflictError(f'"{_agent_name(constellation, id)}" is named twice', "every agent is a member once")
        found[id] = role
    return found


def _agent_name(constellation: Constellation, id: str) -> str:
    return str(constellation.value("SELECT name FROM agents WHERE id = ?", (id,)))
