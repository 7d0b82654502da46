"""Schemas that people give, by words or in a file, and the JSON that the runtime stores of them (memory.md §1.7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import UsageError
from pattern_cli.memory import notation
from pattern_cli.memory.documents import is_root_name
from pattern_cli.memory.schemas import (
    FIELD_TYPES,
    KINDS,
    CompositeSchema,
    FieldDef,
    ListSchema,
    LogSchema,
    MapSchema,
    Schema,
    Section,
    TextSchema,
    Viewport,
    kind_of,
    parse,
)
from pattern_cli.store.ids import nearest

KIND_WORDS = tuple(KINDS.values())
# As in the runtime's own templates (memory.md §1.7).
DISPLAY_LIMIT = 20
_MOST = 2**31 - 1
_TYPE_WORDS = {"bool": "Boolean", "time": "Timestamp", "string": "Text", "integer": "Counter", "array": "List"}
_OPTIONS = {
    "text": {"--viewport"},
    "map": {"--field"},
    "list": {"--field", "--max-items"},
    "log": {"--field", "--display-limit"},
    "composite": {"--field", "--section"},
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a schema is made of when it is given by words.

    `fields` are `NAME:TYPE` or `NAME:TYPE:DESCRIPTION`, in a composite block `SECTION.NAME:…`; `sections` are `NAME`,
    `NAME:text` or `NAME:map`, the bare name meaning a map if it has fields, else a text.
    """

    fields: Sequence[str] = ()
    sections: Sequence[str] = ()
    display_limit: int | None = None
    max_items: int | None = None
    viewport: Viewport | None = None

    @property
    def named(self) -> set[str]:
        """The options that were given."""
        given = {
            "--field": bool(self.fields),
            "--section": bool(self.sections),
            "--display-limit": self.display_limit is not None,
            "--max-items": self.max_items is not None,
            "--viewport": self.viewport is not None,
        }
        return {name for name, is_given in given.items() if is_given}


def of_words(word: str, parts: Parts = Parts()) -> Schema:
    """The schema that a word (`text`, `map`, `list`, `log`, `composite`) and its parts mean.

    A log without fields has one, `message`, where a bare text goes. Raises UsageError.
    """
    kind = word.strip().lower()
    if kind not in KIND_WORDS:
        near = nearest(kind, KIND_WORDS)
        said = f"did you mean {near}? " if near else ""
        raise UsageError(f'"{word}" is no schema', f"{said}one of {', '.join(KIND_WORDS)}, or @FILE")
    for option in sorted(parts.named - _OPTIONS[kind]):
        fitting = [name for name, options in _OPTIONS.items() if option in options]
        raise UsageError(f"{option} belongs to no {kind} schema", f"it goes with --schema {' or '.join(fitting)}")
    return checked(_MAKERS[kind](parts))


def of_text(text: str, what: str = "the schema") -> Schema:
    """The schema that a text of JSON or TOML describes, in the runtime's form, alone or under the name `schema`.

    Stricter than the runtime, which ignores keys that it does not know. Raises UsageError saying what is wrong where.
    """
    return of_value(notation.read(text, what))


def of_value(value: Any) -> Schema:
    """The schema that a plain value describes; as `of_text`."""
    if isinstance(value, dict) and set(value) == {"schema"}:
        value = value["schema"]
    schema, remark = parse({"schema": value})
    if remark is not None or value is None:
        problem = (remark or "no schema").removesuffix(": the runtime takes the block as plain text")
        raise UsageError(
            f"the schema cannot be read: {problem}",
            'for example {"Map": {"fields": [{"name": "mood", "description": "today", "field_type": "Text", '
            '"required": false}]}}',
        )
    _refuse_unknown(value, as_json(schema), "schema")
    return checked(schema)


def as_json(schema: Schema) -> dict[str, Any]:
    """The schema as the runtime writes it, keys in its order."""
    if isinstance(schema, TextSchema):
        return {"Text": {} if schema.viewport is None else {"viewport": viewport_json(schema.viewport)}}
    if isinstance(schema, MapSchema):
        return {"Map": {"fields": [_field_json(field) for field in schema.fields]}}
    if isinstance(schema, ListSchema):
        item = None if schema.item_schema is None else as_json(schema.item_schema)
        return {"List": {"item_schema": item, "max_items": schema.max_items}}
    if isinstance(schema, LogSchema):
        entry = {
            "timestamp": schema.timestamp,
            "agent_id": schema.agent_id,
            "fields": [_field_json(field) for field in schema.fields],
        }
        return {"Log": {"display_limit": schema.display_limit, "entry_schema": entry}}
    sections = [
        {
            "name": section.name,
            "schema": as_json(section.schema),
            "description": section.description,
            "read_only": section.read_only,
        }
        for section in schema.sections
    ]
    return {"Composite": {"sections": sections}}


def viewport_json(viewport: Viewport) -> dict[str, int]:
    """A viewport as the runtime writes it."""
    return {"start_line": viewport.start_line, "display_lines": viewport.display_lines}


def viewport(text: str) -> Viewport:
    """The viewport that shows the lines `A..B`, counted from 1, both included. Raises UsageError."""
    first, dots, last = text.partition("..")
    if not (dots and _is_number(first) and _is_number(last) and int(first) <= int(last)):
        raise UsageError(f'"{text}" names no lines', "A..B, for example 1..50 for the first fifty")
    return checked_viewport(Viewport(int(first), int(last) - int(first) + 1))


def checked_viewport(shown: Viewport) -> Viewport:
    """The viewport, if the runtime can show it. Raises UsageError (M22)."""
    for number, name in ((shown.start_line, "first line"), (shown.display_lines, "number of lines")):
        if not 1 <= number <= _MOST:
            raise UsageError(f"{number} cannot be the {name} of a viewport", f"lines count from 1 to {_MOST}")
    return shown


def checked_count(number: int, what: str) -> int:
    """A count that a schema may hold. Raises UsageError."""
    if not 1 <= number <= _MOST:
        raise UsageError(f"{number} cannot be {what}", f"a number from 1 to {_MOST}")
    return number


def checked(schema: Schema, where: str = "") -> Schema:
    """The schema, if everything in it can be stored and told apart. Raises UsageError.

    The runtime panics on names that Loro does not take, and a name that comes twice has one value for both.
    """
    of = f" of {where}" if where else ""
    if isinstance(schema, TextSchema):
        if schema.viewport is not None:
            checked_viewport(schema.viewport)
    elif isinstance(schema, MapSchema):
        _check_names([field.name for field in schema.fields], f"field{of}")
        for field in schema.fields:
            if field.field_type in {"List", "Counter"} and not is_root_name(field.name):
                raise UsageError(
                    f'the field "{field.name}" cannot be of type {field.field_type}: a slash in its name is impossible'
                )
    elif isinstance(schema, ListSchema):
        if schema.max_items is not None:
            checked_count(schema.max_items, "the most items of a list")
        if schema.item_schema is not None:
            checked(schema.item_schema, "an item")
    elif isinstance(schema, LogSchema):
        checked_count(schema.display_limit, "the number of entries that a log shows")
        _check_names([field.name for field in schema.fields], "field of an entry")
    else:
        _check_sections(schema)
    return schema


def _check_sections(schema: CompositeSchema) -> None:
    _check_names([section.name for section in schema.sections], "section")
    for section in schema.sections:
        if not is_root_name(section.name):
            raise UsageError(f'"{section.name}" cannot be a section: a slash in its name is impossible')
        if not isinstance(section.schema, MapSchema | TextSchema):
            raise UsageError(
                f'the section "{section.name}" cannot be of kind {kind_of(section.schema)}: the runtime has no place '
                "for its content",
                "a block of its own can hold it",
            )
        checked(section.schema, f'the section "{section.name}"')
        rooted = section.schema.fields if isinstance(section.schema, MapSchema) else ()
        for field in rooted:
            if field.field_type in {"List", "Counter"}:
                raise UsageError(
                    f'the field "{section.name}.{field.name}" cannot be of type {field.field_type}: the runtime has no '
                    "place for one in a section",
                    "a block of its own can hold it",
                )


def _check_names(names: list[str], what: str) -> None:
    for name, count in Counter(names).items():
        if not name.strip() or not name.isprintable():
            raise UsageError(f"{name!r} cannot be the name of a {what}", "a name is a printable text")
        if count > 1:
            raise UsageError(f'the {what} "{name}" comes twice', "names are different")


def _refuse_unknown(given: Any, known: Any, where: str) -> None:
    """Raise UsageError for a key that the runtime would silently ignore."""
    if isinstance(given, list) and isinstance(known, list):
        for number, (one, other) in enumerate(zip(given, known, strict=False)):
            _refuse_unknown(one, other, f"{where}[{number}]")
    if not (isinstance(given, dict) and isinstance(known, dict)):
        return
    for key, value in given.items():
        if key in known and key != "default":
            _refuse_unknown(value, known[key], f"{where}.{key}")
        elif key not in known and value is not None:
            # The only key that is left out when it is not set.
            names = list(known) or ["viewport"]
            near = nearest(key, names)
            raise UsageError(
                f'{where} has no key "{key}"', f"did you mean {near}?" if near else f"keys: {', '.join(names)}"
            )


def _field_json(field: FieldDef) -> dict[str, Any]:
    return {
        "name": field.name,
        "description": field.description,
        "field_type": field.field_type,
        "required": field.required,
        "default": field.default,
        "read_only": field.read_only,
    }


def _field(text: str) -> FieldDef:
    """A field from `NAME:TYPE` or `NAME:TYPE:DESCRIPTION`."""
    name, _, rest = text.partition(":")
    word, _, description = rest.partition(":")
    types = {known.lower(): known for known in FIELD_TYPES} | _TYPE_WORDS
    kind = types.get(word.strip().lower())
    if kind is None:
        near = nearest(word.strip(), FIELD_TYPES) if word.strip() else None
        said = f"did you mean {near}? " if near else ""
        raise UsageError(
            f'"{text}" is no field: ' + (f'"{word}" is no type' if word.strip() else "its type is missing"),
            f"{said}NAME:TYPE[:DESCRIPTION], types: {', '.join(FIELD_TYPES)}",
        )
    return FieldDef(name.strip(), description.strip(), kind, required=False, default=None, read_only=False)


def _fields(texts: Iterable[str]) -> tuple[FieldDef, ...]:
    return tuple(map(_field, texts))


def _map(parts: Parts) -> Schema:
    if not parts.fields:
        raise UsageError(
            "a map needs its fields: agents see no others",
            "--field mood:Text --field energy:Counter, or --schema @FILE",
        )
    return MapSchema(_fields(parts.fields))


def _list(parts: Parts) -> Schema:
    return ListSchema(MapSchema(_fields(parts.fields)) if parts.fields else None, parts.max_items)


def _log(parts: Parts) -> Schema:
    message = FieldDef("message", "", "Text", required=True, default=None, read_only=False)
    limit = DISPLAY_LIMIT if parts.display_limit is None else parts.display_limit
    return LogSchema(limit, timestamp=True, agent_id=True, fields=_fields(parts.fields) or (message,))


def _composite(parts: Parts) -> Schema:
    if not parts.sections:
        raise UsageError("a composite block needs its sections", "--section notes --field card.name:Text")
    names = {text.partition(":")[0].strip() for text in parts.sections}
    fields: dict[str, list[str]] = {name: [] for name in names}
    for text in parts.fields:
        path = text.partition(":")[0]
        section = next((name for name in sorted(names, key=len, reverse=True) if path.startswith(f"{name}.")), None)
        if section is None:
            raise UsageError(
                f'"{text}" names no section of the block', f"SECTION.NAME:TYPE, sections: {', '.join(sorted(names))}"
            )
        fields[section].append(text[len(section) + 1 :])
    return CompositeSchema(tuple(_section(text, fields) for text in parts.sections))


def _section(text: str, fields: dict[str, list[str]]) -> Section:
    name, _, word = text.partition(":")
    name, kind = name.strip(), word.strip().lower() or ("map" if fields[name.strip()] else "text")
    if kind == "map":
        return Section(name, _map(Parts(fields[name])), None, read_only=False)
    if kind != "text" or fields[name]:
        problem = "a text has no fields" if kind == "text" else f'"{word}" is no kind of section'
        raise UsageError(f'the section "{name}": {problem}', "NAME:text or NAME:map")
    return Section(name, TextSchema(), None, read_only=False)


def _text(parts: Parts) -> Schema:
    return TextSchema(parts.viewport)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


_MAKERS = {"text": _text, "map": _map, "list": _list, "log": _log, "composite": _composite}
