"""The migrations: where their files are, and what each of them does to a database.

A migration is one file of plain SQL statements in the top-level folder `migrations/`, named as the runtime's. In a
wheel that folder lies inside the package.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

from pattern_cli.store import versions
from pattern_cli.store.checksums import CHECKSUMS

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Migration:
    """One schema version: its statements, and the ledger's description and checksum (hexadecimal) of it."""

    version: int
    description: str
    checksum: str
    statements: tuple[str, ...]


def folder() -> Path:
    """Where the migration files are: inside an installed package, beside it in a checkout."""
    installed = _PACKAGE / "_migrations"
    return installed if installed.is_dir() else _PACKAGE.parent / "migrations"


@functools.cache
def known() -> tuple[Migration, ...]:
    """All migrations, oldest first."""
    found = tuple(_read(file) for file in sorted(folder().glob("[0-9]*.py")))
    if tuple(migration.version for migration in found) != versions.KNOWN:
        raise RuntimeError(f"this installation is incomplete: {folder()} does not hold all migrations")
    return found


def _read(file: Path) -> Migration:
    number, _, words = file.stem.partition("_")
    loader = SourceFileLoader(f"pattern_cli._migrations.{file.stem}", str(file))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    version = int(number)
    return Migration(version, words.replace("_", " "), CHECKSUMS[version], module.STATEMENTS)
