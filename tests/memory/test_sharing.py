"""Owners and shares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pattern_cli.memory.sharing import Owner, Owners, shares
from pattern_cli.store.constellation import Constellation

JUNIPER, MARLOW = "ea0f0a49523a4b939139570e2791c66a", "agt_19a6f2c3b40"
CREW_BOARD = "mem_6483fd4df3714982929046d41cda0a01"


def test_owners_are_agents_groups_the_constellation_or_unknown(read_only: Callable[[str], Path]) -> None:
    with Constellation.open(read_only("constellations/small.db")) as constellation:
        owners = Owners(constellation)

    assert owners.of(JUNIPER) == Owner(JUNIPER, "Juniper", "agent")
    assert owners.of("6d9737f3a1254cb59d512ff19033178d").kind == "group"
    assert owners.of("_constellation_").kind == "constellation"
    assert owners.of("gone") == Owner("gone", "gone", "unknown")


def test_shares_are_listed_by_block_and_by_the_receivers_name(read_only: Callable[[str], Path]) -> None:
    with Constellation.open(read_only("constellations/small.db")) as constellation:
        every, of_marlow = shares(constellation), shares(constellation, MARLOW)

    assert [share.agent_name for share in every[CREW_BOARD]] == ["Juniper", "Marlow", "Quill ツ שלום"]
    assert list(of_marlow) == [CREW_BOARD]
    assert of_marlow[CREW_BOARD][0].permission == "read_write"
    assert every[CREW_BOARD][0].attached_at == "2026-11-23T13:36:32.782640908Z"


def test_a_share_that_cannot_be_decoded_is_shown_with_its_reasons(
    database: Callable[[str], Path], run_sql: Callable[..., None]
) -> None:
    path = database("constellations/small.db")
    run_sql(
        path, "UPDATE shared_block_agents SET permission = 'own', attached_at = 'soon' WHERE agent_id = ?", (MARLOW,)
    )

    with Constellation.open(path) as constellation:
        (share,) = shares(constellation, MARLOW)[CREW_BOARD]

    assert (share.permission, share.attached_at, len(share.damage)) == ("own", "soon", 2)
