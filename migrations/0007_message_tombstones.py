"""Messages are deleted by a mark."""

STATEMENTS = (
    "ALTER TABLE messages ADD COLUMN is_deleted INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX idx_messages_deleted ON messages (agent_id, is_deleted, position DESC)",
)
