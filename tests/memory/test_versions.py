"""The versions of a block: states that come back exactly, also behind checkpoints and on abandoned branches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import IntegrityError
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.versions import Versions
from pattern_cli.store.constellation import Constellation


def test_the_last_version_of_every_block_is_its_document(fixtures_dir: Path) -> None:
    with Constellation.open(fixtures_dir / "constellations/small.db") as constellation:
        blocks = list(constellation.rows("SELECT id, loro_snapshot FROM memory_blocks"))
        for id, snapshot in blocks:
            versions = Versions(constellation, id)
            last = versions.applied[-1].after if versions.applied else versions.base
            assert Loader(constellation).load(id, snapshot).document.is_at(last)


def test_every_update_leads_on_from_the_one_before(small: Constellation) -> None:
    for (id,) in list(small.rows("SELECT id FROM memory_blocks")):
        versions = Versions(small, id)
        at = versions.base
        for one in versions.applied:
            assert versions.document(one.before).is_at(at)
            at = one.after


def test_states_come_back_one_by_one(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    seqs = {persona.write(text): text for text in ("one", "one two", "drei ☕", "")}
    versions = Versions(persona.constellation, persona.id)
    assert {seq: versions.at(seq).text("content") for seq in seqs} == seqs


def test_a_snapshot_that_has_everything_hides_no_version(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    seqs = {persona.write(text): text for text in ("one", "one two", "three")}
    full = persona.document().snapshot()
    persona.constellation.connection.execute(
        "UPDATE memory_blocks SET loro_snapshot = ? WHERE id = ?", (full, persona.id)
    )
    versions = Versions(persona.constellation, persona.id)
    assert {seq: versions.at(seq).text("content") for seq in seqs} == seqs
    assert versions.at(0).text("content") == "" and all(one.moved for one in versions.applied[-3:])


def test_a_switched_off_update_has_its_state_too(block: Callable[[str], Any]) -> None:
    found = block("undo_branch")
    versions = Versions(found.constellation, found.id)
    assert [update.seq for update in versions.inactive] == [3, 4]
    assert versions.at(4).text("content").count("[") == 4
    found.constellation.connection.execute("UPDATE memory_block_updates SET frontier = NULL")
    older = Versions(found.constellation, found.id)
    assert older.at(4).text("content") == versions.at(4).text("content")


def test_an_update_that_cannot_be_read_is_named(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    persona.constellation.connection.execute(
        "UPDATE memory_block_updates SET update_blob = x'00' WHERE block_id = ? AND seq = 3", (persona.id,)
    )
    with pytest.raises(IntegrityError, match="update 3 cannot be read"):
        Versions(persona.constellation, persona.id)
