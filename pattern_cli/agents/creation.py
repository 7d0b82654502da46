"""A new agent: one row, complete or not at all (database.md §2.2, §5.1; upstream-cli-and-config.md C.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pattern_cli.agents.configuration import remarks, require_config, require_text_of, require_tools, same, winning
from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.models import Agent
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.encoding import json_column
from pattern_cli.store.ids import CONSTELLATION, new_id
from pattern_cli.store.naming import require_name, require_text

EXAMPLE_MODEL = "--provider anthropic --model claude-sonnet-4-20250514"


@dataclass(frozen=True, slots=True)
class Created:
    """A new agent; `remarks` says what a person may not expect of its configuration. A dry run gives no id."""

    id: str | None
    name: str
    status: str
    model: str
    enabled_tools: tuple[str, ...]
    remarks: tuple[str, ...]
    dry_run: bool


def create(
    constellation: Constellation,
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
    """Create an agent. `config` is the configuration as the runtime stores it; unknown keys of it are kept.

    What is given by itself and what `config` says go into both places, as the runtime writes them; both must agree.
    Raises UsageError for what the runtime could not read and for a missing provider or model, ConflictError when the
    name is taken.
    """
    config = require_config({} if config is None else config)
    told = {
        "system_prompt": system_prompt,
        "model_provider": provider,
        "model_name": model,
        "enabled_tools": None if tools is None else require_tools(tools),
    }
    columns = agreed({column: value for column, value in told.items() if value is not None}, winning(config))
    for column in ("model_provider", "model_name"):
        if column not in columns:
            raise UsageError(f"the {column.replace('_', ' ')} is missing", f"for example {EXAMPLE_MODEL}")
    for column in ("model_provider", "model_name", "system_prompt"):
        require_text_of(column, columns.setdefault(column, ""))
    require_text(description or "", "the description")
    require_name(name, "the name")
    id, now = new_id(), times.now_column()
    whole = _whole(config, id, name, columns)
    json_column(whole, "config")
    row: dict[str, Any] = {"id": id, "name": name, "description": description, "config": whole, "status": "active"}
    row |= {"enabled_tools": [], "tool_rules": None, **columns, "created_at": now, "updated_at": now}
    with constellation.change(dry_run):
        require_free_name(constellation, name)
        if not dry_run:
            constellation.bind(Agent.insert(row)).execute()
    return Created(
        id=None if dry_run else id,
        name=name,
        status="active",
        model=f"{row['model_provider']}/{row['model_name']}",
        enabled_tools=tuple(row["enabled_tools"]),
        remarks=tuple(remarks(config)),
        dry_run=dry_run,
    )


def agreed(given: Mapping[str, Any], configured: Mapping[str, Any]) -> dict[str, Any]:
    """Both together by column. Raises UsageError when they say different things about one."""
    for column in given.keys() & configured.keys():
        if not same(given[column], configured[column]):
            raise UsageError(
                f"the {column.replace('_', ' ')} is given twice, and config says another one",
                "leave it out of one of the two",
            )
    return {**configured, **given}


def require_free_name(constellation: Constellation, name: str, own: str | None = None) -> None:
    """Raise UsageError for what is no name, ConflictError when it means another agent than `own`."""
    require_name(name, "the name")
    hint = "choose another name; `pattern agents list` shows those there are"
    if name == CONSTELLATION:
        raise ConflictError(f'the name "{name}" means the whole constellation', hint)
    sql = "SELECT name = ?1 FROM agents WHERE (name = ?1 OR id = ?1) AND id IS NOT ?2 ORDER BY 1 DESC LIMIT 1"
    taken = constellation.value(sql, (name, own))
    if taken is not None:
        raise ConflictError(f'an agent {"named" if taken else "with the id"} "{name}" exists already', hint)


def _whole(config: dict[str, Any], id: str, name: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as the runtime writes it when it creates an agent."""
    prompt, tools = columns["system_prompt"], columns.get("enabled_tools")
    model = config["model"] if isinstance(config.get("model"), dict) else {}
    return {
        **({"id": id} if config.get("id") else {}),
        "name": name,
        **({"system_prompt": prompt} if prompt else {}),
        **{key: value for key, value in config.items() if key not in ("id", "name", "system_prompt", "tools", "model")},
        **({"tools": tools} if tools else {}),
        "model": {"provider": columns["model_provider"], "model": columns["model_name"]}
        | {key: value for key, value in model.items() if key not in ("provider", "model")},
    }
