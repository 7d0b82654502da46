"""What a person sets of a group's configuration, put into what is stored; all else in it stays (database.md §5.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from pattern_cli.errors import IntegrityError, UsageError
from pattern_cli.groups.patterns import COMMON, KEYS, NEEDS, SELECTORS, TIE_BREAKERS, problems, remarks
from pattern_cli.groups.references import Roster, said
from pattern_cli.models.fields import AsStored
from pattern_cli.models.words import PATTERN_TYPES
from pattern_cli.store.ids import nearest

_DEFAULTS: dict[str, dict[str, Any]] = {
    "round_robin": {"skip_unavailable": True},
    "dynamic": {"selector": "random"},
    "pipeline": {},
    "supervisor": {},
    "voting": {
        "quorum": 1,
        "voting_rules": {"voting_timeout": 30_000, "tie_breaker": "random", "weight_by_expertise": False},
    },
    "sleeptime": {"check_interval": 60, "triggers": []},
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What to set; None and empty leave a thing as it is.

    `config` holds keys to set as they are, `unset` keys to take away; with `replace` nothing else stays. `leader`,
    `stages`, `intervention_agent` and `tie_breaker` name members by name or id; `check_interval` and `voting_timeout`
    are seconds.
    """

    config: Any = None
    unset: tuple[str, ...] = ()
    replace: bool = False
    leader: str | None = None
    stages: tuple[str, ...] = ()
    selector: str | None = None
    skip_unavailable: bool | None = None
    check_interval: int | None = None
    intervention_agent: str | None = None
    quorum: int | None = None
    voting_timeout: float | None = None
    tie_breaker: str | None = None

    @property
    def some(self) -> bool:
        """Whether anything is to be set."""
        return any(getattr(self, field.name) not in (None, (), False) for field in fields(self)) or (
            self.skip_unavailable is False
        )


@dataclass(frozen=True, slots=True)
class Configured:
    """The new configuration, the keys of the old one that went, and what is worth a second look."""

    value: dict[str, Any]
    removed: tuple[str, ...]
    remarks: tuple[str, ...]


def check_pattern(name: str) -> str:
    """The name, if it is a pattern's. Raises UsageError with the nearest one."""
    if name in PATTERN_TYPES:
        return name
    near = nearest(name.replace("-", "_"), PATTERN_TYPES)
    known = f"one of {', '.join(PATTERN_TYPES)}"
    raise UsageError(
        f'no coordination pattern is named "{name}"', f"did you mean {near}? It is {known}" if near else known
    )


def configure(
    pattern: str,
    settings: Settings,
    members: Roster,
    stored: Any = None,
    *,
    anew: bool = False,
    supervisors: tuple[str, ...] = (),
) -> Configured:
    """The configuration for a pattern with these settings, made from the stored one (None for a new group).

    `anew` says that the pattern is another one than before: it gets what it needs and nobody named from the defaults
    of the runtime's builder, and the only one of `supervisors` (ids) for its leader. Raises UsageError for what the
    runtime could not read and for names that mean no member, as far as it was set now; IntegrityError for a stored
    configuration that cannot be kept.
    """
    old = _kept(stored, settings, members.group)
    new, given = deepcopy(old), set[str]()
    for key in _foreign(new, pattern) if anew else ():
        # Another pattern's keys would say something that is no more; what no pattern knows is not ours to judge.
        del new[key]
    _take_config(new, given, pattern, settings.config)
    _take_options(new, given, pattern, settings, members)
    if anew and not settings.replace:
        _fill(new, pattern, members, supervisors)
    for key in settings.unset:
        _take_away(new, key)
        given.add(key)
    if new.get("type") != pattern:
        new = {"type": pattern, **{key: value for key, value in new.items() if key != "type"}}
    return _checked(pattern, stored, new, None if anew or settings.replace else given, members)


def checked(pattern: str, stored: Any, new: Any, members: Roster, *, anew: bool = False) -> Configured:
    """A whole new configuration, as somebody wrote it: what differs from the stored one is judged as in `configure`."""
    if not isinstance(new, dict):
        raise UsageError("the configuration must be an object", f'for example {{"type": "{pattern}"}}')
    old = stored if isinstance(stored, dict) else {}
    given = {key for key in {*old, *new} if key not in old or key not in new or old[key] != new[key]}
    return _checked(pattern, old, new, None if anew else given, members)


def _kept(stored: Any, settings: Settings, group: str) -> dict[str, Any]:
    if settings.replace or stored is None:
        return {}
    if isinstance(stored, AsStored) or not isinstance(stored, dict):
        raise IntegrityError(
            f'the configuration of "{group}" cannot be read, so nothing of it could be kept',
            "`pattern groups show` shows it; --replace-config with --config replaces all of it",
        )
    return stored


def _foreign(config: Mapping[str, Any], pattern: str) -> list[str]:
    """The keys that only other patterns know."""
    return [
        key
        for key in config
        if key not in KEYS[pattern] and key not in COMMON and any(key in keys for keys in KEYS.values())
    ]


def _take_config(new: dict[str, Any], given: set[str], pattern: str, config: Any) -> None:
    if config is None:
        return
    if not isinstance(config, dict):
        raise UsageError("--config must be an object", f'for example \'{{"type": "{pattern}"}}\'')
    kind = config.get("type", pattern)
    if kind != pattern:
        raise UsageError(f'--config says type "{kind}", but the pattern is {pattern}', "--pattern changes the pattern")
    new.update(deepcopy(config))
    given.update(config)


def _take_options(new: dict[str, Any], given: set[str], pattern: str, settings: Settings, members: Roster) -> None:
    for name, (owner, put) in _OPTIONS.items():
        value = getattr(settings, name)
        if value is None or value == ():
            continue
        option = "--" + {"stages": "stage"}.get(name, name).replace("_", "-")
        if owner != pattern:
            raise UsageError(
                f"{option} belongs to {owner}, but the pattern is {pattern}", f"--pattern {owner} changes it"
            )
        given.update(put(new, value, members, option))


def _leader(new: dict[str, Any], value: str, members: Roster, option: str) -> list[str]:
    return _name_member(new, "leader", value, members, option)


def _intervention(new: dict[str, Any], value: str, members: Roster, option: str) -> list[str]:
    return _name_member(new, "intervention_agent", value, members, option, isinstance(new.get("check_interval"), dict))


def _name_member(
    new: dict[str, Any], key: str, value: str, members: Roster, option: str, by_id: bool = False
) -> list[str]:
    """Set a member in the form in which one is there, in both where both are."""
    id, name = members.find(value, option)
    forms = {f"{key}_id": id, key: name}
    there = [form for form in forms if form in new] or [f"{key}_id" if by_id else key]
    new.update({form: forms[form] for form in there})
    return there


def _stages(new: dict[str, Any], value: tuple[str, ...], members: Roster, option: str) -> list[str]:
    stages = new.get("stages")
    if "parallel_stages" in new or any(
        isinstance(stage, dict) for stage in (stages if isinstance(stages, list) else ())
    ):
        raise UsageError(
            f'the stages of "{members.group}" have timeouts and more, which {option} would lose',
            "--config with stages, or --editor, changes them",
        )
    new["stages"] = [members.find(stage, option)[1] for stage in value]
    return ["stages"]


def _selector(new: dict[str, Any], value: str, members: Roster, option: str) -> list[str]:
    if value not in SELECTORS:
        near = nearest(value, SELECTORS)
        known = f"one of {', '.join(SELECTORS)}"
        raise UsageError(
            f'{option}: no selector is named "{value}"', f"did you mean {near}? It is {known}" if near else known
        )
    there = [key for key in ("selector_name", "selector") if key in new] or ["selector"]
    new.update(dict.fromkeys(there, value))
    return [*there]


def _skip(new: dict[str, Any], value: bool, members: Roster, option: str) -> list[str]:
    new["skip_unavailable"] = value
    return ["skip_unavailable"]


def _interval(new: dict[str, Any], value: int, members: Roster, option: str) -> list[str]:
    new["check_interval"] = {"secs": value, "nanos": 0} if isinstance(new.get("check_interval"), dict) else value
    return ["check_interval"]


def _quorum(new: dict[str, Any], value: int, members: Roster, option: str) -> list[str]:
    new["quorum"] = value
    return ["quorum"]


def _timeout(new: dict[str, Any], value: float, members: Roster, option: str) -> list[str]:
    if not isfinite(value):
        raise UsageError(f"{option} is {value}; it must be a number of seconds", "for example 30")
    return _rule(new, "voting_timeout", round(value * 1000))


def _tie(new: dict[str, Any], value: str, members: Roster, option: str) -> list[str]:
    agent = value not in TIE_BREAKERS
    return _rule(new, "tie_breaker", {"specific_agent": members.find(value, option)[0]} if agent else value)


def _rule(new: dict[str, Any], key: str, value: Any) -> list[str]:
    rules = new.get("voting_rules", _DEFAULTS["voting"]["voting_rules"])
    new["voting_rules"] = {**(rules if isinstance(rules, dict) else {}), key: value}
    return ["voting_rules"]


_Put = Callable[[dict[str, Any], Any, Roster, str], list[str]]
_OPTIONS: dict[str, tuple[str, _Put]] = {
    "leader": ("supervisor", _leader),
    "stages": ("pipeline", _stages),
    "selector": ("dynamic", _selector),
    "skip_unavailable": ("round_robin", _skip),
    "check_interval": ("sleeptime", _interval),
    "intervention_agent": ("sleeptime", _intervention),
    "quorum": ("voting", _quorum),
    "voting_timeout": ("voting", _timeout),
    "tie_breaker": ("voting", _tie),
}


def _fill(new: dict[str, Any], pattern: str, members: Roster, supervisors: tuple[str, ...]) -> None:
    """Give the new pattern what it needs and nobody named."""
    spellings = {key: names for names in NEEDS[pattern] for key in names}
    for key, value in _DEFAULTS[pattern].items():
        if not any(name in new for name in spellings.get(key, (key,))):
            new[key] = deepcopy(value)
    if pattern == "supervisor" and len(supervisors) == 1 and not {"leader", "leader_id"} & new.keys():
        new["leader"] = members.members[supervisors[0]]


def _take_away(new: dict[str, Any], key: str) -> None:
    if key not in new or key == "type":
        near = nearest(key, [name for name in new if name != "type"])
        raise UsageError(f'--unset: the configuration has no "{key}"', f"did you mean {near}?" if near else None)
    del new[key]


_NEEDED = {"leader": "--leader MEMBER names it", "stages": "--stage MEMBER names them, in their order"}


def _checked(pattern: str, stored: Any, new: dict[str, Any], given: set[str] | None, members: Roster) -> Configured:
    """Raise for what is wrong with what was given (None: everything); the rest of what is wrong is a remark."""
    if given and "check_interval" in given:
        # Its form is that of the triggers too.
        given = {*given, "triggers"}
    noted: list[str] = []
    for problem in problems(pattern, new):
        if given is None or problem.key in given:
            raise UsageError(
                problem.message, problem.hint or (None if problem.key in new else _NEEDED.get(problem.key))
            )
        noted.append(problem.message)
    strangers = list(members.strangers(new))
    for stranger in strangers:
        if given is None or stranger.key in given:
            raise members.unknown(stranger.value, stranger.at)
    quorum = new.get("quorum")
    if pattern == "voting" and type(quorum) is int and quorum > len(members.members):
        noted.append(f"the quorum is {quorum}, but the group has {len(members.members)} members: no vote would pass")
    return Configured(
        value=new,
        removed=tuple(key for key in (stored if isinstance(stored, dict) else ()) if key not in new),
        remarks=(*noted, *remarks(pattern, new), *said(strangers)),
    )
