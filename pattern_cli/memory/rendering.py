"""What the runtime puts into an agent's context, to the letter and with its defects (memory.md §3).

Our own view of a block is in `views`; this one is for `--rendered` and for comparing with stored previews.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pattern_cli.errors import IntegrityError
from pattern_cli.memory.display import lines, shown
from pattern_cli.memory.documents import Document, Nested, is_root_name
from pattern_cli.memory.schemas import (
    CompositeSchema,
    FieldDef,
    ListSchema,
    LogSchema,
    MapSchema,
    Schema,
    TextSchema,
    Viewport,
)

_INT_MAX = 2**63 - 1
_ABSENT = object()


def rendered(schema: Schema, document: Document) -> str:
    """The text that the runtime makes of a document.

    Raises IntegrityError where the runtime fails: a list or counter field with a slash in its name, a viewport of
    no lines past the end (M22).
    """
    try:
        return _rendered(schema, document)
    except RecursionError:
        raise IntegrityError("this block cannot be rendered: its values are nested too deeply") from None


def _rendered(schema: Schema, document: Document) -> str:
    if isinstance(schema, TextSchema):
        return _text(schema, document)
    if isinstance(schema, MapSchema):
        return "\n".join(part for field in schema.fields for part in _field(field, document))
    if isinstance(schema, ListSchema):
        return "\n".join(_items(document))
    if isinstance(schema, LogSchema):
        return "\n".join(_entries(schema, document))
    return _composite(schema, document)


def marked(name: str, read_only: bool) -> str:
    """A field's or section's name with the mark of a read-only one."""
    return f"{name} [read-only]" if read_only else name


def readable(value: Any) -> Any:
    """A Loro value as the runtime reads it back: what has no JSON form is left out; `_ABSENT` when nothing is left."""
    if isinstance(value, bytes | Nested) or (isinstance(value, float) and not math.isfinite(value)):
        return _ABSENT
    if isinstance(value, list):
        return readable_items(value)
    if isinstance(value, dict):
        pairs = ((key, readable(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not _ABSENT}
    return value


def readable_items(values: list[Any]) -> list[Any]:
    """The items of a list that the runtime can read; the others vanish and later ones move up (M24)."""
    return [item for item in map(readable, values) if item is not _ABSENT]


def truncated(value: float) -> int:
    """A counter as the runtime reads it: a 64-bit integer, cut towards zero, saturated; zero for no number."""
    if math.isnan(value):
        return 0
    if math.isinf(value):
        return _INT_MAX if value > 0 else -_INT_MAX - 1
    return max(-_INT_MAX - 1, min(_INT_MAX, int(value)))


def _text(schema: TextSchema, document: Document) -> str:
    text = document.text("content")
    return text if schema.viewport is None else _window(schema.viewport, text)


def _window(viewport: Viewport, text: str) -> str:
    all_lines = lines(text)
    total = len(all_lines)
    start = max(viewport.start_line - 1, 0)
    end = min(start + viewport.display_lines, total)
    if start >= total:
        last = viewport.start_line + viewport.display_lines - 1
        if last < 0:
            raise IntegrityError(
                "the runtime fails on this block: its viewport starts at line 0 and shows no lines",
                "without --rendered the whole text is shown",
            )
        return f"[Viewport: lines {viewport.start_line}-{last} of {total} (past end of content)]"
    seen = "\n".join(all_lines[start:end])
    return f"[Showing lines {start + 1}-{end} of {total}]\n{seen}"


def _root(prefix: str, field: FieldDef) -> str:
    name = prefix + field.name
    if not is_root_name(name):
        raise IntegrityError(
            f'the runtime fails on this block: the field "{field.name}" cannot be the name of a list or counter',
            "without --rendered the whole content is shown",
        )
    return name


def _field(field: FieldDef, document: Document) -> Iterator[str]:
    name = marked(field.name, field.read_only)
    if field.field_type == "List":
        items = readable_items(document.list(_root("list_", field)))
        if items:
            yield f"{name}:"
            yield from (f"- {shown(item)}" for item in items)
    elif field.field_type == "Counter":
        yield f"{name}: {truncated(document.counter(_root('counter_', field)))}"
    else:
        value = readable(document.map("fields").get(field.name, _ABSENT))
        if value is not _ABSENT:
            yield f"{name}: {shown(value)}"


def _items(document: Document) -> Iterator[str]:
    for number, item in enumerate(readable_items(document.list("items")), 1):
        yield f"{item_mark(number, item)} {shown(item)}"


def item_mark(number: int, item: Any) -> str:
    """What stands before a list's item: a box when it has a boolean `done`, else its number from 1."""
    done = item.get("done") if isinstance(item, dict) else None
    return ("[x]" if done else "[ ]") if isinstance(done, bool) else f"{number}."


def _entries(schema: LogSchema, document: Document) -> Iterator[str]:
    entries = readable_items(document.list("entries"))
    for entry in list(reversed(entries))[: schema.display_limit]:
        yield " ".join(entry_parts(schema, entry)) if isinstance(entry, dict) else shown(entry)


def entry_parts(schema: LogSchema, entry: dict[str, Any]) -> list[str]:
    """The parts of a log entry that the runtime shows: time, agent, and the values of the schema's fields."""
    parts = []
    if schema.timestamp and isinstance(entry.get("timestamp"), str):
        parts.append(f"[{entry['timestamp']}]")
    if schema.agent_id and isinstance(entry.get("agent_id"), str):
        parts.append(f"({entry['agent_id']})")
    return parts + [shown(entry[field.name]) for field in schema.fields if field.name in entry]


def _composite(schema: CompositeSchema, document: Document) -> str:
    parts = []
    for section in schema.sections:
        parts.append(f"=== {marked(section.name, section.read_only)} ===")
        # The runtime reads a section from the block's own roots, not from the section's (M2).
        inner = _rendered(section.schema, document)
        if inner:
            parts.append(inner)
    return "\n\n".join(parts)
