"""The queue of messages between agents."""

STATEMENTS = (
    """CREATE TABLE queued_messages (
        id TEXT NOT NULL PRIMARY KEY,
        target_agent_id TEXT NOT NULL REFERENCES agents (id),
        source_agent_id TEXT,
        content TEXT NOT NULL,
        origin_json TEXT,
        metadata_json TEXT,
        priority INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL DEFAULT (datetime('now')),
        processed_at TEXT
    )""",
    "CREATE INDEX idx_queued_messages_target ON queued_messages (target_agent_id, processed_at)",
    "CREATE INDEX idx_queued_messages_priority ON queued_messages (priority DESC, created_at)",
)
