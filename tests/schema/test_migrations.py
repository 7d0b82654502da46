from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.schema import migrations
from pattern_cli.store import versions

PARTS = ("tables", "virtual_tables", "triggers", "internal_tables")
Built = Callable[[int], apsw.Connection]


@pytest.mark.parametrize("version", versions.KNOWN)
@pytest.mark.parametrize("part", PARTS)
def test_every_version_equals_the_runtime_s(
    version: int, part: str, built: Built, described: Any, expected: Callable[[int], dict[str, Any]]
) -> None:
    assert described(built(version))[part] == expected(version)[part]


@pytest.mark.parametrize("version", versions.KNOWN)
def test_the_ledger_s_description_and_checksum_are_the_runtime_s(
    version: int, expected: Callable[[int], dict[str, Any]]
) -> None:
    migration = next(m for m in migrations.known() if m.version == version)
    assert {
        "version": migration.version,
        "description": migration.description,
        "sha384": migration.checksum,
    } == expected(version)["migration"]


def normal(sql: str) -> str:
    """An SQL text without comments, white space and quotes of names."""
    return re.sub(r"\s+", "", re.sub(r"--[^\n]*", "", sql)).replace('"', "").lower()


@pytest.mark.parametrize("version", versions.KNOWN)
def test_partial_indexes_and_trigger_bodies_say_what_the_runtime_s_say(
    version: int, built: Built, fixtures_dir: Path
) -> None:
    sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' OR (type = 'index' AND sql LIKE '% WHERE %')"
    original = apsw.Connection(
        f"file:{fixtures_dir}/versions/{version:04d}.db?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    )
    theirs = {name: normal(text) for name, text in original.execute(sql)}
    ours = {name: normal(text).replace("foreachrow", "") for name, text in built(version).execute(sql)}
    assert ours == {name: text.replace("foreachrow", "").replace("ifnotexists", "") for name, text in theirs.items()}


def test_migrations_are_found_in_an_installed_package_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "pattern_cli"
    (package / "_migrations").mkdir(parents=True)
    monkeypatch.setattr(migrations, "_PACKAGE", package)
    assert migrations.folder() == package / "_migrations"


def test_without_an_installed_copy_those_of_the_checkout_are_found() -> None:
    assert migrations.folder() == Path(__file__).resolve().parents[2] / "migrations"


def test_an_incomplete_installation_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "pattern_cli"
    (package / "_migrations").mkdir(parents=True)
    (package / "_migrations" / "0001_initial.py").write_text("STATEMENTS = ()\n")
    monkeypatch.setattr(migrations, "_PACKAGE", package)
    migrations.known.cache_clear()
    try:
        with pytest.raises(RuntimeError, match="incomplete"):
            migrations.known()
    finally:
        migrations.known.cache_clear()


def test_migrations_hold_plain_statements_one_each() -> None:
    for migration in migrations.known():
        for statement in migration.statements:
            assert statement.split()[0] in {"CREATE", "ALTER", "DROP", "INSERT"}
            assert ";" not in statement or statement.startswith("CREATE TRIGGER")
