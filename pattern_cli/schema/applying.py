"""Applying one migration: its statements and its row in the ledger, inside the caller's transaction."""

from __future__ import annotations

import time

import apsw

from pattern_cli.schema.migrations import Migration
from pattern_cli.store import ledger

UNMEASURED = -1


def statements_of(migration: Migration, nanoseconds: int = UNMEASURED) -> tuple[str, ...]:
    """Everything that applying a version runs, its entry in the ledger included, with the time it took."""
    first = (ledger.CREATE,) if migration.version == 1 else ()
    return (*first, *migration.statements, stamp(migration, nanoseconds))


def apply(connection: apsw.Connection, migration: Migration) -> None:
    """Run the statements and enter the version with the time it took; the transaction is the caller's."""
    began = time.perf_counter_ns()
    for statement in statements_of(migration)[:-1]:
        connection.execute(statement)
    connection.execute(stamp(migration, time.perf_counter_ns() - began))


def stamp(migration: Migration, nanoseconds: int) -> str:
    """The statement that enters an applied version, exactly as the runtime's own row would be (database.md §3)."""
    return (
        f"INSERT INTO {ledger.TABLE} (version, description, success, checksum, execution_time)\n"
        f"    VALUES ({migration.version}, '{migration.description}', 1, X'{migration.checksum}', {nanoseconds})"
    )
