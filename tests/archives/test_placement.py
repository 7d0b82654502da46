from __future__ import annotations

from typing import Any

from pattern_cli.archives.placement import Ground, Placed, Placement
from pattern_cli.archives.plans import ImportOptions


def test_replaced_rows_are_known_and_may_take_over_another_id() -> None:
    placement = Placement(
        agents=[Placed("new", "Ann", replaces="old"), Placed("b", "Bo")], groups=[Placed("g", "G", replaces="g")]
    )
    assert placement.replaced() == {"old", "g"}
    assert [placement.current(id) for id in ("old", "g", "b", "other")] == ["new", "g", "b", "other"]


def test_a_clash_is_noted_with_what_the_policy_makes_of_it() -> None:
    target: Any = None
    ground = Ground(target, ImportOptions(on_conflict="skip"), Placement())
    ground.clash("agent", "Ann", "name", "a")
    (conflict,) = ground.placement.conflicts
    assert (conflict.kind, conflict.name, conflict.on, conflict.existing, conflict.action, conflict.count) == (
        "agent",
        "Ann",
        "name",
        "a",
        "skip",
        1,
    )
