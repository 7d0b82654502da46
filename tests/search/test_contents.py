from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.search.contents import Texts, as_text
from pattern_cli.search.sources import ARCHIVAL, MEMORY, MESSAGES
from pattern_cli.store.constellation import Constellation

Opened = Callable[[Path], Constellation]


def test_texts_of_messages_and_entries(lab: Any, opened: Opened) -> None:
    lab.message("a", "slow")
    lab.message("b", None)
    lab.entry("c", "kettle", metadata='{"topic": "tea"}')
    constellation = opened(lab.path)
    assert list(Texts(constellation, MESSAGES).all("1", [])) == [(1, ["slow"]), (2, [""])]
    assert list(Texts(constellation, ARCHIVAL).all("1", [])) == [(1, ["kettle", '{"topic": "tea"}'])]
    assert list(Texts(constellation, MESSAGES).all("t.id = ?", ["b"])) == [(2, [""])]


def test_blocks_are_read_from_their_documents(lab: Any, opened: Opened) -> None:
    lab.block("a", "the document", preview="the preview", label="notes", description="of tea")
    texts = Texts(opened(lab.path), MEMORY)
    assert list(texts.all("1", [])) == [(1, ["notes", "of tea", "the document"])]
    assert texts.unread == 0


def test_columns_and_damage_of_chosen_rows(lab: Any, opened: Opened) -> None:
    lab.message("a", "slow", source="discord", is_archived=1)
    lab.block("b", "", loro_snapshot=b"damaged", label="notes")
    constellation = opened(lab.path)
    columns, texts, damage = Texts(constellation, MESSAGES).of([1])[1]
    assert (columns["id"], columns["source"], columns["is_archived"], texts, damage) == (
        "a",
        "discord",
        1,
        ["slow"],
        (),
    )
    read = Texts(constellation, MEMORY)
    columns, texts, damage = read.of([1])[1]
    assert (columns["label"], texts) == ("notes", ["notes", "", ""])
    assert damage and read.unread == 1


def test_a_preview_that_is_all_there_is_counts_as_content_and_not_as_damage(lab: Any, opened: Opened) -> None:
    lab.block("a", "", preview="rescued words")
    texts = Texts(opened(lab.path), MEMORY)
    assert list(texts.all("1", [])) == [(1, ["a", "", "rescued words"])]
    assert texts.unread == 0


def test_a_version_without_tombstones(read_only: Callable[[str], Path], opened: Opened) -> None:
    columns, _, _ = Texts(opened(read_only("versions/0001.db")), MESSAGES).of([1])[1]
    assert "is_deleted" not in columns and "is_archived" in columns


@pytest.mark.parametrize(("value", "text"), [(None, ""), ("a", "a"), (b"\xffa", "\udcffa"), (5, "5"), (1.5, "1.5")])
def test_values_as_text(value: Any, text: str) -> None:
    assert as_text(value) == text
