"""Which ATProto account an agent speaks as (database.md §2.2, §7.5)."""

from __future__ import annotations

from peewee import SQL, CompositeKey

from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import Text, UnixTime, default


class AgentAtprotoEndpoint(BaseModel):
    """An account of an agent, or of `_constellation_`; `session_id` names a session and is not to be shown."""

    agent_id = Text()
    did = Text()
    endpoint_type = Text()
    config = Text(null=True)
    created_at = UnixTime(constraints=default("(unixepoch())"))
    updated_at = UnixTime(constraints=default("(unixepoch())"))
    session_id = Text(null=True)

    class Meta:
        table_name = "agent_atproto_endpoints"
        primary_key = CompositeKey("agent_id", "endpoint_type")
        indexes = (
            SQL("CREATE INDEX idx_agent_atproto_endpoints_did ON agent_atproto_endpoints (did)"),
            SQL("CREATE INDEX idx_agent_atproto_endpoints_session ON agent_atproto_endpoints (session_id)"),
        )
