"""Our own view of a block: everything that is stored, also where the runtime's rendering loses it (memory.md §3, §7).

Fields come in the schema's order and all other keys sorted; no viewport and no limit cuts anything. Roots that the
schema does not know follow under headings of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pattern_cli.memory.display import shown
from pattern_cli.memory.documents import Document
from pattern_cli.memory.rendering import entry_parts, item_mark, marked
from pattern_cli.memory.schemas import (
    CompositeSchema,
    FieldDef,
    ListSchema,
    LogSchema,
    MapSchema,
    Schema,
    Section,
    TextSchema,
)

Roots = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class View:
    """A document for people and for scripts.

    `text` is the content in its schema's terms, `stray` what is stored in other roots, under headings. `value` and
    `stray_value` are the same as plain JSON values (a float that is no number as a text, bytes as bytes).
    """

    text: str
    stray: str
    value: Any
    stray_value: dict[str, Any]

    @property
    def whole(self) -> str:
        """Everything as one text."""
        return "\n\n".join(part for part in (self.text, self.stray) if part)


def view(schema: Schema, document: Document) -> View:
    """The view of a document through its schema; an empty document has an empty text. Raises IntegrityError."""
    roots = {name: dict(kinds) for name, kinds in document.roots().items()}
    empty = not any(roots.values())
    if isinstance(schema, TextSchema):
        text = value = _take(roots, "content", "text") or ""
    elif isinstance(schema, MapSchema):
        text, value = _map(schema, roots)
    elif isinstance(schema, ListSchema):
        text, value = _list(schema, roots)
    elif isinstance(schema, LogSchema):
        text, value = _log(schema, roots)
    else:
        text, value = _composite(schema, roots)
    stray_text, stray_value = _stray(roots)
    return View("" if empty else text, stray_text, value, stray_value)


def ordered(value: Any, first: Iterable[str] = ()) -> Any:
    """A value with the keys of its objects in order: those of `first`, then the others sorted; inner ones sorted."""
    if isinstance(value, dict):
        names = [name for name in first if name in value]
        return {name: ordered(value[name]) for name in [*names, *sorted(value.keys() - set(names))]}
    if isinstance(value, list):
        return [ordered(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _take(roots: Roots, name: str, kind: str) -> Any:
    """A root's value, which counts as shown from here on."""
    return roots.get(name, {}).pop(kind, None)


def _whole_number(value: float) -> Any:
    return int(value) if math.isfinite(value) and value == int(value) else ordered(value)


class _Lines:
    """Named values in the making: lines of text and the object they stand for."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.value: dict[str, Any] = {}

    def add(self, label: str, key: str, value: Any) -> None:
        self.lines.append(f"{label}: {shown(value)}")
        self.value[key] = value

    def add_items(self, label: str, key: str, items: list[Any]) -> None:
        self.lines += [f"{label}:", *(f"- {shown(item)}" for item in items)]
        self.value[key] = items


def _map(schema: MapSchema, roots: Roots, fields_root: str = "fields", own_roots: bool = True) -> tuple[str, Any]:
    """A map: the schema's fields, then the keys and the `list_…` and `counter_…` roots that it does not name.

    In a section (`own_roots` false) lists and counters have no roots.
    """
    stored = dict(_take(roots, fields_root, "map") or {})
    made = _Lines()
    for field in schema.fields:
        label = marked(field.name, field.read_only)
        known = field.name in made.value
        if own_roots and not known:
            known = _add_root(made, label, field, roots, field.name in stored)
        if field.name in stored:
            # An agent's `set_field` puts lists and counters here as well, where the runtime never looks (M4).
            prefix = f"{fields_root}." if known else ""
            made.add(prefix + label, prefix + field.name, ordered(stored.pop(field.name)))
    for key in sorted(stored):
        made.add(key, key, ordered(stored[key]))
    for name in sorted(roots) if own_roots else ():
        if name.startswith("list_") and (items := _take(roots, name, "list")):
            made.add_items(name, name, ordered(items))
        if name.startswith("counter_") and (count := _take(roots, name, "counter")):
            made.add(name, name, _whole_number(count))
    return "\n".join(made.lines), made.value


def _add_root(made: _Lines, label: str, field: FieldDef, roots: Roots, in_map: bool) -> bool:
    """Add a list's or counter's own root, if there is one; a counter without any value is zero."""
    if field.field_type == "List":
        items = _take(roots, f"list_{field.name}", "list")
        if items:
            made.add_items(label, field.name, ordered(items))
    elif field.field_type == "Counter":
        count = _take(roots, f"counter_{field.name}", "counter")
        if count is not None or not in_map:
            made.add(label, field.name, _whole_number(count or 0.0))
    return field.name in made.value


def _names(schema: Schema | None) -> tuple[str, ...]:
    return tuple(field.name for field in schema.fields) if isinstance(schema, MapSchema) else ()


def _list(schema: ListSchema, roots: Roots) -> tuple[str, Any]:
    items = [ordered(item, _names(schema.item_schema)) for item in _take(roots, "items", "list") or []]
    return "\n".join(f"{item_mark(number, item)} {shown(item)}" for number, item in enumerate(items, 1)), items


def _log(schema: LogSchema, roots: Roots) -> tuple[str, Any]:
    """A log: newest first as text, in stored order (oldest first) as value."""
    first = ("timestamp", "agent_id", *(field.name for field in schema.fields))
    entries = [ordered(entry, first) for entry in _take(roots, "entries", "list") or []]
    return "\n".join(_entry(schema, entry) for entry in reversed(entries)), entries


def _entry(schema: LogSchema, entry: Any) -> str:
    if not isinstance(entry, dict):
        return shown(entry)
    seen = {field.name for field in schema.fields}
    for name, used in (("timestamp", schema.timestamp), ("agent_id", schema.agent_id)):
        if used and isinstance(entry.get(name), str):
            seen.add(name)
    rest = {key: value for key, value in entry.items() if key not in seen}
    return " ".join(entry_parts(schema, entry) + ([shown(rest)] if rest else []))


def _composite(schema: CompositeSchema, roots: Roots) -> tuple[str, Any]:
    parts: list[str] = []
    value: dict[str, Any] = {}
    for section in schema.sections:
        text, value[section.name] = _section(section, roots)
        parts += [f"=== {marked(section.name, section.read_only)} ===", *([text] if text else [])]
    return "\n\n".join(parts), value


def _section(section: Section, roots: Roots) -> tuple[str, Any]:
    """A section from its two possible roots; which of them is filled need not fit its schema."""
    fields = f"section_{section.name}_fields"
    schema = section.schema if isinstance(section.schema, MapSchema) else MapSchema(())
    named, value = _map(schema, roots, fields, own_roots=False)
    text = _take(roots, f"section_{section.name}_content", "text") or ""
    if isinstance(section.schema, MapSchema):
        value = {**value, "content": text} if text else value
    elif value:
        value = {**value, "content": text}
    else:
        value = text if isinstance(section.schema, TextSchema) or text else None
    return "\n".join(part for part in (named, text) if part), value


def _stray(roots: Roots) -> tuple[str, dict[str, Any]]:
    parts: list[str] = []
    values: dict[str, Any] = {}
    for name in sorted(roots):
        for kind, stored in sorted(roots[name].items()):
            value = _whole_number(stored) if kind == "counter" else ordered(stored)
            values[f"{name} ({kind})" if name in values else name] = value
            parts += [f"=== {name} ({kind} outside the schema) ===", _plain(value)]
    return "\n\n".join(parts), values


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {shown(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "\n".join(f"- {shown(item)}" for item in value)
    return shown(value)
