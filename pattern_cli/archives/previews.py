"""What an archived block's preview holds that its document does not (design: import.md; memory.md §1.7, §3).

The runtime's exporter leaves edits out, so most blocks arrive with an empty document and their text in the preview.
"""

from __future__ import annotations

from typing import Literal

from pattern_cli.archives.records import BlockRecord
from pattern_cli.errors import IntegrityError

# rescued: the preview becomes the text. kept: it stays a preview, although the document shows something else.
# damaged: the document cannot be read. same: nothing to tell.
Verdict = Literal["rescued", "kept", "damaged", "same"]


def judge(block: BlockRecord, snapshot: bytes) -> Verdict:
    """What becomes of a block's preview."""
    from pattern_cli.memory.documents import Document
    from pattern_cli.memory.rendering import rendered
    from pattern_cli.memory.schemas import TextSchema, parse

    try:
        document = Document.load(snapshot)
        empty = not any(document.roots().values())
    except IntegrityError:
        return "damaged"
    if not block.content_preview:
        return "same"
    schema, _ = parse(block.metadata)
    try:
        # Also a composite block without content, which renders as its headings.
        if rendered(schema, document) == block.content_preview:
            return "same"
    except IntegrityError:
        return "kept"
    return "rescued" if empty and schema == TextSchema() else "kept"


def rescue(block: BlockRecord, snapshot: bytes) -> tuple[bytes, bytes]:
    """The update that brings an empty block its preview, and the encoded version vector after it (memory.md §4.3).

    Raises IntegrityError when the document does not show the preview afterwards.
    """
    from pattern_cli.memory.documents import Document, text_update

    preview = block.content_preview or ""
    update, _ = text_update(preview)
    # The document may be empty and have a past: its version is then part of the one after the update.
    document = Document.load(snapshot, [update])
    if document.text("content") != preview:
        raise IntegrityError(f'the preview of block "{block.label}" ({block.id}) cannot be written into its document')
    return update, document.version
