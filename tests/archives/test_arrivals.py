from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.archives.arrivals import free_name
from pattern_cli.errors import ConflictError, IntegrityError, RefusedError, UsageError

NAMES = "SELECT name FROM agents ORDER BY name"


def test_a_new_agent_gets_a_new_id_and_its_own_values(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    agent = build.agent(
        description="d",
        config={"id": "agent_a", "name": "Ann", "x": 1},
        tool_rules=[],
        enabled_tools=[],
        status="archived",
    )
    done = importing(fresh, build.write_agent(agent))
    ((id, name, description, config, tools, rules, status, created),) = content(fresh).rows(
        "SELECT id, name, description, config, enabled_tools, tool_rules, status, created_at FROM agents"
    )
    assert len(id) == 32 and int(id, 16)
    assert json.loads(config) == {"id": id, "name": "Ann", "x": 1}
    assert (name, description, tools, rules, status) == ("Ann", "d", "[]", "[]", "archived")
    assert created == "2026-01-02T03:04:05.000000001+00:00"
    ((arrival),) = done.arrivals
    assert (arrival.kind, arrival.archived_id, arrival.id, arrival.action) == ("agent", "agent_a", id, "add")


def test_new_ids_keep_the_order_of_the_old_ones(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    """The runtime reads members by agent id, and takes the first for the leader (database.md §7.5)."""
    old = ["c9", "a1", "f0", "B2", "b7", "00", "e5", "d3"]
    data = build.group_export(
        agent_exports=[build.agent_export(build.agent(id, f"agent {id}")) for id in old],
        members=[build.member(id) for id in reversed(old)],
    )
    importing(fresh, build.write("Group", data))
    members = content(fresh).rows(
        "SELECT a.name FROM group_members m JOIN agents a ON a.id = m.agent_id ORDER BY m.agent_id"
    )
    assert members == [f"agent {id}" for id in sorted(old)]


@pytest.mark.parametrize("policy", ["fail", "rename", "skip", "replace"])
def test_a_conflict_of_ids_names_what_has_the_id(
    policy: str, build: Any, fresh: Path, importing: Any, planning: Any
) -> None:
    importing(fresh, build.write_agent(), keep_ids=True)
    (conflict,) = planning(fresh, build.write_agent(), keep_ids=True, rename="Bea", on_conflict=policy).conflicts
    assert (conflict.kind, conflict.name, conflict.on, conflict.existing) == ("agent", "Ann", "id", "agent_a")


def test_rename_is_for_one_agent_or_group(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    importing(fresh, build.write_agent(build.agent(config={"name": "Ann"})), rename="Bea")
    assert content(fresh).rows("SELECT name, config FROM agents") == [("Bea", '{"name":"Bea"}')]
    group = build.write("Group", build.group_export(agent_exports=[build.agent_export()], members=[build.member()]))
    importing(fresh, group, rename="Other Crew")
    assert content(fresh).rows(NAMES) == ["Ann", "Bea"]
    assert content(fresh).rows("SELECT name FROM agent_groups") == ["Other Crew"]
    everything = build.write("Constellation", build.constellation({"agent_a": build.put(build.agent_export())}))
    with pytest.raises(UsageError, match="--rename"):
        importing(fresh, everything, rename="X")


@pytest.mark.parametrize("name", ["", "  "])
def test_a_name_cannot_be_blank(name: str, build: Any, fresh: Path, importing: Any) -> None:
    with pytest.raises(UsageError, match="--rename"):
        importing(fresh, build.write_agent(), rename=name)


def test_rename_to_a_taken_name_is_a_conflict_like_any_other(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    importing(fresh, build.write_agent())
    with pytest.raises(ConflictError, match='agent "Ann" exists already'):
        importing(fresh, build.write_agent(build.agent("b", "Bo")), rename="Ann")
    importing(fresh, build.write_agent(build.agent("b", "Bo")), rename="Ann", on_conflict="rename")
    assert content(fresh).rows(NAMES) == ["Ann", "Ann (2)"]


def test_renaming_finds_the_first_free_number(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    for _ in range(3):
        importing(fresh, build.write_agent(), on_conflict="rename")
    assert content(fresh).rows(NAMES) == ["Ann", "Ann (2)", "Ann (3)"]
    assert free_name("x", {"x (2)", "x (3)", "x"}.__contains__) == "x (4)"


def test_names_that_an_archive_holds_twice_are_told_apart(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    agents = {id: build.put(build.agent_export(build.agent(id, "Ann"))) for id in ("a", "b")}
    done = importing(fresh, build.write("Constellation", build.constellation(agents)))
    assert content(fresh).rows(NAMES) == ["Ann", "Ann (2)"]
    assert done.remarks == ('the archive holds two agents named "Ann": one is "Ann (2)"',)


def test_ids_that_an_archive_holds_twice_are_refused(build: Any, fresh: Path, importing: Any) -> None:
    exports = [build.agent_export(), build.agent_export(build.agent(name="Bo"))]
    with pytest.raises(IntegrityError, match="two agents with the id agent_a"):
        importing(fresh, build.write("Group", build.group_export(agent_exports=exports)))


@pytest.mark.parametrize(("policy", "names"), [("rename", ["Ann", "Bo"]), ("skip", ["Ann"]), ("replace", ["Bo"])])
def test_kept_ids_that_are_taken(
    policy: str, names: list[str], build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    importing(fresh, build.write_agent(), keep_ids=True)
    other = build.write_agent(build.agent("agent_a", "Bo"))
    with pytest.raises(ConflictError, match="same id"):
        importing(fresh, other, keep_ids=True)
    done = importing(fresh, other, keep_ids=True, on_conflict=policy)
    assert content(fresh).rows(NAMES) == names
    assert [(c.kind, c.on, c.existing) for c in done.conflicts] == [("agent", "id", "agent_a")]


def test_replacing_two_at_once_is_refused(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    importing(fresh, build.write_agent(build.agent("a", "Ann")), keep_ids=True)
    importing(fresh, build.write_agent(build.agent("b", "Bo")), keep_ids=True)
    with pytest.raises(RefusedError, match="would replace two"):
        importing(fresh, build.write_agent(build.agent("a", "Bo")), keep_ids=True, on_conflict="replace")
    assert content(fresh).rows(NAMES) == ["Ann", "Bo"]


def test_a_skipped_agent_leaves_out_all_its_rows(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    importing(fresh, build.write_agent())
    path = build.write_agent(
        blocks=[build.block()],
        chunks=[build.chunk(build.message())],
        entries=[build.entry()],
        summaries=[build.summary()],
    )
    done = importing(fresh, path, on_conflict="skip")
    assert not any(done.adds.values())
    assert done.arrivals[0].id is None and done.arrivals[0].action == "skip"
    assert content(fresh).counts().keys() == {"agents", "_sqlx_migrations"}


def test_what_hangs_on_a_skipped_agent_is_left_out_and_told(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    importing(fresh, build.write_agent())
    data = build.group_export(
        agent_exports=[
            build.agent_export(blocks=[build.block("b1")]),
            build.agent_export(build.agent("b", "Bo"), blocks=[build.block("b2", "b")]),
        ],
        members=[build.member(), build.member("b")],
        shared_attachment_exports=[build.share("b1", "b"), build.share("b2", "agent_a")],
    )
    done = importing(fresh, build.write("Group", data), on_conflict="skip")
    assert (done.adds["agents"], done.adds["group_members"], done.adds["shared_block_agents"]) == (1, 1, 0)
    assert done.remarks == (
        "1 membership left out with the agents that are",
        "2 shares left out with the blocks or agents that are",
    )


def test_a_renamed_agent_is_renamed_in_pattern_configurations(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    importing(fresh, build.write_agent())
    group = build.group(pattern_config={"type": "supervisor", "leader": "Ann", "leader_id": "agent_a"})
    path = build.write(
        "Group", build.group_export(group, agent_exports=[build.agent_export()], members=[build.member()])
    )
    done = importing(fresh, path, on_conflict="rename")
    config = json.loads(content(fresh).value("SELECT pattern_config FROM agent_groups"))
    assert config == {"type": "supervisor", "leader": "Ann (2)", "leader_id": done.arrivals[0].id}
