from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pattern_cli.models import ArchivalEntry, ArchivalIndex, MemoryBlock, MemoryBlockIndex, Message, MessageIndex
from pattern_cli.store.constellation import Constellation


@pytest.mark.parametrize(
    ("index", "model", "column"),
    [
        (MessageIndex, Message, Message.content_preview),
        (MemoryBlockIndex, MemoryBlock, MemoryBlock.content_preview),
        (ArchivalIndex, ArchivalEntry, ArchivalEntry.content),
    ],
)
def test_an_index_finds_the_rows_of_its_table(
    index: type, model: type, column: object, database: Callable[[str], Path]
) -> None:
    with Constellation.open(database("constellations/small.db")) as constellation:
        found = [row.rowid for row in constellation.bind(index.select(index.rowid).where(index.match("the")))]
        table = model._meta.table_name
        texts = [constellation.value(f"SELECT * FROM {table} WHERE rowid = ?", (rowid,)) for rowid in found]
    assert found
    assert None not in texts
