from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pattern_cli.archives.archive import Archive
from pattern_cli.archives.planning import Planner
from pattern_cli.archives.plans import ImportOptions
from pattern_cli.errors import IntegrityError
from pattern_cli.store.constellation import Constellation


def test_planning_changes_nothing_and_leaves_no_trace(small: Path, shipped: Path, planning: Any) -> None:
    before = small.read_bytes()
    for policy in ("fail", "rename", "skip", "replace"):
        planning(small, shipped / "small-group-full.car", on_conflict=policy)
    assert small.read_bytes() == before
    assert [file.name for file in small.parent.iterdir()] == [small.name]


def test_the_plan_finds_what_the_import_would_stumble_over(build: Any, fresh: Path, planning: Any) -> None:
    path = build.write_agent(
        chunks=[build.chunk(build.message(1), build.message(2, created_at="2026-02-30T00:00:00Z"))]
    )
    with pytest.raises(IntegrityError, match="message 2: created_at is no time"):
        planning(fresh, path)


def test_two_decisions_about_the_same_target_are_the_same_but_for_new_ids(fresh: Path, shipped: Path) -> None:
    with Archive.open(shipped / "small-group-full.car") as archive, Constellation.open(fresh) as target:
        planner = Planner(target, archive, ImportOptions())
        one, two = planner.decide(), planner.decide()
        assert one.same_as(two)
        assert {agent.id for agent in one.placement.agents}.isdisjoint(agent.id for agent in two.placement.agents)


def test_decisions_about_another_target_differ(fresh: Path, small: Path, shipped: Path) -> None:
    with (
        Archive.open(shipped / "small-group-full.car") as archive,
        Constellation.open(fresh) as one,
        Constellation.open(small) as two,
    ):
        options = ImportOptions(on_conflict="rename")
        first, second = (Planner(target, archive, options).decide() for target in (one, two))
        assert not first.same_as(second)


def test_progress_of_plan_and_import_rises_to_the_size_of_the_archive(
    fresh: Path, fixtures_dir: Path, importing: Any
) -> None:
    seen: list[tuple[int, int]] = []
    archive = fixtures_dir / "archives" / "medium-agent-Alder.car"
    importing(fresh, archive, run={"progress": lambda done, total: seen.append((done, total))})
    size = archive.stat().st_size
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {size}
    assert seen[-1] == (size, size) and all(done <= size for done, _ in seen)


def test_messages_are_not_read_when_they_are_not_wanted(build: Any, fresh: Path, planning: Any) -> None:
    path = build.write_agent(chunks=[build.chunk(build.message(1, role="robot"))])
    assert planning(fresh, path, messages=False).adds["messages"] == 0
    with pytest.raises(IntegrityError, match="robot"):
        planning(fresh, path)
