"""The schema of a block, from its `metadata` JSON (memory.md §1.7).

Reading is as strict as the runtime's: one wrong value anywhere and the whole block counts as plain text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FIELD_TYPES = ("Text", "Number", "Boolean", "List", "Timestamp", "Counter")
_LARGEST = 2**64 - 1
_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Viewport:
    """The lines of a text that the runtime shows: `start_line` counts from 1, 0 occurs."""

    start_line: int
    display_lines: int


@dataclass(frozen=True, slots=True)
class TextSchema:
    """Plain text in the root `content`."""

    viewport: Viewport | None = None


@dataclass(frozen=True, slots=True)
class FieldDef:
    """A field of a map or of a log's entries; `field_type` is one of FIELD_TYPES."""

    name: str
    description: str
    field_type: str
    required: bool
    default: Any
    read_only: bool


@dataclass(frozen=True, slots=True)
class MapSchema:
    """Named values in the root `fields`, lists in `list_<name>`, counters in `counter_<name>`."""

    fields: tuple[FieldDef, ...]


@dataclass(frozen=True, slots=True)
class ListSchema:
    """Items in the root `items`."""

    item_schema: Schema | None
    max_items: int | None


@dataclass(frozen=True, slots=True)
class LogSchema:
    """Entries in the root `entries`, oldest first; the runtime shows the newest `display_limit`."""

    display_limit: int
    timestamp: bool
    agent_id: bool
    fields: tuple[FieldDef, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A named part of a composite block."""

    name: str
    schema: Schema
    description: str | None
    read_only: bool


@dataclass(frozen=True, slots=True)
class CompositeSchema:
    """Sections, each in roots of its own: `section_<name>_fields`, `section_<name>_content`."""

    sections: tuple[Section, ...]


Schema = TextSchema | MapSchema | ListSchema | LogSchema | CompositeSchema
KINDS = {
    TextSchema: "text",
    MapSchema: "map",
    ListSchema: "list",
    LogSchema: "log",
    CompositeSchema: "composite",
}


def kind_of(schema: Schema) -> str:
    """The schema's word: `text`, `map`, `list`, `log` or `composite`."""
    return KINDS[type(schema)]


def parse(metadata: Any) -> tuple[Schema, str | None]:
    """The schema in decoded metadata, and a remark when the runtime would silently take plain text instead."""
    if not isinstance(metadata, dict) or metadata.get("schema") is None:
        return TextSchema(), "no schema: the runtime takes the block as plain text"
    try:
        return _schema(metadata["schema"], "schema"), None
    except _Mismatch as problem:
        return TextSchema(), f"{problem}: the runtime takes the block as plain text"


class _Mismatch(Exception):
    """A value that the runtime's reader refuses, with where it is."""


def _schema(value: Any, where: str) -> Schema:
    if not isinstance(value, dict) or len(value) != 1:
        said = f'"{value}"' if isinstance(value, str) else "it"
        raise _Mismatch(f"{where}: {said} is no object with exactly one key")
    ((name, body),) = value.items()
    reader = _READERS.get(name)
    if reader is None:
        raise _Mismatch(f'{where}: "{name}" is no known kind')
    return reader(body, f"{where}.{name}")


def _struct(value: Any, where: str, **members: Any) -> list[Any]:
    """The members of an object in their order; the runtime takes an array in that order as well."""
    names = list(members)
    if isinstance(value, list):
        if len(value) > len(names):
            raise _Mismatch(f"{where}: has more than {len(names)} elements")
        value = dict(zip(names, value, strict=False))
    if not isinstance(value, dict):
        raise _Mismatch(f"{where}: is no object")
    found = []
    for name, default in members.items():
        if name not in value and default is _REQUIRED:
            raise _Mismatch(f"{where}.{name}: is missing")
        found.append(value.get(name, default))
    return found


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _Mismatch(f"{where}: is no text")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _Mismatch(f"{where}: is not true or false")
    return value


def _count(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise _Mismatch(f"{where}: is no whole number from 0 on")
    return value


def _array(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _Mismatch(f"{where}: is no array")
    return value


def _read_text(value: Any, where: str) -> Schema:
    (viewport,) = _struct(value, where, viewport=None)
    if viewport is None:
        return TextSchema()
    start, count = _struct(viewport, f"{where}.viewport", start_line=_REQUIRED, display_lines=_REQUIRED)
    return TextSchema(Viewport(_count(start, f"{where}.viewport.start_line"), _count(count, f"{where}.display_lines")))


def _read_fields(value: Any, where: str) -> tuple[FieldDef, ...]:
    return tuple(_read_field(item, f"{where}[{number}]") for number, item in enumerate(_array(value, where)))


def _read_field(value: Any, where: str) -> FieldDef:
    name, description, kind, required, default, read_only = _struct(
        value,
        where,
        name=_REQUIRED,
        description=_REQUIRED,
        field_type=_REQUIRED,
        required=_REQUIRED,
        default=None,
        read_only=False,
    )
    if not isinstance(kind, str) or kind not in FIELD_TYPES:
        raise _Mismatch(f"{where}.field_type: is not one of {', '.join(FIELD_TYPES)}")
    return FieldDef(
        _text(name, f"{where}.name"),
        _text(description, f"{where}.description"),
        kind,
        _flag(required, f"{where}.required"),
        default,
        _flag(read_only, f"{where}.read_only"),
    )


def _read_map(value: Any, where: str) -> Schema:
    (fields,) = _struct(value, where, fields=_REQUIRED)
    return MapSchema(_read_fields(fields, f"{where}.fields"))


def _read_list(value: Any, where: str) -> Schema:
    item, most = _struct(value, where, item_schema=None, max_items=None)
    return ListSchema(
        None if item is None else _schema(item, f"{where}.item_schema"),
        None if most is None else _count(most, f"{where}.max_items"),
    )


def _read_log(value: Any, where: str) -> Schema:
    limit, entry = _struct(value, where, display_limit=_REQUIRED, entry_schema=_REQUIRED)
    where_entry = f"{where}.entry_schema"
    timestamp, agent_id, fields = _struct(entry, where_entry, timestamp=_REQUIRED, agent_id=_REQUIRED, fields=_REQUIRED)
    return LogSchema(
        _count(limit, f"{where}.display_limit"),
        _flag(timestamp, f"{where_entry}.timestamp"),
        _flag(agent_id, f"{where_entry}.agent_id"),
        _read_fields(fields, f"{where_entry}.fields"),
    )


def _read_section(value: Any, where: str) -> Section:
    name, schema, description, read_only = _struct(
        value, where, name=_REQUIRED, schema=_REQUIRED, description=None, read_only=False
    )
    return Section(
        _text(name, f"{where}.name"),
        _schema(schema, f"{where}.schema"),
        None if description is None else _text(description, f"{where}.description"),
        _flag(read_only, f"{where}.read_only"),
    )


def _read_composite(value: Any, where: str) -> Schema:
    (sections,) = _struct(value, where, sections=_REQUIRED)
    items = enumerate(_array(sections, f"{where}.sections"))
    return CompositeSchema(tuple(_read_section(item, f"{where}.sections[{number}]") for number, item in items))


_READERS = {
    "Text": _read_text,
    "Map": _read_map,
    "List": _read_list,
    "Log": _read_log,
    "Composite": _read_composite,
}
