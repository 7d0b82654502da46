"""Changes of an agent's row: only what is named changes, in the column and in the configuration that wins over it.

A running runtime reads an agent when it loads it, and writes no agent: what it would not see is refused beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pattern_cli.agents.configuration import (
    follow,
    in_order,
    remarks,
    require_config,
    require_rules,
    require_text_of,
    require_tools,
    same,
    winning,
)
from pattern_cli.agents.creation import agreed, require_free_name
from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.models import Agent, AgentGroup, GroupMember
from pattern_cli.models.fields import AsStored
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.encoding import json_column
from pattern_cli.store.identity import Identity
from pattern_cli.store.ids import nearest, resolve
from pattern_cli.store.naming import require_text

# Columns that may be NULL, by what `--unset` calls them.
NULLABLE = ("description", "tool_rules")
# Nothing of the runtime keeps these in memory.
_SEEN_LIVE = frozenset({"description", "status"})
_NO_TOOLS = "no tool is enabled by name now, which the runtime takes for all built-in tools"


@dataclass(frozen=True, slots=True)
class Changes:
    """What shall become of an agent; None leaves a thing as it is.

    `tools` replaces the whole list; `add_tools` and `remove_tools` change the one there is. `unset` names columns that
    become NULL: `description`, `tool_rules`. `config` is the whole new configuration.
    """

    name: str | None = None
    description: str | None = None
    status: str | None = None
    provider: str | None = None
    model: str | None = None
    system_prompt: str | None = None
    tools: Sequence[str] | None = None
    add_tools: Sequence[str] = ()
    remove_tools: Sequence[str] = ()
    tool_rules: Any = None
    config: Any = None
    unset: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did: the columns that changed, and the groups whose pattern names the agent anew."""

    id: str
    name: str
    changed: tuple[str, ...]
    groups: tuple[str, ...]
    remarks: tuple[str, ...]
    dry_run: bool


def edit(
    constellation: Constellation,
    ref: str,
    changes: Changes,
    *,
    force: bool = False,
    expected: str | None = None,
    dry_run: bool = False,
) -> Edited:
    """Change an agent; `expected` is the `version` it must still have.

    Raises NotFoundError, AmbiguousError, UsageError for what the runtime could not read, ConflictError for a name that
    is taken and a row that changed meanwhile, RefusedError beside a running runtime for what it would not see (unless
    `force`). Nothing is written then.
    """
    _require_sense(changes)
    with constellation.change(dry_run):
        id = resolve(constellation, "agent", ref)
        (agent,) = constellation.bind(Agent.select().where(Agent.id == id))
        if expected is not None and version(constellation, id) != expected:
            raise ConflictError(f"{agent.name} was changed meanwhile", "look at it again and repeat the change")
        columns = _columns(agent, changes)
        if "name" in columns:
            require_free_name(constellation, columns["name"], id)
        changed = tuple(columns)
        unseen = [column for column in changed if column not in _SEEN_LIVE]
        if unseen:
            what = f"changing {', '.join(unseen)} of {agent.name}, which a runtime reads only when it loads the agent,"
            constellation.require_quiet(what, force)
        if columns and not dry_run:
            columns["updated_at"] = times.now_column()
            constellation.bind(Agent.update(columns).where(Agent.id == id)).execute()
        renamed = (agent.name, columns.get("name", agent.name))
        groups = _follow_in_groups(constellation, id, renamed, dry_run) if "name" in columns else ()
        told = list(remarks(changes.config)) if "config" in columns and changes.config is not None else []
        told += [_NO_TOOLS] if columns.get("enabled_tools") == [] else []
        return Edited(id, renamed[1], changed, groups, tuple(told), dry_run)


def version(constellation: Constellation, id: str) -> str:
    """What tells one state of an agent's row from another."""
    import hashlib

    row = next(constellation.rows("SELECT * FROM agents WHERE id = ?", (id,)))
    return hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _require_sense(changes: Changes) -> None:
    if changes == Changes():
        raise UsageError("nothing to change is named", "for example --model NAME, --system-prompt @FILE, or --editor")
    for name in changes.unset:
        if name not in NULLABLE:
            near = nearest(name, NULLABLE)
            said = f"did you mean {near}?" if near else f"what can be unset: {', '.join(NULLABLE)}"
            raise UsageError(f'"{name}" cannot be unset', said)
        if getattr(changes, name) is not None:
            raise UsageError(f"{name} is both given and unset", "leave one of the two out")
    if changes.tools is not None and (changes.add_tools or changes.remove_tools):
        raise UsageError("tools are both replaced and changed", "either --tool, or --add-tool and --remove-tool")


def _columns(agent: Agent, changes: Changes) -> dict[str, Any]:
    """The columns that change, with their new values."""
    config = agent.config
    new: dict[str, Any] = {}
    if changes.config is not None:
        config = in_order(require_config(changes.config), agent.config)
        new = _newly_configured(agent.config, config)
    new = agreed(_named(agent, changes), new)
    if isinstance(config, dict) and not isinstance(config, AsStored):
        if isinstance(new.get("tool_rules"), dict) and winning(config).get("tool_rules"):
            raise UsageError(
                "the configuration has tool_rules as a list, which the runtime reads; an object would not be read",
                "give the rules as a list",
            )
        config = follow(config, new)
        if "name" in new and "name" in config:
            config["name"] = new["name"]
    # The other shape of rules, which the runtime passes over while the configuration has some, stays as it is.
    if (
        isinstance(new.get("tool_rules"), list)
        and isinstance(agent.tool_rules, dict)
        and winning(config).get("tool_rules")
    ):
        del new["tool_rules"]
    new["config"] = config
    return {
        column: _writable(column, value) for column, value in new.items() if _differs(getattr(agent, column), value)
    }


def _named(agent: Agent, changes: Changes) -> dict[str, Any]:
    """The columns that are named, with what they shall hold."""
    new: dict[str, Any] = {}
    if changes.name is not None:
        new["name"] = changes.name
    if changes.status is not None:
        new["status"] = changes.status
    if changes.description is not None:
        new["description"] = require_text(changes.description, "the description")
    for column, value in (
        ("system_prompt", changes.system_prompt),
        ("model_provider", changes.provider),
        ("model_name", changes.model),
    ):
        if value is not None:
            new[column] = require_text_of(column, value)
    if changes.tools is not None:
        new["enabled_tools"] = require_tools(changes.tools)
    elif changes.add_tools or changes.remove_tools:
        new["enabled_tools"] = _tools(agent, changes.add_tools, changes.remove_tools)
    if changes.tool_rules is not None:
        new["tool_rules"] = require_rules(changes.tool_rules)
    return new | dict.fromkeys(changes.unset)


def _newly_configured(old: Any, new: dict[str, Any]) -> dict[str, Any]:
    """The columns about which a new configuration says something else than the old one."""
    before = winning(old)
    return {column: value for column, value in winning(new).items() if not same(before.get(column), value)}


def _tools(agent: Agent, add: Iterable[str], remove: Iterable[str]) -> list[str]:
    """The tools that the runtime takes, with some more and some less."""
    tools = winning(agent.config).get("enabled_tools") or agent.enabled_tools
    if isinstance(tools, AsStored) or not (isinstance(tools, list) and all(isinstance(tool, str) for tool in tools)):
        raise UsageError(f"the tools of {agent.name} are no list of names", "--tool replaces them")
    for name in require_tools(remove, "--remove-tool"):
        if name not in tools:
            near = nearest(name, tools)
            said = f"did you mean {near}?" if near else f"it has {', '.join(tools) or 'no tool by name'}"
            raise UsageError(f'{agent.name} has no tool "{name}"', said)
    return require_tools([*(tool for tool in tools if tool not in set(remove)), *add], "--add-tool")


def _differs(old: Any, new: Any) -> bool:
    return (isinstance(old, AsStored) and old is not new) or not same(old, new)


def _writable(column: str, value: Any) -> Any:
    """The value, if the runtime can read it from that column. Raises UsageError."""
    if column in ("config", "tool_rules", "enabled_tools") and value is not None:
        json_column(value, column)
    return value


def _follow_in_groups(
    constellation: Constellation, id: str, renamed: tuple[str, str], dry_run: bool
) -> tuple[str, ...]:
    """Put the new name into the patterns of the groups it is in, which name members (database.md §5.4)."""
    identity = Identity(names=dict([renamed]))
    mine = GroupMember.select(GroupMember.group).where(GroupMember.agent == id)
    groups = list(constellation.bind(AgentGroup.select().where(AgentGroup.id.in_(mine)).order_by(AgentGroup.name)))
    followed = []
    for group in groups:
        if isinstance(group.pattern_config, AsStored):
            continue
        before = json_column(group.pattern_config, "pattern_config")
        config = identity.pattern_config(group.pattern_config)
        if json_column(config, "pattern_config") != before:
            if not dry_run:
                update = AgentGroup.update(pattern_config=config, updated_at=times.now_column())
                constellation.bind(update.where(AgentGroup.id == group.id)).execute()
            followed.append(group.name)
    return tuple(followed)
