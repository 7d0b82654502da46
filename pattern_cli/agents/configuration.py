"""An agent's columns and its configuration, which wins over them: an edit changes both (database.md §5.1 to §5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from pattern_cli.errors import UsageError
from pattern_cli.store.ids import nearest
from pattern_cli.store.naming import require_name, require_text

# Columns that have a counterpart in the configuration, and where it is.
PLACES: dict[str, tuple[str, ...]] = {
    "system_prompt": ("system_prompt",),
    "model_provider": ("model", "provider"),
    "model_name": ("model", "model"),
    "enabled_tools": ("tools",),
    "tool_rules": ("tool_rules",),
}
# What the runtime reads of a configuration, with the type it must have; null counts as left out.
_KINDS: dict[str, type[Any]] = {
    "id": str,
    "name": str,
    "system_prompt": str,
    "system_prompt_path": str,
    "persona": str,
    "persona_path": str,
    "instructions": str,
    "bluesky_handle": str,
    "memory": dict,
    "data_sources": dict,
    "tool_rules": list,
    "tools": list,
    "model": dict,
    "context": dict,
}
_WORDS: dict[type[Any], str] = {str: "a text", list: "a list", dict: "an object"}
# Keys at the top that conversions from old exports left, which the runtime ignores (database.md §5.1).
_LEFT_OVER = frozenset(
    {"max_messages", "max_message_age_hours", "compression_threshold", "memory_char_limit", "enable_thinking"}
)


def winning(config: Any) -> dict[str, Any]:
    """The columns whose value the runtime takes from the configuration, and that value: set there and not empty."""
    found = ((column, _at(config, place)) for column, place in PLACES.items())
    return {column: value for column, value in found if value}


def follow(config: Any, columns: Mapping[str, Any]) -> Any:
    """A copy of the configuration that says the same as the columns, wherever it says anything about them.

    Every other key stays. A value that is empty is left out, as the runtime leaves it out.
    """
    config = deepcopy(config)
    for column, value in columns.items():
        *above, key = PLACES.get(column, ("",))
        inside = _at(config, tuple(above)) if above else config
        if isinstance(inside, dict) and key in inside:
            if value:
                inside[key] = deepcopy(value)
            else:
                del inside[key]
    return config


def without_columns(config: dict[str, Any]) -> dict[str, Any]:
    """A copy without what the columns say as well: the names, and what `winning` tells."""
    config = {key: value for key, value in config.items() if key not in ("id", "name")}
    for place in PLACES.values():
        if len(place) == 1:
            config.pop(place[0], None)
        elif isinstance(config.get(place[0]), dict):
            config[place[0]] = {key: value for key, value in config[place[0]].items() if key != place[1]}
    if config.get("model") == {}:
        del config["model"]
    return config


def shared_keys(config: Any) -> list[str]:
    """The keys of a configuration that columns say as well: `name`, `model.provider`, …"""
    places = [("id",), ("name",), *PLACES.values()]
    return [
        ".".join(place)
        for place in places
        if isinstance(inside := _at(config, place[:-1]), dict) and place[-1] in inside
    ]


def in_order(value: Any, old: Any) -> Any:
    """The value with the keys of its objects in the order in which `old` has them, new ones last."""
    if isinstance(value, dict) and isinstance(old, dict):
        keys = [key for key in old if key in value] + [key for key in value if key not in old]
        return {key: in_order(value[key], old.get(key)) for key in keys}
    if isinstance(value, list) and isinstance(old, list):
        return [in_order(item, old[index] if index < len(old) else None) for index, item in enumerate(value)]
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values say the same; 1, 1.0 and true are three values."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def require_config(config: Any) -> dict[str, Any]:
    """The configuration, if the runtime can read it: otherwise it would take the whole for empty. Raises UsageError."""
    if not isinstance(config, dict):
        raise UsageError("config is no JSON object", 'for example {"instructions": "Be brief."}')
    for key, kind in _KINDS.items():
        value = config.get(key)
        if value is not None and type(value) is not kind:
            raise UsageError(f"config.{key} is not {_WORDS[kind]}", "the runtime would ignore the whole configuration")
    model = config.get("model")
    if isinstance(model, dict) and not isinstance(model.get("provider"), str):
        raise UsageError(
            "config.model names a model without a provider", "add config.model.provider, for example anthropic"
        )
    if isinstance(model, dict) and not isinstance(model.get("model", ""), str | None):
        raise UsageError("config.model.model is not a text", "the runtime would ignore the whole configuration")
    if config.get("tools") is not None:
        require_tools(config["tools"], "config.tools")
    if config.get("tool_rules") is not None:
        require_rules(config["tool_rules"], "config.tool_rules")
    return config


def require_tools(tools: Any, what: str = "tools") -> list[str]:
    """The names of tools, each once, in their order. Raises UsageError for anything that is no list of words."""
    if isinstance(tools, str) or not isinstance(tools, Iterable):
        raise UsageError(f"{what} is no list of names", 'for example ["recall", "search"]')
    return list(dict.fromkeys(require_name(tool, f"a name in {what}") for tool in tools))


def require_rules(rules: Any, what: str = "tool_rules") -> Any:
    """Tool rules in one of their two shapes (database.md §5.3). Raises UsageError."""
    if isinstance(rules, list):
        for number, rule in enumerate(rules, 1):
            if not (
                isinstance(rule, dict) and isinstance(rule.get("tool_name"), str) and _is_kind(rule.get("rule_type"))
            ):
                raise UsageError(
                    f"rule {number} of {what} is no tool rule",
                    'for example {"tool_name": "search", "rule_type": {"type": "MaxCalls", "value": 3}}',
                )
    elif not (isinstance(rules, dict) and all(isinstance(value, list) for value in rules.values())):
        raise UsageError(f"{what} is neither a list of rules nor an object of lists")
    return rules


def require_text_of(column: str, value: str) -> str:
    """A text for a column: the names of provider and model fit on one line. Raises UsageError."""
    what = column.replace("_", " ")
    return require_name(value, f"the {what}") if column.startswith("model_") else require_text(value, f"the {what}")


def remarks(config: Any) -> Iterator[str]:
    """What a person may not expect of a configuration that was given."""
    if not isinstance(config, dict):
        return
    for key in config:
        if key in _KINDS or key in _LEFT_OVER:
            continue
        near = nearest(key, _KINDS)
        yield f"config.{key} means nothing to the runtime" + (f"; did you mean {near}?" if near else "")
    for key in ("system_prompt_path", "persona_path"):
        if config.get(key):
            yield f"config.{key} is read by nobody once it is stored: give the text itself"
    if config.get("memory") or config.get("persona"):
        yield "config.memory and config.persona make no blocks: `pattern memory create` does"
    if config.get("context"):
        yield "config.context is stored, but the runtime does not read it from there"


def _is_kind(kind: Any) -> bool:
    return isinstance(kind, dict) and isinstance(kind.get("type"), str)


def _at(config: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        config = config.get(key) if isinstance(config, dict) else None
    return config
