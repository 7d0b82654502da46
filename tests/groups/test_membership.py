"""Which roles and capabilities the runtime reads (database.md §4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from pattern_cli.groups.membership import remarks
from pattern_cli.models.fields import as_stored

ROLE = ["role of Juniper: not in the form that the runtime reads"]
ABLE = ["capabilities of Juniper: no list of words, which the runtime cannot read"]


@pytest.mark.parametrize(
    ("role", "said"),
    [
        (None, []),
        ({"type": "regular"}, []),
        ({"type": "supervisor"}, []),
        ({"type": "observer", "more": 1}, []),
        ({"type": "specialist", "domain": "memory_management"}, []),
        (as_stored("boss", "boss", ["role: not valid JSON"]), []),
        ({"type": "specialist"}, ROLE),
        ({"type": "boss"}, ROLE),
        ({"type": []}, ROLE),
        ({"specialist": {"domain": "x"}}, ROLE),
        ("supervisor", ROLE),
        ([], ROLE),
        ({}, ROLE),
        (False, ROLE),
    ],
)
def test_roles(role: Any, said: list[str]) -> None:
    assert list(remarks(role, [], "of Juniper")) == said


@pytest.mark.parametrize(
    ("capabilities", "said"),
    [
        ([], []),
        (["memory", "lookup"], []),
        (as_stored(5, 5, ["capabilities: a bare number"]), []),
        (None, ABLE),
        ("memory", ABLE),
        ([1], ABLE),
        ({"memory": True}, ABLE),
    ],
)
def test_capabilities(capabilities: Any, said: list[str]) -> None:
    assert list(remarks(None, capabilities, "of Juniper")) == said
