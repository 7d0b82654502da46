"""Applying one migration: its statements and its row in the ledger, inside the caller's transaction."""

from __future__ import annotations

import time

import apsw

from pattern_cli.schema import ledger
from pattern_cli.schema.migrations import Migration


def apply(connection: apsw.Connection, migration: Migration) -> None:
    """Run the statements and enter the version with the time it took; the transaction is the caller's."""
    began = time.perf_counter_ns()
    connection.execute(ledger.CREATE)
    for statement in migration.statements:
        connection.execute(statement)
    connection.execute(ledger.stamp(migration, time.perf_counter_ns() - began))
