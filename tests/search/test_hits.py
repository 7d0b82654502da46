from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from pattern_cli.search.hits import Hit, Results


def test_results_can_go_to_another_process(find: Callable[..., Results], lab: Any) -> None:
    lab.message("a", "kettle")
    found = find("kettle")
    assert pickle.loads(pickle.dumps(found)) == found
    assert isinstance(found.hits[0], Hit) and found.seconds > 0
