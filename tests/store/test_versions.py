"""The schema versions: the runtime's numbers, and a migration for each."""

from __future__ import annotations

from pathlib import Path

from pattern_cli.store import versions

ROOT = Path(__file__).resolve().parents[2]


def test_the_runtimes_numbers() -> None:
    assert (*range(1, 8), *range(9, 14)) == versions.KNOWN
    assert versions.NEWEST == 13


def test_each_has_its_migration() -> None:
    files = (ROOT / "migrations").glob("[0-9]*_*.py")
    assert sorted(int(path.name[:4]) for path in files) == list(versions.KNOWN)
