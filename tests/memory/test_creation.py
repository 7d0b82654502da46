"""New blocks: as the runtime makes them, their content an edit that can be undone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pattern_cli.errors import ConflictError, NotFoundError, RefusedError, UsageError
from pattern_cli.memory.creation import NewBlock, create
from pattern_cli.memory.designs import Parts, of_words
from pattern_cli.memory.documents import empty_snapshot
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.records import read
from pattern_cli.memory.rendering import rendered
from pattern_cli.memory.schemas import Schema, parse
from pattern_cli.memory.undoing import History
from pattern_cli.store.constellation import Constellation

MAP = of_words("map", Parts(["mood:Text", "energy:Counter", "tags:List", "at:Timestamp"]))
LIST = of_words("list", Parts(["title:Text", "done:Boolean"]))
LOG = of_words("log")
CARD = of_words("composite", Parts(["card.name:Text"], ["card", "notes"]))


def seen(constellation: Constellation, id: str) -> str:
    """What the runtime makes of a block."""
    sql = "SELECT loro_snapshot, metadata FROM memory_blocks WHERE id = ?"
    ((snapshot, metadata),) = constellation.rows(sql, (id,))
    return rendered(parse(json.loads(metadata))[0], Loader(constellation).load_as_runtime(id, snapshot))


def test_an_empty_block_is_as_the_runtime_makes_one(small: Constellation) -> None:
    made = create(small, "Juniper", "fresh")
    columns = [name for (name,) in small.rows("SELECT name FROM pragma_table_info('memory_blocks')")]
    rows = small.rows(
        f"SELECT {', '.join(columns)} FROM memory_blocks WHERE label IN ('fresh', 'empty') ORDER BY label"
    )
    theirs, ours = (dict(zip(columns, row, strict=True)) for row in rows)
    assert made.id == ours["id"] and len(ours["id"]) == 36 and ours["id"].startswith("mem_")
    assert ours["created_at"] == ours["updated_at"] and ours["created_at"].endswith("+00:00")
    own = {"id", "label", "description", "char_limit", "created_at", "updated_at"}
    assert {name: ours[name] for name in columns if name not in own} == {
        name: theirs[name] for name in columns if name not in own
    }
    assert ours["loro_snapshot"] == empty_snapshot() and (ours["description"], ours["char_limit"]) == (
        "Memory block: fresh",
        5000,
    )


@pytest.mark.parametrize(
    ("schema", "content", "text"),
    [
        (of_words("text"), "words ☕\n", "words ☕\n"),
        (MAP, {"mood": "fine", "energy": 4, "tags": ["a", "b"]}, "mood: fine\nenergy: 4\ntags:\n- a\n- b"),
        (MAP, 'mood = "fine"\nat = 2026-01-08T19:02:18Z', "mood: fine\nenergy: 0\nat: 2026-01-08T19:02:18+00:00"),
        (LIST, [{"title": "tea", "done": True}], "[x] {done: true, title: tea}"),
        (LIST, '{"items": [{"title": "tea"}]}', "1. {title: tea}"),
        (LOG, '[{"message": "one"}, {"message": "two"}]', "two\none"),
        (LOG, {"entries": []}, ""),
        (CARD, '{"notes": "hi", "card": {"name": "x"}}', "=== card ===\n\n=== notes ==="),
    ],
)
def test_content_is_the_first_update(small: Constellation, schema: Schema, content: Any, text: str) -> None:
    made = create(small, "Marlow", "fresh", NewBlock(schema, content=content))
    assert made.id is not None
    assert seen(small, made.id) == text
    snapshot, preview = next(
        small.rows("SELECT loro_snapshot, content_preview FROM memory_blocks WHERE id = ?", (made.id,))
    )
    assert snapshot == empty_snapshot()
    record = read(small, made.id)
    assert record.used == made.used and not record.damage and not record.stray
    if content == {"entries": []}:
        assert (made.seq, preview, record.updates_active) == (None, None, 0)
        return
    assert (made.seq, record.last_seq, record.updates_active) == (1, 1, 1)
    History(small).undo(made.id)
    assert read(small, made.id).used in {0, len("energy: 0"), len("=== card ===\n\n=== notes ===")}


def test_nothing_is_lost_that_the_runtimes_own_command_loses(small: Constellation) -> None:
    """It stores neither the content nor the permission of a block that it adds, to an agent or to a group (M6)."""
    for owner in ("Juniper", "Harbor Crew"):
        made = create(small, owner, "added", NewBlock(permission="append", content="words"))
        assert made.id is not None and seen(small, made.id) == "words"
        assert small.value("SELECT permission FROM memory_blocks WHERE id = ?", (made.id,)) == "append"


def test_full_text_finds_it(small: Constellation) -> None:
    create(small, "Juniper", "fresh", NewBlock(content="zanzibarquux"))
    assert small.value("SELECT count(*) FROM memory_blocks_fts WHERE memory_blocks_fts MATCH 'zanzibarquux'") == 1


def test_everything_that_is_named(small: Constellation) -> None:
    new = NewBlock(of_words("text"), "core", "read-only", 77, True, "about it", "content")
    made = create(small, "_constellation_", "file:ab:src/x.rs", new)
    sql = "SELECT agent_id, block_type, permission, char_limit, pinned, description FROM memory_blocks WHERE id = ?"
    assert next(small.rows(sql, (made.id,))) == ("_constellation_", "core", "read_only", 77, 1, "about it")
    assert made.owner_kind == "constellation" and made.used == 7
    assert any("until it is shared" in remark for remark in made.remarks)


def test_the_agents_own_limit(small: Constellation) -> None:
    config = json.dumps({"name": "Juniper", "context": {"memory_char_limit": 777}})
    small.connection.execute("UPDATE agents SET config = ? WHERE name = 'Juniper'", (config,))
    assert create(small, "Juniper", "fresh").char_limit == 777
    assert create(small, "Marlow", "fresh").char_limit == 5000


def test_a_group_shares_with_its_members(small: Constellation) -> None:
    made = create(small, "Harbor Crew", "fresh", NewBlock(permission="append", members=True))
    shares = list(small.rows("SELECT permission FROM shared_block_agents WHERE block_id = ?", (made.id,)))
    assert shares == [("append",)] * 3 and len(made.shared_with) == 3 and made.remarks == ()
    with pytest.raises(UsageError, match='"Juniper" is no group'):
        create(small, "Juniper", "fresh", NewBlock(members=True))


@pytest.mark.parametrize(
    ("owner", "label", "new", "error", "said"),
    [
        ("Nobody", "a", NewBlock(), NotFoundError, "no agent or group"),
        ("Juniper", "persona", NewBlock(), ConflictError, "already"),
        ("Juniper", "retired", NewBlock(), ConflictError, "deleted block"),
        ("Juniper", "a\nb", NewBlock(), UsageError, "U\\+000A"),
        ("Juniper", "a", NewBlock(permission="all"), UsageError, "no permission"),
        ("Juniper", "a", NewBlock(block_type="hot"), UsageError, "no type"),
        ("Juniper", "a", NewBlock(char_limit=-1), UsageError, "-1 cannot be a limit"),
        ("Juniper", "a", NewBlock(char_limit=0), UsageError, "0 cannot be a limit"),
        ("Juniper", "a", NewBlock(char_limit=2**64), UsageError, "cannot be a limit"),
        ("Juniper", "a", NewBlock(description="a\0b"), UsageError, "NUL"),
        ("Juniper", "a", NewBlock(char_limit=3, content="four"), RefusedError, "4 characters, its limit is 3"),
        ("Juniper", "a", NewBlock(content=4), UsageError, "holds a text"),
        ("Juniper", "a", NewBlock(MAP, content="[1]"), UsageError, "named parts"),
        ("Juniper", "a", NewBlock(MAP, content={"mood": 4}), UsageError, "of type Text"),
        ("Juniper", "a", NewBlock(MAP, content={"mod": "x"}), NotFoundError, 'no field "mod"'),
        ("Juniper", "a", NewBlock(MAP, content={"energy": 0.5}), UsageError, "counter"),
        ("Juniper", "a", NewBlock(LIST, content=[1]), UsageError, "objects with named fields"),
        ("Juniper", "a", NewBlock(CARD, content={"other": "x"}), NotFoundError, 'no section "other"'),
        ("Juniper", "a", NewBlock(MAP, content="{"), UsageError, "is no JSON"),
    ],
)
def test_a_mistake_writes_nothing(
    small: Constellation, owner: str, label: str, new: NewBlock, error: type[Exception], said: str
) -> None:
    before = [list(small.rows(f"SELECT * FROM {table}")) for table in ("memory_blocks", "memory_block_updates")]
    for dry_run in (True, False):
        with pytest.raises(error, match=said):
            create(small, owner, label, new, dry_run=dry_run)
    after = [list(small.rows(f"SELECT * FROM {table}")) for table in ("memory_blocks", "memory_block_updates")]
    assert after == before


def test_an_owner_that_is_gone(small: Constellation) -> None:
    small.connection.execute("UPDATE memory_blocks SET agent_id = 'gone_1' WHERE label = 'persona'")
    with pytest.raises(NotFoundError, match="any more"):
        create(small, "gone_1", "fresh")


def test_a_dry_run_tells_what_would_be(small: Constellation) -> None:
    count = small.value("SELECT count(*) FROM memory_blocks")
    new = NewBlock(MAP, content={"mood": "fine"})
    tried = create(small, "Juniper", "fresh", new, dry_run=True)
    assert (tried.id, tried.seq, tried.created_at) == (None, None, None)
    assert small.value("SELECT count(*) FROM memory_blocks") == count
    assert tried.used == create(small, "Juniper", "fresh", new).used


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (NewBlock(), "not pinned"),
        (NewBlock(block_type="archival"), "look them up"),
        (NewBlock(block_type="log"), "look them up"),
        (NewBlock(CARD, pinned=True), "headings"),
    ],
)
def test_what_agents_will_not_see_is_told(small: Constellation, new: NewBlock, said: str) -> None:
    (remark,) = create(small, "Juniper", "fresh", new).remarks
    assert said in remark
    assert create(small, "Juniper", "seen", NewBlock(block_type="core")).remarks == ()
