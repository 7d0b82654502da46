"""Where a constellation stands: every known version, and those its ledger holds besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pattern_cli.schema.migrations import known
from pattern_cli.schema.shape import differences
from pattern_cli.store import ledger
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_time
from pattern_cli.store.ledger import Entry


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One schema version: `state` is applied, pending, dirty or unknown, `execution_time` in nanoseconds.

    `checksum` is the stored one in hexadecimal, `checksum_state` ok, pre-edit, auth, mismatch, or None where there is
    nothing to compare.
    """

    version: Any
    description: Any
    state: str
    installed_on: str | None
    checksum_state: str | None
    checksum: Any
    execution_time: int | None
    damage: tuple[str, ...]


class Status:
    """The migration ledger of an open constellation, judged."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._entries = ledger.read(constellation)

    def rows(self) -> Iterator[VersionRow]:
        """Every version by number."""
        found = {entry.version: entry for entry in self._entries}
        described = {migration.version: migration.description for migration in known()}
        for version in sorted({*found, *described}, key=lambda number: (not isinstance(number, int), number)):
            if version in found:
                yield _row(found[version])
            else:
                yield VersionRow(version, described[version], "pending", None, None, None, None, ())

    def problems(self) -> tuple[str, ...]:
        """Why the runtime refuses the file."""
        return tuple(problem.message for problem in ledger.problems(self._constellation, self._entries))

    def drift(self) -> tuple[str, ...]:
        """What differs from the known schema of the applied versions: `index idx_tasks_due is missing`."""
        applied = tuple(entry.version for entry in self._entries if entry.state == "applied")
        return differences(self._constellation.connection, applied) if applied else ()

    def require_current(self) -> None:
        """Raise SchemaError when something is pending or the runtime would refuse the file."""
        problem = ledger.standing(self._constellation).problem
        if problem:
            raise problem


def _row(entry: Entry) -> VersionRow:
    damage: Damage = []
    return VersionRow(
        version=entry.version,
        description=entry.description,
        state=entry.state,
        installed_on=read_time(entry.installed_on, "installed_on", damage),
        checksum_state=entry.checksum_state,
        checksum=entry.checksum.hex() if isinstance(entry.checksum, bytes) else entry.checksum,
        execution_time=entry.execution_time,
        damage=tuple(damage),
    )
