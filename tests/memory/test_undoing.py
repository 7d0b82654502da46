"""Undo, redo and revert: new updates, which the other side survives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.errors import ConflictError, NotFoundError
from pattern_cli.memory.editing import Terms

ADMIN = Terms(as_admin=True, force_limit=True)


def test_undo_and_redo_walk_back_and_forth_exactly(persona: Any) -> None:
    texts = [persona.text]
    for text in ("one hello", "one bye", "two bye ☕", ""):
        persona.write(text)
        texts.append(text)
    for wanted in reversed(texts[:-1]):
        persona.history.undo(persona.id, terms=ADMIN)
        assert persona.text == wanted
    for wanted in texts[1:]:
        persona.history.redo(persona.id, terms=ADMIN)
        assert persona.text == wanted


def test_undo_goes_on_through_what_agents_wrote_before_us(persona: Any) -> None:
    rows = persona.flags()
    persona.history.undo(persona.id, steps=5, terms=ADMIN)
    assert persona.text == persona.history.revert(persona.id, len(rows) - 5, ADMIN).after
    assert persona.flags()[: len(rows)] == rows


def test_no_flag_is_ever_flipped(persona: Any) -> None:
    flags = persona.flags()
    persona.write("x")
    persona.history.undo(persona.id, terms=ADMIN)
    persona.history.redo(persona.id, terms=ADMIN)
    assert persona.flags() == [*flags, 1, 1, 1]


def test_a_new_edit_ends_what_can_be_redone(persona: Any) -> None:
    persona.write("x")
    persona.history.undo(persona.id, terms=ADMIN)
    persona.write("y")
    with pytest.raises(ConflictError, match="nothing to redo"):
        persona.history.redo(persona.id, terms=ADMIN)


def test_what_another_wrote_after_an_edit_survives_its_undo(persona: Any) -> None:
    persona.write("the middle stays")
    cached = persona.document()
    ours = persona.edit(lambda document: document.splice("content", 0, 0, "OURS "))
    known = cached.version
    cached.append_text("content", " THEIRS")
    persona.agent(cached, known)
    assert persona.text == "OURS the middle stays THEIRS"
    done = persona.history.undo(persona.id, seq=ours, terms=ADMIN)
    assert persona.text == "the middle stays THEIRS" == done[0].after


def test_a_key_that_another_set_after_an_edit_survives_its_undo(block: Callable[[str], Any]) -> None:
    found = block("human")
    found.edit(lambda document: document.put("fields", "nickname", "before"))
    for round in range(8):
        ours = found.edit(lambda document, round=round: document.put("fields", "nickname", f"ours {round}"))
        cached = found.document()
        known = cached.version
        cached.put("fields", "nickname", f"theirs {round}")
        found.agent(cached, known)
        found.history.undo(found.id, seq=ours, terms=ADMIN)
        assert found.document().map("fields")["nickname"] == f"theirs {round}"


def test_a_cached_runtime_sees_an_undo_at_its_next_access(persona: Any) -> None:
    persona.write("kept")
    persona.write("undone")
    cached = persona.document()
    persona.history.undo(persona.id, terms=ADMIN)
    sql = "SELECT update_blob FROM memory_block_updates WHERE block_id = ? ORDER BY seq DESC LIMIT 1"
    cached.merge(persona.constellation.value(sql, (persona.id,)))
    assert cached.text("content") == "kept"


def test_redo_brings_back_what_the_runtime_undid(block: Callable[[str], Any]) -> None:
    found = block("undo_two")
    flags = found.flags()
    found.history.redo(found.id, terms=ADMIN)
    found.history.redo(found.id, terms=ADMIN)
    assert [name in found.text for name in ("[A]", "[B]", "[C]", "[E]")] == [True] * 4
    assert found.flags() == [*flags, 1, 1]
    found.history.undo(found.id, steps=2, terms=ADMIN)
    assert "[C]" not in found.text and "[B]" in found.text


def test_an_abandoned_branch_is_not_revived_by_chance(block: Callable[[str], Any]) -> None:
    found = block("undo_branch")
    with pytest.raises(ConflictError, match="nothing to redo"):
        found.history.redo(found.id, terms=ADMIN)


def test_a_dry_run_of_many_steps_tells_what_they_would_do(persona: Any) -> None:
    for text in ("one", "one two", "three"):
        persona.write(text)
    rows = persona.flags()
    told = persona.history.undo(persona.id, steps=3, terms=Terms(as_admin=True, dry_run=True))
    assert persona.flags() == rows
    persona.history.undo(persona.id, steps=3, terms=ADMIN)
    assert told[-1].after == persona.text


def test_revert_goes_to_any_version(persona: Any) -> None:
    before = persona.text
    first = persona.write("first")
    persona.write("second")
    assert persona.history.revert(persona.id, first, ADMIN).after == "first"
    assert persona.history.revert(persona.id, first - 1, ADMIN).after == before
    assert persona.history.revert(persona.id, 0, ADMIN).after == ""


def test_a_version_that_does_not_exist_is_named(persona: Any) -> None:
    for wrong in (persona.history.undo, persona.history.redo):
        with pytest.raises(NotFoundError, match="update 9999"):
            wrong(persona.id, seq=9999, terms=ADMIN)
    with pytest.raises(NotFoundError, match="update 9999"):
        persona.history.revert(persona.id, 9999, ADMIN)


def test_values_of_another_kind_are_another_content(block: Callable[[str], Any]) -> None:
    human = block("human")
    kinds = [1, True, 1.0]
    seqs = [human.edit(lambda document, value=value: document.put("fields", "nickname", value)) for value in kinds]
    for seq, value in zip(seqs, kinds, strict=True):
        human.history.revert(human.id, seq, ADMIN)
        assert type(human.document().map("fields")["nickname"]) is type(value)


def test_a_value_of_another_kind_survives_the_undo_of_the_one_before(block: Callable[[str], Any]) -> None:
    human = block("human")
    number = human.edit(lambda document: document.put("fields", "nickname", 1))
    human.edit(lambda document: document.put("fields", "nickname", True))
    human.history.undo(human.id, seq=number, terms=ADMIN)
    assert human.document().map("fields")["nickname"] is True


def test_undo_leaves_a_snapshot_that_an_import_put_under_the_rows(
    block: Callable[[str], Any], snapshot: Callable[..., bytes], type_text: Callable[[str], Any]
) -> None:
    persona = block("persona")
    sql = "UPDATE memory_blocks SET loro_snapshot = ? WHERE id = ?"
    persona.constellation.connection.execute(sql, (snapshot(type_text("IMPORTED")), persona.id))
    before = persona.text
    assert "IMPORTED" in before
    persona.edit(lambda document: document.append_text("content", "!"))
    persona.history.undo(persona.id, terms=ADMIN)
    assert persona.text == before


def test_steps_go_on_from_what_we_undid_to_what_the_runtime_undid(block: Callable[[str], Any]) -> None:
    found = block("undo_two")
    before = found.text
    found.history.undo(found.id, terms=ADMIN)
    wanted = found.history.redo(found.id, steps=2, terms=Terms(as_admin=True, dry_run=True))
    done = found.history.redo(found.id, steps=2, terms=ADMIN)
    assert [one.of for one in wanted] == [one.of for one in done] and done[-1].after == wanted[-1].after == found.text
    assert len(found.text) > len(before) and all(one.seq is None for one in wanted)


def test_a_revert_to_what_the_runtime_undid_is_always_told_the_same(persona: Any) -> None:
    persona.write("a")
    off = persona.edit(lambda document: document.append_text("content", "b"))
    sql = "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq = ?"
    persona.constellation.connection.execute(sql, (persona.id, off))
    persona.write("c")
    reverted = persona.history.revert(persona.id, off, ADMIN).seq
    for _ in range(20):
        (told,) = persona.history.undo(persona.id, terms=Terms(as_admin=True, dry_run=True))
        assert told.of == reverted
