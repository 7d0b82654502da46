"""Every command that works on several messages chooses them by the same options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pattern_cli.cli.filters import Chosen
from pattern_cli.errors import UsageError
from pattern_cli.messages.filters import Filter
from pattern_cli.messages.service import Messages
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.times import NS

NOTHING = {option.name: option.default for option in Chosen.options()}


def test_options_become_a_filter(read_only: Callable[[str], Path]) -> None:
    with Constellation.open(read_only("constellations/small.db")) as constellation:
        messages = Messages(constellation)
        assert Chosen(NOTHING).filter(messages) == Filter()
        given = {"role": "user", "since": "2026-01-08T19:02:18Z", "archived": True}
        chosen = Chosen(NOTHING | given).filter(messages, "Juniper")
        assert chosen.agent_id == constellation.value("SELECT id FROM agents WHERE name = 'Juniper'")
        assert (chosen.role, chosen.archived, chosen.deleted) == ("user", True, False)
        assert chosen.since == 1_767_898_938 * NS
        day = Chosen(NOTHING | {"until": "2026-01-08"}).filter(messages)
        assert day.until and day.until % NS == NS - 1
        with pytest.raises(UsageError, match='"soon" is not a time'):
            Chosen(NOTHING | {"until": "soon"}).filter(messages)
