"""The content of a block whose row is known: its document replayed and seen through its schema (memory.md §3, §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import IntegrityError
from pattern_cli.memory.documents import Document
from pattern_cli.memory.loading import Loaded, Loader
from pattern_cli.memory.rendering import rendered
from pattern_cli.memory.schemas import Schema, parse
from pattern_cli.memory.views import View, view
from pattern_cli.store.constellation import Constellation

PREVIEW_REMARK = "preview from the archive: the document itself is empty"


@dataclass(frozen=True, slots=True)
class Content:
    """A block's content.

    `complete` tells whether every stored part of the document could be read, `damage` what could not.
    `preview_only`: nothing is in the document, but the stored preview is not empty.
    """

    schema: Schema
    schema_remark: str | None
    loaded: Loaded
    view: View
    complete: bool
    preview_only: bool
    damage: tuple[str, ...]


def content(constellation: Constellation, loader: Loader, id: str, metadata: Any, has_preview: bool) -> Content:
    """The replayed content of a block, from its id and its decoded `metadata`; never raises for damage."""
    schema, remark = parse(metadata)
    loaded = loader.load(id, snapshot_of(constellation, id))
    damage, complete = loaded.damage, not loaded.document.failures
    try:
        seen = view(schema, loaded.document)
    except RecursionError:
        damage, complete = (*damage, "the document: its values are nested too deeply to be shown"), False
        seen = View("", "", None, {})
    # After an undo the preview is stale (M16); without any update row it is what an archive had left to give.
    spare = not complete or loaded.active + loaded.inactive == 0
    only = has_preview and spare and not seen.whole and _says_more(constellation, id, schema)
    return Content(schema, remark, loaded, seen, complete, only, damage)


def _says_more(constellation: Constellation, id: str, schema: Schema) -> bool:
    """Whether the stored preview is more than the runtime makes of an empty document: headings, counters at zero."""
    preview = constellation.value("SELECT content_preview FROM memory_blocks WHERE id = ?", (id,))
    try:
        return bool(preview != rendered(schema, Document()))
    except IntegrityError:
        return True


def snapshot_of(constellation: Constellation, id: str) -> Any:
    """The base snapshot of a block, as stored; zero bytes count as an empty document."""
    return constellation.value("SELECT loro_snapshot FROM memory_blocks WHERE id = ?", (id,))


def preview_of(schema: Schema, document: Document) -> str:
    """The runtime's rendering, or our own view of a block on which the runtime fails: search finds it all the same."""
    try:
        return rendered(schema, document)
    except IntegrityError:
        return view(schema, document).text


def usage(found: Content, limit: Any) -> dict[str, Any]:
    """How many characters the content has, None when parts are unreadable, and whether that is over the limit (M12)."""
    used = len(found.view.whole) if found.complete else None
    return {"used": used, "over_limit": used is not None and isinstance(limit, int) and used > limit}
