from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pattern_cli.models import Task
from pattern_cli.store.constellation import Constellation


def test_subtasks_go_with_their_task(write: Callable[..., Any], lab: Constellation) -> None:
    task = write(Task, id="t", title="tea", due_at="2026-01-08T19:02+01:00", tags=["home"], created_at=0, updated_at=0)
    write(Task, id="s", title="can", parent_task="t", status="deferred", created_at=0, updated_at=0)
    assert (task.status, task.priority, task.agent_id, task.tags) == ("pending", "medium", None, ["home"])
    assert task.due_at == "2026-01-08T18:02:00Z"
    lab.bind(Task.delete().where(Task.id == "t")).execute()
    assert lab.value("SELECT count(*) FROM tasks") == 0
