from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pattern_cli.models import AgentAtprotoEndpoint
from pattern_cli.store.constellation import Constellation


def test_times_are_unix_seconds_in_the_file(write: Callable[..., Any], lab: Constellation) -> None:
    row = write(
        AgentAtprotoEndpoint,
        agent_id="_constellation_",
        did="did:plc:x",
        endpoint_type="bluesky",
        created_at="2026-01-08T19:02:18Z",
    )
    assert lab.value("SELECT created_at FROM agent_atproto_endpoints") == 1767898938
    assert row.created_at == "2026-01-08T19:02:18Z"
    assert row.updated_at > row.created_at
    assert (row.session_id, row.config) == (None, None)
