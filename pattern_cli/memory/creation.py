"""New blocks: an empty document, and their content as a first edit that can be undone (memory.md §1.8, §5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pattern_cli.errors import NotFoundError, RefusedError, UsageError
from pattern_cli.memory import designs, labels, notation, words
from pattern_cli.memory.documents import EMPTY_VERSION, Document, empty_snapshot
from pattern_cli.memory.editing import Change, Editor, Terms
from pattern_cli.memory.granting import Grants
from pattern_cli.memory.leaves import leaves
from pattern_cli.memory.permissions import Operation
from pattern_cli.memory.schemas import CompositeSchema, ListSchema, LogSchema, Schema, TextSchema, kind_of
from pattern_cli.memory.sharing import Owner, Owners
from pattern_cli.memory.structured import Changes
from pattern_cli.memory.values import checked
from pattern_cli.memory.views import view
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_json
from pattern_cli.store.encoding import json_column
from pattern_cli.store.ids import new_id, resolve_owner

LIMIT = 5000
MOST_CHARACTERS = 2**31 - 1
_INSERT = """INSERT INTO memory_blocks (id, agent_id, label, description, block_type, char_limit, permission, pinned,
             loro_snapshot, metadata, is_active, created_at, updated_at, frontier, last_seq)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, 0)"""
# Whoever makes a block says what it holds, whatever its permission will be; its limit is checked with words of its own.
_MAKER = Terms(as_admin=True, force_limit=True)


@dataclass(frozen=True, slots=True)
class NewBlock:
    """What a new block shall be.

    `content` is a text, or for other schemas a plain value in the schema's terms, or one written as JSON or TOML.
    `description` None means `Memory block: LABEL`; `char_limit` None the agent's `memory_char_limit`, else 5000.
    `members` shares a group's block with all of its members, under the block's own permission.
    """

    schema: Schema = field(default_factory=TextSchema)
    block_type: str = "working"
    permission: str = "read_write"
    char_limit: int | None = None
    pinned: bool = False
    description: str | None = None
    content: Any = None
    members: bool = False


@dataclass(frozen=True, slots=True)
class Created:
    """A new block; `id`, `seq` and `created_at` are None for one that was not stored (`dry_run`).

    `seq` is the number of the update with its content, None for an empty block. `used` counts its characters,
    `shared_with` names the agents that receive it. `remarks` say what its maker may not expect.
    """

    id: str | None
    agent_id: str
    owner: str
    owner_kind: str
    label: str
    description: str
    block_type: str
    schema_type: str
    schema: dict[str, Any]
    permission: str
    pinned: bool
    char_limit: int
    used: int
    seq: int | None
    shared_with: tuple[str, ...]
    created_at: str | None
    remarks: tuple[str, ...]
    dry_run: bool


def create(
    constellation: Constellation, owner: str, label: str, new: NewBlock = NewBlock(), *, dry_run: bool = False
) -> Created:
    """Make a block for an agent, a group or `_constellation_`.

    Raises NotFoundError and AmbiguousError for the owner, ConflictError for a label that is taken (also by a deleted
    block), UsageError for what cannot be a label, a schema, a limit or content of the schema, RefusedError for content
    beyond the limit; nothing is written then.
    """
    labels.checked(label)
    designs.checked(new.schema)
    with constellation.change(dry_run):
        return _create(constellation, owner, label, new, dry_run)


def _create(constellation: Constellation, ref: str, label: str, new: NewBlock, dry_run: bool) -> Created:
    owner = _owner(constellation, ref)
    name = f"{owner.name}/{label}"
    labels.require_free(constellation, owner, label)
    limit = checked_limit(_limit(constellation, owner) if new.char_limit is None else new.char_limit)
    change = _filling(new.schema, new.content, name)
    used = _used(new.schema, change, name, limit)
    permission, block_type = words.permission(new.permission), words.block_type(new.block_type)
    description = f"Memory block: {label}" if new.description is None else checked_description(new.description)
    grants = Grants(constellation)
    members = grants.members(owner.id, owner.name) if new.members and owner.kind == "group" else []
    if new.members and owner.kind != "group":
        raise UsageError(f'"{owner.name}" is no group and has no members', "`pattern memory share` shares with agents")
    remarks = [*labels.confusions(constellation, owner, label), *_seen_by(owner, block_type, new.pinned, members)]
    if isinstance(new.schema, CompositeSchema):
        remarks.append("agents see only the headings of its sections, by a defect of the runtime")
    id = seq = created = None
    if not dry_run:
        id, created = new_id("mem_"), times.now_column()
        schema = json_column({"schema": designs.as_json(new.schema)}, "the schema")
        values = (id, owner.id, label, description, block_type, limit, permission, int(new.pinned))
        document = (empty_snapshot(), schema, created, created, EMPTY_VERSION)
        list(constellation.rows(_INSERT, (*values, *document)))
        if change is not None:
            seq = Editor(constellation).edit(id, change, "manual:create", None, _MAKER).seq
        if members:
            grants.insert(id, members, permission)
    return Created(
        id=id,
        agent_id=owner.id,
        owner=owner.name,
        owner_kind=owner.kind,
        label=label,
        description=description,
        block_type=block_type,
        schema_type=kind_of(new.schema),
        schema=designs.as_json(new.schema),
        permission=permission,
        pinned=new.pinned,
        char_limit=limit,
        used=used,
        seq=seq,
        shared_with=tuple(name for _, name in members),
        created_at=created and times.rfc3339z(created),
        remarks=tuple(remarks),
        dry_run=dry_run,
    )


def checked_limit(limit: int) -> int:
    """The limit of characters, if the runtime can read it: a negative one would wrap. Raises UsageError."""
    if not 1 <= limit <= MOST_CHARACTERS:
        raise UsageError(f"{limit} cannot be a limit of characters", f"a number from 1 to {MOST_CHARACTERS}")
    return limit


def checked_description(text: str) -> str:
    """The description, if it can be stored. Raises UsageError."""
    if "\0" in text:
        raise UsageError("the description holds a NUL, which is no part of a text")
    return str(checked(text, "the description"))


def _owner(constellation: Constellation, ref: str) -> Owner:
    id, _ = resolve_owner(constellation, ref)
    owner = Owners(constellation).of(id)
    if owner.kind == "unknown":
        raise NotFoundError(
            f'no agent or group has the id "{ref}" any more: only what it left is stored',
            "`pattern agents list` and `pattern groups list` show all",
        )
    return owner


def _limit(constellation: Constellation, owner: Owner) -> int:
    """The agent's own default for blocks, else the runtime's."""
    stored = constellation.value("SELECT config FROM agents WHERE id = ?", (owner.id,))
    config = read_json(stored, "config", [])
    context = config.get("context") if isinstance(config, dict) else None
    limit = context.get("memory_char_limit") if isinstance(context, dict) else None
    return limit if type(limit) is int and 1 <= limit <= MOST_CHARACTERS else LIMIT


def _filling(schema: Schema, content: Any, name: str) -> Change | None:
    """What writes the content into an empty document; None for no content."""
    if content is None:
        return None
    if isinstance(schema, TextSchema):
        if not isinstance(content, str):
            raise UsageError(f"{name} holds a text, which {content!r} is not")
        return lambda document, _: document.append_text("content", content)
    value = notation.read(content, f"the content of {name}") if isinstance(content, str) else content
    root = "items" if isinstance(schema, ListSchema) else "entries" if isinstance(schema, LogSchema) else None
    if root and isinstance(value, list):
        value = {root: value}
    if not isinstance(value, dict):
        raise UsageError(
            f"content of a {kind_of(schema)} block is an object with named parts",
            "`pattern memory show --json` shows it as value",
        )
    parts: dict[str, Any] = value

    def fill(document: Document, of: Schema) -> Iterable[Operation] | None:
        return Changes(of, name, False, _MAKER).apply(document, leaves(of, document), parts)

    return fill


def _used(schema: Schema, change: Change | None, name: str, limit: int) -> int:
    """How many characters the content will have. Raises RefusedError when the limit has no room for them."""
    document = Document()
    if change is not None:
        change(document, schema)
    used = len(view(schema, document).whole)
    if used > limit:
        raise RefusedError(
            f"{name} would have {used} characters, its limit is {limit}", f"--limit {used} has room for it"
        )
    return used


def _seen_by(owner: Owner, block_type: str, pinned: bool, members: list[tuple[str, str]]) -> list[str]:
    """When agents will not see the block, although one might expect it (memory.md §1.2)."""
    if block_type in {"archival", "log"}:
        return [f"blocks of type {block_type} are never put before an agent, which has to look them up"]
    if owner.kind != "agent":
        return [] if members else ["no agent sees it until it is shared: `pattern memory share`"]
    if block_type == "working" and not pinned:
        return ["a working block that is not pinned is shown only when a message names it; --pinned always shows it"]
    return []
