"""The version after every memory update, and whether it is undone."""

STATEMENTS = (
    "ALTER TABLE memory_block_updates ADD COLUMN frontier BLOB",
    "ALTER TABLE memory_block_updates ADD COLUMN is_active INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX idx_updates_active ON memory_block_updates (block_id, is_active, seq)",
)
