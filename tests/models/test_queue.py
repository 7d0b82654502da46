from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.errors import ConflictError
from pattern_cli.models import Agent, QueuedMessage
from pattern_cli.store.constellation import Constellation


def test_a_queued_message_waits_with_the_runtime_s_defaults(write: Callable[..., Any], lab: Constellation) -> None:
    row = write(QueuedMessage, id="1", target_agent="a", content="hi", content_json={"Text": "hi"})
    assert (row.priority, row.role, row.processed_at, row.origin_json) == (0, "user", None, None)
    assert lab.value("SELECT typeof(content_json) FROM queued_messages") == "text"
    assert lab.value("SELECT length(created_at) FROM queued_messages") == len("2026-01-08 19:02:18")
    assert row.created_at.endswith("Z")


def test_an_agent_with_mail_cannot_be_deleted(write: Callable[..., Any], lab: Constellation) -> None:
    write(QueuedMessage, id="1", target_agent="a", content="hi")
    with pytest.raises(ConflictError, match="FOREIGN KEY"):
        lab.bind(Agent.delete().where(Agent.id == "a")).execute()
