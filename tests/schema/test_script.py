from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pattern_cli.schema.script import script
from pattern_cli.schema.status import Status
from pattern_cli.schema.upgrade import Upgrade
from pattern_cli.store.constellation import Constellation


@pytest.mark.parametrize("name", ["0001.db", "0001-preedit.db", "0010-preedit.db", "0013.db"])
def test_another_sqlite_can_run_the_script(name: str, database: Callable[[str], Path]) -> None:
    path = database(f"versions/{name}")
    with Constellation.open(path) as constellation:
        text = script(Upgrade(constellation).plan())
    subprocess.run(["sqlite3", "-bail", str(path)], input=text, text=True, check=True, capture_output=True)
    with Constellation.open(path) as constellation:
        found = Status(constellation)
        found.require_current()
        assert found.drift() == ()
