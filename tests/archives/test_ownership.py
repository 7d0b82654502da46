from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import ConflictError

OWNERS = """SELECT b.label, coalesce(a.name, g.name, b.agent_id) FROM memory_blocks b
            LEFT JOIN agents a ON a.id = b.agent_id LEFT JOIN agent_groups g ON g.id = b.agent_id ORDER BY b.label"""


def test_owners_are_agents_groups_and_the_constellation(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    data = build.group_export(
        agent_exports=[build.agent_export(blocks=[build.block("b1", "agent_a", "of agent")])],
        shared_memory_cids=[
            build.block("b2", "group_g", "of group"),
            build.block("b3", "_constellation_", "of all"),
            build.block("b4", "agent_a", "of agent, shared"),
        ],
    )
    done = importing(fresh, build.write("Group", data))
    assert content(fresh).rows(OWNERS) == [
        ("of agent", "Ann"),
        ("of agent, shared", "Ann"),
        ("of all", "_constellation_"),
        ("of group", "Crew"),
    ]
    assert done.remarks == ()


def test_an_unknown_owner_becomes_the_importing_group_and_is_told(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    data = build.group_export(shared_memory_cids=[build.block("b", "somebody", "board")])
    done = importing(fresh, build.write("Group", data))
    assert content(fresh).rows(OWNERS) == [("board", "Crew")]
    assert done.remarks == (
        'block "board" belonged to somebody, which is neither in the archive nor in the database; group "Crew" owns it '
        "now",
    )


def test_an_owner_that_the_target_has_stays_the_owner(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    importing(fresh, build.write_agent(build.agent("somebody", "Bo")), keep_ids=True)
    data = build.group_export(shared_memory_cids=[build.block("b", "somebody", "board")])
    assert importing(fresh, build.write("Group", data)).remarks == ()
    assert content(fresh).rows(OWNERS) == [("board", "Bo")]


def test_an_unknown_owner_outside_of_groups_stays_and_is_told(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    data = build.constellation({}, all_memory_block_cids=[build.block("b", "gone", "left over")])
    done = importing(fresh, build.write("Constellation", data))
    assert content(fresh).rows(OWNERS) == [("left over", "gone")]
    assert "it keeps that owner" in done.remarks[0]


@pytest.mark.parametrize(
    ("policy", "blocks"),
    [("rename", {"board": "old", "board (2)": "new"}), ("skip", {"board": "old"}), ("replace", {"board": "new"})],
)
def test_a_label_that_its_owner_has_already(
    policy: str, blocks: dict[str, str], build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    def archive(text: str) -> Path:
        block = build.block(f"b_{text}", "_constellation_", "board", description=text)
        result: Path = build.write("Constellation", build.constellation({}, all_memory_block_cids=[block]))
        return result

    importing(fresh, archive("old"))
    with pytest.raises(ConflictError, match='block "board" of _constellation_ exists already'):
        importing(fresh, archive("new"))
    done = importing(fresh, archive("new"), on_conflict=policy)
    assert dict(content(fresh).rows("SELECT label, description FROM memory_blocks")) == blocks
    assert [(c.kind, c.on, c.action) for c in done.conflicts] == [("block", "label", policy)]
    content(fresh).require_sound()


def test_a_kept_id_and_a_label_that_two_blocks_have_replace_both(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    old = [build.block("one", "_constellation_", "first"), build.block("two", "_constellation_", "second")]
    importing(fresh, build.write("Constellation", build.constellation({}, all_memory_block_cids=old)), keep_ids=True)
    new = build.write(
        "Constellation",
        build.constellation({}, all_memory_block_cids=[build.block("one", "_constellation_", "second")]),
    )
    done = importing(fresh, new, keep_ids=True, on_conflict="replace")
    assert content(fresh).rows("SELECT id, label FROM memory_blocks") == [("one", "second")]
    assert done.removes == {"memory_blocks": 2}


def test_a_taken_kept_id_under_another_label_is_renamed_by_id_alone(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    importing(
        fresh,
        build.write(
            "Constellation", build.constellation({}, all_memory_block_cids=[build.block("one", "_constellation_", "x")])
        ),
        keep_ids=True,
    )
    importing(
        fresh,
        build.write(
            "Constellation", build.constellation({}, all_memory_block_cids=[build.block("one", "_constellation_", "y")])
        ),
        keep_ids=True,
        on_conflict="rename",
    )
    rows = dict(content(fresh).rows("SELECT label, id FROM memory_blocks"))
    assert rows["x"] == "one" and rows["y"].startswith("mem_")


def test_labels_that_an_archive_holds_twice_are_told_apart(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    blocks = [build.block("b1", description="1"), build.block("b2", description="2")]
    done = importing(fresh, build.write_agent(blocks=blocks))
    assert sorted(content(fresh).rows("SELECT label FROM memory_blocks")) == ["persona", "persona (2)"]
    assert "two blocks" in done.remarks[0]


def test_different_blocks_under_one_id_are_told_when_ids_are_kept(
    build: Any, fresh: Path, importing: Any, planning: Any, content: Any
) -> None:
    importing(fresh, build.write_agent(build.agent("agent_b", "Bo"), [build.block("b", "agent_b", "x")]), keep_ids=True)
    path = build.write_agent(blocks=[build.block("b", label="one"), build.block("b", label="two")])
    options = {"keep_ids": True, "on_conflict": "replace"}
    plan, done = planning(fresh, path, **options), importing(fresh, path, **options)
    assert plan.remarks == done.remarks == ("1 block id occurred in the archive before; those rows get new ones",)
    assert plan.repeated_ids == done.repeated_ids == 1
    assert len(done.conflicts) == 1 and done.removes == {"memory_blocks": 1}
    assert sorted(content(fresh).rows("SELECT label FROM memory_blocks WHERE id = 'b' OR agent_id = 'agent_a'")) == [
        "one",
        "two",
    ]
    assert importing(fresh, path, on_conflict="rename").repeated_ids == 0


@pytest.mark.parametrize(
    ("owner", "said"), [("agent_b", "Bo"), ("_constellation_", "_constellation_"), ("gone", "gone")]
)
def test_conflicts_of_blocks_name_the_one_that_is_there_and_its_owner(
    owner: str, said: str, build: Any, fresh: Path, importing: Any, planning: Any
) -> None:
    agent = build.put(build.agent_export(build.agent("agent_b", "Bo")))
    there = build.constellation({"agent_b": agent}, all_memory_block_cids=[build.block("b", owner, "old")])
    importing(fresh, build.write("Constellation", there), keep_ids=True)
    (conflict,) = planning(fresh, build.write_agent(blocks=[build.block("b", label="new")]), keep_ids=True).conflicts
    assert (conflict.kind, conflict.name, conflict.on, conflict.existing, conflict.owner) == (
        "block", "old", "id", "b", said,
    )  # fmt: skip
    again = build.constellation({}, all_memory_block_cids=[build.block("other", owner, "old")])
    (conflict,) = planning(fresh, build.write("Constellation", again)).conflicts
    assert (conflict.name, conflict.on, conflict.owner) == ("old", "label", said)
