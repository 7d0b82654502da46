"""The migration ledger `_sqlx_migrations`, read, judged and written as the runtime does (database.md §3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pattern_cli.errors import SchemaError
from pattern_cli.schema.checksums import AUTH_INITIAL, CHECKSUMS, PRE_EDIT_INITIAL
from pattern_cli.store import versions
from pattern_cli.store.decoding import read_flag

if TYPE_CHECKING:
    from pattern_cli.schema.migrations import Migration
    from pattern_cli.store.constellation import Constellation

TABLE = "_sqlx_migrations"
CREATE = f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)"""
REWRITE_PRE_EDIT = (
    f"UPDATE {TABLE} SET checksum = X'{CHECKSUMS[1]}' WHERE version = 1 AND checksum = X'{PRE_EDIT_INITIAL}'"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger as stored; `execution_time` in nanoseconds, -1 where it was never measured."""

    version: Any
    description: Any
    installed_on: Any
    success: Any
    checksum: Any
    execution_time: Any

    @property
    def judgement(self) -> str:
        """What is to be said of the row: ok, pre-edit, auth, mismatch, dirty or unknown.

        `pre-edit` is the superseded edition of version 1, `auth` version 1 of the auth database, `dirty` a version
        whose migration did not end, `unknown` a version this program does not know.
        """
        if not read_flag(self.success):
            return "dirty"
        if self.version not in versions.KNOWN:
            return "unknown"
        checksum = self.checksum.hex() if isinstance(self.checksum, bytes) else None
        if checksum == CHECKSUMS[self.version]:
            return "ok"
        if self.version == 1 and checksum == PRE_EDIT_INITIAL:
            return "pre-edit"
        return "auth" if self.version == 1 and checksum == AUTH_INITIAL else "mismatch"


def entries(constellation: Constellation) -> tuple[Entry, ...]:
    """The ledger's rows by version; none where there is no ledger."""
    if not constellation.has_table(TABLE):
        return ()
    sql = f"SELECT version, description, installed_on, success, checksum, execution_time FROM {TABLE} ORDER BY version"
    return tuple(Entry(*row) for row in constellation.rows(sql))


def check(constellation: Constellation) -> tuple[Entry, ...]:
    """The ledger's rows, if migrations may build on them; pending versions and a pre-edit version 1 are fine.

    Raises SchemaError for what the runtime refuses too: a missing ledger, a version that is dirty, unknown, or of
    another checksum. A file without any table has no rows and is no error: everything is pending.
    """
    found = entries(constellation)
    if not found and constellation.has_table("agents"):
        raise _missing(constellation)
    for problem in problems(constellation, found):
        raise problem
    return found


def problems(constellation: Constellation, found: tuple[Entry, ...]) -> Iterator[SchemaError]:
    """Every reason why migrations cannot build on these rows, in the order in which the runtime looks."""
    for judgement in ("dirty", "unknown", "auth", "mismatch"):
        for entry in found:
            if entry.judgement == judgement:
                yield _problem(constellation, entry, judgement)


def pending(found: tuple[Entry, ...]) -> tuple[int, ...]:
    """The known versions that are not in the ledger; the runtime applies them whatever the highest one is."""
    applied = {entry.version for entry in found}
    return tuple(version for version in versions.KNOWN if version not in applied)


def is_pre_edit(found: tuple[Entry, ...]) -> bool:
    """Whether version 1 has the checksum of its superseded edition, which today's runtime refuses."""
    return any(entry.judgement == "pre-edit" for entry in found)


def stamp(migration: Migration, nanoseconds: int) -> str:
    """The statement that enters an applied version, exactly as the runtime's own row would be."""
    return (
        f"INSERT INTO {TABLE} (version, description, success, checksum, execution_time)\n"
        f"    VALUES ({migration.version}, '{migration.description}', 1, X'{migration.checksum}', {nanoseconds})"
    )


def number(version: Any) -> str:
    """A version as it is written everywhere: four digits."""
    return f"{version:04d}" if isinstance(version, int) else repr(version)


def _missing(constellation: Constellation) -> SchemaError:
    what = "is empty" if constellation.has_table(TABLE) else "is missing"
    return SchemaError(
        f"the migration ledger of {constellation.path} {what}, so nobody can tell its schema version",
        "the runtime refuses such a file too; return to a backup: `pattern backup list`",
    )


def _problem(constellation: Constellation, entry: Entry, judgement: str) -> SchemaError:
    version, path = number(entry.version), constellation.path
    if judgement == "dirty":
        return SchemaError(
            f"version {version} of {path} is marked as failed (success = 0), so its schema is in doubt",
            "the runtime refuses such a file too; return to a backup: `pattern backup list`",
        )
    if judgement == "unknown":
        return SchemaError(
            f"{path} has schema version {version}, which this program does not know (newest: {versions.NEWEST:04d})",
            "update this program; reading works as far as known columns go",
        )
    if judgement == "auth":
        return SchemaError(
            f"version 1 in the ledger of {path} is that of the runtime's auth database",
            "name constellation.db beside it, or return to a backup: `pattern backup list`",
        )
    return SchemaError(
        f"version {version} of {path} has a checksum that no published runtime ever had",
        "a changed build of the runtime made this schema; only that one can be trusted to migrate it",
    )
