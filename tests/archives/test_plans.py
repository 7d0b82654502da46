from __future__ import annotations

import pickle
from typing import Any

import pytest

from pattern_cli.archives.plans import ImportOptions, counted


@pytest.mark.parametrize(("number", "said"), [(0, "0 copies"), (1, "1 copy"), (2, "2 copies")])
def test_numbers_are_told_with_their_word(number: int, said: str) -> None:
    assert counted(number, "copy", "copies") == said
    assert counted(number, "share") == f"{number} share{'' if number == 1 else 's'}"


def test_by_default_nothing_that_exists_is_touched_and_everything_comes() -> None:
    options = ImportOptions()
    assert (options.keep_ids, options.on_conflict, options.messages, options.archival) == (False, "fail", True, True)


def test_plans_travel_between_processes(fresh: Any, shipped: Any, planning: Any) -> None:
    plan = planning(fresh, shipped / "small-agent-quill.car")
    assert pickle.loads(pickle.dumps(plan)) == plan
