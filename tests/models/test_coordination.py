from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.errors import UsageError
from pattern_cli.models import Agent, CoordinationState, CoordinationTask, HandoffNote
from pattern_cli.store.constellation import Constellation


def test_a_number_as_state_can_be_read_by_the_runtime(write: Callable[..., Any], lab: Constellation) -> None:
    assert write(CoordinationState, key="k", value=5, updated_at=0).value == "5"
    assert lab.value("SELECT typeof(value) FROM coordination_state") == "text"


def test_work_is_freed_and_notes_are_lost_with_their_agent(write: Callable[..., Any], lab: Constellation) -> None:
    task = write(CoordinationTask, id="t", description="", assigned_to="a", created_at=0, updated_at=0)
    assert (task.assigned_to_id, task.status, task.priority) == ("a", "pending", "medium")
    write(HandoffNote, id="by", from_agent="a", content="", created_at=0)
    write(HandoffNote, id="to", from_agent="b", to_agent="a", content="", created_at=0)
    lab.bind(Agent.delete().where(Agent.id == "a")).execute()
    assert lab.value("SELECT assigned_to FROM coordination_tasks") is None
    (note,) = lab.bind(HandoffNote.select())
    assert (note.id, note.from_agent_id, note.to_agent_id, note.read_at) == ("to", "b", None, None)


def test_a_user_task_s_status_is_none_of_a_coordination_task(write: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="pending, in_progress, completed, cancelled"):
        write(CoordinationTask, id="t", description="", status="blocked", created_at=0, updated_at=0)
