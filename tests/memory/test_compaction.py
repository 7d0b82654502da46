"""Updates folded into the snapshot: the content stays, for us and for the runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import IntegrityError, SchemaError
from pattern_cli.memory.compaction import Compactor
from pattern_cli.memory.documents import Document
from pattern_cli.memory.history import history
from pattern_cli.memory.loading import Loader
from pattern_cli.store.constellation import Constellation

UPDATES = "SELECT count(*) FROM memory_block_updates WHERE block_id = ?"


def whole(constellation: Constellation) -> list[str]:
    """The ids of the blocks that can be read completely."""
    blocks = list(constellation.rows("SELECT id, loro_snapshot FROM memory_blocks ORDER BY id"))
    return [id for id, snapshot in blocks if not Loader(constellation).load(id, snapshot).damage]


def content(constellation: Constellation, id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    snapshot = constellation.value("SELECT loro_snapshot FROM memory_blocks WHERE id = ?", (id,))
    loader = Loader(constellation)
    return loader.load(id, snapshot).document.roots(), loader.load_as_runtime(id, snapshot).roots()


def test_every_block_is_the_same_after_compacting(small: Constellation) -> None:
    for id in whole(small):
        before = content(small, id)[0]
        plan = Compactor(small).plan(id)
        done = Compactor(small).compact(id)
        assert content(small, id) == (before, before)
        assert small.value(UPDATES, (id,)) == 0 and done.size_after == plan.size_after


def test_every_block_is_the_same_after_a_checkpoint_and_goes_on(small: Constellation) -> None:
    for id in whole(small):
        before, rows = content(small, id)[0], small.value(UPDATES, (id,))
        Compactor(small).checkpoint(id)
        assert content(small, id) == (before, before)
        assert small.value(UPDATES, (id,)) == rows == len(history(small, id))


def test_a_checkpoint_is_told_beforehand(small: Constellation) -> None:
    for id in whole(small):
        told = Compactor(small).plan_checkpoint(id)
        done = Compactor(small).checkpoint(id)
        assert (told.size_after, told.checkpoints, told.dry_run) == (done.size_after, done.checkpoints, True)


def test_undo_works_behind_a_checkpoint(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    before = persona.text
    persona.write("before the checkpoint")
    Compactor(persona.constellation).checkpoint(persona.id)
    persona.write("after the checkpoint")
    persona.history.undo(persona.id, steps=2)
    assert persona.text == before


def test_an_agent_goes_on_after_both(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    persona.write("ours")
    cached = persona.document()
    Compactor(persona.constellation).checkpoint(persona.id)
    known = cached.version
    cached.append_text("content", " theirs")
    persona.agent(cached, known)
    assert persona.text == "ours theirs"
    Compactor(persona.constellation).compact(persona.id)
    assert persona.text == "ours theirs"


def test_what_only_a_checkpoint_holds_is_never_deleted(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    other = Document()
    other.append_text("content", "nowhere else")
    persona.constellation.connection.execute(
        "INSERT INTO memory_block_checkpoints (block_id, snapshot, created_at) VALUES (?, ?, ?)",
        (persona.id, other.snapshot(), "2001-01-01T00:00:00+00:00"),
    )
    done = Compactor(persona.constellation).compact(persona.id)
    assert done.checkpoints == 0
    left = "SELECT snapshot FROM memory_block_checkpoints WHERE block_id = ?"
    assert persona.constellation.value(left, (persona.id,)) == other.snapshot()


def test_a_backup_comes_first(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    seen: list[int] = []

    def save(constellation: Constellation) -> str:
        seen.append(constellation.value(UPDATES, (persona.id,)))
        return "saved.db"

    done = Compactor(persona.constellation).compact(persona.id, snapshot=save)
    assert done.snapshot == "saved.db" and seen == [done.updates] and done.updates > 0


def test_a_damaged_block_is_left_alone(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    persona.constellation.connection.execute(
        "UPDATE memory_block_updates SET update_blob = x'00' WHERE block_id = ? AND seq = 3", (persona.id,)
    )
    with pytest.raises(IntegrityError, match="cannot be folded"):
        Compactor(persona.constellation).compact(persona.id)
    assert persona.constellation.value(UPDATES, (persona.id,)) > 0


def test_a_clock_that_was_wrong_once_hides_nothing_behind_a_checkpoint(persona: Any) -> None:
    persona.write("early")
    sql = "UPDATE memory_block_updates SET created_at = '2099-01-08T19:02:18.5+00:00' WHERE block_id = ?"
    persona.constellation.connection.execute(sql, (persona.id,))
    Compactor(persona.constellation).checkpoint(persona.id)
    cached = persona.document()
    known = cached.version
    cached.append_text("content", " late")
    persona.agent(cached, known)
    assert persona.text == "early late"


def test_what_the_runtime_switches_off_behind_a_checkpoint_still_counts(persona: Any) -> None:
    before = persona.text
    last = persona.write("kept")
    Compactor(persona.constellation).checkpoint(persona.id)
    sql = "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq = ?"
    persona.constellation.connection.execute(sql, (persona.id, last))
    assert persona.text == "kept"
    (row,) = history(persona.constellation, persona.id, 1)
    assert (row.seq, row.state) == (last, "active")
    assert persona.history.undo(persona.id)[0].of == last and persona.text == before


def test_what_the_runtime_undid_before_a_checkpoint_can_be_redone_after_it(persona: Any) -> None:
    last = persona.write("undone")
    sql = "UPDATE memory_block_updates SET is_active = ? WHERE block_id = ? AND seq = ?"
    persona.constellation.connection.execute(sql, (0, persona.id, last))
    early = "UPDATE memory_block_updates SET created_at = '2026-01-01T00:00:00.5+00:00' WHERE block_id = ? AND seq = ?"
    persona.constellation.connection.execute(early, (persona.id, last))
    Compactor(persona.constellation).checkpoint(persona.id)
    persona.constellation.connection.execute(sql, (1, persona.id, last))
    assert persona.text == "undone"


def test_a_block_on_which_the_runtime_fails_can_be_compacted(make: Callable[..., Any]) -> None:
    field = {"name": "to/do", "description": "", "field_type": "List", "required": False}
    block = make({"Map": {"fields": [field]}}, lambda doc: doc.get_map("fields").insert("mood", "calm"))
    assert Compactor(block.constellation).compact(block.id).updates == 1
    assert block.document.map("fields") == {"mood": "calm"} and block.rows == 0
    preview = "SELECT content_preview FROM memory_blocks WHERE id = ?"
    assert block.constellation.value(preview, (block.id,)) == "mood: calm"


def test_what_an_older_schema_does_not_take_is_not_tried_either(fixtures_dir: Path) -> None:
    with Constellation.open(fixtures_dir / "versions/0012.db") as older:
        id = older.value("SELECT id FROM memory_blocks LIMIT 1")
        for plan in (Compactor(older).plan, Compactor(older).plan_checkpoint):
            with pytest.raises(SchemaError):
                plan(id)
