from __future__ import annotations

import re
from pathlib import Path

import pytest

from pattern_cli.models import words

# Our name, and how the reference names the enumeration.
NAMES = {
    "AGENT_STATUSES": "AgentStatus",
    "PATTERN_TYPES": "PatternType",
    "BLOCK_TYPES": "MemoryBlockType",
    "PERMISSIONS": "MemoryPermission",
    "ROLES": "MessageRole",
    "BATCH_TYPES": "BatchType",
    "ACTIVITY_TYPES": "ActivityEventType",
    "IMPORTANCES": "EventImportance",
    "COORDINATION_STATUSES": "TaskStatus",
    "COORDINATION_PRIORITIES": "TaskPriority",
    "TASK_STATUSES": "UserTaskStatus",
    "TASK_PRIORITIES": "UserTaskPriority",
    "OCCURRENCE_STATUSES": "OccurrenceStatus",
    "SOURCE_TYPES": "SourceType",
    "FOLDER_PATH_TYPES": "FolderPathType",
    "FOLDER_ACCESSES": "FolderAccess",
    "UPDATE_SOURCES": "UpdateSource",
}


@pytest.mark.parametrize(("ours", "theirs"), NAMES.items())
def test_spellings_and_order_are_the_runtime_s(ours: str, theirs: str, reference_dir: Path) -> None:
    text = (reference_dir / "database.md").read_text()
    row = re.search(rf"^\| {theirs} \| [^|]* \| ([^|]*) \|", text, re.MULTILINE)
    assert row
    # What follows a full stop is about defaults.
    stored = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row[1].split(". ")[0].split("; no SQL")[0]))
    assert getattr(words, ours) == tuple(stored)


def test_every_enumeration_is_checked() -> None:
    assert {name for name in vars(words) if name.isupper()} == set(NAMES)
