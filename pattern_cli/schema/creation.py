"""Creating a constellation: an empty file of the newest schema, with the ledger the runtime expects."""

from __future__ import annotations

from pathlib import Path

from pattern_cli.schema.applying import apply
from pattern_cli.schema.migrations import known
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.opening import side


def create_constellation(path: str | Path) -> Constellation:
    """Create a constellation at the newest version, open for changes (mode `create`).

    All tables come in one transaction; after an error no file is left. The runtime opens the result without
    complaint (database.md §3). Raises ConflictError when the file exists, FailureError when it cannot be created.
    """
    constellation = Constellation.create(path)
    try:
        with constellation.transaction() as connection:
            for migration in known():
                apply(connection, migration)
    except BaseException:
        constellation.close()
        for suffix in ("", "-wal", "-shm"):
            side(constellation.path, suffix).unlink(missing_ok=True)
        raise
    return constellation
