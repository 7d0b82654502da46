"""Everything in an archive but its messages, read once: small facts and links, never the content itself.

The plan and the import both start from it; content is read again, block by block, when it is written.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from pattern_cli.archives.archive import Archive
from pattern_cli.archives.dagcbor import Link
from pattern_cli.archives.previews import Verdict, judge
from pattern_cli.archives.records import BlockRecord
from pattern_cli.errors import IntegrityError


class Listed(NamedTuple):
    """Where a block is listed: under the agent or group of that number, or (None, 0) for a loose one."""

    kind: str | None
    number: int


@dataclass(frozen=True, slots=True)
class BlockItem:
    """A memory block of the archive; `content` tells copies of one block apart from different blocks."""

    link: Link
    id: str
    owner: str
    label: str
    listed: Listed
    content: bytes
    verdict: Verdict


class ChainItem(NamedTuple):
    """An archival entry or summary of the agent with that index, and the one it hangs on."""

    link: Link
    agent: int
    id: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """The blocks, entries and summaries of an archive; `copies` counts blocks dropped as copies of a shared one."""

    blocks: tuple[BlockItem, ...]
    entries: tuple[ChainItem, ...]
    summaries: tuple[ChainItem, ...]
    copies: int


def take(archive: Archive, *, archival: bool) -> Inventory:
    """Read the inventory; entries only with `archival`. Raises IntegrityError for what is not as it must be."""
    blocks = tuple(_blocks(archive))
    kept = tuple(_without_copies(archive, blocks))
    agents = archive.structure.agents
    return Inventory(
        kept,
        tuple(
            ChainItem(link, index, entry.id, entry.parent_entry_id)
            for index, agent in enumerate(agents if archival else ())
            for link in agent.entries
            for entry in (archive.entry(link),)
        ),
        tuple(
            ChainItem(link, index, summary.id, summary.previous_summary_id)
            for index, agent in enumerate(agents)
            for link in agent.summaries
            for summary in (archive.summary(link),)
        ),
        len(blocks) - len(kept),
    )


def _blocks(archive: Archive) -> Iterator[BlockItem]:
    """Every memory block once, however many lists name it."""
    structure = archive.structure
    seen: set[Link] = set()
    lists: list[tuple[Listed, Iterable[Link]]] = [
        *((Listed("agent", index), agent.blocks) for index, agent in enumerate(structure.agents)),
        *((Listed("group", index), group.blocks) for index, group in enumerate(structure.groups)),
        (Listed(None, 0), structure.loose_blocks),
    ]
    for listed, links in lists:
        for link in links:
            if link in seen:
                continue
            seen.add(link)
            block = archive.block(link)
            snapshot = archive.snapshot(block)
            verdict = judge(block, snapshot)
            content = _content(block, snapshot)
            yield BlockItem(link, block.id, block.agent_id, block.label, listed, content, verdict)


def _content(block: BlockRecord, snapshot: bytes) -> bytes:
    """A digest that only copies of one block share: everything but its owner and times, the document by its values.

    A converter makes a new document of each copy, so their bytes differ.
    """
    said = (
        block.label,
        block.description,
        block.block_type,
        block.char_limit,
        block.permission,
        block.pinned,
        block.is_active,
        block.content_preview,
        _ordered(block.metadata),
        _document(snapshot),
    )
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).digest()


def _document(snapshot: bytes) -> Any:
    """What a document holds; its bytes when it cannot be read."""
    from pattern_cli.memory.documents import Document

    try:
        return _ordered(Document.load(snapshot).roots())
    except IntegrityError:
        return snapshot


def _ordered(value: Any) -> Any:
    """A value whose text does not depend on the order of keys."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=repr)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _without_copies(archive: Archive, blocks: tuple[BlockItem, ...]) -> Iterator[BlockItem]:
    """Leave out copies: converted archives repeat a shared block under every agent it is shared with.

    The owner's copy stays: the one whose agent does not get the block as a share (car-archives.md §4.9).
    """
    repeated = {id for id, times in Counter(block.id for block in blocks).items() if times > 1}
    shares = {(share.block_id, share.agent_id) for share in archive.structure.attachments}
    owned: dict[tuple[str, bytes], BlockItem] = {}
    for block in blocks:
        if block.id in repeated and (block.id, block.owner) not in shares:
            owned.setdefault((block.id, block.content), block)
    for block in blocks:
        original = owned.get((block.id, block.content), block)
        shared = (block.id, block.owner) in shares
        if original is block or not (shared or block.owner == original.owner):
            yield block
