"""Items of lists and entries of logs: add, insert, remove, move (memory.md §1.3, §2.2).

Items have the numbers that `memory show` prints, from 1. They are plain values, never containers, which the runtime
would skip (M24).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pattern_cli.errors import RefusedError, UsageError
from pattern_cli.memory.documents import Document, Nested
from pattern_cli.memory.editing import Edited, Editor, Terms
from pattern_cli.memory.permissions import Operation
from pattern_cli.memory.places import Place, list_place, log_of
from pattern_cli.memory.records import address
from pattern_cli.memory.schemas import ListSchema, LogSchema, MapSchema, Schema, TextSchema
from pattern_cli.memory.texts import through
from pattern_cli.memory.values import checked, entry, guessed, parsed, typed, unknown
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.ids import nearest, resolve

# Reads a value for a list of this schema; the text names the list in errors.
Reader = Callable[[Schema, str], Any]
_STAMPS = ("timestamp", "agent_id")


class Items:
    """The items of the lists and logs of an open constellation's blocks.

    `field` names a list field of a block that holds named fields. `index` counts from 1. Every method raises
    UsageError for a block without a list or a value that does not fit, RefusedError for a read-only field, for more
    items than the schema allows (unless `force_limit`), and as `Editor.edit`.
    """

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._editor = Editor(constellation)

    def add(
        self,
        owner: str,
        label: str,
        value: Any,
        *,
        field: str | None = None,
        new_field: bool = False,
        terms: Terms = Terms(),
    ) -> Edited:
        """Add a plain value to the end; an object whose fields the schema names must fit them."""
        return self.insert(owner, label, None, value, field=field, new_field=new_field, terms=terms)

    def insert(
        self,
        owner: str,
        label: str,
        index: int | None,
        value: Any,
        *,
        field: str | None = None,
        new_field: bool = False,
        terms: Terms = Terms(),
    ) -> Edited:
        """Put a value before the item `index`, or at the end for the number after the last or None."""

        def read(schema: Schema, what: str) -> Any:
            return _item(checked(value, what), schema, what, new_field)

        return self._insert(owner, label, index, read, field, terms)

    def insert_typed(
        self,
        owner: str,
        label: str,
        index: int | None,
        words: Sequence[str],
        *,
        as_text: bool = False,
        field: str | None = None,
        new_field: bool = False,
        terms: Terms = Terms(),
    ) -> Edited:
        """As `insert`, with the value as a person types it: KEY=VALUE for each field of an object, else one word.

        A word is JSON if it is JSON, else a text, as the runtime takes it; `as_text` always takes a text.
        """

        def read(schema: Schema, what: str) -> Any:
            return _item(_typed_item(schema, words, what, as_text, new_field), schema, what, new_field)

        return self._insert(owner, label, index, read, field, terms)

    def remove(
        self, owner: str, label: str, indexes: Iterable[int], *, field: str | None = None, terms: Terms = Terms()
    ) -> Edited:
        """Take items out, all counted as they are now. The permission has to allow deleting."""
        chosen = sorted(set(indexes), reverse=True)

        def apply(document: Document, place: Place, schema: Schema, what: str) -> list[Operation]:
            for index in chosen:
                document.remove_items(place.root, _position(document, place, index, what) - 1)
            return ["delete"]

        return self._change(owner, label, field, terms, "remove", apply)

    def move(
        self, owner: str, label: str, index: int, to: int, *, field: str | None = None, terms: Terms = Terms()
    ) -> Edited:
        """Make the item `index` the item `to`; the others close up."""

        def apply(document: Document, place: Place, schema: Schema, what: str) -> list[Operation]:
            start, end = (_position(document, place, one, what) - 1 for one in (index, to))
            item = document.list(place.root)[start]
            if isinstance(item, Nested):
                raise UsageError(
                    f"item {index} of {what} holds a container, which cannot be moved", "`pattern memory show` shows it"
                )
            if start != end:
                document.remove_items(place.root, start)
                document.insert_item(place.root, end, item)
            return ["overwrite"]

        return self._change(owner, label, field, terms, "move", apply)

    def log(
        self,
        owner: str,
        label: str,
        value: Any,
        *,
        stamp: bool = True,
        agent: str | None = None,
        new_field: bool = False,
        terms: Terms = Terms(),
    ) -> Edited:
        """Add an entry to a log: an object whose fields fit the schema, or any plain value.

        With `stamp` an object gets the time as `timestamp` where the schema wants one and it has none. `agent`
        names whose entry it is (`agent_id`), where the schema wants that; raises NotFoundError for an unknown one.
        """
        return self._log(owner, label, lambda schema, what: checked(value, what), stamp, agent, new_field, terms)

    def log_typed(
        self,
        owner: str,
        label: str,
        words: Sequence[str],
        *,
        as_text: bool = False,
        stamp: bool = True,
        agent: str | None = None,
        new_field: bool = False,
        terms: Terms = Terms(),
    ) -> Edited:
        """As `log`, with the entry as a person types it: KEY=VALUE for each field, an object of JSON, or a text.

        A text goes into the only text field that is required, or the only one; without any field into `message`.
        """

        def read(schema: LogSchema, what: str) -> Any:
            return _typed_entry(schema, words, what, as_text, new_field)

        return self._log(owner, label, read, stamp, agent, new_field, terms)

    def _insert(
        self, owner: str, label: str, index: int | None, read: Reader, field: str | None, terms: Terms
    ) -> Edited:
        def apply(document: Document, place: Place, schema: Schema, what: str) -> list[Operation]:
            count = len(document.list(place.root))
            item = read(schema, what)
            at = count if index is None else _position(document, place, index, what, beyond=True) - 1
            most = schema.max_items if isinstance(schema, ListSchema) else None
            if most is not None and count >= most and not terms.force_limit:
                raise RefusedError(
                    f"{what} would have {count + 1} items, its limit is {most}", "--force-limit stores it anyway"
                )
            document.insert_item(place.root, at, item)
            return ["append"]

        return self._change(owner, label, field, terms, "add" if index is None else "insert", apply)

    def _change(
        self,
        owner: str,
        label: str,
        field: str | None,
        terms: Terms,
        verb: str,
        apply: Callable[[Document, Place, Schema, str], list[Operation]],
    ) -> Edited:
        block = address(self._constellation, owner, label)

        def change(document: Document, schema: Schema) -> Iterable[Operation]:
            place = list_place(schema, field, block.name)
            what = f'the field "{field}" of {block.name}' if field else block.name
            place.unlock(block.name, terms.as_admin)
            needed = apply(document, place, schema, what)
            # The runtime asks the lists of fields for nothing but the field's own flag.
            return needed if place.field is None else ()

        return self._editor.edit(block.id, change, f"manual:item {verb}", None, through(block, terms))

    def _log(
        self,
        owner: str,
        label: str,
        read: Callable[[LogSchema, str], Any],
        stamp: bool,
        agent: str | None,
        new_field: bool,
        terms: Terms,
    ) -> Edited:
        block = address(self._constellation, owner, label)
        agent_id = None if agent is None else resolve(self._constellation, "agent", agent)

        def change(document: Document, schema: Schema) -> None:
            log = log_of(schema, block.name)
            value = read(log, block.name)
            if isinstance(value, dict):
                value = entry(value, log.fields, block.name, new_field, _STAMPS)
                value = {**_stamps(log, value, stamp, agent_id, block.name), **value}
            elif agent_id is not None:
                raise UsageError(f"the entry for {block.name} is no object and cannot name an agent")
            document.insert_item("entries", len(document.list("entries")), value)

        return self._editor.edit(block.id, change, "manual:log add", "append", through(block, terms))


def _stamps(schema: LogSchema, value: dict[str, Any], stamp: bool, agent_id: str | None, what: str) -> dict[str, Any]:
    """Time and agent of an entry, as far as the schema wants them and the entry does not say them itself."""
    found: dict[str, Any] = {}
    if stamp and schema.timestamp and "timestamp" not in value:
        found["timestamp"] = times.now_column()
    if agent_id is not None:
        if not schema.agent_id:
            raise UsageError(f"the entries of {what} name no agent", "its schema has agent_id switched off")
        found["agent_id"] = agent_id
    return found


def _position(document: Document, place: Place, index: int, what: str, beyond: bool = False) -> int:
    last = len(document.list(place.root)) + beyond
    if not 1 <= index <= last:
        said = f"1 to {last}" if last else "none: it is empty"
        raise UsageError(f"{what} has no item {index}", f"items: {said}; `pattern memory show` shows them")
    return index


def _item(value: Any, schema: Schema, what: str, new_field: bool) -> Any:
    """A value as an item of a list. Raises UsageError or NotFoundError where the schema of items wants another."""
    of = schema.item_schema if isinstance(schema, ListSchema) else None
    if isinstance(of, MapSchema):
        if not isinstance(value, dict):
            raise UsageError(f"the items of {what} are objects with named fields", _example(of))
        return entry(value, of.fields, what, new_field)
    if isinstance(of, TextSchema) and not isinstance(value, str):
        raise UsageError(f"the items of {what} are texts", "--text takes the value as a text")
    return value


def _example(schema: MapSchema | LogSchema) -> str:
    return "for example " + " ".join(f"{field.name}=…" for field in schema.fields[:3])


def _typed_item(schema: Schema, words: Sequence[str], what: str, as_text: bool, new_field: bool) -> Any:
    of = schema.item_schema if isinstance(schema, ListSchema) else None
    if isinstance(of, MapSchema) and not as_text:
        if len(words) == 1 and words[0].lstrip().startswith(("{", "[")):
            return parsed(words[0], what)
        return _pairs(of, words, what, new_field, ())
    if len(words) != 1:
        raise UsageError(f"{what} takes one value at a time", "several words as one item need quotes")
    return checked(words[0], what) if as_text or isinstance(of, TextSchema) else guessed(words[0], what)


def _typed_entry(schema: LogSchema, words: Sequence[str], what: str, as_text: bool, new_field: bool) -> Any:
    if len(words) == 1 and (as_text or not _is_pair(schema, words[0], what, new_field)):
        if not as_text and words[0].lstrip().startswith("{"):
            return parsed(words[0], what)
        return {_main(schema, what): checked(words[0], what)}
    return _pairs(schema, words, what, new_field, _STAMPS)


def _is_pair(schema: LogSchema, word: str, what: str, new_field: bool) -> bool:
    """Whether a single word is KEY=VALUE. Raises NotFoundError for a key that is probably misspelt."""
    known = [*(field.name for field in schema.fields), *_STAMPS]
    name, sign, _ = word.partition("=")
    if not sign or name in known:
        return bool(sign)
    if name.isidentifier() and not new_field and nearest(name, known):
        raise unknown(name, what, known, "--new-field stores it anyway, --text takes all of it as a text")
    return new_field and name.isidentifier()


def _main(schema: LogSchema, what: str) -> str:
    """The field that a bare text goes into."""
    texts = [field for field in schema.fields if field.field_type == "Text"]
    names = [field.name for field in texts if field.required] or [field.name for field in texts or schema.fields]
    if len(names) > 1:
        raise UsageError(f"the entries of {what} have several fields", _example(schema))
    return names[0] if names else "message"


def _pairs(
    schema: MapSchema | LogSchema, words: Sequence[str], what: str, new_field: bool, extra: Sequence[str]
) -> dict[str, Any]:
    """The object that KEY=VALUE words stand for, each value read by its field's type."""
    known = {field.name: field for field in schema.fields}
    found: dict[str, Any] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign:
            raise UsageError(f'"{word}" is not KEY=VALUE', _example(schema))
        if name in found:
            raise UsageError(f'the field "{name}" comes twice')
        if known and name not in known and name not in extra and not new_field:
            raise unknown(name, what, [*known, *extra], "--new-field stores it anyway")
        if name in known:
            found[name] = typed(text, known[name], f"{what}: {name}")
        else:
            found[name] = checked(text, what) if name in extra else guessed(text, what)
    return found
