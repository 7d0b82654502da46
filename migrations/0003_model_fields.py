"""More columns of tasks, events and passages; occurrences of recurring events."""

STATEMENTS = (
    "ALTER TABLE tasks ADD COLUMN tags JSON",
    "ALTER TABLE tasks ADD COLUMN estimated_minutes INTEGER",
    "ALTER TABLE tasks ADD COLUMN actual_minutes INTEGER",
    "ALTER TABLE tasks ADD COLUMN notes TEXT",
    "ALTER TABLE events ADD COLUMN all_day INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE events ADD COLUMN location TEXT",
    "ALTER TABLE events ADD COLUMN external_id TEXT",
    "ALTER TABLE events ADD COLUMN external_source TEXT",
    "ALTER TABLE file_passages ADD COLUMN chunk_index INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE event_occurrences (
        id TEXT PRIMARY KEY,
        event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
        starts_at TEXT NOT NULL,
        ends_at TEXT,
        status TEXT NOT NULL DEFAULT 'scheduled',
        notes TEXT,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_occurrences_event ON event_occurrences (event_id)",
    "CREATE INDEX idx_occurrences_starts ON event_occurrences (starts_at)",
    "CREATE INDEX idx_occurrences_status ON event_occurrences (status)",
)
