from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pattern_cli.models import ActivityEvent, Agent, AgentSummary, ConstellationSummary, NotableEvent
from pattern_cli.store.constellation import Constellation


def test_events_stay_without_their_agent_and_summaries_do_not(write: Callable[..., Any], lab: Constellation) -> None:
    write(ActivityEvent, id="evt_1", timestamp=0, agent="a", event_type="tool_used", details={"tool": "search"})
    write(AgentSummary, agent="a", summary="…", generated_at=0, last_active=0)
    lab.bind(Agent.delete().where(Agent.id == "a")).execute()
    (event,) = lab.bind(ActivityEvent.select())
    assert (event.agent_id, event.importance, event.details) == (None, None, {"tool": "search"})
    assert list(lab.bind(AgentSummary.select())) == []


def test_what_was_decided_is_a_list(write: Callable[..., Any]) -> None:
    period = {"period_start": 0, "period_end": 1}
    row = write(ConstellationSummary, id="c", summary="", key_decisions=["x"], created_at=2, **period)
    assert (row.key_decisions, row.open_threads, row.period_end) == (["x"], None, "1970-01-01T00:00:00.000000001Z")


def test_a_notable_event_may_be_of_any_kind(write: Callable[..., Any]) -> None:
    row = write(NotableEvent, id="n", timestamp=0, event_type="eclipse", description="", importance="low", created_at=0)
    assert (row.event_type, row.agents_involved) == ("eclipse", None)
