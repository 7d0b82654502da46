"""Archival entries and summaries: their ids, what they hang on, parents before children (design: import.md)."""

from __future__ import annotations

from collections.abc import Iterator

from pattern_cli.archives.inventory import ChainItem
from pattern_cli.archives.placement import Ground, PlacedLink
from pattern_cli.archives.plans import REPEATED, counted
from pattern_cli.store.identity import fresh_ids


def place_chain(
    ground: Ground, kind: str, table: str, prefix: str, items: tuple[ChainItem, ...], ids: dict[str, str]
) -> list[PlacedLink]:
    """Place the items of the agents that come, in an order that foreign keys accept; fills `ids`.

    A link to something that is neither in the archive nor (with kept ids) in the target is cut and reported, as is one
    that leads round in a circle.
    """
    chain = _Chain(ground, kind, table, prefix, ids)
    placed = [one for item in items if (one := chain.identify(item)) is not None]
    linked = [chain.link(one) for one in placed]
    ordered = list(_parents_first(linked))
    circles = sum(one.parent is None for one in ordered) - sum(one.parent is None for one in linked)
    remark = ground.placement.remarks.append
    if chain.repeated and ground.options.keep_ids:
        ground.placement.repeated += chain.repeated
        remark(REPEATED.format(counted(chain.repeated, f"{kind} id")))
    if chain.cut + circles:
        what = counted(chain.cut + circles, kind, "entries" if kind == "entry" else "summaries")
        remark(f"{what} hung on one that does not come along, or in a circle; that link is cut")
    return ordered


class _Chain:
    def __init__(self, ground: Ground, kind: str, table: str, prefix: str, ids: dict[str, str]) -> None:
        self.cut = 0
        self.repeated = 0
        self._ground = ground
        self._kind = kind
        self._table = table
        self._ids = ids
        self._fresh = fresh_ids(prefix)
        self._emptied = ground.placement.replaced()

    def identify(self, item: ChainItem) -> PlacedLink | None:
        """The item with its new id; None when it is left out."""
        agent = self._ground.placement.agents[item.agent]
        if agent.skipped:
            return None
        keep, policy = self._ground.options.keep_ids, self._ground.options.on_conflict
        # What comes under another id because the archive has this one twice meets nothing in the target.
        existing = self._existing(item.id) if keep and item.id not in self._ids else None
        if existing is not None:
            self._ground.clash(self._kind, item.id, "id", item.id)
            if policy == "skip":
                return None
        self.repeated += item.id in self._ids
        fresh = not keep or item.id in self._ids or (existing is not None and policy == "rename")
        id = next(self._fresh) if fresh else item.id
        self._ids.setdefault(item.id, id)
        return PlacedLink(item, id, agent.id, None, replaces=existing is not None and policy == "replace")

    def link(self, one: PlacedLink) -> PlacedLink:
        """The item with the id of what it hangs on."""
        old = one.item.parent
        if old is None:
            return one
        parent = self._ids.get(old)
        if parent is None and self._ground.options.keep_ids and self._existing(old) is not None:
            parent = old
        self.cut += parent is None
        return PlacedLink(one.item, one.id, one.agent, parent, one.replaces)

    def _existing(self, id: str) -> str | None:
        """The id in the target, unless it is about to be deleted with its agent."""
        row = next(self._ground.target.rows(f"SELECT agent_id FROM {self._table} WHERE id = ?", (id,)), None)
        return None if row is None or row[0] in self._emptied else id


def _parents_first(items: list[PlacedLink]) -> Iterator[PlacedLink]:
    """Every item after its parent; a circle is opened at one of its links."""
    by_id = {item.id: item for item in items}
    children: dict[str, list[PlacedLink]] = {}
    ready: list[PlacedLink] = []
    for item in items:
        if item.parent in by_id:
            children.setdefault(str(item.parent), []).append(item)
        else:
            ready.append(item)
    while ready or children:
        if not ready:
            ready.append(_opened(children, by_id))
        ready.reverse()
        while ready:
            item = ready.pop()
            yield item
            ready.extend(reversed(children.pop(item.id, ())))


def _opened(children: dict[str, list[PlacedLink]], by_id: dict[str, PlacedLink]) -> PlacedLink:
    """Take an item that hangs on itself in a circle out of `children`, without its link."""
    item = next(iter(children.values()))[0]
    passed: set[str] = set()
    while item.id not in passed:
        passed.add(item.id)
        item = by_id[str(item.parent)]
    children[str(item.parent)].remove(item)
    return PlacedLink(item.item, item.id, item.agent, None, item.replaces)
