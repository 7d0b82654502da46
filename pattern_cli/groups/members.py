"""Who belongs to a group, in which role and with which capabilities (database.md §4.3).

A running runtime reads the rows of members when it loads a group, and shares of memory at every access.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pattern_cli.errors import ConflictError, NotFoundError, UsageError
from pattern_cli.groups.membership import ROLES
from pattern_cli.groups.references import naming, roster
from pattern_cli.groups.writing import Write, writing
from pattern_cli.models.words import PERMISSIONS
from pattern_cli.store.constellation import Constellation, describe
from pattern_cli.store.decoding import read_json, read_time
from pattern_cli.store.encoding import json_column
from pattern_cli.store.ids import nearest, resolve
from pattern_cli.store.naming import require_name
from pattern_cli.store.times import now_column, rfc3339z

# What the runtime gives a tool for; any other domain is a word for people.
DOMAINS = ("system_integrity", "memory_management")


@dataclass(frozen=True, slots=True)
class Role:
    """A member's role; only a specialist has a domain."""

    type: str = "regular"
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """A block of a group that a member receives; `before` is the permission that it had already."""

    block_id: str
    label: str
    permission: str
    before: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A membership after a change, or as it was before it went.

    `action` is `added`, `changed`, `unchanged` or `removed`. `shared` are the blocks of the group whose share was made
    or changed, for a removed member ended; `unshared` are labels of blocks that are not shared with a member, `kept`
    those still shared with somebody who is none any more. `runtime` is the running runtime, which sees the membership
    when it next loads the group.
    """

    action: str
    group_id: str
    group_name: str
    agent_id: str
    agent_name: str | None
    role: Any
    capabilities: Any
    joined_at: str | None
    shared: tuple[Shared, ...]
    unshared: tuple[str, ...]
    kept: tuple[str, ...]
    remarks: tuple[str, ...]
    runtime: str | None
    dry_run: bool


def check_role(role: str, domain: str | None = None) -> Role:
    """The role, if the runtime knows it. Raises UsageError with the nearest one, and for a domain that does not fit."""
    if role not in ROLES:
        near = nearest(role, ROLES)
        known = f"one of {', '.join(ROLES)}"
        raise UsageError(f'no role is named "{role}"', f"did you mean {near}? It is {known}" if near else known)
    if role == "specialist" and not (domain and domain.strip()):
        raise UsageError(
            "a specialist needs a domain", "--domain memory_management, or behind the role: specialist:DOMAIN"
        )
    if role != "specialist" and domain is not None:
        raise UsageError(
            f"a domain belongs to a specialist, not to the role {role}", "--role specialist --domain DOMAIN"
        )
    return Role(role, None if domain is None else require_name(domain, "the domain"))


def check_capabilities(words: Iterable[str]) -> tuple[str, ...]:
    """The capabilities, each once. Raises UsageError for an empty one or one with control characters."""
    return tuple(dict.fromkeys(require_name(word, "a capability") for word in words))


def role_column(role: Role, stored: Any = None) -> str:
    """The JSON of the role, with what else the stored one holds."""
    more = {key: value for key, value in stored.items() if key not in ("type", "domain")} if _tagged(stored) else {}
    domain = {} if role.domain is None else {"domain": role.domain}
    return json_column({"type": role.type, **domain, **more}, "the role")


def _tagged(stored: Any) -> bool:
    return isinstance(stored, dict) and isinstance(stored.get("type"), str)


def remarks_on(role: Any, capabilities: Any) -> list[str]:
    """What has no effect in a role and its capabilities, though the runtime reads them."""
    found = []
    kind = role.get("type") if isinstance(role, dict) else "regular"
    if kind != "specialist" and capabilities:
        found.append("capabilities count only for specialists: --role specialist --domain DOMAIN makes one")
    domain = role.get("domain") if isinstance(role, dict) else None
    if isinstance(domain, str) and domain not in DOMAINS and (near := nearest(domain, DOMAINS)):
        found.append(f'the domain "{domain}" has no meaning for the runtime; {near} has')
    return found


def read_member(constellation: Constellation, text: str) -> tuple[str, Role]:
    """The agent's id and the role in `AGENT`, `AGENT:ROLE` or `AGENT:specialist:DOMAIN`.

    A name may hold colons. Raises NotFoundError, AmbiguousError, and UsageError for a role that is none.
    """
    try:
        return resolve(constellation, "agent", text), Role()
    except NotFoundError as error:
        for found in _splits(text):
            try:
                id = resolve(constellation, "agent", found[0])
            except NotFoundError:
                continue
            return id, check_role(found[1], found[2])
        raise error


def _splits(text: str) -> Iterable[tuple[str, str, str | None]]:
    """The ways to split a member into agent, role and domain: first those whose role is one."""
    parts = text.split(":")
    ways = [(":".join(parts[:at]), parts[at], ":".join(parts[at + 1 :]) or None) for at in range(1, len(parts))]
    return sorted(ways, key=lambda way: way[1] not in ROLES)


def add_member(
    constellation: Constellation,
    group: str,
    agent: str,
    role: Role | None = None,
    capabilities: Iterable[str] = (),
    share: str | None = None,
    *,
    dry_run: bool = False,
) -> Changed:
    """Add an agent to a group, and share the group's active memory with it when `share` is a permission.

    Raises NotFoundError, AmbiguousError, ConflictError (a member already), UsageError (role, capability, permission).
    """
    role, able = check_role_of(role), list(check_capabilities(capabilities))
    permission = None if share is None else check_permission(share)
    with writing(constellation, dry_run) as write:
        group_id, agent_id = resolve(constellation, "group", group), resolve(constellation, "agent", agent)
        if constellation.value("SELECT 1 FROM group_members WHERE group_id = ? AND agent_id = ?", (group_id, agent_id)):
            names = _names(constellation, group_id, agent_id)
            raise ConflictError(
                f'"{names[1]}" is a member of "{names[0]}" already', "`pattern groups set-role` changes its role"
            )
        column, now = role_column(role), now_column()
        write(
            "INSERT INTO group_members (group_id, agent_id, role, joined_at, capabilities) VALUES (?, ?, ?, ?, ?)",
            (group_id, agent_id, column, now, json_column(able, "the capabilities")),
        )
        blocks = list(_blocks(constellation, group_id, agent_id))
        state = Changed(
            **_around(constellation, group_id, agent_id, dry_run),
            action="added",
            role=read_json(column, "role", []),
            capabilities=able,
            joined_at=None if dry_run else rfc3339z(now),
            shared=tuple(_share(write, agent_id, blocks, permission)) if permission else (),
            unshared=() if permission else tuple(label for _, label, had in blocks if had is None),
            kept=(),
            remarks=(),
        )
        return replace(state, remarks=tuple(remarks_on(state.role, able)))


def check_permission(permission: str) -> str:
    """The permission, if the runtime knows it. Raises UsageError with the nearest one."""
    if permission in PERMISSIONS:
        return permission
    near = nearest(permission.replace("-", "_"), PERMISSIONS)
    known = f"one of {', '.join(PERMISSIONS)}"
    raise UsageError(f'no permission is named "{permission}"', f"did you mean {near}? It is {known}" if near else known)


def check_role_of(role: Role | None) -> Role:
    """The role, regular for none. Raises as `check_role`."""
    return Role() if role is None else check_role(role.type, role.domain)


def remove_member(
    constellation: Constellation, group: str, member: str, *, unshare: bool = False, dry_run: bool = False
) -> Changed:
    """Take an agent out of a group, and end the shares of the group's memory with it when `unshare`.

    Raises NotFoundError (no such group, no member) or AmbiguousError.
    """
    with writing(constellation, dry_run) as write:
        group_id, agent_id = _member(constellation, group, member)
        around = _around(constellation, group_id, agent_id, dry_run)
        role, able, joined = _stored(constellation, group_id, agent_id)
        shares = list(_received(constellation, group_id, agent_id))
        write("DELETE FROM group_members WHERE group_id = ? AND agent_id = ?", (group_id, agent_id))
        for share in shares if unshare else ():
            write("DELETE FROM shared_block_agents WHERE block_id = ? AND agent_id = ?", (share.block_id, agent_id))
        return Changed(
            **around,
            action="removed",
            role=read_json(role, "role", []),
            capabilities=read_json(able, "capabilities", []),
            joined_at=read_time(joined, "joined_at", []),
            shared=tuple(shares) if unshare else (),
            unshared=(),
            kept=() if unshare else tuple(share.label for share in shares),
            remarks=tuple(_named(constellation, group_id, agent_id, around["agent_name"])),
        )


def set_role(
    constellation: Constellation,
    group: str,
    member: str,
    role: Role | None = None,
    capabilities: Iterable[str] | None = None,
    *,
    dry_run: bool = False,
) -> Changed:
    """Give a member another role or other capabilities; None leaves them as they are stored.

    Raises NotFoundError (no such group, no member), AmbiguousError, UsageError (role, capability, nothing to do).
    """
    if role is None and capabilities is None:
        raise UsageError("nothing is to be changed", "name a role, or capabilities")
    new = None if role is None else check_role_of(role)
    able = None if capabilities is None else list(check_capabilities(capabilities))
    with writing(constellation, dry_run) as write:
        group_id, agent_id = _member(constellation, group, member)
        columns = dict(
            zip(("role", "capabilities", "joined_at"), _stored(constellation, group_id, agent_id), strict=True)
        )
        values = {name: read_json(columns[name], name, []) for name in ("role", "capabilities")}
        texts: dict[str, str] = {}
        if new is not None and not _same_role(values["role"], new):
            texts["role"] = role_column(new, values["role"])
        if able is not None and values["capabilities"] != able:
            texts["capabilities"] = json_column(able, "the capabilities")
        for column, text in texts.items():
            write(
                f"UPDATE group_members SET {column} = ? WHERE group_id = ? AND agent_id = ?", (text, group_id, agent_id)
            )
        values |= {column: read_json(text, column, []) for column, text in texts.items()}
        unshared = tuple(label for _, label, had in _blocks(constellation, group_id, agent_id) if had is None)
        return Changed(
            **_around(constellation, group_id, agent_id, dry_run),
            action="changed" if texts else "unchanged",
            **values,
            joined_at=read_time(columns["joined_at"], "joined_at", []),
            shared=(),
            unshared=unshared,
            kept=(),
            remarks=tuple(remarks_on(values["role"], values["capabilities"])),
        )


def _same_role(stored: Any, new: Role) -> bool:
    return _tagged(stored) and (stored["type"], stored.get("domain")) == (new.type, new.domain)


def _member(constellation: Constellation, group: str, member: str) -> tuple[str, str]:
    """The ids of a group and of one of its members, whose agent may be gone."""
    group_id = resolve(constellation, "group", group)
    name = str(constellation.value("SELECT name FROM agent_groups WHERE id = ?", (group_id,)))
    try:
        return group_id, roster(constellation, group_id, name).find(member, "MEMBER")[0]
    except UsageError as error:
        raise NotFoundError(f'"{member}" is no member of "{name}"', error.hint) from None


def _names(constellation: Constellation, group_id: str, agent_id: str) -> tuple[str, str | None]:
    group = constellation.value("SELECT name FROM agent_groups WHERE id = ?", (group_id,))
    return str(group), constellation.value("SELECT name FROM agents WHERE id = ?", (agent_id,))


def _stored(constellation: Constellation, group_id: str, agent_id: str) -> tuple[Any, Any, Any]:
    sql = "SELECT role, capabilities, joined_at FROM group_members WHERE group_id = ? AND agent_id = ?"
    role, able, joined = next(constellation.rows(sql, (group_id, agent_id)))
    return role, able, joined


def _around(constellation: Constellation, group_id: str, agent_id: str, dry_run: bool) -> dict[str, Any]:
    """What every change of a membership says about group, agent and a running runtime."""
    group_name, agent_name = _names(constellation, group_id, agent_id)
    holder = constellation.live_holder()
    return {
        "group_id": group_id,
        "group_name": group_name,
        "agent_id": agent_id,
        "agent_name": agent_name,
        "runtime": describe(holder) if holder else None,
        "dry_run": dry_run,
    }


def _share(
    write: Write, agent_id: str, blocks: Iterable[tuple[str, str, str | None]], permission: str
) -> Iterator[Shared]:
    """Share blocks; a share that is so already keeps its time."""
    for block_id, label, before in blocks:
        if before != permission:
            write(
                """INSERT INTO shared_block_agents (block_id, agent_id, permission, attached_at) VALUES (?, ?, ?, ?)
                   ON CONFLICT (block_id, agent_id) DO UPDATE SET permission = excluded.permission,
                   attached_at = excluded.attached_at""",
                (block_id, agent_id, permission, now_column()),
            )
            yield Shared(block_id, label, permission, before)


def _received(constellation: Constellation, group_id: str, agent_id: str) -> Iterator[Shared]:
    """The group's blocks that are shared with an agent, deleted ones too."""
    sql = """SELECT b.id, b.label, s.permission FROM memory_blocks b JOIN shared_block_agents s ON s.block_id = b.id
             WHERE b.agent_id = ? AND s.agent_id = ? ORDER BY b.label"""
    for id, label, permission in constellation.rows(sql, (group_id, agent_id)):
        yield Shared(id, label, permission, permission)


def _blocks(constellation: Constellation, group_id: str, agent_id: str) -> Iterable[tuple[str, str, str | None]]:
    """The group's active blocks by label, and the permission with which each is shared with the agent."""
    sql = """SELECT b.id, b.label, s.permission FROM memory_blocks b
             LEFT JOIN shared_block_agents s ON s.block_id = b.id AND s.agent_id = ?2
             WHERE b.agent_id = ?1 AND b.is_active <> 0 ORDER BY b.label"""
    for row in constellation.rows(sql, (group_id, agent_id)):
        yield row[0], row[1], row[2]


def _named(constellation: Constellation, group_id: str, agent_id: str, name: str | None) -> Iterable[str]:
    """Where the group's configuration still names a member who leaves."""
    for _, reference in naming(constellation, agent_id, *([name] if name else []), group_id=group_id):
        yield f'pattern_config still names {reference.at} "{reference.value}": `pattern groups edit` changes it'
