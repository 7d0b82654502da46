"""The members that a group's configuration names, by name or by id (database.md §5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import AmbiguousError, UsageError
from pattern_cli.models import AgentGroup
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.ids import nearest

_FEW = 8


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a configuration that names an agent: `key` it is under, `at` in words, and the name or id."""

    key: str
    at: str
    value: str
    by_id: bool


def references(config: Any) -> Iterator[Reference]:
    """Every place in a configuration that names an agent, in both of its forms; what is no text names none."""
    if not isinstance(config, dict):
        return
    for key, value, by_id in _places(config):
        if isinstance(value, str):
            yield Reference(key.partition("[")[0].partition(".")[0], key, value, by_id)


def _places(config: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    yield from ((key, config.get(key), False) for key in ("leader", "intervention_agent"))
    yield from ((key, config.get(key), True) for key in ("leader_id", "intervention_agent_id"))
    stages = config.get("stages")
    for number, stage in enumerate(stages if isinstance(stages, list) else ()):
        if not isinstance(stage, dict):
            yield f"stages[{number}]", stage, False
            continue
        ids = stage.get("agent_ids")
        for place, id in enumerate(ids if isinstance(ids, list) else ()):
            yield f"stages[{number}].agent_ids[{place}]", id, True
        yield f"stages[{number}].on_failure.fallback.agent_id", _deep(stage, "on_failure", "fallback", "agent_id"), True
    yield (
        "voting_rules.tie_breaker.specific_agent",
        _deep(config, "voting_rules", "tie_breaker", "specific_agent"),
        True,
    )


def _deep(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


class Roster:
    """The members of a group by id, those who are about to join among them."""

    def __init__(self, group: str, members: Mapping[str, str]) -> None:
        self.group = group
        self.members = dict(members)

    def strangers(self, config: Any) -> Iterator[Reference]:
        """The references of a configuration that mean no member."""
        names = set(self.members.values())
        for reference in references(config):
            if reference.value not in (self.members if reference.by_id else names):
                yield reference

    def find(self, ref: str, what: str) -> tuple[str, str]:
        """The id and name of the member that a person means: id, name, or a unique beginning of an id.

        Raises UsageError with the nearest names, or AmbiguousError.
        """
        found = [id for id in self.members if id == ref] or [id for id, name in self.members.items() if name == ref]
        found = found or [id for id in self.members if ref and id.startswith(ref)]
        if len(found) > 1:
            raise AmbiguousError(f'{what}: "{ref}" fits several members', f"one of {', '.join(found[:_FEW])}")
        if not found:
            raise self.unknown(ref, what)
        return found[0], self.members[found[0]]

    def unknown(self, ref: str, what: str) -> UsageError:
        """The error for a name that means no member."""
        message = f'{what}: "{ref}" is no member of "{self.group}"'
        if ref in self.members:
            return UsageError(message, f"that is an id; by name it is {self.members[ref]}")
        if near := nearest(ref, self.members.values()):
            return UsageError(message, f"did you mean {near}?")
        if not self.members:
            return UsageError(message, "it has no members yet; --member, or `pattern groups add-member`, adds one")
        more = ", …" if len(self.members) > _FEW else ""
        return UsageError(message, f"members are {', '.join(sorted(self.members.values())[:_FEW])}{more}")


def roster(constellation: Constellation, group_id: str, group_name: str) -> Roster:
    """The members of a stored group; one whose agent is gone goes by its id."""
    sql = """SELECT m.agent_id, coalesce(a.name, m.agent_id) FROM group_members m
             LEFT JOIN agents a ON a.id = m.agent_id WHERE m.group_id = ? ORDER BY m.agent_id"""
    return Roster(group_name, dict(constellation.rows(sql, (group_id,))))


def said(strangers: Iterable[Reference]) -> Iterator[str]:
    """Each reference that means no member, in words."""
    for stranger in strangers:
        yield f'pattern_config names {stranger.at} "{stranger.value}", which is no member'


def naming(constellation: Constellation, *values: str, group_id: str | None = None) -> Iterator[tuple[str, Reference]]:
    """Groups by name whose configuration names an agent by one of its names or ids, and where; all groups, or one."""
    groups = AgentGroup.select().where(AgentGroup.id == group_id) if group_id else AgentGroup.select()
    for group in constellation.bind(groups.order_by(AgentGroup.name)):
        for reference in references(group.pattern_config):
            if reference.value in values:
                yield group.name, reference
