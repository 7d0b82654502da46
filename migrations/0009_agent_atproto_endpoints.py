"""Which ATProto account an agent uses. There is no version 8."""

STATEMENTS = (
    """CREATE TABLE agent_atproto_endpoints (
        agent_id TEXT NOT NULL,
        did TEXT NOT NULL,
        endpoint_type TEXT NOT NULL,
        config TEXT,
        created_at INTEGER NOT NULL DEFAULT (unixepoch()),
        updated_at INTEGER NOT NULL DEFAULT (unixepoch()),
        PRIMARY KEY (agent_id, endpoint_type)
    )""",
    "CREATE INDEX idx_agent_atproto_endpoints_did ON agent_atproto_endpoints (did)",
)
