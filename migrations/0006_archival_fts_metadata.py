"""Search archival metadata, labels and descriptions too: both indexes are made anew with more columns."""

STATEMENTS = (
    "DROP TRIGGER IF EXISTS archival_ai",
    "DROP TRIGGER IF EXISTS archival_ad",
    "DROP TRIGGER IF EXISTS archival_au",
    "DROP TABLE IF EXISTS archival_fts",
    """CREATE VIRTUAL TABLE archival_fts USING fts5 (
        content, metadata, content = 'archival_entries', content_rowid = 'rowid'
    )""",
    """CREATE TRIGGER archival_ai AFTER INSERT ON archival_entries FOR EACH ROW BEGIN
        INSERT INTO archival_fts (rowid, content, metadata)
            VALUES (new.rowid, new.content, new.metadata);
    END""",
    """CREATE TRIGGER archival_ad AFTER DELETE ON archival_entries FOR EACH ROW BEGIN
        INSERT INTO archival_fts (archival_fts, rowid, content, metadata)
            VALUES ('delete', old.rowid, old.content, old.metadata);
    END""",
    """CREATE TRIGGER archival_au AFTER UPDATE ON archival_entries FOR EACH ROW BEGIN
        INSERT INTO archival_fts (archival_fts, rowid, content, metadata)
            VALUES ('delete', old.rowid, old.content, old.metadata);
        INSERT INTO archival_fts (rowid, content, metadata)
            VALUES (new.rowid, new.content, new.metadata);
    END""",
    "INSERT INTO archival_fts (archival_fts) VALUES ('rebuild')",
    "DROP TRIGGER IF EXISTS memory_blocks_ai",
    "DROP TRIGGER IF EXISTS memory_blocks_ad",
    "DROP TRIGGER IF EXISTS memory_blocks_au",
    "DROP TABLE IF EXISTS memory_blocks_fts",
    """CREATE VIRTUAL TABLE memory_blocks_fts USING fts5 (
        label, description, content_preview, content = 'memory_blocks', content_rowid = 'rowid'
    )""",
    """CREATE TRIGGER memory_blocks_ai AFTER INSERT ON memory_blocks FOR EACH ROW BEGIN
        INSERT INTO memory_blocks_fts (rowid, label, description, content_preview)
            VALUES (new.rowid, new.label, new.description, new.content_preview);
    END""",
    """CREATE TRIGGER memory_blocks_ad AFTER DELETE ON memory_blocks FOR EACH ROW BEGIN
        INSERT INTO memory_blocks_fts (memory_blocks_fts, rowid, label, description, content_preview)
            VALUES ('delete', old.rowid, old.label, old.description, old.content_preview);
    END""",
    """CREATE TRIGGER memory_blocks_au AFTER UPDATE ON memory_blocks FOR EACH ROW BEGIN
        INSERT INTO memory_blocks_fts (memory_blocks_fts, rowid, label, description, content_preview)
            VALUES ('delete', old.rowid, old.label, old.description, old.content_preview);
        INSERT INTO memory_blocks_fts (rowid, label, description, content_preview)
            VALUES (new.rowid, new.label, new.description, new.content_preview);
    END""",
    "INSERT INTO memory_blocks_fts (memory_blocks_fts) VALUES ('rebuild')",
)
