"""What is known about a block: only what is named changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pattern_cli.errors import ConflictError, IntegrityError, RefusedError, UsageError
from pattern_cli.memory.schemas import Viewport
from pattern_cli.memory.settings import Setting, Settings, Wanted
from pattern_cli.store.constellation import Constellation


def row(constellation: Constellation, id: str) -> dict[str, Any]:
    names = [name for (name,) in constellation.rows("SELECT name FROM pragma_table_info('memory_blocks')")]
    values = next(constellation.rows(f"SELECT {', '.join(names)} FROM memory_blocks WHERE id = ?", (id,)))
    return dict(zip(names, values, strict=True))


def metadata(constellation: Constellation, label: str) -> Any:
    return constellation.value("SELECT metadata FROM memory_blocks WHERE label = ?", (label,))


@pytest.mark.parametrize(
    ("wanted", "column", "before", "after"),
    [
        (Wanted(block_type="Archival"), "block_type", "core", "archival"),
        (Wanted(permission="read-only"), "permission", "read_write", "read_only"),
        (Wanted(pinned=True), "pinned", 0, 1),
        (Wanted(char_limit=7), "char_limit", 5000, 7),
        (Wanted(description="about ☕"), "description", "Who this agent is", "about ☕"),
        (Wanted(label="file:ab:self"), "label", "persona", "file:ab:self"),
    ],
)
def test_one_column_changes(small: Constellation, wanted: Wanted, column: str, before: Any, after: Any) -> None:
    id = small.value("SELECT id FROM memory_blocks WHERE label = 'persona'")
    old = row(small, id)
    done = Settings(small).change("Juniper", "persona", wanted)
    new = row(small, id)
    assert (old[column], new[column]) == (before, after)
    assert {name for name in old if old[name] != new[name]} == {column, "updated_at"}
    assert new["updated_at"].endswith("+00:00") and done.updated_at
    (change,) = done.changes
    assert (change.name, change.before, change.after) == (column, before, after)
    again = Settings(small).change(id, None, wanted)
    assert not again.changed and again.updated_at is None and row(small, id) == new


def test_a_new_label_and_more_at_once(small: Constellation) -> None:
    """The runtime's own editor looks for the old label by then (M21)."""
    id = small.value("SELECT id FROM memory_blocks WHERE label = 'persona'")
    Settings(small).change("Juniper", "persona", Wanted(label="self", permission="append", block_type="working"))
    found = row(small, id)
    assert (found["label"], found["permission"], found["block_type"]) == ("self", "append", "working")


def test_others_are_left_alone(small: Constellation) -> None:
    before = list(small.rows("SELECT * FROM memory_blocks WHERE label <> 'persona' ORDER BY id"))
    updates = list(small.rows("SELECT * FROM memory_block_updates"))
    Settings(small).change("Juniper", "persona", Wanted("working", "append", True, 9, "x", "y", Viewport(1, 2)))
    assert list(small.rows("SELECT * FROM memory_blocks WHERE label <> 'y' ORDER BY id")) == before
    assert list(small.rows("SELECT * FROM memory_block_updates")) == updates


def test_the_index_follows_label_and_description(small: Constellation) -> None:
    Settings(small).change("Juniper", "persona", Wanted(label="quuxlabel", description="zanzibar"))
    for word in ("quuxlabel", "zanzibar"):
        assert small.value("SELECT count(*) FROM memory_blocks_fts WHERE memory_blocks_fts MATCH ?", (word,)) == 1
    small.connection.execute("INSERT INTO memory_blocks_fts(memory_blocks_fts, rank) VALUES ('integrity-check', 1)")


def test_odd_truth_values_keep_their_bytes(small: Constellation) -> None:
    small.connection.execute("UPDATE memory_blocks SET pinned = 1 WHERE label = 'persona'")
    assert not Settings(small).change("Juniper", "persona", Wanted(pinned=True)).changed


def test_a_column_that_the_runtime_cannot_read_is_mended(small: Constellation) -> None:
    small.connection.execute("UPDATE memory_blocks SET permission = 'all', char_limit = -4 WHERE label = 'persona'")
    done = Settings(small).change("Juniper", "persona", Wanted(permission="append", char_limit=4))
    assert done.changes == (Setting("permission", "all", "append"), Setting("char_limit", -4, 4))


@pytest.mark.parametrize(
    ("label", "wanted", "said"),
    [
        ("persona", Wanted(), "nothing is named"),
        ("persona", Wanted(char_limit=-1), "-1 cannot be a limit"),
        ("persona", Wanted(char_limit=0), "0 cannot be a limit"),
        ("persona", Wanted(char_limit=10**30), "cannot be a limit"),
        ("persona", Wanted(permission="all"), "no permission"),
        ("persona", Wanted(block_type="hot"), "no type"),
        ("persona", Wanted(label=" "), "label is empty"),
        ("persona", Wanted(label="a\x1b[1m"), "U\\+001B"),
        ("persona", Wanted(description="\0"), "NUL"),
        ("persona", Wanted(viewport=Viewport(1, 0)), "0 cannot be the number of lines"),
        ("persona", Wanted(display_limit=3), "is of kind text and has no display limit"),
        ("todo", Wanted(viewport="none"), "is of kind list and has no viewport"),
        ("todo", Wanted(max_items=-2), "-2 cannot be the most items"),
        ("observations", Wanted(display_limit=0), "0 cannot be the number of entries"),
    ],
)
def test_what_cannot_be(small: Constellation, label: str, wanted: Wanted, said: str) -> None:
    before = list(small.rows("SELECT * FROM memory_blocks"))
    for dry_run in (True, False):
        with pytest.raises(UsageError, match=said):
            Settings(small).change("Juniper", label, wanted, dry_run=dry_run)
    assert list(small.rows("SELECT * FROM memory_blocks")) == before


def test_a_label_that_is_taken(small: Constellation) -> None:
    for label in ("human", "retired"):
        with pytest.raises(ConflictError):
            Settings(small).change("Juniper", "persona", Wanted(label=label))
    assert Settings(small).change("Juniper", "persona", Wanted(label="Persona")).changed


def test_a_deleted_block_may_give_its_label_away(small: Constellation) -> None:
    done = Settings(small).change("Juniper", "retired", Wanted(label="retired_once"))
    assert done.label == "retired_once" and "deleted" in done.remarks[0]


def test_a_receiver_changes_nothing(small: Constellation) -> None:
    with pytest.raises(RefusedError, match="only receives"):
        Settings(small).change("Marlow", "crew_board", Wanted(pinned=True))


def test_a_dry_run(small: Constellation) -> None:
    before = list(small.rows("SELECT * FROM memory_blocks"))
    assert Settings(small).change("Juniper", "persona", Wanted(pinned=True, label="x"), dry_run=True).changed
    assert list(small.rows("SELECT * FROM memory_blocks")) == before


@pytest.mark.parametrize(
    ("label", "wanted", "kind", "after"),
    [
        ("persona", Wanted(viewport=Viewport(3, 4)), "Text", {"viewport": {"start_line": 3, "display_lines": 4}}),
        ("scratchpad", Wanted(viewport="none"), "Text", {}),
        ("todo", Wanted(max_items=3), "List", {"max_items": 3}),
        ("todo", Wanted(max_items=0), "List", {"max_items": None}),
        ("observations", Wanted(display_limit=2), "Log", {"display_limit": 2}),
    ],
)
def test_settings_inside_the_schema(
    small: Constellation, label: str, wanted: Wanted, kind: str, after: dict[str, Any]
) -> None:
    before = json.loads(metadata(small, label))["schema"][kind]
    done = Settings(small).change("Juniper", label, wanted)
    assert done.changed and len(done.changes) == 1
    names = {"viewport", "max_items", "display_limit"}
    kept = {name: value for name, value in before.items() if name not in names}
    assert json.loads(metadata(small, label))["schema"] == {kind: {**kept, **after}}
    assert not Settings(small).change("Juniper", label, wanted).changed


def test_other_keys_of_the_metadata_stay(small: Constellation) -> None:
    stored = '{"a":[1,2.5,{"b":null}],"schema":{"Text":{"later":{"x":1},"viewport":null}},"n":12345678901234567890}'
    small.connection.execute("UPDATE memory_blocks SET metadata = ? WHERE label = 'persona'", (stored,))
    Settings(small).change("Juniper", "persona", Wanted(viewport=Viewport(1, 2)))
    shown = '"viewport":{"start_line":1,"display_lines":2}'
    assert metadata(small, "persona") == stored.replace('"viewport":null', shown)
    Settings(small).change("Juniper", "persona", Wanted(viewport="none"))
    assert metadata(small, "persona") == stored.replace(',"viewport":null', "")


def test_a_block_without_a_schema_is_a_text(small: Constellation) -> None:
    Settings(small).change("Marlow", "legacy_nometa", Wanted(viewport=Viewport(1, 2)))
    Settings(small).change("Marlow", "foreign_meta", Wanted(viewport=Viewport(1, 2)))
    text = {"Text": {"viewport": {"start_line": 1, "display_lines": 2}}}
    assert json.loads(metadata(small, "legacy_nometa")) == {"schema": text}
    assert json.loads(metadata(small, "foreign_meta")) == {"origin": "elsewhere", "n": 3, "schema": text}


@pytest.mark.parametrize("stored", ['{"schema":{"Tree":{}}}', '{"schema":"Text"}', "[1]", "{", 5])
def test_a_schema_that_cannot_be_read_is_left_alone(small: Constellation, stored: Any) -> None:
    small.connection.execute("UPDATE memory_blocks SET metadata = ? WHERE label = 'persona'", (stored,))
    with pytest.raises(IntegrityError, match="cannot be changed"):
        Settings(small).change("Juniper", "persona", Wanted(viewport=Viewport(1, 2)))
    assert metadata(small, "persona") == stored
    assert Settings(small).change("Juniper", "persona", Wanted(pinned=True)).changed


@pytest.mark.parametrize(
    ("label", "wanted", "said"),
    [
        ("persona", Wanted(permission="append"), "the start sets permission as the file says"),
        ("persona", Wanted(block_type="log", char_limit=9), "sets type and limit as the file says"),
        ("persona", Wanted(char_limit=3), "it holds 255 characters, more than that"),
        ("persona", Wanted(label="self"), "that makes the block anew"),
        ("persona", Wanted(pinned=True), "a pin counts for working blocks only"),
        ("persona", Wanted(label="Human"), "differs only in its spelling"),
        ("bluesky_user:heron.example", Wanted(label="heron"), "by its old label"),
        ("file:ab12cd34:notes/to day.md", Wanted(viewport=Viewport(1, 5)), "only the lines of the viewport"),
    ],
)
def test_what_may_surprise_is_told(small: Constellation, label: str, wanted: Wanted, said: str) -> None:
    remarks = Settings(small).change("Juniper", label, wanted).remarks
    assert any(said in remark for remark in remarks), remarks
