"""Where a block's schema keeps what people name: a text, a field, a list (memory.md §2.1).

Only what the runtime itself can write has a place; for everything else the error says so. In the sections of a
composite block these are their own roots, never the block's, where agents write by mistake (M3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn

from pattern_cli.errors import NotFoundError, RefusedError, UsageError
from pattern_cli.memory.documents import Document, is_root_name
from pattern_cli.memory.schemas import (
    CompositeSchema,
    FieldDef,
    ListSchema,
    LogSchema,
    MapSchema,
    Schema,
    Section,
    TextSchema,
    kind_of,
)
from pattern_cli.memory.values import unknown
from pattern_cli.store.ids import nearest

Kind = Literal["text", "map", "list", "counter"]
_HOW = {
    "text": "`pattern memory set`, `append` and `replace` change its text",
    "map": "`pattern memory field` changes its fields, `pattern memory edit` all of them",
    "list": "`pattern memory item` changes its items, `pattern memory edit` all of them",
    "log": "`pattern memory log add` adds an entry, `pattern memory edit` changes them",
    "composite": "name one of its sections, or change it with `pattern memory edit`",
}
_HOLDS = {
    "text": "holds a text",
    "map": "holds named fields",
    "list": "holds a list",
    "log": "is a log",
    "composite": "has sections",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A root, and in a map a key of it.

    `field` is what the schema says of it, None where it says nothing. `locked` names what makes it read-only.
    """

    root: str
    kind: Kind
    key: str | None = None
    field: FieldDef | None = None
    locked: str | None = None
    in_section: bool = False

    def unlock(self, what: str, as_admin: bool) -> None:
        """Raise RefusedError when the place is read-only, unless `as_admin` overrides it."""
        if self.locked and not as_admin:
            raise RefusedError(f"{what} cannot be changed: {self.locked} is read-only", "--as-admin does it anyway")


def text_place(schema: Schema, section: str | None, what: str) -> Place:
    """The text of a block or of a section. Raises UsageError when it holds none, NotFoundError for no such section."""
    if section is None:
        if not isinstance(schema, TextSchema):
            wrong(schema, what, "text")
        return Place("content", "text")
    found = section_of(schema, section, what)
    if not isinstance(found.schema, TextSchema):
        wrong_section(found, what, "text")
    return Place(_root(f"section_{section}_content", what), "text", locked=_lock(found), in_section=True)


def field_place(
    schema: Schema,
    document: Document,
    name: str,
    section: str | None,
    what: str,
    new_field: bool = False,
    way_out: str = "",
) -> Place:
    """The place of a field, which is the schema's or stored already; `new_field` allows any name.

    `way_out` is the hint at what helps when it does not exist.

    Raises NotFoundError with the nearest names, UsageError where fields are not what the block holds.
    """
    if section is not None or isinstance(schema, CompositeSchema):
        section, name = _split(schema, name, section, what)
        return _section_field(section_of(schema, section, what), document, name, what, new_field, way_out)
    if not isinstance(schema, MapSchema):
        wrong(schema, what, "field")
    field = _field(schema, name)
    if field is None:
        stored = document.map("fields")
        if name not in stored and not new_field:
            raise unknown(name, what, [*(one.name for one in schema.fields), *sorted(stored)], way_out)
        return Place("fields", "map", name)
    return map_place(field, what)


def map_place(field: FieldDef, what: str) -> Place:
    """The place of a field of a map that is no section."""
    locked = f'the field "{field.name}"' if field.read_only else None
    if field.field_type == "List":
        return Place(_root(f"list_{field.name}", what), "list", None, field, locked)
    if field.field_type == "Counter":
        return Place(_root(f"counter_{field.name}", what), "counter", None, field, locked)
    return Place("fields", "map", field.name, field, locked)


def list_place(schema: Schema, field: str | None, what: str) -> Place:
    """The list of a block, or of one of its fields. Raises UsageError or NotFoundError when there is none."""
    if field is None:
        if isinstance(schema, MapSchema):
            lists = [one.name for one in schema.fields if one.field_type == "List"]
            if lists:
                raise UsageError(f"{what} holds named fields", f"--field says which list: {', '.join(lists)}")
        if not isinstance(schema, ListSchema):
            wrong(schema, what, "list")
        return Place("items", "list")
    if isinstance(schema, CompositeSchema):
        raise UsageError(
            f"lists in the sections of {what} cannot be changed: the runtime has no place for them",
            "keep the list in a block of its own",
        )
    if not isinstance(schema, MapSchema):
        wrong(schema, what, "field")
    found = _field(schema, field)
    if found is None:
        raise unknown(field, what, [one.name for one in schema.fields if one.field_type == "List"])
    if found.field_type != "List":
        raise UsageError(f'the field "{field}" of {what} is of type {found.field_type}, no list', _HOW["map"])
    return map_place(found, what)


def log_of(schema: Schema, what: str) -> LogSchema:
    """The schema of a log. Raises UsageError for anything else."""
    if not isinstance(schema, LogSchema):
        wrong(schema, what, "log")
    return schema


def section_of(schema: Schema, name: str, what: str) -> Section:
    """A section by its name. Raises UsageError for a block without sections, NotFoundError with the nearest names."""
    if not isinstance(schema, CompositeSchema):
        raise UsageError(f"{what} has no sections: it {_HOLDS[kind_of(schema)]}", _HOW[kind_of(schema)])
    names = [section.name for section in schema.sections]
    if name not in names:
        near = nearest(name, names)
        said = f"did you mean {near}?" if near else f"sections: {', '.join(names)}"
        raise NotFoundError(f'{what} has no section "{name}"', said)
    return next(section for section in schema.sections if section.name == name)


def section_map(section: Section, name: str, what: str) -> Place:
    """The place of a key in a map section, whose fields the runtime keeps in one root."""
    fields = section.schema.fields if isinstance(section.schema, MapSchema) else ()
    field = next((one for one in fields if one.name == name), None)
    if field and field.field_type in {"List", "Counter"}:
        raise UsageError(
            f'the field "{section.name}.{name}" of {what} cannot be changed: '
            f"the runtime has no place for a {field.field_type.lower()} in a section",
            "keep it in a block of its own",
        )
    locked = _lock(section) or (f'the field "{section.name}.{name}"' if field and field.read_only else None)
    return Place(_root(f"section_{section.name}_fields", what), "map", name, field, locked, in_section=True)


def _section_field(section: Section, document: Document, name: str, what: str, new_field: bool, way_out: str) -> Place:
    if not isinstance(section.schema, MapSchema):
        wrong_section(section, what, "field")
    place = section_map(section, name, what)
    if place.field is None and not new_field:
        stored = document.map(place.root)
        if name not in stored:
            known = [f"{section.name}.{one}" for one in (*(f.name for f in section.schema.fields), *sorted(stored))]
            raise unknown(f"{section.name}.{name}", what, known, way_out)
    return place


def _split(schema: Schema, name: str, section: str | None, what: str) -> tuple[str, str]:
    """Section and field of `SECTION.FIELD`; names may have dots of their own, so known sections decide."""
    if section is not None:
        return section, name
    assert isinstance(schema, CompositeSchema)
    names = {one.name for one in schema.sections}
    if name in names:
        found = section_of(schema, name, what)
        if not isinstance(found.schema, MapSchema):
            wrong_section(found, what, "field")
        raise UsageError(f'"{name}" is a section of {what}, and its field is missing', f"{name}.FIELD")
    dots = [index for index, letter in enumerate(name) if letter == "."]
    for dot in reversed(dots):
        if name[:dot] in names:
            return name[:dot], name[dot + 1 :]
    if dots:
        section_of(schema, name[: dots[0]], what)
    hint = f"SECTION.FIELD, or --section; sections: {', '.join(sorted(names))}"
    raise UsageError(f'"{name}" names no section of {what}', hint)


def _field(schema: MapSchema, name: str) -> FieldDef | None:
    return next((field for field in schema.fields if field.name == name), None)


def _lock(section: Section) -> str | None:
    return f'the section "{section.name}"' if section.read_only else None


def _root(name: str, what: str) -> str:
    if not is_root_name(name):
        raise UsageError(f'"{name}" of {what} cannot be stored: a slash or a NUL in its name is impossible')
    return name


def wrong(schema: Schema, what: str, due: str) -> NoReturn:
    """Say that a block holds something else than what is due, and how that is changed."""
    words = {"text": "no text", "field": "no named fields", "list": "no list", "log": "no log"}[due]
    kind = kind_of(schema)
    raise UsageError(f"{what} {_HOLDS[kind]}, {words}", _HOW[kind])


def wrong_section(section: Section, what: str, due: str) -> NoReturn:
    """Say that a section holds something else than what is due, or that nothing can be put there."""
    where = f'the section "{section.name}" of {what}'
    kind = kind_of(section.schema)
    if kind == "text":
        raise UsageError(f"{where} holds a text, no fields", f"--section {section.name} with `pattern memory set`")
    if kind == "map":
        raise UsageError(f"{where} holds named fields, no text", f"`pattern memory field set … {section.name}.FIELD`")
    raise UsageError(
        f"{where} is of kind {kind}, which cannot be changed: the runtime has no place for its content",
        "keep it in a block of its own",
    )
