"""Ids and how people name things: exact id, then exact name, then a unique beginning of an id (architecture.md §7)."""

from __future__ import annotations

from typing import Literal
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
_WORDS = {"archival": "archival entry"}
_LAST = "\U0010ffff"
_SHOWN = 4


def new_id(prefix: str = "") -> str:
    """A fresh id: the prefix and 32 hexadecimal digits (database.md §6.1)."""
    return prefix + uuid4().hex


def resolve(constellation: Constellation, kind: Kind, ref: str) -> str:
    """The id that `ref` names. Raises NotFoundError with the nearest names, or AmbiguousError."""
    found = _find(constellation, kind, ref)
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
    """
    if ref == CONSTELLATION:
        return ref, ref
    for kind in ("agent", "group"):
        found = _find(constellation, kind, ref)
        if found is not None:
            table = _TABLES[kind][0]
            return found, str(constellation.value(f"SELECT name FROM {table} WHERE id=?", (found,)))
    gone = _gone(constellation, ref)
    if gone is not None:
        return gone, gone
    names = [r[0] for r in constellation.rows("SELECT name FROM agents UNION SELECT name FROM agent_groups")]
    near = nearest(ref, names)
    said = f"did you mean {near}? " if near else ""
    raise NotFoundError(
        f'no agent or group named "{ref}"', f"{said}`pattern agents list` and `pattern groups list` show all"
    )


def _find(constellation: Constellation, kind: str, ref: str) -> str | None:
    table, name, _ = _TABLES[kind]
    exact = constellation.value(f"SELECT id FROM {table} WHERE id=?", (ref,))
    if exact is None and name:
        exact = constellation.value(f"SELECT id FROM {table} WHERE {name}=?", (ref,))
    if exact is not None or not ref:
        return exact if exact is None else str(exact)
    sql = f"SELECT id FROM {table} WHERE id >= ? AND id < ? ORDER BY id LIMIT {_SHOWN + 1}"
    ids = [str(row[0]) for row in constellation.rows(sql, (ref, ref + _LAST))]
    if len(ids) > 1:
        shown = ", ".join(ids[:_SHOWN]) + (", …" if len(ids) > _SHOWN else "")
        raise AmbiguousError(f'"{ref}" is the beginning of several {_WORDS.get(kind, kind)} ids', f"one of {shown}")
    return ids[0] if ids else None


def _gone(constellation: Constellation, ref: str) -> str | None:
    sql = "SELECT agent_id FROM memory_blocks UNION SELECT agent_id FROM archival_entries"
    owners = [str(row[0]) for row in constellation.rows(sql)]
    if ref in owners:
        return ref
    known = {
        CONSTELLATION,
        *(row[0] for row in constellation.rows("SELECT id FROM agents UNION SELECT id FROM agent_groups")),
    }
    fitting = [owner for owner in owners if ref and owner.startswith(ref) and owner not in known]
    return fitting[0] if len(fitting) == 1 else None


def nearest(ref: str, names: list[str]) -> str | None:
    """The name that was probably meant: nearly the same, or the only one that begins so."""
    import difflib

    lowered = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(ref.casefold(), lowered, n=1, cutoff=0.6)
    if near:
        return lowered[near[0]]
    starts = [name for folded, name in lowered.items() if folded.startswith(ref.casefold())]
    return starts[0] if len(starts) == 1 else None
