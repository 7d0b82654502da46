"""The 25 tables a constellation began with.

The first edition of this version declared `group_members.role` as TEXT (database.md §2.6).
"""

STATEMENTS = (
    """CREATE TABLE agents (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        description TEXT,
        model_provider TEXT NOT NULL,
        model_name TEXT NOT NULL,
        system_prompt TEXT NOT NULL,
        config JSON NOT NULL,
        enabled_tools JSON NOT NULL,
        tool_rules JSON,
        status TEXT NOT NULL DEFAULT 'active',
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_agents_name ON agents (name)",
    "CREATE INDEX idx_agents_status ON agents (status)",
    """CREATE TABLE agent_groups (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        description TEXT,
        pattern_type TEXT NOT NULL,
        pattern_config JSON NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )""",
    """CREATE TABLE group_members (
        group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        role JSON,
        joined_at TEXT NOT NULL,
        PRIMARY KEY (group_id, agent_id)
    )""",
    """CREATE TABLE memory_blocks (
        id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL,
        label TEXT NOT NULL,
        description TEXT NOT NULL,
        block_type TEXT NOT NULL,
        char_limit INTEGER NOT NULL DEFAULT 5000,
        permission TEXT NOT NULL DEFAULT 'read_write',
        pinned INTEGER NOT NULL DEFAULT 0,
        loro_snapshot BLOB NOT NULL,
        content_preview TEXT,
        metadata JSON,
        embedding_model TEXT,
        is_active INTEGER NOT NULL DEFAULT 1,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        UNIQUE (agent_id, label)
    )""",
    "CREATE INDEX idx_memory_blocks_agent ON memory_blocks (agent_id)",
    "CREATE INDEX idx_memory_blocks_type ON memory_blocks (agent_id, block_type)",
    "CREATE INDEX idx_memory_blocks_active ON memory_blocks (agent_id, is_active)",
    """CREATE TABLE memory_block_checkpoints (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        block_id TEXT NOT NULL REFERENCES memory_blocks (id) ON DELETE CASCADE,
        snapshot BLOB NOT NULL,
        created_at TEXT NOT NULL,
        updates_consolidated INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX idx_checkpoints_block ON memory_block_checkpoints (block_id, created_at DESC)",
    """CREATE TABLE shared_block_agents (
        block_id TEXT NOT NULL REFERENCES memory_blocks (id) ON DELETE CASCADE,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        permission TEXT NOT NULL DEFAULT 'read_only',
        attached_at TEXT NOT NULL,
        PRIMARY KEY (block_id, agent_id)
    )""",
    """CREATE TABLE archival_entries (
        id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL,
        content TEXT NOT NULL,
        metadata JSON,
        chunk_index INTEGER DEFAULT 0,
        parent_entry_id TEXT REFERENCES archival_entries (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_archival_agent ON archival_entries (agent_id, created_at DESC)",
    "CREATE INDEX idx_archival_parent ON archival_entries (parent_entry_id)",
    """CREATE TABLE messages (
        id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        position TEXT NOT NULL,
        batch_id TEXT,
        sequence_in_batch INTEGER,
        role TEXT NOT NULL,
        content_json JSON NOT NULL,
        content_preview TEXT,
        batch_type TEXT,
        source TEXT,
        source_metadata JSON,
        is_archived INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_messages_agent_position ON messages (agent_id, position DESC)",
    "CREATE INDEX idx_messages_agent_batch ON messages (agent_id, batch_id)",
    "CREATE INDEX idx_messages_archived ON messages (agent_id, is_archived, position DESC)",
    """CREATE TABLE archive_summaries (
        id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        summary TEXT NOT NULL,
        start_position TEXT NOT NULL,
        end_position TEXT NOT NULL,
        message_count INTEGER NOT NULL,
        previous_summary_id TEXT REFERENCES archive_summaries (id) ON DELETE SET NULL,
        depth INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_archive_summaries_agent ON archive_summaries (agent_id, start_position)",
    "CREATE INDEX idx_archive_summaries_chain ON archive_summaries (previous_summary_id)",
    """CREATE TABLE activity_events (
        id TEXT PRIMARY KEY,
        timestamp TEXT NOT NULL,
        agent_id TEXT REFERENCES agents (id) ON DELETE SET NULL,
        event_type TEXT NOT NULL,
        details JSON NOT NULL,
        importance TEXT
    )""",
    "CREATE INDEX idx_activity_timestamp ON activity_events (timestamp DESC)",
    "CREATE INDEX idx_activity_agent ON activity_events (agent_id)",
    "CREATE INDEX idx_activity_type ON activity_events (event_type)",
    "CREATE INDEX idx_activity_importance ON activity_events (importance, timestamp DESC)",
    """CREATE TABLE agent_summaries (
        agent_id TEXT PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
        summary TEXT NOT NULL,
        messages_covered INTEGER,
        generated_at TEXT NOT NULL,
        last_active TEXT NOT NULL
    )""",
    """CREATE TABLE constellation_summaries (
        id TEXT PRIMARY KEY,
        period_start TEXT NOT NULL,
        period_end TEXT NOT NULL,
        summary TEXT NOT NULL,
        key_decisions JSON,
        open_threads JSON,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_constellation_summaries_period ON constellation_summaries (period_end DESC)",
    """CREATE TABLE notable_events (
        id TEXT PRIMARY KEY,
        timestamp TEXT NOT NULL,
        event_type TEXT NOT NULL,
        description TEXT NOT NULL,
        agents_involved JSON,
        importance TEXT NOT NULL,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_notable_timestamp ON notable_events (timestamp DESC)",
    "CREATE INDEX idx_notable_importance ON notable_events (importance)",
    """CREATE TABLE coordination_state (
        key TEXT PRIMARY KEY,
        value JSON NOT NULL,
        updated_at TEXT NOT NULL,
        updated_by TEXT
    )""",
    """CREATE TABLE coordination_tasks (
        id TEXT PRIMARY KEY,
        description TEXT NOT NULL,
        assigned_to TEXT REFERENCES agents (id) ON DELETE SET NULL,
        status TEXT NOT NULL DEFAULT 'pending',
        priority TEXT NOT NULL DEFAULT 'medium',
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_tasks_status ON coordination_tasks (status, priority DESC)",
    "CREATE INDEX idx_tasks_assigned ON coordination_tasks (assigned_to)",
    """CREATE TABLE handoff_notes (
        id TEXT PRIMARY KEY,
        from_agent TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        to_agent TEXT REFERENCES agents (id) ON DELETE SET NULL,
        content TEXT NOT NULL,
        created_at TEXT NOT NULL,
        read_at TEXT
    )""",
    "CREATE INDEX idx_handoff_to ON handoff_notes (to_agent, read_at)",
    "CREATE INDEX idx_handoff_unread ON handoff_notes (to_agent) WHERE read_at IS NULL",
    """CREATE TABLE data_sources (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        source_type TEXT NOT NULL,
        config JSON NOT NULL,
        last_sync_at TEXT,
        sync_cursor TEXT,
        enabled INTEGER NOT NULL DEFAULT 1,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )""",
    """CREATE TABLE agent_data_sources (
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        source_id TEXT NOT NULL REFERENCES data_sources (id) ON DELETE CASCADE,
        notification_template TEXT,
        PRIMARY KEY (agent_id, source_id)
    )""",
    """CREATE TABLE tasks (
        id TEXT PRIMARY KEY,
        agent_id TEXT REFERENCES agents (id) ON DELETE SET NULL,
        title TEXT NOT NULL,
        description TEXT,
        status TEXT NOT NULL DEFAULT 'pending',
        priority TEXT NOT NULL DEFAULT 'medium',
        due_at TEXT,
        scheduled_at TEXT,
        completed_at TEXT,
        parent_task_id TEXT REFERENCES tasks (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_tasks_agent ON tasks (agent_id, status)",
    "CREATE INDEX idx_tasks_due ON tasks (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX idx_tasks_parent ON tasks (parent_task_id)",
    """CREATE TABLE events (
        id TEXT PRIMARY KEY,
        agent_id TEXT REFERENCES agents (id) ON DELETE SET NULL,
        title TEXT NOT NULL,
        description TEXT,
        starts_at TEXT NOT NULL,
        ends_at TEXT,
        rrule TEXT,
        reminder_minutes INTEGER,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_events_starts ON events (starts_at)",
    "CREATE INDEX idx_events_agent ON events (agent_id)",
    """CREATE TABLE folders (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        description TEXT,
        path_type TEXT NOT NULL,
        path_value TEXT,
        embedding_model TEXT NOT NULL,
        created_at TEXT NOT NULL
    )""",
    """CREATE TABLE folder_files (
        id TEXT PRIMARY KEY,
        folder_id TEXT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        content_type TEXT,
        size_bytes INTEGER,
        content BLOB,
        uploaded_at TEXT NOT NULL,
        indexed_at TEXT,
        UNIQUE (folder_id, name)
    )""",
    """CREATE TABLE file_passages (
        id TEXT PRIMARY KEY,
        file_id TEXT NOT NULL REFERENCES folder_files (id) ON DELETE CASCADE,
        content TEXT NOT NULL,
        start_line INTEGER,
        end_line INTEGER,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX idx_passages_file ON file_passages (file_id)",
    """CREATE TABLE folder_attachments (
        folder_id TEXT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        access TEXT NOT NULL,
        attached_at TEXT NOT NULL,
        PRIMARY KEY (folder_id, agent_id)
    )""",
    """CREATE TABLE migration_audit (
        id TEXT PRIMARY KEY,
        imported_at TEXT NOT NULL,
        source_file TEXT NOT NULL,
        source_version INTEGER NOT NULL,
        issues_found INTEGER NOT NULL,
        issues_resolved INTEGER NOT NULL,
        audit_log JSON NOT NULL
    )""",
)
