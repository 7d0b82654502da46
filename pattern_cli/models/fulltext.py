"""The full-text indexes that triggers keep beside messages, memory blocks and archival entries (database.md §2.3).

`rowid` is the implicit rowid of the indexed row; the indexes hold no text of their own.
"""

from __future__ import annotations

from playhouse.sqlite_ext import FTS5Model, SearchField

from pattern_cli.models.archival import ArchivalEntry
from pattern_cli.models.memory import MemoryBlock
from pattern_cli.models.messages import Message


class MessageIndex(FTS5Model):  # type: ignore[misc]
    """Searches the previews of messages."""

    content_preview = SearchField()

    class Meta:
        table_name = "messages_fts"
        legacy_table_names = False
        options = {"content": Message, "content_rowid": "rowid"}  # noqa: RUF012


class MemoryBlockIndex(FTS5Model):  # type: ignore[misc]
    """Searches labels, descriptions and the previews the runtime last stored, which may be parts."""

    label = SearchField()
    description = SearchField()
    content_preview = SearchField()

    class Meta:
        table_name = "memory_blocks_fts"
        legacy_table_names = False
        options = {"content": MemoryBlock, "content_rowid": "rowid"}  # noqa: RUF012


class ArchivalIndex(FTS5Model):  # type: ignore[misc]
    """Searches archival entries and the JSON text of their metadata, keys included."""

    content = SearchField()
    metadata = SearchField()

    class Meta:
        table_name = "archival_fts"
        legacy_table_names = False
        options = {"content": ArchivalEntry, "content_rowid": "rowid"}  # noqa: RUF012
