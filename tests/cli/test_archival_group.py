"""The modules that declare commands of `pattern archival` depend on its group alone."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["archival", "archival_changes"])
def test_each_module_can_be_the_first_that_is_imported(module: str) -> None:
    code = f"import pattern_cli.cli.{module}, pattern_cli.cli.archival as a; print(a.group.name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "archival\n"
