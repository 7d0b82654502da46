"""The migration ledger `_sqlx_migrations`, read and judged as the runtime does (database.md §3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from pattern_cli.errors import SchemaError
from pattern_cli.store import versions
from pattern_cli.store.checksums import AUTH_INITIAL, CHECKSUMS, PRE_EDIT_INITIAL
from pattern_cli.store.decoding import read_flag

if TYPE_CHECKING:
    from pathlib import Path

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

_MIGRATE = "`pattern migrate up` brings it to the newest version"
_OTHER_INITIALS = {PRE_EDIT_INITIAL: "pre-edit", AUTH_INITIAL: "auth"}


class Entry(NamedTuple):
    """One row of the ledger as stored; `execution_time` in nanoseconds, -1 where it was never measured."""

    version: Any
    description: Any
    installed_on: Any
    success: Any
    checksum: Any
    execution_time: Any

    @property
    def state(self) -> str:
        """`applied`, `dirty` (its migration did not end) or `unknown` (to this program)."""
        if not read_flag(self.success):
            return "dirty"
        return "applied" if self.version in versions.KNOWN else "unknown"

    @property
    def checksum_state(self) -> str | None:
        """`ok`, `pre-edit` (the superseded edition of version 1), `auth` (version 1 of auth.db) or `mismatch`.

        None for a version whose checksum this program cannot know.
        """
        if self.version not in versions.KNOWN:
            return None
        checksum = self.checksum.hex() if isinstance(self.checksum, bytes) else None
        if checksum == CHECKSUMS[self.version]:
            return "ok"
        if self.version == 1 and checksum in _OTHER_INITIALS:
            return _OTHER_INITIALS[checksum]
        return "mismatch"


def read(constellation: Constellation) -> tuple[Entry, ...]:
    """The ledger's rows by version; none for a file without any table, in which everything is pending.

    Raises SchemaError when there are tables but no ledger, or an empty one.
    """
    found: tuple[Entry, ...] = ()
    if constellation.has_table(TABLE):
        columns = ", ".join(Entry._fields)
        found = tuple(Entry(*row) for row in constellation.rows(f"SELECT {columns} FROM {TABLE} ORDER BY version"))
    if not found and constellation.has_table("agents"):
        raise _missing(constellation)
    return found


def check(constellation: Constellation) -> tuple[Entry, ...]:
    """The ledger's rows, if migrations may build on them; pending versions and a pre-edit version 1 are fine.

    Raises SchemaError for what the runtime refuses too: a missing ledger, a version that is dirty, unknown, or of
    another checksum.
    """
    found = read(constellation)
    for problem in problems(constellation, found):
        raise problem
    return found


def problems(constellation: Constellation, found: tuple[Entry, ...]) -> Iterator[SchemaError]:
    """Every reason why migrations cannot build on these rows, in the order in which the runtime looks."""
    path = constellation.path
    for judge in (_dirty, _unknown, _foreign, _mismatch):
        yield from (error for entry in found if (error := judge(path, entry)))


def pending(found: tuple[Entry, ...]) -> tuple[int, ...]:
    """The known versions that are not in the ledger; the runtime applies them whatever the highest one is."""
    applied = {entry.version for entry in found}
    return tuple(version for version in versions.KNOWN if version not in applied)


def is_pre_edit(found: tuple[Entry, ...]) -> bool:
    """Whether version 1 has the checksum of its superseded edition, which today's runtime refuses."""
    return any(entry.checksum_state == "pre-edit" for entry in found)


class Standing(NamedTuple):
    """Whether the runtime takes a file as it is: `problem` is why not, `migratable` says that migrations mend it."""

    problem: SchemaError | None
    migratable: bool


def standing(constellation: Constellation) -> Standing:
    """What the ledger says of a file that somebody wants to use as it is: some 13 rows are read, nothing else."""
    try:
        found = check(constellation)
    except SchemaError as problem:
        return Standing(problem, False)
    open_versions = ", ".join(map(number, pending(found)))
    if open_versions:
        return Standing(SchemaError(f"pending in {constellation.path}: {open_versions}", _MIGRATE), True)
    if is_pre_edit(found):
        superseded = f"version 0001 of {constellation.path} has the checksum of its superseded edition"
        return Standing(SchemaError(superseded, "`pattern migrate up` rewrites it"), True)
    return Standing(None, False)


def number(version: Any) -> str:
    """A version as it is written everywhere: four digits."""
    return f"{version:04d}" if isinstance(version, int) else repr(version)


def _missing(constellation: Constellation) -> SchemaError:
    what = "is empty" if constellation.has_table(TABLE) else "is missing"
    return SchemaError(
        f"the migration ledger of {constellation.path} {what}, so nobody can tell its schema version",
        "the runtime refuses such a file too; return to a backup: `pattern backup list`",
    )


def _dirty(path: Path, entry: Entry) -> SchemaError | None:
    if entry.state != "dirty":
        return None
    return SchemaError(
        f"version {number(entry.version)} of {path} is marked as failed (success = 0), so its schema is in doubt",
        "the runtime refuses such a file too; return to a backup: `pattern backup list`",
    )


def _unknown(path: Path, entry: Entry) -> SchemaError | None:
    if entry.state != "unknown":
        return None
    return SchemaError(
        f"{path} has schema version {number(entry.version)}, which this program does not know "
        f"(newest: {versions.NEWEST:04d})",
        "update this program; reading works as far as known columns go",
    )


def _foreign(path: Path, entry: Entry) -> SchemaError | None:
    if entry.checksum_state != "auth":
        return None
    return SchemaError(
        f"version 0001 in the ledger of {path} is that of the runtime's auth database",
        "name constellation.db beside it, or return to a backup: `pattern backup list`",
    )


def _mismatch(path: Path, entry: Entry) -> SchemaError | None:
    if entry.checksum_state != "mismatch":
        return None
    return SchemaError(
        f"version {number(entry.version)} of {path} has a checksum that no published runtime ever had",
        "a changed build of the runtime made this schema; only that build can be trusted to migrate it",
    )
