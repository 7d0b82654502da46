from __future__ import annotations

import pytest

from pattern_cli.errors import UsageError
from pattern_cli.models import Agent
from pattern_cli.store.constellation import Constellation


def test_an_agent_is_stored_as_the_runtime_stores_one(lab: Constellation) -> None:
    row = next(lab.rows("SELECT status, config, enabled_tools, tool_rules, created_at FROM agents WHERE id = 'a'"))
    assert row == ("active", "{}", "[]", None, "2026-01-08T19:02:18.123456789+00:00")


def test_a_status_can_be_changed_to_one_the_runtime_knows(lab: Constellation) -> None:
    change = Agent.update(status="hibernated", updated_at="2026-01-08 20:00:00").where(Agent.id == "a")
    assert lab.bind(change).execute() == 1
    assert lab.value("SELECT status FROM agents WHERE id = 'a'") == "hibernated"
    assert lab.value("SELECT updated_at FROM agents WHERE id = 'a'") == "2026-01-08T20:00:00+00:00"
    with pytest.raises(UsageError, match="active, hibernated, archived"):
        lab.bind(Agent.update(status="asleep")).execute()
