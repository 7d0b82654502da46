from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.search.sources import ARCHIVAL, MEMORY, MESSAGES, SOURCES, Filters, Source
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation

Opened = Callable[[Path], Constellation]


@pytest.fixture
def kept(lab: Any, opened: Opened) -> Callable[..., set[str]]:
    """The ids that filters leave."""

    def ids(of: Source, /, **given: Any) -> set[str]:
        constellation = opened(lab.path)
        where, values = Filters(**given).where(constellation, of)
        return {row[0] for row in constellation.rows(f"SELECT t.id FROM {of.table} t WHERE {where}", values)}

    return ids


def test_messages_by_their_columns(lab: Any, kept: Callable[..., set[str]]) -> None:
    lab.message("a", "x", role="tool", batch_id="7", source="discord")
    lab.message("b", "x", agent="bob")
    assert kept(MESSAGES) == {"a", "b"}
    assert kept(MESSAGES, role="tool") == kept(MESSAGES, batch="7") == kept(MESSAGES, source="discord") == {"a"}
    assert kept(MESSAGES, agent_id="bob") == {"b"}


def test_hidden_messages(lab: Any, kept: Callable[..., set[str]]) -> None:
    lab.message("plain", "x")
    lab.message("archived", "x", is_archived=1)
    lab.message("deleted", "x", is_deleted=1)
    lab.message("both", "x", is_archived=2, is_deleted=1)
    lab.message("worded", "x", is_archived="true")  # the runtime reads a text as false
    assert kept(MESSAGES) == {"plain", "worded"}
    assert kept(MESSAGES, archived=True) == {"plain", "worded", "archived"}
    assert kept(MESSAGES, deleted=True) == {"plain", "worded", "deleted"}
    assert kept(MESSAGES, archived=True, deleted=True) == {"plain", "worded", "archived", "deleted", "both"}


def test_inactive_blocks(lab: Any, kept: Callable[..., set[str]]) -> None:
    lab.block("active", "x")
    lab.block("inactive", "x", is_active=0)
    assert kept(MEMORY) == {"active"}
    assert kept(MEMORY, inactive=True) == {"active", "inactive"}
    assert kept(MEMORY, archived=True, deleted=True) == {"active"}


def test_times_of_both_forms_and_any_zone_are_instants(lab: Any, kept: Callable[..., set[str]]) -> None:
    noon = times.nanoseconds("2026-01-08T12:00:00Z")
    for id, stamp in {
        "before": "2026-01-08 11:59:59",
        "noon": "2026-01-08 12:00:00",
        "zone": "2026-01-08T14:00:00.000000001+02:00",
        "none": "soon",
        "number": 5,
    }.items():
        lab.message(id, "x", created_at=stamp)
        lab.entry(id, "x", created_at=stamp)
        lab.block(id, "x", created_at="2020-01-01 00:00:00", updated_at=stamp)
    for source in SOURCES.values():
        assert kept(source, since=noon) == {"noon", "zone"}
        assert kept(source, until=noon) == {"before", "noon"}
        assert kept(source, since=noon, until=noon) == {"noon"}


def test_columns_of_messages_do_not_hold_for_other_kinds(kept: Callable[..., set[str]]) -> None:
    assert kept(MEMORY, role="tool") == kept(ARCHIVAL, batch="1") == set()
    assert Filters(role="tool", source="x").of_messages == ("role", "source")
    assert Filters(agent_id="ada", since=1).of_messages == ()


def test_a_version_without_tombstones(read_only: Callable[[str], Path], opened: Opened) -> None:
    constellation = opened(read_only("versions/0001.db"))
    assert "is_deleted" not in Filters().where(constellation, MESSAGES)[0]
