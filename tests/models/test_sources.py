from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pattern_cli.errors import UsageError
from pattern_cli.models import AgentDataSource, DataSource
from pattern_cli.store.constellation import Constellation


def test_a_subscription_goes_with_its_source(write: Callable[..., Any], lab: Constellation) -> None:
    source = write(DataSource, id="d", name="feed", source_type="bluesky", config={}, created_at=0, updated_at=0)
    link = write(AgentDataSource, agent="a", source="d")
    assert (source.enabled, source.last_sync_at, link.source_id) == (True, None, "d")
    lab.bind(DataSource.delete()).execute()
    assert lab.value("SELECT count(*) FROM agent_data_sources") == 0


def test_there_is_no_source_type_discord(write: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="'discord'"):
        write(DataSource, id="d", name="feed", source_type="discord", config={}, created_at=0, updated_at=0)
