"""The session of an ATProto account."""

STATEMENTS = (
    "ALTER TABLE agent_atproto_endpoints ADD COLUMN session_id TEXT",
    "CREATE INDEX idx_agent_atproto_endpoints_session ON agent_atproto_endpoints (session_id)",
)
