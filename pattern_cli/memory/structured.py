"""The differences between a document's leaves and what a person made of them, applied as few operations.

What was not touched is not written: others may have changed it meanwhile, and every operation stays in the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pattern_cli.errors import RefusedError, UsageError
from pattern_cli.memory.differences import list_steps
from pattern_cli.memory.documents import Document
from pattern_cli.memory.editing import Terms
from pattern_cli.memory.fields import write
from pattern_cli.memory.leaves import Leaf, Path
from pattern_cli.memory.permissions import Operation
from pattern_cli.memory.places import Place, map_place, section_map, section_of, wrong_section
from pattern_cli.memory.schemas import (
    CompositeSchema,
    FieldDef,
    ListSchema,
    LogSchema,
    MapSchema,
    Schema,
    TextSchema,
)
from pattern_cli.memory.values import checked, equal, fitting, short, unknown, whole

_STAMPS = ("timestamp", "agent_id")


class Changes:
    """Applies an edited tree of leaves to the document that they came from."""

    def __init__(self, schema: Schema, what: str, new_field: bool, terms: Terms) -> None:
        self._schema = schema
        self._what = what
        self._new_field = new_field
        self._terms = terms

    def apply(self, document: Document, shown: list[Leaf], wanted: dict[str, Any]) -> list[Operation]:
        """Write what differs; returns what the block's permission has to allow.

        Raises UsageError for a value that does not fit its place, NotFoundError for a field that does not exist,
        RefusedError for a read-only one.
        """
        known = {leaf.path: leaf for leaf in shown}
        found = dict(self._values((), wanted, known))
        needed: list[Operation] = []
        for path, value in found.items():
            leaf = known.get(path)
            if leaf is None:
                needed += self._add(document, path, value)
            elif not equal(leaf.shown, value):
                needed += self._change(document, leaf, value)
        for leaf in shown:
            if leaf.path not in found:
                needed += self._remove(document, leaf)
        return needed

    def _values(self, path: Path, value: Any, known: dict[Path, Leaf]) -> Iterator[tuple[Path, Any]]:
        """The values of a tree at the paths of leaves, or where a new one may be."""
        if path in known or not self._is_branch(path, known):
            yield path, value
        elif not isinstance(value, dict):
            raise UsageError(f'"{".".join(path)}" of {self._what} has parts, which {short(value)} has not')
        else:
            for name, item in value.items():
                yield from self._values((*path, name), item, known)

    def _is_branch(self, path: Path, known: dict[Path, Leaf]) -> bool:
        if any(other[: len(path)] == path for other in known) or not path:
            return True
        sections = self._schema.sections if isinstance(self._schema, CompositeSchema) else ()
        return any((one.name,) == path and isinstance(one.schema, MapSchema) for one in sections)

    def _add(self, document: Document, path: Path, value: Any) -> list[Operation]:
        place = self._new_place(path)
        return self._write(document, place, ".".join(path), [] if place.kind == "list" else None, value)

    def _new_place(self, path: Path) -> Place:
        name = ".".join(path)
        if isinstance(self._schema, MapSchema) and len(path) == 1:
            field = next((one for one in self._schema.fields if one.name == name), None)
            if field is not None:
                return map_place(field, self._what)
            if not self._new_field:
                names = [one.name for one in self._schema.fields]
                raise unknown(name, self._what, names, "--new-field stores it")
            return Place("fields", "map", name)
        if isinstance(self._schema, CompositeSchema):
            section = section_of(self._schema, path[0], self._what)
            if not isinstance(section.schema, MapSchema) or len(path) != 2:
                wrong_section(section, self._what, "field")
            place = section_map(section, path[1], self._what)
            if place.field is None and not self._new_field:
                names = [f"{section.name}.{one.name}" for one in section.schema.fields]
                raise unknown(name, self._what, names, "--new-field stores it")
            return place
        raise UsageError(f'{self._what} has no place for "{name}"', "only what its schema names can be added")

    def _change(self, document: Document, leaf: Leaf, value: Any) -> list[Operation]:
        name = ".".join(leaf.path)
        if leaf.place is None:
            raise UsageError(f'"{name}" of {self._what} cannot be changed', "the runtime never writes such a root")
        return self._write(document, leaf.place, name, leaf.stored, value, leaf.shown)

    def _remove(self, document: Document, leaf: Leaf) -> list[Operation]:
        place, name = leaf.place, ".".join(leaf.path)
        if place is None or (place.kind == "counter" and leaf.stored):
            raise UsageError(f'"{name}" of {self._what} cannot be removed', "0 is the least that a counter can be")
        if place.kind == "map":
            place.unlock(self._what, self._terms.as_admin)
            document.drop(place.root, place.key or "")
            return []
        if place.kind == "counter":
            return []
        return self._change(document, leaf, [] if place.kind == "list" else "") if leaf.stored else []

    def _write(
        self, document: Document, place: Place, name: str, stored: Any, value: Any, shown: Any = None
    ) -> list[Operation]:
        what = f'"{name}" of {self._what}'
        place.unlock(self._what, self._terms.as_admin)
        if place.kind == "list":
            return self._write_list(document, place, what, stored, value, shown or [])
        value = checked(value, what)
        if place.kind == "text":
            if not isinstance(value, str):
                raise UsageError(f"{what} is a text, which {short(value)} is not")
            document.set_text(place.root, value)
            return [] if place.in_section else ["append" if value.startswith(stored or "") else "overwrite"]
        if place.kind == "counter":
            if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
                raise UsageError(f"{what} is a counter", "a whole number is due")
            write(document, place, whole(value, what))
            return []
        # What the schema did not fit before need not fit it now.
        if place.field is not None and not _alike(stored, value):
            value = fitting(value, place.field, what)
        write(document, place, value)
        return []

    def _write_list(
        self, document: Document, place: Place, what: str, stored: list[Any], value: Any, shown: list[Any]
    ) -> list[Operation]:
        if not isinstance(value, list):
            raise UsageError(f"{what} is a list, which {short(value)} is not")
        self._require_room(place, what, len(stored), len(value))
        needed: list[Operation] = []
        marks = [show for show, item in zip(shown, stored, strict=True) if not equal(show, item)]
        for step in list_steps(shown, value):
            items = tuple(checked(item, what) for item in step.items)
            for item in items:
                if any(equal(item, mark) for mark in marks):
                    raise UsageError(f"{what}: {item} cannot be put elsewhere", "leave it where it is, or remove it")
                self._require_fit(place, what, shown, item)
            replace(step, items=items).apply(document, place.root)
            needed += step.operations
        return needed if place.field is None else []

    def _require_room(self, place: Place, what: str, before: int, after: int) -> None:
        most = self._schema.max_items if isinstance(self._schema, ListSchema) and place.root == "items" else None
        if most is not None and after > max(most, before) and not self._terms.force_limit:
            raise RefusedError(
                f"{what} would have {after} items, its limit is {most}", "--force-limit stores it anyway"
            )

    def _require_fit(self, place: Place, what: str, others: list[Any], item: Any) -> None:
        """Raise unless an item fits the schema, or is like others that do not."""
        fields = self._item_fields(place)
        if isinstance(fields, str) or fields is None:
            due = fields == "text" and not isinstance(item, str)
            if due and not any(_alike(item, other) for other in others):
                raise UsageError(f"{what}: the items are texts, which {short(item)} is not")
            return
        if not isinstance(item, dict):
            if place.root == "items" and not any(_alike(item, other) for other in others):
                raise UsageError(f"{what}: the items are objects with named fields, which {short(item)} is not")
            return
        known = {field.name: field for field in fields}
        used = {name for other in others if isinstance(other, dict) for name in other}
        for name, value in item.items():
            if name in known:
                if not any(_alike(other.get(name), value) for other in others if isinstance(other, dict)):
                    fitting(value, known[name], f"{what}: {name}")
            elif name not in used and name not in _STAMPS and not self._new_field:
                raise unknown(name, what, [*known, *sorted(used - known.keys())], "--new-field stores it")

    def _item_fields(self, place: Place) -> Iterable[FieldDef] | str | None:
        """The fields of an item, `text` for a plain text, None where the schema says nothing."""
        schema = self._schema
        if isinstance(schema, LogSchema) and place.root == "entries":
            return schema.fields
        if isinstance(schema, ListSchema) and place.root == "items":
            if isinstance(schema.item_schema, MapSchema):
                return schema.item_schema.fields
            return "text" if isinstance(schema.item_schema, TextSchema) else None
        return None


def _alike(one: Any, other: Any) -> bool:
    """Whether two values are of one kind of JSON; an absent one is like nothing."""
    return one is not None and type(one) is type(other)
