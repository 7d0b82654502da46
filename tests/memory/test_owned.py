"""Blocks named by their owner's side."""

from __future__ import annotations

import pytest

from pattern_cli.errors import NotFoundError, RefusedError
from pattern_cli.memory.owned import owned
from pattern_cli.store.constellation import Constellation


@pytest.mark.parametrize(
    ("ref", "label", "kind"),
    [
        ("Juniper", "persona", "agent"),
        ("Juniper/persona", None, "agent"),
        ("Harbor Crew", "crew_board", "group"),
        ("_constellation_", "commons", "constellation"),
        ("Juniper", "retired", "agent"),
    ],
)
def test_every_kind_of_owner(small: Constellation, ref: str, label: str | None, kind: str) -> None:
    found = owned(small, ref, label)
    assert found.owner.kind == kind
    assert found.name == f"{ref.partition('/')[0]}/{found.label}"
    assert found.is_active is (found.label != "retired")
    assert owned(small, found.id) == found


def test_a_receiver_is_no_owner(small: Constellation) -> None:
    with pytest.raises(
        RefusedError, match='"Marlow" only receives "crew_board" by a share; it belongs to "Harbor Crew"'
    ):
        owned(small, "Marlow", "crew_board")


def test_an_unknown_label(small: Constellation) -> None:
    with pytest.raises(NotFoundError):
        owned(small, "Marlow", "nothing")
