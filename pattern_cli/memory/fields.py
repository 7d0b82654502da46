"""Fields of maps and of the sections of composite blocks: read, set, count (memory.md §1.3, §2).

Lists and counters go into their own roots, where the runtime reads them; agents' tools put them elsewhere (M4). As in
the runtime a field's own `read_only` decides, not the permission of the block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import NotFoundError, UsageError
from pattern_cli.memory.contents import content
from pattern_cli.memory.differences import list_steps
from pattern_cli.memory.documents import Document, Nested
from pattern_cli.memory.editing import Edited, Editor, Terms
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.places import Place, field_place
from pattern_cli.memory.records import Address, address
from pattern_cli.memory.schemas import Schema
from pattern_cli.memory.texts import through
from pattern_cli.memory.values import checked, fitting, guessed, typed, whole
from pattern_cli.memory.views import ordered
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_json

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class FieldValue:
    """The value of a field.

    `field_type` is the schema's word, None for a field that it does not know. `root` is where the value is stored;
    `remark` says when agents do not see it there.
    """

    id: str
    agent_id: str
    owner: str
    label: str
    section: str | None
    field: str
    field_type: str | None
    read_only: bool
    value: Any
    root: str
    remark: str | None
    damage: tuple[str, ...]


class Fields:
    """The fields of the blocks of an open constellation.

    In a composite block a field is named `SECTION.FIELD`, or by itself with `section`. Every method raises UsageError
    for a block without fields or a value that does not fit, NotFoundError with the nearest names for a field that
    does not exist, RefusedError for a read-only one, and as `Editor.edit`.
    """

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._editor = Editor(constellation)

    def get(self, owner: str, label: str, name: str, *, section: str | None = None) -> FieldValue:
        """The value of a field. Raises NotFoundError also where it has none."""
        with self._constellation.one_moment():
            block = address(self._constellation, owner, label)
            sql = "SELECT agent_id, label, metadata FROM memory_blocks WHERE id = ?"
            ((agent_id, real_label, metadata),) = self._constellation.rows(sql, (block.id,))
            found = content(
                self._constellation, Loader(self._constellation), block.id, read_json(metadata, "metadata", []), False
            )
        document = found.loaded.document
        place = field_place(found.schema, document, name, section, block.name)
        value, root = _stored(document, place)
        if value is _ABSENT:
            raise NotFoundError(f'the field "{name}" of {block.name} has no value', "`pattern memory field set`")
        return FieldValue(
            id=block.id,
            agent_id=agent_id,
            owner=block.name.removesuffix(f"/{real_label}"),
            label=real_label,
            section=section,
            field=name,
            field_type=place.field.field_type if place.field else None,
            read_only=place.locked is not None,
            value=ordered(value),
            root=root,
            remark=None if root == place.root else f"agents do not see it: it is stored in {root}, not in {place.root}",
            damage=found.damage,
        )

    def set(
        self,
        owner: str,
        label: str,
        name: str,
        value: Any,
        *,
        section: str | None = None,
        new_field: bool = False,
        terms: Terms = Terms(),
    ) -> Edited:
        """Give a field a plain Python value of its type; a list keeps the items that both have in common.

        `new_field` allows one that the schema does not know.
        """

        def read(place: Place, what: str) -> Any:
            new = checked(value, what)
            return fitting(new, place.field, what) if place.field else new

        return self._set(owner, label, name, section, new_field, terms, read)

    def set_typed(
        self,
        owner: str,
        label: str,
        name: str,
        text: str,
        *,
        as_text: bool = False,
        section: str | None = None,
        new_field: bool = False,
        terms: Terms = Terms(),
    ) -> Edited:
        """As `set`, with the value as a person types it: read by the field's type.

        Without a type it is JSON if it is JSON, else a text, as the runtime takes it; `as_text` always takes a text.
        """

        def read(place: Place, what: str) -> Any:
            if place.field is not None:
                return fitting(text, place.field, what) if as_text else typed(text, place.field, what)
            return checked(text, what) if as_text else guessed(text, what)

        return self._set(owner, label, name, section, new_field, terms, read)

    def increment(
        self,
        owner: str,
        label: str,
        name: str,
        by: int = 1,
        *,
        section: str | None = None,
        terms: Terms = Terms(),
    ) -> Edited:
        """Add to a counter, below zero to take away; what others add meanwhile counts as well."""

        def apply(document: Document, place: Place, what: str) -> None:
            if place.kind != "counter":
                kind = f"of type {place.field.field_type}" if place.field else "unknown to the schema"
                raise UsageError(f"{what} is {kind}, no counter", "`pattern memory field set` sets it")
            whole(document.counter(place.root) + whole(by, what), what)
            document.count(place.root, by)

        return self._edit(owner, label, name, section, False, terms, "incr", apply)

    def _set(
        self,
        owner: str,
        label: str,
        name: str,
        section: str | None,
        new_field: bool,
        terms: Terms,
        read: Callable[[Place, str], Any],
    ) -> Edited:
        def apply(document: Document, place: Place, what: str) -> None:
            write(document, place, read(place, what))

        return self._edit(owner, label, name, section, new_field, terms, "set", apply)

    def _edit(
        self,
        owner: str,
        label: str,
        name: str,
        section: str | None,
        new_field: bool,
        terms: Terms,
        verb: str,
        apply: Callable[[Document, Place, str], None],
    ) -> Edited:
        block: Address = address(self._constellation, owner, label)

        def change(document: Document, schema: Schema) -> None:
            way_out = "--new-field stores it" if verb == "set" else ""
            place = field_place(schema, document, name, section, block.name, new_field, way_out)
            place.unlock(block.name, terms.as_admin)
            apply(document, place, f'the field "{name}" of {block.name}')

        return self._editor.edit(block.id, change, f"manual:field {verb}", None, through(block, terms))


def write(document: Document, place: Place, value: Any) -> None:
    """Give a place a value that fits it, with the fewest operations."""
    if place.kind == "counter":
        now = document.counter(place.root)
        whole(now, "the counter")
        if value != now:
            document.count(place.root, value - now)
    elif place.kind == "list":
        for step in list_steps(document.list(place.root), value):
            step.apply(document, place.root)
    elif place.kind == "text":
        document.set_text(place.root, value)
    else:
        assert place.key is not None
        document.put(place.root, place.key, value)


def _stored(document: Document, place: Place) -> tuple[Any, str]:
    """What a place holds, and the root where it is; `_ABSENT` for nothing."""
    if place.kind == "map":
        return _plain(document.map(place.root).get(place.key or "", _ABSENT)), place.root
    name = place.field.name if place.field else ""
    misplaced = document.map("fields").get(name, _ABSENT)
    value: Any = [_plain(item) for item in document.list(place.root)]
    if place.kind == "counter":
        counted = document.counter(place.root)
        value = int(counted) if counted.is_integer() else counted
    if not value and misplaced is not _ABSENT:
        return _plain(misplaced), "fields"
    return (value if value or place.kind == "counter" else _ABSENT), place.root


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Nested) else value
