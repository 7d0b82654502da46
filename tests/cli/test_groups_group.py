"""The modules that declare commands of `pattern groups` depend on its group alone."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["groups", "groups_edit", "groups_members"])
def test_each_module_can_be_the_first_that_is_imported(module: str) -> None:
    code = f"import pattern_cli.cli.{module}, pattern_cli.cli.groups as m; print(m.group.name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "groups\n"
