"""Folding a block's updates: asked first, saved first, and the text stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result

Cli = Callable[..., Result]
BLOCK = ("Juniper", "persona")


@pytest.fixture
def pattern(cli: Cli, database: Callable[[str], Path]) -> Cli:
    path = database("constellations/small-clean.db")
    return lambda *words, **more: cli("--db", path, *words, **more)


def test_a_dry_run_tells_and_changes_nothing(pattern: Cli) -> None:
    told = json.loads(pattern("memory", "compact", *BLOCK, "--dry-run", "--json").out)
    assert (told["updates"], told["dry_run"]) == (30, True)
    assert len(json.loads(pattern("memory", "history", *BLOCK, "--json").out)) == 30


def test_without_a_yes_nothing_happens(pattern: Cli) -> None:
    done = pattern("memory", "compact", *BLOCK)
    assert (done.code, "needs a confirmation" in done.err) == (7, True)


def test_the_text_stays_and_a_backup_was_made(pattern: Cli) -> None:
    before = pattern("memory", "show", *BLOCK, "--raw").out
    done = json.loads(pattern("memory", "compact", *BLOCK, "--yes", "--json").out)
    assert Path(done["snapshot"]).is_file() and done["size_after"] < done["size_before"]
    assert pattern("memory", "show", *BLOCK, "--raw").out == before
    assert json.loads(pattern("memory", "history", *BLOCK, "--json").out) == []


def test_a_checkpoint_keeps_history_and_undo(pattern: Cli) -> None:
    before = pattern("memory", "show", *BLOCK, "--at", 29, "--raw").out
    assert json.loads(pattern("memory", "checkpoint", *BLOCK, "--json").out)["checkpoints"] == 1
    assert pattern("memory", "undo", *BLOCK).code == 0
    assert pattern("memory", "show", *BLOCK, "--raw").out == before
