"""The names and ids that a constellation holds, as completion offers them: read cheaply, without what is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from pattern_cli.store.constellation import Constellation
from pattern_cli.store.ids import CONSTELLATION, resolve, resolve_owner

Kind = Literal["agent", "group", "owner", "member", "label", "block", "message", "archival", "batch"]
Deleted = Literal["without", "also", "only"]
MOST = 200
_LAST = "\U0010ffff"
_NOTE = 60
_FEW = 10
# The newest few of each agent: an index has their order, which one over all agents would have to be made.
_NEWEST = """SELECT {columns} FROM agents a JOIN messages m ON m.id IN
             (SELECT id FROM messages WHERE agent_id = a.id ORDER BY position DESC LIMIT {few})
             ORDER BY m.position DESC"""


class Name(NamedTuple):
    """A name that people may type, the id that means the same (None where no id would do), and what it is."""

    text: str
    id: str | None
    note: str


def find(
    constellation: Constellation, kind: Kind, begins: str = "", of: str | None = None, deleted: Deleted = "without"
) -> list[Name]:
    """What there is of a kind.

    Agents, groups, owners, members and labels come all; ids only those that begin with `begins`, at most 200, without
    it the first or newest few. `of` is the group of members and the owner of labels, as a person names it; `deleted`
    says which blocks count. Raises what `resolve` raises for `of`, and SchemaError for a missing table.
    """
    return list(_FINDERS[kind](constellation, begins, of, deleted))


def _agents(constellation: Constellation, begins: str, of: str | None, deleted: Deleted) -> Iterator[Name]:
    for name, id, note in constellation.rows("SELECT name, id, coalesce(model_name, '') FROM agents ORDER BY name"):
        yield from _named(name, id, f"agent · {note}")


def _groups(constellation: Constellation, begins: str, of: str | None, deleted: Deleted) -> Iterator[Name]:
    sql = "SELECT name, id, coalesce(pattern_type, '') FROM agent_groups ORDER BY name"
    for name, id, note in constellation.rows(sql):
        yield from _named(name, id, f"group · {note}")


def _owners(constellation: Constellation, begins: str, of: str | None, deleted: Deleted) -> Iterator[Name]:
    yield from _agents(constellation, begins, of, deleted)
    yield from _groups(constellation, begins, of, deleted)
    yield Name(CONSTELLATION, None, "the whole constellation")


def _members(constellation: Constellation, begins: str, of: str | None, deleted: Deleted) -> Iterator[Name]:
    sql = """SELECT coalesce(a.name, m.agent_id), m.agent_id, coalesce(g.name, '') FROM group_members m
             JOIN agent_groups g ON g.id = m.group_id LEFT JOIN agents a ON a.id = m.agent_id
             WHERE m.group_id = ? ORDER BY 1"""
    for name, id, note in constellation.rows(sql, (resolve(constellation, "group", of or ""),)):
        yield from _named(name, id, f"member of {note}")


def _labels(constellation: Constellation, begins: str, of: str | None, deleted: Deleted) -> Iterator[Name]:
    owner, _ = resolve_owner(constellation, of or "")
    sql = """SELECT DISTINCT b.label, coalesce(b.description, '') FROM memory_blocks b
             LEFT JOIN shared_block_agents s ON s.block_id = b.id AND s.agent_id = ?1
             WHERE (b.agent_id = ?1 OR s.block_id IS NOT NULL) AND (b.is_active IS NOT 0) IN (?2, ?3)
             ORDER BY b.label"""
    states = (deleted != "only", deleted == "without")
    for label, note in constellation.rows(sql, (owner, *map(int, states))):
        yield from _named(label, None, note)


def _blocks(constellation: Constellation, begins: str, of: str | None, deleted: Deleted) -> Iterator[Name]:
    sql = "SELECT id, id, coalesce(label, '') FROM memory_blocks WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
    return _by_id(constellation, sql, begins)


def _entries(constellation: Constellation, begins: str, of: str | None, deleted: Deleted) -> Iterator[Name]:
    sql = f"""SELECT id, id, substr(content, 1, {_NOTE}) FROM archival_entries
              WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"""
    return _by_id(constellation, sql, begins)


def _messages(constellation: Constellation, begins: str, of: str | None, deleted: Deleted) -> Iterator[Name]:
    columns = "m.id, m.id, coalesce(m.role, '') || ' ' || substr(coalesce(m.created_at, ''), 1, 19)"
    if begins:
        yield from _by_id(
            constellation, f"SELECT {columns} FROM messages m WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", begins
        )
    for row in constellation.rows(_NEWEST.format(columns=columns, few=_FEW)) if not begins else ():
        yield from _named(*row)


def _batches(constellation: Constellation, begins: str, of: str | None, deleted: Deleted) -> Iterator[Name]:
    """Those of the newest messages: there is no index that finds the others."""
    seen: set[str] = set()
    for row in constellation.rows(
        _NEWEST.format(columns="m.batch_id, m.batch_id, substr(m.created_at, 1, 19)", few=_FEW * _FEW)
    ):
        for name in _named(*row):
            if name.text.startswith(begins) and name.text not in seen:
                seen.add(name.text)
                yield name


def _by_id(constellation: Constellation, sql: str, begins: str) -> Iterator[Name]:
    for text, id, note in constellation.rows(sql, (begins, begins + _LAST, MOST)):
        yield from _named(text, id, note)


def _named(text: object, id: object, note: object) -> Iterator[Name]:
    """The name, unless it is stored as something else than text."""
    if isinstance(text, str) and (id is None or isinstance(id, str)):
        yield Name(text, id, " ".join(str(note).split())[:_NOTE].rstrip(" ·"))


_FINDERS = {
    "agent": _agents,
    "group": _groups,
    "owner": _owners,
    "member": _members,
    "label": _labels,
    "block": _blocks,
    "message": _messages,
    "archival": _entries,
    "batch": _batches,
}
