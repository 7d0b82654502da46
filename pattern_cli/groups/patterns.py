"""Which `pattern_config` the runtime could read, for every pattern in both of its forms (database.md §5.4).

The configuration's form names members (`leader`, `stages`), the runtime's form holds their ids and more settings.
Keys that neither knows are never a problem: they are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pattern_cli.models.words import PATTERN_TYPES
from pattern_cli.store.ids import nearest

SELECTORS = ("random", "capability", "load_balancing", "supervisor", "custom")
PRIORITIES = ("critical", "high", "medium", "low")
TIE_BREAKERS = ("random", "first_vote", "no_decision")
STRATEGIES = ("round_robin", "least_busy", "capability", "random")
FALLBACKS = ("handle_self", "queue", "fail")
COMMON = ("type", "data_sources")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Problem:
    """What the runtime could not read: the key of the configuration it is under, one sentence, and a hint."""

    key: str
    message: str
    hint: str | None = None


Found = Iterator[tuple[str, str | None]]
Check = Callable[[Any, str], Found]


def _shown(value: Any) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _must(test: Callable[[Any], bool], what: str) -> Check:
    def check(value: Any, at: str) -> Found:
        if not test(value):
            yield f"{at} is {_shown(value)}; it must be {what}", None

    return check


def _whole(least: int = 0) -> Check:
    return _must(lambda value: type(value) is int and value >= least, f"a whole number from {least} on")


def _word(*words: str) -> Check:
    def check(value: Any, at: str) -> Found:
        if value not in words:
            near = nearest(value, words) if isinstance(value, str) else None
            yield f"{at} is {_shown(value)}; it must be one of {', '.join(words)}", near and f"did you mean {near}?"

    return check


def _or_null(check: Check) -> Check:
    return lambda value, at: iter(()) if value is None else check(value, at)


def _list(check: Check, least: int = 0) -> Check:
    def checked(value: Any, at: str) -> Found:
        if not isinstance(value, list) or len(value) < least:
            yield f"{at} is {_shown(value)}; it must be a list{' of at least one' if least else ''}", None
            return
        for number, item in enumerate(value):
            yield from check(item, f"{at}[{number}]")

    return checked


def _record(needed: Mapping[str, Check], more: Mapping[str, Check] | None = None) -> Check:
    """An object that has the needed keys, and whose other keys are right where they are known."""

    def checked(value: Any, at: str) -> Found:
        if not isinstance(value, dict):
            yield f"{at} is {_shown(value)}; it must be an object", None
            return
        for name, check in needed.items():
            if name in value:
                yield from check(value[name], f"{at}.{name}")
            else:
                yield f"{at} lacks {name}", _near_key(name, value, {*needed, *(more or {})})
        for name, check in (more or {}).items():
            if name in value:
                yield from check(value[name], f"{at}.{name}")

    return checked


def _near_key(name: str, value: Mapping[str, Any], known: set[str]) -> str | None:
    near = nearest(name, [key for key in value if key not in known])
    return f"did you mean {name} by {near}?" if near else None


def _table(check: Check) -> Check:
    def checked(value: Any, at: str) -> Found:
        if not isinstance(value, dict):
            yield f"{at} is {_shown(value)}; it must be an object", None
            return
        for name, item in value.items():
            yield from check(item, f"{at}.{name}")

    return checked


def _one_of(words: tuple[str, ...], objects: Mapping[str, Check]) -> Check:
    """One of some words, or an object with exactly one of some keys."""

    def checked(value: Any, at: str) -> Found:
        if isinstance(value, dict) and len(value) == 1 and (name := next(iter(value))) in objects:
            yield from objects[name](value[name], f"{at}.{name}")
        elif value not in words:
            forms = ", ".join([*words, *(f'{{"{name}": …}}' for name in objects)])
            near = nearest(value, words) if isinstance(value, str) else None
            yield f"{at} is {_shown(value)}; it must be one of {forms}", near and f"did you mean {near}?"

    return checked


TEXT = _must(lambda value: isinstance(value, str) and value != "", "a text")
FLAG = _must(lambda value: isinstance(value, bool), "true or false")
_NUMBER = _must(lambda value: type(value) in (int, float), "a number")
_OBJECT = _must(lambda value: isinstance(value, dict), "an object")

_STAGE = _record(
    {
        "name": TEXT,
        "agent_ids": _list(TEXT),
        "timeout": _whole(),
        "on_failure": _one_of(
            ("skip", "abort"),
            {"retry": _record({"max_attempts": _whole()}), "fallback": _record({"agent_id": TEXT})},
        ),
    }
)
# By kind: the settings it needs. The first form is the configuration's, in seconds; the second the runtime's.
_CONDITIONS: tuple[dict[str, dict[str, Check]], dict[str, dict[str, Check]]] = (
    {
        "time_elapsed": {"duration": _whole()},
        "metric_threshold": {"metric": TEXT, "threshold": _NUMBER},
        "constellation_activity": {"message_threshold": _whole(), "time_threshold": _whole()},
        "custom": {"evaluator": TEXT},
    },
    {
        "time_elapsed": {"duration": _whole()},
        "pattern_detected": {"pattern_name": TEXT},
        "threshold_exceeded": {"metric": TEXT, "threshold": _NUMBER},
        "constellation_activity": {"message_threshold": _whole(), "time_threshold": _whole()},
        "custom": {"evaluator": TEXT},
    },
)


def _condition(runtime: bool) -> Check:
    kinds, others = (_CONDITIONS[1], _CONDITIONS[0]) if runtime else _CONDITIONS

    def checked(value: Any, at: str) -> Found:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind in kinds:
            yield from _record(kinds[kind])(value, at)
        elif isinstance(kind, str) and kind in others:
            form = 'the runtime\'s form, {"secs": …}' if runtime else "seconds"
            yield (
                f"{at}.type is {_shown(kind)}, which does not go with a check_interval in {form}",
                (f"there it is one of {', '.join(kinds)}"),
            )
        else:
            near = nearest(kind, kinds) if isinstance(kind, str) else None
            yield (
                f"{at}.type is {_shown(kind)}; it must be one of {', '.join(kinds)}",
                near and f"did you mean {near}?",
            )

    return checked


def _stages(value: Any, at: str) -> Found:
    objects = isinstance(value, list) and any(isinstance(stage, dict) for stage in value)
    yield from _list(_STAGE if objects else TEXT, least=1)(value, at)


def _interval(value: Any, at: str) -> Found:
    if isinstance(value, dict):
        yield from _record({"secs": _whole(), "nanos": _whole()})(value, at)
    else:
        yield from _whole(1)(value, at)


_RULES = _record(
    {
        "voting_timeout": _whole(),
        "tie_breaker": _one_of(TIE_BREAKERS, {"specific_agent": TEXT}),
        "weight_by_expertise": FLAG,
    }
)
_DELEGATION = _record(
    {"delegation_strategy": _word(*STRATEGIES), "fallback_behavior": _word(*FALLBACKS)},
    {"max_delegations_per_agent": _or_null(_whole())},
)

# By pattern: every key that it knows, in both forms.
KEYS: dict[str, dict[str, Check]] = {
    "round_robin": {"skip_unavailable": FLAG, "current_index": _whole()},
    "dynamic": {"selector": _word(*SELECTORS), "selector_name": TEXT, "selector_config": _table(TEXT)},
    "pipeline": {"stages": _stages, "parallel_stages": FLAG},
    "supervisor": {"leader": TEXT, "leader_id": TEXT, "delegation_rules": _DELEGATION},
    "voting": {"quorum": _whole(1), "voting_rules": _RULES},
    "sleeptime": {
        "check_interval": _interval,
        "triggers": _list(_OBJECT),
        "intervention_agent": TEXT,
        "intervention_agent_id": _or_null(TEXT),
    },
}
# What a pattern cannot do without, each in the spellings of both forms.
NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "round_robin": (),
    "dynamic": (("selector", "selector_name"),),
    "pipeline": (("stages",),),
    "supervisor": (("leader", "leader_id"),),
    "voting": (("quorum",), ("voting_rules",)),
    "sleeptime": (("check_interval",), ("triggers",)),
}
assert set(KEYS) == set(NEEDS) == set(PATTERN_TYPES)


def problems(pattern_type: str, config: Any) -> Iterator[Problem]:
    """What the runtime could not read of a configuration for that pattern; nothing when all is well."""
    if not isinstance(config, dict):
        yield Problem("", f"the configuration is {_shown(config)}; it must be an object")
        return
    if config.get("type") != pattern_type:
        yield Problem("type", f"type is {_shown(config.get('type'))}, but the pattern is {pattern_type}")
    for spellings in NEEDS[pattern_type]:
        if not any(key in config for key in spellings):
            near = _near_key(spellings[0], config, {*KEYS[pattern_type], *COMMON})
            yield Problem(spellings[0], f"a {pattern_type} group needs {spellings[0]}", near)
    for key, check in KEYS[pattern_type].items():
        if key in config:
            yield from (Problem(key, *found) for found in check(config[key], key))
    if pattern_type == "sleeptime":
        yield from (Problem("triggers", *found) for found in _triggers(config))
    if "data_sources" in config:
        yield from (
            Problem("data_sources", *found) for found in _table(_OBJECT)(config["data_sources"], "data_sources")
        )


def _triggers(config: Mapping[str, Any]) -> Found:
    """What is wrong with the triggers of a configuration, whose form its interval tells."""
    triggers = config.get("triggers")
    condition = _condition(isinstance(config.get("check_interval"), dict))
    check = _record({"name": TEXT, "condition": condition, "priority": _word(*PRIORITIES)})
    for number, trigger in enumerate(triggers if isinstance(triggers, list) else ()):
        if isinstance(trigger, dict):
            yield from check(trigger, f"triggers[{number}]")


def remarks(pattern_type: str, config: Any) -> Iterator[str]:
    """What is worth a second look in a configuration: keys that look like misspelt ones, or are another pattern's."""
    if not isinstance(config, dict) or pattern_type not in KEYS:
        return
    known = (*KEYS[pattern_type], *COMMON)
    for key in config:
        if key in known:
            continue
        others = [pattern for pattern, keys in KEYS.items() if key in keys]
        if others:
            yield f"{key} belongs to {' and '.join(others)}; {pattern_type} does not read it"
        elif near := nearest(key, [name for name in known if name not in config]):
            yield f"{key} is kept, but no key that {pattern_type} knows; did you mean {near}?"
