"""The whole content of a queued message, beside its display text."""

STATEMENTS = (
    "ALTER TABLE queued_messages ADD COLUMN content_json TEXT",
    "ALTER TABLE queued_messages ADD COLUMN metadata_json_full TEXT",
    "ALTER TABLE queued_messages ADD COLUMN batch_id TEXT",
    "ALTER TABLE queued_messages ADD COLUMN role TEXT NOT NULL DEFAULT 'user'",
    "CREATE INDEX idx_queued_messages_batch ON queued_messages (batch_id)",
)
