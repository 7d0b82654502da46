"""Memory blocks as rows of a list (database.md §2.2 memory_blocks; memory.md §1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pattern_cli.memory.contents import PREVIEW_REMARK, content, usage
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.schemas import kind_of
from pattern_cli.memory.sharing import PERMISSIONS, Owner, Owners, Share, damage_of, shares
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_flag, read_json, read_time, read_word
from pattern_cli.store.ids import resolve_owner

if TYPE_CHECKING:
    from pattern_cli.memory.records import BlockRecord

TextAs = Literal["whole", "raw", "rendered"]
BLOCK_TYPES = ("core", "working", "archival", "log")
_KIND_ORDER = ("agent", "group", "constellation", "unknown")
COLUMNS = (
    "id",
    "agent_id",
    "label",
    "description",
    "block_type",
    "char_limit",
    "permission",
    "pinned",
    "is_active",
    "metadata",
    "created_at",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block in a list.

    `owner` is the owner's name (`owner_kind` agent, group, constellation or unknown). `used` counts the Unicode
    characters of the whole content, without viewport and log limit; None when the document cannot be read.
    `preview_only` marks a block whose document is empty while the stored preview is not. In one agent's list a block
    that the agent receives by a share has `shared_from` (the owner's name) and `share_permission`, which is what
    counts for this agent.
    """

    id: str
    agent_id: str
    owner: str
    owner_kind: str
    label: str
    description: str
    block_type: str
    schema_type: str
    permission: str
    pinned: bool
    is_active: bool
    used: int | None
    char_limit: int
    over_limit: bool
    preview_only: bool
    shared_with: tuple[Share, ...]
    shared_from: str | None
    share_permission: str | None
    created_at: str
    updated_at: str
    damage: tuple[str, ...]


class Blocks:
    """The memory blocks of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def list(
        self, owner: str | None = None, *, block_type: str | None = None, inactive: bool = False
    ) -> Iterator[BlockRow]:
        """All blocks by owner and label; of one owner (name, id or unique beginning): its own, then those received.

        `block_type` keeps one type, `inactive` shows soft-deleted ones too. Raises NotFoundError or AmbiguousError.
        """
        with self._constellation.one_moment():
            return iter([*self._rows(owner, block_type, inactive)])

    def _rows(self, owner: str | None, block_type: str | None, inactive: bool) -> Iterator[BlockRow]:
        constellation = self._constellation
        given = shares(constellation)
        received: dict[str, Share] = {}
        owner_id = None
        if owner is not None:
            owner_id, _ = resolve_owner(constellation, owner)
            received = {id: found[0] for id, found in shares(constellation, owner_id).items()}
        owners = Owners(constellation)
        sql = f"""SELECT {", ".join(COLUMNS)}, coalesce(content_preview, '') <> '' FROM memory_blocks
                  WHERE (?1 IS NULL OR block_type = ?1) AND (?2 OR is_active <> 0)"""
        chosen = []
        for *values, preview in constellation.rows(sql, (block_type, inactive)):
            row = dict(zip(COLUMNS, values, strict=True))
            share = received.get(row["id"]) if row["agent_id"] != owner_id else None
            if owner_id is None or row["agent_id"] == owner_id or share:
                chosen.append((_place(row, owners.of(row["agent_id"]), share), row, bool(preview), share))
        loader = Loader(constellation)
        for _, row, preview, share in sorted(chosen, key=lambda item: item[0]):
            yield self._row(row, owners.of(row["agent_id"]), given.get(row["id"], ()), share, preview, loader)

    def show(self, ref: str, label: str | None = None, *, text_as: TextAs = "whole") -> BlockRecord:
        """One block: by owner and label (owned, or received by a share), or by its id or a unique beginning of it.

        `text_as` says what the record's `text` is: everything stored (`whole`), the text alone (`raw`), or what the
        runtime makes of it (`rendered`). Raises NotFoundError or AmbiguousError; for the last two IntegrityError
        where the document is damaged or the runtime fails. A whole view shows what can be read.
        """
        from pattern_cli.memory.records import find, read

        with self._constellation.one_moment():
            return read(self._constellation, find(self._constellation, ref, label), text_as)

    def _row(
        self,
        row: dict[str, Any],
        owner: Owner,
        given: tuple[Share, ...],
        received: Share | None,
        preview: bool,
        loader: Loader,
    ) -> BlockRow:
        damage: Damage = []
        shared = facts(row, owner, given, damage)
        found = content(self._constellation, loader, row["id"], read_json(row["metadata"], "metadata", damage), preview)
        return BlockRow(
            **shared,
            **usage(found, row["char_limit"]),
            schema_type=kind_of(found.schema),
            preview_only=found.preview_only,
            shared_from=owner.name if received else None,
            share_permission=received.permission if received else None,
            damage=(*damage, *damage_of(given), *found.damage),
        )


def _place(row: dict[str, Any], owner: Owner, received: Share | None) -> tuple[Any, ...]:
    return received is not None, _KIND_ORDER.index(owner.kind), str(owner.name), str(row["label"])


def facts(row: dict[str, Any], owner: Owner, given: tuple[Share, ...], damage: Damage) -> dict[str, Any]:
    """The columns of a block's row as typed values, by the names of `BlockRow` and `BlockRecord`."""
    limit = row["char_limit"]
    if not isinstance(limit, int) or limit < 0:
        damage.append("char_limit: not a whole number from 0 on")
    return {
        "id": row["id"],
        "agent_id": owner.id,
        "owner": owner.name,
        "owner_kind": owner.kind,
        "label": row["label"],
        "description": row["description"],
        "block_type": read_word(row["block_type"], "block_type", BLOCK_TYPES, damage),
        "permission": read_word(row["permission"], "permission", PERMISSIONS, damage),
        "pinned": read_flag(row["pinned"]),
        "is_active": read_flag(row["is_active"]),
        "char_limit": limit,
        "shared_with": given,
        "created_at": read_time(row["created_at"], "created_at", damage),
        "updated_at": read_time(row["updated_at"], "updated_at", damage),
    }


def contents_of(constellation: Constellation, block_id: str) -> tuple[str, tuple[str, ...]]:
    """The whole text of a block as `memory show` prints it, and remarks on it; an unknown id has an empty text.

    Never raises for damaged content: the remarks name it.
    """
    row = next(
        constellation.rows("SELECT metadata, content_preview FROM memory_blocks WHERE id = ?", (block_id,)), None
    )
    if row is None:
        return "", ()
    damage: Damage = []
    preview = row[1] if isinstance(row[1], str) else ""
    metadata = read_json(row[0], "metadata", damage)
    found = content(constellation, Loader(constellation), block_id, metadata, bool(preview))
    remarks = (*damage, *found.damage)
    return (preview, (*remarks, PREVIEW_REMARK)) if found.preview_only else (found.view.whole, remarks)
