"""Ids and how people name things: exact id, then exact name, then a unique beginning of an id (architecture.md §7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Literal
from uuid import uuid4

from pattern_cli.errors import AmbiguousError, NotFoundError
from pattern_cli.store.constellation import Constellation

CONSTELLATION = "_constellation_"
Kind = Literal["agent", "group", "block", "archival", "message"]
_TABLES: dict[str, tuple[str, str | None, str]] = {
    "agent": ("agents", "name", "agents list"),
    "group": ("agent_groups", "name", "groups list"),
    "block": ("memory_blocks", None, "memory list"),
    "archival": ("archival_entries", None, "archival list AGENT"),
    "message": ("messages", None, "messages list"),
}
# Last the one that counts should both have the same id.
_OWNERS = ("group", "agent")
_WORDS = {"archival": "archival entry"}
_MANY = {"archival": "archival entries"}
_LAST = "\U0010ffff"
_SHOWN = 4


def new_id(prefix: str = "") -> str:
    """A fresh id: the prefix and 32 hexadecimal digits (database.md §6.1)."""
    return prefix + uuid4().hex


def resolve(constellation: Constellation, kind: Kind, ref: str) -> str:
    """The id that `ref` names. Raises NotFoundError with the nearest names, or AmbiguousError."""
    found = _exact(constellation, kind, ref) or _only(
        _beginning(constellation, kind, ref), ref, kind, lambda id: _known_as(constellation, kind, id)
    )
    if found is not None:
        return found
    table, name, command = _TABLES[kind]
    word = _WORDS.get(kind, kind)
    if name is None:
        raise NotFoundError(f'no {word} has an id that begins with "{ref}"', f"`pattern {command}` shows them")
    near = nearest(ref, [row[0] for row in constellation.rows(f"SELECT {name} FROM {table}")])
    said = f"did you mean {near}? " if near else ""
    raise NotFoundError(f'no {word} named "{ref}"', f"{said}`pattern {command}` shows all")


def resolve_owner(constellation: Constellation, ref: str) -> tuple[str, str]:
    """The id and display name of an owner of memory: an agent, a group, or `_constellation_`.

    Blocks and archival entries outlive their owner: the id of one that is gone still names it, by itself.
    Raises NotFoundError with the nearest names, or AmbiguousError.
    """
    if ref == CONSTELLATION:
        return ref, ref
    named = {id: kind for kind in _OWNERS if (id := _exact(constellation, kind, ref)) is not None}
    if ref in named:
        named = {ref: named[ref]}
    found = _only(list(named), ref, "owner") or (ref if _is_gone(constellation, ref) else None)
    if found is None:
        named = {id: kind for kind in _OWNERS for id in _beginning(constellation, kind, ref)}
        found = _only([*named, *_gone_beginning(constellation, ref, named)], ref, "owner")
    if found is not None:
        if found in named:
            name = constellation.value(f"SELECT name FROM {_TABLES[named[found]][0]} WHERE id=?", (found,))
            return found, str(name)
        return found, found
    names = [r[0] for r in constellation.rows("SELECT name FROM agents UNION SELECT name FROM agent_groups")]
    near = nearest(ref, names)
    said = f"did you mean {near}? " if near else ""
    raise NotFoundError(
        f'no agent or group named "{ref}"', f"{said}`pattern agents list` and `pattern groups list` show all"
    )


def _exact(constellation: Constellation, kind: str, ref: str) -> str | None:
    """The id that is `ref`, else that of what is named so."""
    table, name, _ = _TABLES[kind]
    found = constellation.value(f"SELECT id FROM {table} WHERE id=?", (ref,))
    if found is None and name:
        found = constellation.value(f"SELECT id FROM {table} WHERE {name}=?", (ref,))
    return found  # type: ignore[no-any-return]  # not made a text: a damaged id is found again only as it is stored


def _beginning(constellation: Constellation, kind: str, ref: str) -> list[str]:
    """The first few ids that begin with `ref`; none for an empty one."""
    sql = f"SELECT id FROM {_TABLES[kind][0]} WHERE id >= ? AND id < ? ORDER BY id LIMIT {_SHOWN + 1}"
    return [str(row[0]) for row in constellation.rows(sql, (ref, ref + _LAST))] if ref else []


def _only(ids: list[str], ref: str, kind: str, shown_as: Callable[[str], str] = str) -> str | None:
    if len(ids) > 1:
        shown = ", ".join(map(shown_as, ids[:_SHOWN])) + (", …" if len(ids) > _SHOWN else "")
        raise AmbiguousError(f'"{ref}" fits several {_MANY.get(kind, kind + "s")}', f"one of {shown}")
    return ids[0] if ids else None


def _known_as(constellation: Constellation, kind: Kind, id: str) -> str:
    """An id with what people call the thing: its name, or a block's owner and label."""
    table, name, _ = _TABLES[kind]
    called = None
    if kind == "block":
        called = constellation.value(
            """SELECT ifnull(ifnull(a.name, g.name), b.agent_id) || '/' || b.label FROM memory_blocks b
               LEFT JOIN agents a ON a.id = b.agent_id LEFT JOIN agent_groups g ON g.id = b.agent_id WHERE b.id = ?""",
            (id,),
        )
    elif name:
        called = constellation.value(f"SELECT {name} FROM {table} WHERE id = ?", (id,))
    return f"{id} ({called})" if called else id


def _is_gone(constellation: Constellation, ref: str) -> bool:
    sql = "SELECT 1 FROM memory_blocks WHERE agent_id = ?1 UNION ALL SELECT 1 FROM archival_entries WHERE agent_id = ?1"
    return constellation.value(sql, (ref,)) is not None


def _gone_beginning(constellation: Constellation, ref: str, known: Collection[str]) -> list[str]:
    sql = "SELECT agent_id FROM memory_blocks UNION SELECT agent_id FROM archival_entries"
    owners = [str(row[0]) for row in constellation.rows(sql)] if ref else []
    return [owner for owner in owners if owner.startswith(ref) and owner not in known and owner != CONSTELLATION]


def nearest(ref: str, names: Iterable[Any]) -> str | None:
    """The name that was probably meant: nearly the same, or the only one that begins so."""
    import difflib

    lowered = {name.casefold(): name for name in names if isinstance(name, str)}
    near = difflib.get_close_matches(ref.casefold(), lowered, n=1, cutoff=0.6)
    if near:
        return lowered[near[0]]
    starts = [name for folded, name in lowered.items() if folded.startswith(ref.casefold())]
    return starts[0] if len(starts) == 1 else None
