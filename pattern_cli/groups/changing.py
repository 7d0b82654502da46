"""Change a group's row: only what is named, everything else keeps its stored bytes (database.md §2.1, §10 D14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.groups.configuring import Configured, Settings, check_pattern, checked, configure
from pattern_cli.groups.creation import Group, check_name, name_remarks
from pattern_cli.groups.references import roster
from pattern_cli.groups.writing import Write, writing
from pattern_cli.store.constellation import Constellation, describe
from pattern_cli.store.decoding import read_json, read_time
from pattern_cli.store.encoding import json_column
from pattern_cli.store.ids import resolve
from pattern_cli.store.naming import require_text
from pattern_cli.store.times import now_column

_COLUMNS = ("id", "name", "description", "pattern_type", "pattern_config", "created_at", "updated_at")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """What of a group to change; None leaves it. An empty `description` takes it away."""

    description: str | None = None
    pattern: str | None = None
    settings: Settings = Settings()  # noqa: RUF009  # frozen, and without a list in it


def edit(constellation: Constellation, group: str, change: Edit, *, dry_run: bool = False) -> Group:
    """Change the named parts of a group; unknown keys of its configuration stay, its data sources among them.

    Raises NotFoundError, AmbiguousError, UsageError (nothing to change, what the runtime could not read, no member),
    IntegrityError (a stored configuration that cannot be kept).
    """
    if change.description is None and change.pattern is None and not change.settings.some:
        raise UsageError("nothing is to be changed", "name what to change, or use --editor")
    pattern = None if change.pattern is None else check_pattern(change.pattern)
    if change.description is not None:
        require_text(change.description, "the description")
    with writing(constellation, dry_run) as write:
        row = read_row(constellation, resolve(constellation, "group", group))
        columns: Row = {} if change.description is None else {"description": change.description or None}
        done: Configured | None = None
        anew = pattern not in (None, row["pattern_type"])
        if anew or change.settings.some:
            known = pattern or check_stored_pattern(row)
            done = configure(
                known,
                change.settings,
                roster(constellation, row["id"], row["name"]),
                read_json(row["pattern_config"], "pattern_config", [])
                if not _unreadable(row)
                else row["pattern_config"],
                anew=anew,
                supervisors=_supervisors(constellation, row["id"]),
            )
            columns |= {"pattern_type": known, "pattern_config": done.value}
        return _store(constellation, write, row, columns, done, dry_run=dry_run)


def rewrite(constellation: Constellation, seen: Row, changes: Row, *, dry_run: bool = False) -> Group:
    """Give a group the columns that somebody made of the row `seen`: description, pattern_type, pattern_config.

    Raises ConflictError when the group was changed meanwhile, and what `edit` raises.
    """
    with writing(constellation, dry_run) as write:
        there = constellation.value("SELECT 1 FROM agent_groups WHERE id = ?", (seen["id"],))
        if there is None or (row := read_row(constellation, seen["id"])) != seen:
            raise ConflictError(f'"{seen["name"]}" was changed meanwhile', "edit it again")
        if not changes.keys() & {"pattern_type", "pattern_config"}:
            return _store(constellation, write, row, changes, None, dry_run=dry_run)
        pattern = check_pattern(str(changes.get("pattern_type", row["pattern_type"])))
        anew = pattern != row["pattern_type"]
        stored = read_json(row["pattern_config"], "pattern_config", [])
        config = changes.get("pattern_config", stored)
        if anew and isinstance(config, dict) and config.get("type") == row["pattern_type"]:
            config = {**config, "type": pattern}
        members = roster(constellation, row["id"], row["name"])
        done = checked(pattern, stored, config, members, anew=anew)
        columns = {**changes, "pattern_type": pattern, "pattern_config": config}
        return _store(constellation, write, row, columns, done, dry_run=dry_run)


def rename(constellation: Constellation, group: str, name: str, *, dry_run: bool = False) -> Group:
    """Give a group another name. Its id stays, and with it members and memory.

    Raises NotFoundError, AmbiguousError, UsageError (no name for a group), ConflictError (taken).
    """
    with writing(constellation, dry_run) as write:
        row = read_row(constellation, resolve(constellation, "group", group))
        check_name(constellation, name, row["id"])
        return _store(constellation, write, row, {"name": name}, None, action="renamed", dry_run=dry_run)


def read_row(constellation: Constellation, group_id: str) -> Row:
    """The stored values of a group, which must exist."""
    found = next(constellation.rows(f"SELECT {', '.join(_COLUMNS)} FROM agent_groups WHERE id = ?", (group_id,)))
    return dict(zip(_COLUMNS, found, strict=True))


def check_stored_pattern(row: Row) -> str:
    """The group's pattern. Raises UsageError when the runtime knows none of that name."""
    try:
        return check_pattern(str(row["pattern_type"]))
    except UsageError as error:
        raise UsageError(f'"{row["name"]}": {error.message}', "--pattern gives it another one") from None


def _store(
    constellation: Constellation,
    write: Write,
    row: Row,
    columns: Row,
    done: Configured | None,
    *,
    action: str = "changed",
    dry_run: bool = False,
) -> Group:
    """Write the columns that hold something else than before, and describe the group as it is then."""
    config = read_json(row["pattern_config"], "pattern_config", [])
    old = {**row, "pattern_config": config}
    # Equal numbers of another kind are another text: 1 and 1.0.
    changed = {name: value for name, value in columns.items() if (value, repr(value)) != (old[name], repr(old[name]))}
    new = {**old, **changed}
    if changed:
        now = now_column()
        texts = {
            name: json_column(value, "the configuration") if name == "pattern_config" else value
            for name, value in {**changed, "updated_at": now}.items()
        }
        if not dry_run:
            sets = ", ".join(f"{name} = ?" for name in texts)
            constellation.connection.execute(
                f"UPDATE agent_groups SET {sets} WHERE id = ?", (*texts.values(), row["id"])
            )
    named = name_remarks(constellation, new["name"]) if "name" in changed else []
    holder = constellation.live_holder()
    return Group(
        action=action if changed else "unchanged",
        id=row["id"],
        name=new["name"],
        pattern_type=new["pattern_type"],
        pattern_config=new["pattern_config"],
        description=new["description"],
        members=tuple(roster(constellation, row["id"], row["name"]).members.values()),
        created_at=read_time(row["created_at"], "created_at", []),
        updated_at=read_time(new["updated_at"], "updated_at", []),
        changed=tuple(changed),
        removed=done.removed if done else (),
        remarks=(*(done.remarks if done else ()), *named),
        runtime=describe(holder) if holder and changed else None,
        dry_run=dry_run,
    )


def _unreadable(row: Row) -> bool:
    damage: list[str] = []
    read_json(row["pattern_config"], "pattern_config", damage)
    return bool(damage)


def _supervisors(constellation: Constellation, group_id: str) -> tuple[str, ...]:
    roles = constellation.rows("SELECT agent_id, role FROM group_members WHERE group_id = ?", (group_id,))
    decoded = ((agent, read_json(role, "role", [])) for agent, role in roles)
    return tuple(agent for agent, role in decoded if isinstance(role, dict) and role.get("type") == "supervisor")
