"""The texts of rows: what is indexed where no stored index can be used, and what snippets are taken from.

Memory blocks are read in their real content: the stored index knows only the runtime's preview, which ends at the
viewport or the log limit and leaves the sections of composite blocks out (database.md D37, D41).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pattern_cli.search.sources import MEMORY, Source
from pattern_cli.store.constellation import Constellation

_SHOWN = {
    "messages": ("role", "batch_id", "position", "source", "is_archived", "is_deleted"),
    "memory_blocks": ("label", "updated_at", "is_active"),
    "archival_entries": (),
}


class Texts:
    """The texts of one source by rowid, in the order of the source's columns."""

    def __init__(self, constellation: Constellation, source: Source) -> None:
        self._constellation = constellation
        self._source = source
        self._contents: dict[int, tuple[str, tuple[str, ...]]] = {}

    @property
    def unread(self) -> int:
        """How many of the blocks read so far could not be read completely."""
        return sum(bool(remarks) for _, remarks in self._contents.values())

    def all(self, where: str, values: list[Any]) -> Iterator[tuple[int, list[str]]]:
        """Rowid and texts of all rows that fit a condition; the table's alias in it is `t`."""
        source = self._source
        names = ", ".join(f"t.{name}" for name in ("id", *source.columns))
        for rowid, id, *texts in self._constellation.rows(
            f"SELECT t.rowid, {names} FROM {source.table} t WHERE {where}", values
        ):
            if source is MEMORY:
                texts[-1] = self._content(rowid, id)
            yield rowid, [as_text(text) for text in texts]

    def of(self, rowids: list[int]) -> dict[int, tuple[dict[str, Any], list[str], tuple[str, ...]]]:
        """For each rowid the columns to show by name, the texts, and what could not be read in them."""
        source = self._source
        shown = ("id", "agent_id", "created_at", *_SHOWN[source.table])
        if not self._constellation.has_column(source.table, "is_deleted"):
            shown = tuple(name for name in shown if name != "is_deleted")
        sql = f"""SELECT rowid, {", ".join((*shown, *source.columns))} FROM {source.table}
                  WHERE rowid IN ({", ".join("?" * len(rowids))})"""
        found = {}
        for rowid, *values in self._constellation.rows(sql, rowids):
            columns = dict(zip(shown, values, strict=False))
            texts = [as_text(text) for text in values[len(shown) :]]
            damage: tuple[str, ...] = ()
            if source is MEMORY:
                texts[-1] = self._content(rowid, columns["id"])
                damage = self._contents[rowid][1]
            found[rowid] = (columns, texts, damage)
        return found

    def _content(self, rowid: int, id: str) -> str:
        """A block's content, kept for the snippet: replaying takes much longer than keeping."""
        if rowid not in self._contents:
            from pattern_cli.memory.blocks import contents_of
            from pattern_cli.memory.contents import PREVIEW_REMARK

            text, remarks = contents_of(self._constellation, id)
            self._contents[rowid] = text, tuple(remark for remark in remarks if remark != PREVIEW_REMARK)
        return self._contents[rowid][0]


def as_text(value: Any) -> str:
    """A value as FTS5 would index it: as SQLite turns it into text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return "" if value is None else str(value)
