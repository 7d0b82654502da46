from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.models import AgentGroup, GroupMember
from pattern_cli.store.constellation import Constellation


@pytest.fixture
def group(write: Callable[..., Any]) -> Any:
    config = {"type": "round_robin", "skip_unavailable": True}
    return write(
        AgentGroup, id="g", name="Crew", pattern_type="round_robin", pattern_config=config, created_at=0, updated_at=0
    )


def test_a_member_s_role_and_capabilities_are_json(group: Any, write: Callable[..., Any], lab: Constellation) -> None:
    role = {"type": "specialist", "domain": "memory_management"}
    member = write(GroupMember, group="g", agent="a", role=role, joined_at=0)
    assert (member.group_id, member.agent_id, member.role, member.capabilities) == ("g", "a", role, [])
    assert lab.value("SELECT role FROM group_members") == '{"type":"specialist","domain":"memory_management"}'


def test_members_go_with_their_group(group: Any, write: Callable[..., Any], lab: Constellation) -> None:
    write(GroupMember, group="g", agent="a", joined_at=0)
    lab.bind(AgentGroup.delete().where(AgentGroup.id == "g")).execute()
    assert lab.value("SELECT count(*) FROM group_members") == 0


def test_a_word_as_role_is_shown_as_stored(database: Callable[[str], Path]) -> None:
    path = database("versions/0010-preedit.db")
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE group_members SET role = 'supervisor'")
    connection.close()
    with Constellation.open(path) as constellation:
        members = list(constellation.bind(GroupMember.select(GroupMember.role)))
    assert {member.role for member in members} == {"supervisor"}
    assert {member.role.problems for member in members} == {("role: not valid JSON",)}
