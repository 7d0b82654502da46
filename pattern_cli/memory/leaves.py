"""A document taken apart into what people may edit: every stored value with the place it came from.

What the schema names stands in the schema's terms. Every other root follows under a heading of its own, so that
nothing that is stored is missing (memory.md §7, M3, M4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.memory.documents import Document, Nested, is_root_name
from pattern_cli.memory.places import Place, map_place, section_map
from pattern_cli.memory.schemas import (
    CompositeSchema,
    ListSchema,
    LogSchema,
    MapSchema,
    Schema,
    Section,
    TextSchema,
)
from pattern_cli.memory.views import Roots, ordered

OUTSIDE = "outside the schema"
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A stored value: where it stands for a person, where in the document, and how it is shown.

    `place` is None for what cannot be changed. What has no form in TOML or JSON (bytes, containers inside a container,
    numbers that are none) is shown as a mark, which stands for the stored value; in a list each such item has one.
    """

    path: Path
    place: Place | None
    stored: Any
    shown: Any


def leaves(schema: Schema, document: Document) -> list[Leaf]:
    """All leaves of a document, those of the schema first, in its order."""
    roots: Roots = {name: dict(kinds) for name, kinds in document.roots().items()}
    found = list(_of_schema(schema, document, roots))
    used = {leaf.path[0] for leaf in found}
    heading = OUTSIDE
    while heading in used:
        heading += "'"
    return [*found, *_outside(heading, document, roots)]


def tree(found: list[Leaf]) -> dict[str, Any]:
    """The leaves as one object, each shown at its path."""
    top: dict[str, Any] = {}
    for leaf in found:
        inner = top
        for name in leaf.path[:-1]:
            inner = inner.setdefault(name, {})
        inner[leaf.path[-1]] = leaf.shown
    return top


def _of_schema(schema: Schema, document: Document, roots: Roots) -> Iterator[Leaf]:
    if isinstance(schema, TextSchema):
        yield _leaf(("content",), Place("content", "text"), _take(roots, "content", "text") or "")
    elif isinstance(schema, MapSchema):
        yield from _map(schema, document, roots)
    elif isinstance(schema, ListSchema | LogSchema):
        root = "items" if isinstance(schema, ListSchema) else "entries"
        _take(roots, root, "list")
        yield _leaf((root,), Place(root, "list"), document.list(root))
    else:
        yield from _composite(schema, document, roots)


def _map(schema: MapSchema, document: Document, roots: Roots) -> Iterator[Leaf]:
    stored = document.map("fields")
    names: set[str] = set()
    for field in schema.fields:
        rooted = {"List": "list_", "Counter": "counter_"}.get(field.field_type, "")
        if field.name in names or (rooted and not is_root_name(rooted + field.name)):
            continue
        names.add(field.name)
        place = map_place(field, "it")
        if place.kind == "list":
            if _take(roots, place.root, "list"):
                yield _leaf((field.name,), place, document.list(place.root))
        elif place.kind == "counter":
            yield _leaf((field.name,), place, _take(roots, place.root, "counter") or 0.0)
        elif field.name in stored:
            yield _leaf((field.name,), place, stored.pop(field.name))
    for key in sorted(stored.keys() - names):
        yield _leaf((key,), Place("fields", "map", key), stored.pop(key))
    # What is left are lists and counters that an agent stored as a field, where nobody reads them (M4).
    _leave(roots, "fields", stored)


def _composite(schema: CompositeSchema, document: Document, roots: Roots) -> Iterator[Leaf]:
    names: set[str] = set()
    for section in schema.sections:
        if section.name not in names and is_root_name(section.name):
            names.add(section.name)
            yield from _section(section, document, roots)


def _section(section: Section, document: Document, roots: Roots) -> Iterator[Leaf]:
    locked = f'the section "{section.name}"' if section.read_only else None
    if isinstance(section.schema, TextSchema):
        root = f"section_{section.name}_content"
        place = Place(root, "text", locked=locked, in_section=True)
        yield _leaf((section.name,), place, _take(roots, root, "text") or "")
    elif isinstance(section.schema, MapSchema):
        root = f"section_{section.name}_fields"
        stored = document.map(root)
        unplaced = {one.name for one in section.schema.fields if one.field_type in {"List", "Counter"}}
        first = [one.name for one in section.schema.fields if one.name in stored]
        for key in dict.fromkeys([*first, *sorted(stored)]):
            place = (
                Place(root, "map", key, locked=locked, in_section=True)
                if key in unplaced
                else section_map(section, key, "it")
            )
            yield _leaf((section.name, key), place, stored[key])
        _take(roots, root, "map")


def _outside(heading: str, document: Document, roots: Roots) -> Iterator[Leaf]:
    for name in sorted(roots):
        for kind, value in sorted(roots[name].items()):
            head = (heading, name if len(roots[name]) == 1 else f"{name} ({kind})")
            if kind == "map":
                stored = document.map(name)
                for key in sorted(value):
                    yield _leaf((*head, key), Place(name, "map", key), stored[key])
            elif kind == "list":
                yield _leaf(head, Place(name, "list"), document.list(name))
            elif kind == "text":
                yield _leaf(head, Place(name, "text"), value)
            elif kind == "counter":
                yield _leaf(head, Place(name, "counter"), value)
            else:
                yield Leaf(head, None, value, _mark(f"a {kind.replace('_', ' ')}", 1))


def _take(roots: Roots, name: str, kind: str) -> Any:
    return roots.get(name, {}).pop(kind, None)


def _leave(roots: Roots, name: str, stored: dict[str, Any]) -> None:
    """Keep only those keys of a root map for what follows."""
    _take(roots, name, "map")
    if stored:
        roots.setdefault(name, {})["map"] = stored


def _leaf(path: Path, place: Place, stored: Any) -> Leaf:
    if place.kind == "list":
        return Leaf(path, place, stored, [_shown(item, number) for number, item in enumerate(stored, 1)])
    if place.kind == "counter" and math.isfinite(stored) and stored.is_integer():
        return Leaf(path, place, stored, int(stored))
    return Leaf(path, place, stored, _shown(stored, 1))


def _shown(value: Any, number: int) -> Any:
    return ordered(value) if _has_form(value) else _mark(_what(value), number)


def _mark(what: str, number: int) -> str:
    return f"<{what}, kept as it is: {number}>"


def _what(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return "a container" if isinstance(value, Nested) else "a value without a form of text"


def _has_form(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_has_form, value.values()))
    if isinstance(value, list):
        return all(map(_has_form, value))
    return not isinstance(value, bytes | Nested) and not (isinstance(value, float) and not math.isfinite(value))
