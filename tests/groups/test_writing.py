"""One transaction for a change; a dry run takes no lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from pattern_cli.groups.writing import writing
from pattern_cli.store.constellation import Constellation

RENAME = "UPDATE agent_groups SET name = ? WHERE name = 'Harbor Crew'"


def names(constellation: Constellation) -> set[str]:
    return {name for (name,) in constellation.rows("SELECT name FROM agent_groups")}


def test_all_or_nothing(small: Constellation) -> None:
    before = names(small)
    with pytest.raises(RuntimeError), writing(small) as write:
        write(RENAME, ("x",))
        raise RuntimeError
    assert names(small) == before
    with writing(small) as write:
        write(RENAME, ["x"])
    assert names(small) == {"x", "Night Watch"}


def test_a_dry_run_takes_no_lock(path: Path, small: Constellation) -> None:
    before = names(small)
    with small.transaction(), Constellation.open(path) as reader, writing(reader, dry_run=True) as write:
        write(RENAME, ("x",))
        assert names(reader) == before
    assert names(small) == before
