from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pattern_cli.models import Event, EventOccurrence
from pattern_cli.store.constellation import Constellation


def test_occurrences_go_with_their_event(write: Callable[..., Any], lab: Constellation) -> None:
    event = write(Event, id="e", title="tea", starts_at=0, rrule="FREQ=DAILY", created_at=0, updated_at=0)
    once = write(EventOccurrence, id="o", event="e", starts_at=0, created_at=0)
    assert (event.all_day, event.ends_at, once.status, once.event_id) == (False, None, "scheduled", "e")
    lab.bind(Event.delete()).execute()
    assert lab.value("SELECT count(*) FROM event_occurrences") == 0
