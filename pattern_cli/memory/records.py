"""One block with its content, its facts and what is noteworthy about it (memory.md §1, §3, §4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import AmbiguousError, IntegrityError, NotFoundError, UsageError
from pattern_cli.memory.blocks import COLUMNS, TextAs, facts
from pattern_cli.memory.contents import PREVIEW_REMARK, Content, content, snapshot_of, usage
from pattern_cli.memory.display import lines
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.rendering import rendered
from pattern_cli.memory.schemas import CompositeSchema, LogSchema, TextSchema, kind_of
from pattern_cli.memory.sharing import Owners, Share, damage_of, shares
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_json
from pattern_cli.store.ids import nearest, resolve, resolve_owner


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """One block.

    `text` is what was asked for: everything as text, the text alone, or the runtime's rendering. `text_source` is
    `document`, `preview` (the document is empty or unreadable, the stored preview is not), `runtime`, or None when
    nothing can be read. `value` is the content as JSON in the schema's terms, `stray` what other roots hold.
    `used` as in `BlockRow`. `updates_active`, `updates_inactive` (undone) and `pending` (waiting for missing
    operations) count update rows, `checkpoints` checkpoint rows; sizes are bytes. `remarks` are worth knowing and no
    damage.
    """

    id: str
    agent_id: str
    owner: str
    owner_kind: str
    label: str
    description: str
    block_type: str
    schema_type: str
    schema: Any
    permission: str
    pinned: bool
    is_active: bool
    used: int | None
    char_limit: int
    over_limit: bool
    shared_with: tuple[Share, ...]
    text: str
    text_source: str | None
    value: Any
    stray: Any
    content_preview: str | None
    metadata: Any
    embedding_model: str | None
    updates_active: int
    updates_inactive: int
    pending: int
    checkpoints: int
    snapshot_bytes: int
    update_bytes: int
    last_seq: int | None
    created_at: str
    updated_at: str
    remarks: tuple[str, ...]
    damage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """A block that somebody named: its id, `owner/label`, and the id of the agent that receives it by a share.

    `through` is None for a block that was named by its owner or its id.
    """

    id: str
    name: str
    through: str | None


def find(constellation: Constellation, ref: str, label: str | None = None) -> str:
    """The id of a block named by owner and label, by `owner/label`, or by its id or a unique beginning of it.

    A label that the owner only receives by a share counts too. Raises NotFoundError with the nearest labels,
    AmbiguousError, or UsageError for an owner without a label.
    """
    return _named(constellation, ref, label)[0]


def address(constellation: Constellation, ref: str, label: str | None = None) -> Address:
    """The block that `find` finds, and through whom. Raises as `find`."""
    id, through = _named(constellation, ref, label)
    ((owner, found),) = constellation.rows("SELECT agent_id, label FROM memory_blocks WHERE id = ?", (id,))
    return Address(id, f"{Owners(constellation).of(owner).name}/{found}", through)


def _named(constellation: Constellation, ref: str, label: str | None) -> tuple[str, str | None]:
    if label is not None:
        return _labelled(constellation, ref, label)
    try:
        return resolve(constellation, "block", ref), None
    except AmbiguousError:
        raise
    except NotFoundError as error:
        owner, slash, rest = ref.partition("/")
        if slash and rest:
            return _labelled(constellation, owner, rest)
        try:
            _, name = resolve_owner(constellation, ref)
        except NotFoundError:
            raise error from None
        raise UsageError(
            f'"{name}" owns memory, but a block\'s label is missing',
            f'`pattern memory show "{ref}" LABEL`; `pattern memory list "{ref}"` shows them',
        ) from None


_OF_OWNER = """SELECT id, label FROM memory_blocks WHERE agent_id = ?1"""
_RECEIVED = """SELECT b.id, b.label FROM memory_blocks b JOIN shared_block_agents s ON s.block_id = b.id
               WHERE s.agent_id = ?1"""


def _labelled(constellation: Constellation, ref: str, label: str) -> tuple[str, str | None]:
    owner_id, owner = resolve_owner(constellation, ref)
    near: list[str] = []
    for sql, through in ((_OF_OWNER, None), (_RECEIVED, owner_id)):
        blocks = list(constellation.rows(sql, (owner_id,)))
        found = [id for id, name in blocks if name == label] or [id for id, _ in blocks if id == label]
        if len(found) > 1:
            raise AmbiguousError(f'"{owner}" receives several blocks "{label}"', f"name one by id: {', '.join(found)}")
        if found:
            return str(found[0]), through
        near += [name for _, name in blocks]
    best = nearest(label, near)
    said = f"did you mean {best}? " if best else ""
    hint = f'{said}`pattern memory list "{ref}" --all` shows them'
    raise NotFoundError(f'"{owner}" has no block "{label}"', hint)


_MORE = ("content_preview", "embedding_model", "length(loro_snapshot)")


def read(constellation: Constellation, block_id: str, text_as: TextAs = "whole") -> BlockRecord:
    """The record of the block with that id, which must exist. Raises IntegrityError as `Blocks.show` says."""
    names = (*COLUMNS, *_MORE)
    values = next(constellation.rows(f"SELECT {', '.join(names)} FROM memory_blocks WHERE id = ?", (block_id,)))
    row = dict(zip(names, values, strict=True))
    damage: Damage = []
    shared = facts(row, Owners(constellation).of(row["agent_id"]), shares(constellation).get(block_id, ()), damage)
    metadata = read_json(row["metadata"], "metadata", damage)
    preview = row["content_preview"] or None
    loader = Loader(constellation)
    found = content(constellation, loader, block_id, metadata, preview is not None)
    if text_as == "rendered":
        text, source = _as_runtime(constellation, loader, block_id, found, damage)
    else:
        text, source = _as_stored(found, preview, raw=text_as == "raw")
    return BlockRecord(
        **shared,
        **usage(found, row["char_limit"]),
        schema_type=kind_of(found.schema),
        schema=metadata.get("schema") if isinstance(metadata, dict) else None,
        text=text,
        text_source=source,
        value=found.view.value,
        stray=found.view.stray_value,
        content_preview=preview,
        metadata=metadata,
        embedding_model=row["embedding_model"],
        updates_active=found.loaded.active,
        updates_inactive=found.loaded.inactive,
        pending=found.loaded.pending,
        snapshot_bytes=row["length(loro_snapshot)"] or 0,
        **_history(constellation, block_id),
        remarks=tuple(_remarks(constellation, loader, block_id, shared, found, preview)),
        damage=(*damage, *damage_of(shared["shared_with"]), *found.damage),
    )


def _as_runtime(
    constellation: Constellation, loader: Loader, block_id: str, found: Content, damage: Damage
) -> tuple[str, str | None]:
    if damage:
        raise IntegrityError(f"the runtime cannot read this block's row: {damage[0]}", "without --rendered it is shown")
    seen = loader.load_as_runtime(block_id, snapshot_of(constellation, block_id))
    return rendered(found.schema, seen), "runtime"


def _as_stored(found: Content, preview: str | None, raw: bool) -> tuple[str, str | None]:
    """The text and where it comes from; nothing and None when nothing can be read."""
    if raw and not found.complete:
        raise IntegrityError(
            f"the document cannot be read completely: {found.damage[0]}", "without --raw the rest of it is shown"
        )
    if found.preview_only:
        return preview or "", "preview"
    if not found.complete and not found.view.whole:
        return "", None
    return (found.view.text if raw and isinstance(found.schema, TextSchema) else found.view.whole), "document"


def _history(constellation: Constellation, block_id: str) -> dict[str, Any]:
    one = (block_id,)
    with_updates = constellation.has_table("memory_block_updates")
    size = "SELECT coalesce(sum(length(update_blob)), 0) FROM memory_block_updates WHERE block_id = ?"
    last = "SELECT last_seq FROM memory_blocks WHERE id = ?"
    return {
        "checkpoints": constellation.value("SELECT count(*) FROM memory_block_checkpoints WHERE block_id = ?", one),
        "update_bytes": constellation.value(size, one) if with_updates else 0,
        "last_seq": constellation.value(last, one) if constellation.has_column("memory_blocks", "last_seq") else None,
    }


def _remarks(
    constellation: Constellation,
    loader: Loader,
    block_id: str,
    shared: dict[str, Any],
    found: Content,
    preview: str | None,
) -> Iterator[str]:
    if not shared["is_active"]:
        yield "deleted: agents do not see this block"
    if found.schema_remark:
        yield found.schema_remark
    if found.preview_only:
        yield PREVIEW_REMARK
    elif preview and found.complete and not found.view.whole:
        yield "the document is empty; the stored preview still holds older text"
    yield from _hidden(found)
    if found.loaded.checkpoint_used:
        yield "a checkpoint's snapshot was needed to read later updates"
    if _behind_checkpoint(constellation, loader, block_id, found):
        yield "a checkpoint hides earlier updates from agents: --rendered shows what they see"


def _hidden(found: Content) -> Iterator[str]:
    """What agents do not see of a content, although it is stored."""
    schema, shown = found.schema, found.view
    if isinstance(schema, TextSchema) and schema.viewport and not found.preview_only:
        total = len(lines(shown.text))
        first = max(schema.viewport.start_line, 1)
        last = min(first + schema.viewport.display_lines - 1, total)
        seen = f"lines {first} to {last}" if first <= last else "none"
        if (first, last) != (1, total):
            yield f"agents see {seen} of its {total} lines (viewport)"
    if isinstance(schema, LogSchema) and len(shown.value) > schema.display_limit:
        yield f"agents see the newest {schema.display_limit} of its {len(shown.value)} entries"
    if isinstance(schema, CompositeSchema) and any(shown.value.values()):
        yield "agents see only the headings of its sections, by a defect of the runtime"
    if shown.stray_value:
        yield f"stored outside the schema, where agents do not see it: {', '.join(shown.stray_value)}"


def _behind_checkpoint(constellation: Constellation, loader: Loader, block_id: str, found: Content) -> bool:
    if not constellation.value("SELECT 1 FROM memory_block_checkpoints WHERE block_id = ? LIMIT 1", (block_id,)):
        return False
    try:
        seen = loader.load_as_runtime(block_id, snapshot_of(constellation, block_id))
    except IntegrityError:
        return False
    return not seen.same_version(found.loaded.document)
