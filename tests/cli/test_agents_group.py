"""The modules that declare commands of `pattern agents` depend on its group alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pattern_cli.cli.agents_group import Status
from pattern_cli.models.words import AGENT_STATUSES


@pytest.mark.parametrize("module", ["agents", "agent_changes", "agent_lives"])
def test_each_module_can_be_the_first_that_is_imported(module: str) -> None:
    code = f"""
import typer, pattern_cli.cli.{module}, pattern_cli.cli.agents as agents
print(*sorted(typer.main.get_command(agents.group.app).list_commands(None)))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "clone create delete edit list rename show status\n"


def test_the_statuses_are_the_runtimes() -> None:
    assert tuple(Status) == AGENT_STATUSES
