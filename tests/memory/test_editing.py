"""Changing documents: one update row that the runtime reads, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw
import pytest

from pattern_cli.errors import ConflictError, IntegrityError, NotFoundError, RefusedError
from pattern_cli.memory import editing
from pattern_cli.memory.documents import Document
from pattern_cli.memory.editing import Editor, Terms
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.permissions import Operation
from pattern_cli.memory.rendering import rendered
from pattern_cli.memory.schemas import Schema, TextSchema, parse
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_json

BLOCKS = "SELECT id, metadata FROM memory_blocks WHERE is_active = 1 ORDER BY id"
UNTOUCHED = """SELECT id, agent_id, label, description, block_type, char_limit, permission, pinned, loro_snapshot,
               metadata, embedding_model, is_active, created_at, frontier FROM memory_blocks ORDER BY id"""


def adding(text: str) -> Callable[[Document, Schema], None]:
    return lambda document, schema: document.append_text("content", text)


def texts(constellation: Constellation) -> list[str]:
    """The ids of the blocks that hold plain text."""
    rows = list(constellation.rows(BLOCKS))
    return [id for id, metadata in rows if isinstance(parse(read_json(metadata, "metadata", []))[0], TextSchema)]


def full(constellation: Constellation) -> str:
    """The id of a block with some text."""
    sql = "SELECT id FROM memory_blocks WHERE id IN ({}) AND length(content_preview) > 100 ORDER BY id LIMIT 1"
    ids = texts(constellation)
    return str(constellation.value(sql.format(", ".join("?" * len(ids))), ids))


def snapshot_of(constellation: Constellation, id: str) -> bytes:
    return bytes(constellation.value("SELECT loro_snapshot FROM memory_blocks WHERE id = ?", (id,)))


def test_every_text_takes_an_addition_that_the_runtime_reads(small: Constellation) -> None:
    before = list(small.rows(UNTOUCHED))
    seqs = dict(small.rows("SELECT id, last_seq FROM memory_blocks"))
    for id in texts(small):
        old = Loader(small).load(id, snapshot_of(small, id)).document.text("content")
        done = Editor(small).edit(id, adding("☕ more"), "manual:append", "append", Terms(True, True))
        seen = Loader(small).load_as_runtime(id, snapshot_of(small, id))
        assert seen.text("content") == old + "☕ more"
        assert done.changed and done.seq == seqs[id] + 1
        row = "SELECT frontier, source, byte_size = length(update_blob), is_active FROM memory_block_updates"
        ((frontier, *facts),) = list(small.rows(f"{row} WHERE block_id = ? AND seq = ?", (id, done.seq)))
        assert seen.is_at(frontier) and facts == ["manual", 1, 1]
    assert list(small.rows(UNTOUCHED)) == before


def test_preview_and_full_text_follow(small: Constellation) -> None:
    id = full(small)
    Editor(small).edit(id, adding(" zanzibarquux"), "manual:append", "append", Terms(True, True))
    metadata, preview = next(small.rows("SELECT metadata, content_preview FROM memory_blocks WHERE id = ?", (id,)))
    schema, _ = parse(read_json(metadata, "metadata", []))
    assert preview == rendered(schema, Loader(small).load_as_runtime(id, snapshot_of(small, id)))
    found = "SELECT count(*) FROM memory_blocks_fts WHERE memory_blocks_fts MATCH 'zanzibarquux'"
    assert small.value(found) == 1


def test_an_equal_text_writes_nothing(small: Constellation) -> None:
    id = full(small)
    rows = small.value("SELECT count(*) FROM memory_block_updates")
    text = Loader(small).load(id, snapshot_of(small, id)).document.text("content")
    done = Editor(small).edit(id, lambda d, s: d.set_text("content", text), "manual:set", "overwrite", Terms(True))
    assert not done.changed and done.seq is None
    assert small.value("SELECT count(*) FROM memory_block_updates") == rows


def test_a_dry_run_tells_and_writes_nothing(small: Constellation) -> None:
    id = full(small)
    rows = list(small.rows("SELECT * FROM memory_blocks"))
    done = Editor(small).edit(id, adding("!"), "manual:append", "append", Terms(True, True, None, True))
    assert done.changed and done.seq is None and done.after == done.before + "!"
    assert list(small.rows("SELECT * FROM memory_blocks")) == rows


def test_a_block_that_was_changed_meanwhile_is_left_alone(small: Constellation) -> None:
    id = full(small)
    seen = Editor(small).version(id)
    Editor(small).edit(id, adding("theirs"), "manual:append", "append", Terms(True, True))
    with pytest.raises(ConflictError, match="changed meanwhile"):
        Editor(small).edit(id, adding("ours"), "manual:append", "append", Terms(True, True, seen))


@pytest.mark.parametrize("permission", ["read_only", "partner", "human", "append"])
def test_the_permission_is_explained(small: Constellation, permission: str) -> None:
    id = full(small)
    small.connection.execute("UPDATE memory_blocks SET permission = ? WHERE id = ?", (permission, id))
    with pytest.raises(RefusedError, match=f"its permission is {permission}"):
        Editor(small).edit(id, lambda d, s: d.set_text("content", ""), "manual:set", "overwrite")


def test_the_limit_is_named_in_numbers(small: Constellation) -> None:
    id = full(small)
    small.connection.execute("UPDATE memory_blocks SET char_limit = 10 WHERE id = ?", (id,))
    with pytest.raises(RefusedError, match=r"would have \d+ characters, its limit is 10"):
        Editor(small).edit(id, adding("x"), "manual:append", "append", Terms(True))
    shorter = Editor(small).edit(id, lambda d, s: d.splice("content", 0, 1, ""), "manual:set", "overwrite", Terms(True))
    assert shorter.over_limit and shorter.used == shorter.used_before - 1


def test_a_deleted_block_is_not_changed(small: Constellation) -> None:
    id = full(small)
    small.connection.execute("UPDATE memory_blocks SET is_active = 0 WHERE id = ?", (id,))
    with pytest.raises(RefusedError, match="is deleted"):
        Editor(small).edit(id, adding("x"), "manual:append", "append", Terms(True, True))


def test_a_damaged_document_is_not_overwritten(small: Constellation) -> None:
    id = full(small)
    small.connection.execute("UPDATE memory_blocks SET loro_snapshot = x'00' WHERE id = ?", (id,))
    with pytest.raises(IntegrityError, match="cannot be changed: the snapshot"):
        Editor(small).edit(id, adding("x"), "manual:append", "append", Terms(True, True))


def test_a_text_that_is_only_a_preview_becomes_the_content(small: Constellation) -> None:
    id = full(small)
    small.connection.execute("DELETE FROM memory_block_updates WHERE block_id = ?", (id,))
    small.connection.execute(
        "UPDATE memory_blocks SET loro_snapshot = x'', content_preview = 'all that is left' WHERE id = ?", (id,)
    )
    done = Editor(small).edit(id, adding("!"), "manual:append", "append", Terms(True, True))
    assert done.preview_adopted and (done.before, done.after) == ("all that is left", "all that is left!")
    seqs = [seq for (seq,) in small.rows("SELECT seq FROM memory_block_updates WHERE block_id = ? ORDER BY seq", (id,))]
    assert seqs == [done.seq - 1, done.seq]


def shared(constellation: Constellation, permission: str) -> tuple[str, str]:
    """A block, shared under that permission with an agent that does not own it."""
    id = full(constellation)
    constellation.connection.execute("UPDATE memory_blocks SET permission = 'admin' WHERE id = ?", (id,))
    sql = "SELECT id FROM agents WHERE id <> (SELECT agent_id FROM memory_blocks WHERE id = ?) ORDER BY id LIMIT 1"
    agent = str(constellation.value(sql, (id,)))
    constellation.connection.execute(
        "INSERT OR REPLACE INTO shared_block_agents VALUES (?, ?, ?, '2026-01-08T19:02:18+00:00')",
        (id, agent, permission),
    )
    return id, agent


def test_through_a_share_its_own_permission_counts(small: Constellation) -> None:
    id, agent = shared(small, "append")
    terms = Terms(force_limit=True, through=agent)
    assert Editor(small).edit(id, adding("theirs"), "manual:append", "append", terms).changed
    with pytest.raises(RefusedError, match=r"the permission that .+ has for it is append"):
        Editor(small).edit(id, lambda d, s: d.set_text("content", ""), "manual:set", "overwrite", terms)


def test_a_share_that_is_gone_allows_nothing(small: Constellation) -> None:
    id, agent = shared(small, "admin")
    small.connection.execute("DELETE FROM shared_block_agents")
    with pytest.raises(NotFoundError, match="is not shared with"):
        Editor(small).edit(id, adding("x"), "manual:append", "append", Terms(force_limit=True, through=agent))


def test_what_a_change_needs_may_turn_out_while_it_is_made(small: Constellation) -> None:
    id = full(small)
    small.connection.execute("UPDATE memory_blocks SET permission = 'append' WHERE id = ?", (id,))
    rows = small.value("SELECT count(*) FROM memory_block_updates")

    def deleting(document: Document, schema: Schema) -> list[Operation]:
        document.splice("content", 0, 1, "")
        return ["delete"]

    with pytest.raises(RefusedError, match=r"deleting from .+ is not allowed"):
        Editor(small).edit(id, deleting, "manual:set", None, Terms(force_limit=True))
    assert small.value("SELECT count(*) FROM memory_block_updates") == rows
    assert Editor(small).edit(id, adding("x"), "manual:append", None, Terms(force_limit=True)).changed


def test_a_block_on_which_the_runtime_fails_can_be_changed(small: Constellation) -> None:
    """A viewport that starts at line 0 and shows no line (M22)."""
    id = full(small)
    broken = '{"schema":{"Text":{"viewport":{"start_line":0,"display_lines":0}}}}'
    small.connection.execute("UPDATE memory_blocks SET metadata = ? WHERE id = ?", (broken, id))
    done = Editor(small).edit(id, lambda d, s: d.set_text("content", ""), "manual:set", "overwrite", Terms(True))
    assert (done.after, done.changed) == ("", True)
    done = Editor(small).edit(id, adding("whole again"), "manual:append", "append", Terms(True, True))
    preview = small.value("SELECT content_preview FROM memory_blocks WHERE id = ?", (id,))
    assert done.after == "whole again" and preview.startswith(("[Viewport", "[Showing", "whole"))


def test_nothing_is_worked_out_under_the_write_lock(make: Callable[..., Any], type_text: Callable[[str], Any]) -> None:
    block = make({"Text": {}}, type_text("A"))
    states = []

    def change(document: Document, schema: Any) -> None:
        states.append(block.constellation.connection.txn_state("main"))
        document.append_text("content", "!")

    Editor(block.constellation).edit(block.id, change, "manual:append", "append", Terms())
    assert states == [apsw.mapping_txn_state["SQLITE_TXN_READ"]] and block.document.text("content") == "A!"


def test_a_block_that_changes_while_it_is_worked_on_is_read_again(
    make: Callable[..., Any], type_text: Callable[[str], Any], run_sql: Callable[..., None]
) -> None:
    block = make({"Text": {}}, type_text("A"))
    texts, others = [], iter("12")

    def change(document: Document, schema: Any) -> None:
        texts.append(document.text("content"))
        document.append_text("content", "!")
        if (other := next(others, None)) is not None:
            runtime = block.document
            known = runtime.version
            runtime.append_text("content", other)
            runtime.commit("")
            sql = """INSERT INTO memory_block_updates (block_id, seq, update_blob, byte_size, source, created_at)
                     VALUES (?, ?, ?, 0, 'agent', '2026-02-08T19:02:18+00:00')"""
            run_sql(block.path, sql, (block.id, 50 + int(other), runtime.updates_since(known)))

    done = Editor(block.constellation).edit(block.id, change, "manual:append", "append", Terms())
    assert texts == ["A", "A1", "A12"]
    assert block.document.text("content") == done.after == "A12!"


def test_a_block_that_changes_again_and_again_does_not_keep_the_lock(
    make: Callable[..., Any],
    type_text: Callable[[str], Any],
    run_sql: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(editing, "_SHORT", 0.0)
    block = make({"Text": {}}, type_text("A"))
    rows = block.rows

    def change(document: Document, schema: Schema) -> None:
        run_sql(block.path, "UPDATE memory_blocks SET last_seq = last_seq + 1 WHERE id = ?", (block.id,))
        document.append_text("content", "!")

    with pytest.raises(ConflictError, match="Marlow/b is changed by others again and again"):
        Editor(block.constellation).edit(block.id, change, "manual:append", "append", Terms())
    assert block.rows == rows
