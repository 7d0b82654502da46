"""What is known about a block besides its content: type, permission, pin, limit, description, label, schema settings.

Only columns that change are written. What a running runtime would not see, or would make it lose edits, is refused
beside one (memory.md §4.7, §5, M9, M23).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace as with_changes
from typing import Any, Literal

from pattern_cli.errors import IntegrityError, UsageError
from pattern_cli.memory import designs, labels, words
from pattern_cli.memory.blocks import contents_of
from pattern_cli.memory.creation import checked_description, checked_limit
from pattern_cli.memory.owned import Owned, owned
from pattern_cli.memory.schemas import ListSchema, LogSchema, Schema, TextSchema, Viewport, kind_of, parse
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_flag, read_json
from pattern_cli.store.encoding import json_column

# The names of blocks that data sources made and look for by their label (memory.md §1.8).
_SOURCES = ("file:", "bluesky_user:", "process:")
_RENAMING = "renaming a block (a runtime that has it loaded would no longer save its edits)"
_RESHAPING = "changing a block's schema (a runtime keeps the one it has loaded until it restarts)"
# Set again at every start of an agent from a TOML file, the first two always (M23).
_CONFIGURED = ("permission", "block_type", "description", "pinned", "char_limit")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall change; None leaves it as it is.

    `viewport` belongs to texts (`none` takes it away), `display_limit` to logs, `max_items` to lists (0 takes it away).
    """

    block_type: str | None = None
    permission: str | None = None
    pinned: bool | None = None
    char_limit: int | None = None
    description: str | None = None
    label: str | None = None
    viewport: Viewport | Literal["none"] | None = None
    display_limit: int | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that changed: its name is the column's, or the setting's inside the schema."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Changed:
    """A block and what changed about it; `label` is the new one. `changed` is False when all was as wished already."""

    id: str
    agent_id: str
    owner: str
    label: str
    changes: tuple[Setting, ...]
    changed: bool
    remarks: tuple[str, ...]
    updated_at: str | None
    dry_run: bool


class Settings:
    """The settings of the blocks of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation

    def change(
        self, ref: str, label: str | None, wanted: Wanted, *, force: bool = False, dry_run: bool = False
    ) -> Changed:
        """Change what is named in `wanted`.

        Raises what `owned` raises, UsageError for what cannot be, ConflictError for a label that is taken,
        IntegrityError for metadata that cannot be read, RefusedError for a new label or schema beside a runtime
        (unless `force`); nothing is changed then.
        """
        if wanted == Wanted():
            raise UsageError("nothing is named that shall change", "for example --limit 8000 or --permission read_only")
        with self._constellation.change(dry_run):
            return self._change(ref, label, wanted, force, dry_run)

    def _change(self, ref: str, label: str | None, wanted: Wanted, force: bool, dry_run: bool) -> Changed:
        block = owned(self._constellation, ref, label)
        columns = {name: value for name, value in _columns(wanted).items() if not _same(getattr(block, name), value)}
        changes = [Setting(name, _plain(name, getattr(block, name)), _plain(name, columns[name])) for name in columns]
        if "label" in columns:
            labels.require_free(self._constellation, block.owner, columns["label"], block.id)
            self._constellation.require_quiet(_RENAMING, force)
        settings, metadata = self._reshaped(block, wanted)
        if settings:
            self._constellation.require_quiet(_RESHAPING, force)
            columns["metadata"] = metadata
            changes += settings
        now = times.now_column() if columns and not dry_run else None
        if now is not None:
            names = ", ".join(f"{name} = ?" for name in (*columns, "updated_at"))
            values = (*columns.values(), now, block.id)
            list(self._constellation.rows(f"UPDATE memory_blocks SET {names} WHERE id = ?", values))
        return Changed(
            id=block.id,
            agent_id=block.owner.id,
            owner=block.owner.name,
            label=columns.get("label", block.label),
            changes=tuple(changes),
            changed=bool(changes),
            remarks=tuple(self._remarks(block, columns, settings, wanted)),
            updated_at=now and times.rfc3339z(now),
            dry_run=dry_run,
        )

    def _reshaped(self, block: Owned, wanted: Wanted) -> tuple[list[Setting], str | None]:
        """The settings inside the schema that change, and the metadata with them; all its other keys stay."""
        if wanted.viewport is None and wanted.display_limit is None and wanted.max_items is None:
            return [], None
        damage: Damage = []
        metadata = read_json(block.metadata, "metadata", damage)
        schema = _schema(block, metadata, damage)
        new, changes = _with_settings(block, schema, wanted)
        if not changes:
            return [], None
        ((kind, body),) = designs.as_json(new).items()
        stored = (metadata or {}).get("schema")
        inner = stored[kind] if isinstance(stored, dict) and isinstance(stored[kind], dict) else body
        kept = {name: value for name, value in inner.items() if name not in {"viewport", "display_limit", "max_items"}}
        own = {name: value for name, value in body.items() if name not in kept}
        # In the place where they stood, so that nothing else moves.
        order = dict.fromkeys([*inner, *own])
        made = {name: own[name] if name in own else kept[name] for name in order if name in own or name in kept}
        return changes, json_column({**(metadata or {}), "schema": {kind: made}}, "the metadata")

    def _remarks(self, block: Owned, columns: dict[str, Any], settings: list[Setting], wanted: Wanted) -> Iterator[str]:
        if not block.is_active:
            yield "the block is deleted: agents do not see it"
        live = self._constellation.live_holder() is not None
        if live and ({"char_limit", "label"} & columns.keys() or settings):
            yield "a running runtime that has the block loaded keeps limit, label and schema until it restarts"
        configured = [name for name in _CONFIGURED if name in columns]
        if configured and block.owner.kind == "agent":
            yield (
                f"if {block.owner.name} is started from a TOML file that names this block, the start sets "
                f"{_listed(configured)} as the file says"
            )
        if "label" in columns:
            if block.owner.kind == "agent":
                yield f"if {block.owner.name} is started from a TOML file with the old label, that makes the block anew"
            yield from labels.confusions(self._constellation, block.owner, columns["label"], block.id)
            if isinstance(block.label, str) and block.label.startswith(_SOURCES):
                yield "the data source that made this block looks for it by its old label and will make a new one"
        if wanted.viewport not in {None, "none"} and settings and str(block.label).startswith("file:"):
            yield "an agent that saves this file writes only the lines of the viewport (a defect of the runtime)"
        if (limit := columns.get("char_limit")) is not None:
            used = len(contents_of(self._constellation, block.id)[0])
            if used > limit:
                yield f"it holds {used} characters, more than that, and can only become shorter"
        kind = columns.get("block_type", block.block_type)
        if columns.get("pinned") and kind != "working":
            yield f"a pin counts for working blocks only; this one is of type {kind}"


def _columns(wanted: Wanted) -> dict[str, Any]:
    """The columns that are named, with the values as they are stored."""
    named = {
        "block_type": wanted.block_type and words.block_type(wanted.block_type),
        "permission": wanted.permission and words.permission(wanted.permission),
        "pinned": None if wanted.pinned is None else int(wanted.pinned),
        "char_limit": None if wanted.char_limit is None else checked_limit(wanted.char_limit),
        "description": None if wanted.description is None else checked_description(wanted.description),
        "label": None if wanted.label is None else labels.checked(wanted.label),
    }
    return {name: value for name, value in named.items() if value is not None}


def _same(stored: Any, wanted: Any) -> bool:
    """Whether a column means what it shall already; then its bytes stay."""
    return type(stored) is type(wanted) and bool(stored == wanted)


def _plain(name: str, value: Any) -> Any:
    return read_flag(value) if name == "pinned" else value


def _schema(block: Owned, metadata: Any, damage: Damage) -> Schema:
    """The schema of a block that may be changed. Raises IntegrityError where rewriting it would lose something."""
    if damage or not isinstance(metadata, dict | None):
        problem = damage[0] if damage else "metadata: no object"
        raise IntegrityError(f"the schema of {block.name} cannot be changed: {problem}", "the block is left as it is")
    schema, remark = parse(metadata)
    if remark and metadata and metadata.get("schema") is not None:
        raise IntegrityError(f"the schema of {block.name} cannot be changed: {remark}", "the block is left as it is")
    return schema


def _with_settings(block: Owned, schema: Schema, wanted: Wanted) -> tuple[Schema, list[Setting]]:
    """The schema with its new settings, and those that differ. Raises UsageError for one that it does not have."""
    changes = []
    if wanted.viewport is not None:
        if not isinstance(schema, TextSchema):
            raise _wrong(block, schema, "a viewport", "texts")
        new = None if wanted.viewport == "none" else designs.checked_viewport(wanted.viewport)
        if new != schema.viewport:
            before, after = (one and designs.viewport_json(one) for one in (schema.viewport, new))
            changes.append(Setting("viewport", before, after))
            schema = TextSchema(new)
    if wanted.display_limit is not None:
        if not isinstance(schema, LogSchema):
            raise _wrong(block, schema, "a display limit", "logs")
        shown = designs.checked_count(wanted.display_limit, "the number of entries that a log shows")
        if shown != schema.display_limit:
            changes.append(Setting("display_limit", schema.display_limit, shown))
            schema = with_changes(schema, display_limit=shown)
    if wanted.max_items is not None:
        if not isinstance(schema, ListSchema):
            raise _wrong(block, schema, "a number of items", "lists")
        most = designs.checked_count(wanted.max_items, "the most items of a list") if wanted.max_items else None
        if most != schema.max_items:
            changes.append(Setting("max_items", schema.max_items, most))
            schema = with_changes(schema, max_items=most)
    return schema, changes


def _wrong(block: Owned, schema: Schema, what: str, whose: str) -> UsageError:
    lacks = what.removeprefix("a ")
    return UsageError(f"{block.name} is of kind {kind_of(schema)} and has no {lacks}", f"{whose} have one")


def _listed(names: list[str]) -> str:
    said = [{"block_type": "type", "pinned": "pin", "char_limit": "limit"}.get(name, name) for name in names]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
