"""A block as a text that a person edits: the text itself, or TOML or JSON in the schema's terms (memory.md §3, §7).

Only what the person changed is written again. The runtime's own editor writes all of it, to the wrong roots (M5), and
stores the first lines of a text for the whole when a viewport is set.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import replace as with_changes
from datetime import date, time
from typing import Any, Literal

from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.memory.contents import Content, content
from pattern_cli.memory.documents import Document
from pattern_cli.memory.editing import Edited, Editor, Terms
from pattern_cli.memory.healing import heal
from pattern_cli.memory.leaves import leaves, tree
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.permissions import Operation
from pattern_cli.memory.records import Address, address
from pattern_cli.memory.schemas import CompositeSchema, LogSchema, MapSchema, Schema, TextSchema
from pattern_cli.memory.structured import Changes
from pattern_cli.memory.texts import through
from pattern_cli.memory.values import equal, unique
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_json

Language = Literal["text", "toml", "json"]
# What is stored may be nested deeper than what we store, but not without end.
_DEEPEST = 128


@dataclass(frozen=True, slots=True)
class Form:
    """A block's content for an editor: the text, its language, and the version of the document that it shows."""

    block: Address
    text: str
    language: Language
    version: bytes

    @property
    def suffix(self) -> str:
        """How the name of a file with it ends."""
        return ".md" if self.language == "text" else f".{self.language}"


class Forms:
    """Blocks of an open constellation as texts to be edited."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._editor = Editor(constellation)

    def open(
        self, owner: str, label: str, language: Literal["toml", "json"] | None = None, *, terms: Terms = Terms()
    ) -> Form:
        """The whole content of a block that may be changed, never cut by a viewport or a limit.

        A text is itself. Everything else is TOML, or JSON when it holds nulls, which TOML cannot. Raises UsageError
        when `language` is not possible, and as `Editor.edit` for a block that could not be stored.
        """
        with self._constellation.change(dry_run=True):
            block = address(self._constellation, owner, label)
            found, preview = self._content(block)
            is_text = isinstance(found.schema, TextSchema)
            self._try(block, "append" if is_text else None, terms)
            document = found.loaded.document
            version = document.version
            if found.loaded.pending:
                heal(self._constellation, block.id, document)
        if not is_text:
            return Form(block, *_written(block, found.schema, document, language), version)
        if language is not None:
            raise UsageError(f"{block.name} holds a text, which is edited as it is", "leave out --as")
        return Form(block, preview if found.preview_only else document.text("content"), "text", version)

    def store(self, form: Form, text: str, *, new_field: bool = False, terms: Terms = Terms()) -> Edited:
        """Store what the person made of a form.

        Raises ConflictError when the block was changed since, UsageError for what is no such text or a value that
        does not fit, NotFoundError for a field that does not exist (unless `new_field`), and as `Editor.edit`.
        """
        block = form.block
        wanted = {} if form.language == "text" else _read(text, form.language)

        def change(document: Document, schema: Schema) -> Iterable[Operation]:
            if isinstance(schema, TextSchema):
                return _write_text(document, form, text)
            shown = leaves(schema, document)
            # Also a schema that was changed meanwhile would put things elsewhere.
            if form.language == "text" or not equal(tree(shown), _read(form.text, form.language)):
                raise _changed(block)
            return Changes(schema, block.name, new_field, terms).apply(document, shown, wanted)

        kept = with_changes(through(block, terms), expected=form.version)
        return self._editor.edit(block.id, change, "manual:edit", None, kept)

    def _content(self, block: Address) -> tuple[Content, str]:
        sql = "SELECT metadata, content_preview FROM memory_blocks WHERE id = ?"
        ((metadata, stored),) = self._constellation.rows(sql, (block.id,))
        preview = stored if isinstance(stored, str) else ""
        decoded = read_json(metadata, "metadata", [])
        return content(self._constellation, Loader(self._constellation), block.id, decoded, bool(preview)), preview

    def _try(self, block: Address, operation: Operation | None, terms: Terms) -> None:
        """Raise now what storing would raise, rather than when everything is typed."""
        trial = with_changes(through(block, terms), dry_run=True)
        self._editor.edit(block.id, lambda document, schema: None, "manual:edit", operation, trial)


def _write_text(document: Document, form: Form, wanted: str) -> list[Operation]:
    before = document.text("content")
    if form.language != "text" or before != form.text:
        raise _changed(form.block)
    document.set_text("content", wanted)
    return ["append" if wanted.startswith(before) else "overwrite"]


def _changed(block: Address) -> ConflictError:
    return ConflictError(f"{block.name} was changed meanwhile", "look at it again and repeat the change")


def _written(
    block: Address, schema: Schema, document: Document, language: Literal["toml", "json"] | None
) -> tuple[str, Language]:
    value = tree(leaves(schema, document))
    if language != "json":
        written = _toml(value)
        if written is not None:
            return f"{''.join(_remarks(block, schema, value))}\n{written}", "toml"
        if language == "toml":
            raise UsageError(f"{block.name} holds nulls, which TOML cannot say", "--as json can")
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n", "json"


def _toml(value: dict[str, Any]) -> str | None:
    """The value as TOML, texts of several lines as such where nothing is lost by it; None when it cannot be said."""
    import tomli_w

    for several in (True, False):
        try:
            written = tomli_w.dumps(value, multiline_strings=several)
            if equal(tomllib.loads(written), value):
                return written
        except (TypeError, ValueError, RecursionError):
            return None
    return None


def _remarks(block: Address, schema: Schema, value: dict[str, Any]) -> Iterator[str]:
    yield f"# {_line(block.name)}: lines that begin with # are not stored.\n"
    if isinstance(schema, CompositeSchema):
        parts = [(section.name, section.schema) for section in schema.sections]
    else:
        parts = [("", schema)]
    for name, part in parts:
        if isinstance(part, MapSchema):
            inner = value.get(name, {}) if name else value
            free = [field for field in part.fields if field.name not in inner]
            words = (f"{field.name} ({field.field_type}: {field.description})" for field in free)
            if free:
                yield f"# {_line(name)}{' ' if name else ''}fields without a value: {_line(', '.join(words))}\n"
    if isinstance(schema, LogSchema):
        yield "# entries stand in the order of their coming, the newest last.\n"


def _line(text: str) -> str:
    """A text that stays within a comment's line."""
    return " ".join(text.split()).translate({code: None for code in (*range(32), 127)})


def _read(text: str, language: Language) -> dict[str, Any]:
    """The object that an edited text is. Raises UsageError naming where it is none."""
    try:
        if language == "toml":
            value = tomllib.loads(text)
        else:
            value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=unique)
    except RecursionError:
        raise UsageError("the edited text is nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"the edited text is no {language.upper()}: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("the edited text is no object of JSON", "it begins with { and names every part")
    return {name: _plain(item, 0) for name, item in value.items()}


def _plain(value: Any, depth: int) -> Any:
    """The value with times, which TOML knows and documents do not, as texts."""
    if depth > _DEEPEST:
        raise UsageError("the edited text is nested too deeply")
    if isinstance(value, dict):
        return {name: _plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
