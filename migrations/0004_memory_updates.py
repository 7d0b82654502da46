"""Memory as a snapshot and updates: the table of updates, versions and sequence numbers of blocks."""

STATEMENTS = (
    "ALTER TABLE memory_blocks ADD COLUMN frontier BLOB",
    "ALTER TABLE memory_blocks ADD COLUMN last_seq INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE memory_block_checkpoints ADD COLUMN frontier BLOB",
    """CREATE TABLE memory_block_updates (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        block_id TEXT NOT NULL REFERENCES memory_blocks (id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        update_blob BLOB NOT NULL,
        byte_size INTEGER NOT NULL,
        source TEXT,
        created_at TEXT NOT NULL
    )""",
    "CREATE UNIQUE INDEX idx_updates_block_seq ON memory_block_updates (block_id, seq)",
    "CREATE INDEX idx_updates_block ON memory_block_updates (block_id)",
)
