from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pattern_cli.models import ArchiveSummary, Message
from pattern_cli.store.constellation import Constellation


def test_a_message_is_stored_compactly_and_found_by_its_preview(write: Callable[..., Any], lab: Constellation) -> None:
    row = write(
        Message,
        id="msg_1",
        agent="a",
        position="31395935909707776",
        role="user",
        content_json={"Text": "schöner Tag"},
        content_preview="schöner Tag",
        batch_type="user_request",
        source_metadata={},
        created_at="2026-01-08T19:02:18.1Z",
    )
    assert (row.agent_id, row.is_archived, row.is_deleted, row.batch_id) == ("a", False, False, None)
    assert row.created_at == "2026-01-08T19:02:18.100Z"
    assert lab.value("SELECT content_json FROM messages") == '{"Text":"schöner Tag"}'
    assert lab.value("SELECT rowid FROM messages_fts WHERE messages_fts MATCH 'schoner'") == 1


def test_a_summary_outlives_the_one_it_was_built_on(write: Callable[..., Any], lab: Constellation) -> None:
    span = {"agent": "a", "summary": "…", "start_position": "1", "end_position": "2", "message_count": 2}
    write(ArchiveSummary, id="s1", created_at=0, **span)
    write(ArchiveSummary, id="s2", created_at=0, previous_summary="s1", depth=1, **span)
    lab.bind(ArchiveSummary.delete().where(ArchiveSummary.id == "s1")).execute()
    (left,) = lab.bind(ArchiveSummary.select())
    assert (left.id, left.previous_summary_id, left.depth) == ("s2", None, 1)
