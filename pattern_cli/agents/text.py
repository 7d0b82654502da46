"""A whole agent as TOML that a person edits, and what was changed in it.

Of what the columns and the configuration both say, the text has what the runtime takes, once; an edit changes both.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tomli_w

from pattern_cli.agents.changes import NULLABLE, Changes, version
from pattern_cli.agents.configuration import PLACES, follow, require_config, same, shared_keys, winning, without_columns
from pattern_cli.errors import UsageError
from pattern_cli.models import Agent
from pattern_cli.models.fields import AsStored
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.ids import nearest, resolve

_TEXTS = ("name", "description", "status", "model_provider", "model_name", "system_prompt")
_COLUMNS = (*_TEXTS, "enabled_tools", "tool_rules", "config")
_CALLED = {"model_provider": "provider", "model_name": "model", "enabled_tools": "tools"}
# Behind the name of a column whose JSON TOML cannot say, for example null: the value is a text that holds the JSON.
_JSON = "_json"
_HEAD = """\
# {name} ({id})
# Only what you change is stored. Without its line, an agent has no description or no tool_rules.
"""


@dataclass(frozen=True, slots=True)
class AgentText:
    """An agent as TOML, with its configuration as stored; `version` tells the state of the row that the text shows."""

    id: str
    name: str
    toml: str
    config: Any
    version: str


def as_text(constellation: Constellation, ref: str) -> AgentText:
    """One agent as TOML. Columns that cannot be decoded are left out and named in a comment.

    Raises NotFoundError or AmbiguousError.
    """
    with constellation.one_moment():
        id = resolve(constellation, "agent", ref)
        (agent,) = constellation.bind(Agent.select().where(Agent.id == id))
        values = {column: _value(agent, column) for column in _COLUMNS}
        left_out = [column for column, value in values.items() if not _is_editable(column, value)]
        head = _HEAD.format(name=_comment(agent.name), id=_comment(id))
        head += "".join(f"# {remark}\n" for remark in _remarks(agent, left_out))
        toml = _dumps({column: value for column, value in values.items() if column not in left_out})
        return AgentText(id, str(agent.name), f"{head}\n{toml}", agent.config, version(constellation, id))


def changes_in(text: AgentText, edited: str) -> Changes:
    """What a person changed in the text; `Changes()` when nothing. Raises UsageError for what is no such text."""
    before, after = _loads(text.toml), _loads(edited)
    for column in after.keys() - before.keys() - set(NULLABLE):
        near = nearest(column, before)
        raise UsageError(f'"{column}" is nothing that can be edited here', near and f"did you mean {near}?")
    for column in before.keys() - after.keys() - set(NULLABLE):
        raise UsageError(f"the line for {column} is missing", "put it back; an empty text or list empties it")
    changed = {column: new for column, new in after.items() if column not in before or not same(before[column], new)}
    for column, value in changed.items():
        if (column in _TEXTS and not isinstance(value, str)) or (column == "enabled_tools" and type(value) is not list):
            raise UsageError(f"{column} is no {'text' if column in _TEXTS else 'list'}", "write it as it was written")
    if "config" in changed:
        whole = _whole(text.config, changed["config"])
        changed["config"] = follow(whole, changed) if isinstance(whole, dict) else whole
    unset = tuple(column for column in NULLABLE if column in before and column not in after)
    return Changes(**{_CALLED.get(column, column): value for column, value in changed.items()}, unset=unset)


def _whole(stored: Any, edited: Any) -> Any:
    """The edited configuration with what the text has elsewhere."""
    require_config(edited if not isinstance(edited, dict) else {**edited, "model": None})
    for key in shared_keys(edited):
        raise UsageError(f"config.{key} is edited outside of config", "its own line at the top changes both places")
    if not isinstance(stored, dict):
        return edited
    rest = without_columns(stored)
    whole = {key: value for key, value in stored.items() if key not in rest} | edited
    model = stored.get("model")
    if isinstance(model, dict) and isinstance(edited.get("model", {}), dict):
        named = {key: value for key, value in model.items() if key in ("provider", "model")}
        whole["model"] = named | edited.get("model", {})
    return whole


def _value(agent: Agent, column: str) -> Any:
    """What the runtime takes for a column; of the configuration what no column says."""
    stored = getattr(agent, column)
    if isinstance(stored, AsStored) or column != "config":
        return winning(agent.config).get(column, stored)
    return without_columns(stored) if isinstance(stored, dict) else stored


def _is_editable(column: str, value: Any) -> bool:
    if isinstance(value, AsStored) or (value is None and column in NULLABLE):
        return False
    if column in _TEXTS:
        return isinstance(value, str)
    return column != "enabled_tools" or (isinstance(value, list) and all(isinstance(tool, str) for tool in value))


def _remarks(agent: Agent, left_out: list[str]) -> Iterator[str]:
    for column in left_out:
        if getattr(agent, column) is not None:
            yield f"{column} is not here: what is stored cannot be read; `pattern agents edit` with options replaces it"
    for column, value in winning(agent.config).items():
        if column in PLACES and not same(getattr(agent, column), value):
            yield f"{column}: the column says something else; the runtime takes this, an edit changes both"


def _dumps(values: dict[str, Any]) -> str:
    flat, json_texts, tables = "", "", ""
    for column, value in values.items():
        toml = _toml({column: value})
        if toml is None:
            json_texts += _json_text(column, value)
        elif column in ("config", "tool_rules"):
            tables += f"\n{toml}"
        else:
            flat += toml
    return flat + json_texts + tables


def _toml(values: dict[str, Any]) -> str | None:
    """TOML that gives the same values again, texts over several lines where nothing is lost; None if there is none."""
    for lines in (True, False):
        try:
            toml = tomli_w.dumps(values, multiline_strings=lines)
            toml.encode("utf-8")
            if same(tomllib.loads(toml), values):
                return toml
        except (TypeError, ValueError, RecursionError):
            continue
    return None


def _json_text(column: str, value: Any) -> str:
    key = column + _JSON
    text = json.dumps(value, indent=2, ensure_ascii=True)
    literal = f"{key} = '''\n{text}\n'''\n"
    readable = "'''" not in text and "\x7f" not in text
    return literal if readable else tomli_w.dumps({key: text})


def _loads(toml: str) -> dict[str, Any]:
    """The columns in a text. Raises UsageError for what is no TOML, or no JSON where that is due."""
    try:
        found = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"the edited text is no TOML: {error}", "nothing was changed") from None
    columns: dict[str, Any] = {}
    for key, value in found.items():
        column = key.removesuffix(_JSON)
        if column in columns:
            raise UsageError(f"{column} is there twice", "leave out one of the two")
        columns[column] = value if column == key else _parsed(key, value)
    return columns


def _parsed(key: str, value: Any) -> Any:
    try:
        return json.loads(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"{key} is no text that holds JSON: {error}", "nothing was changed") from None


def _comment(value: Any) -> str:
    return "".join(character if character.isprintable() else "?" for character in str(value))
