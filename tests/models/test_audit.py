from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pattern_cli.models import AppliedMigration, MigrationAudit
from pattern_cli.store.checksums import CHECKSUMS
from pattern_cli.store.constellation import Constellation


def test_an_import_keeps_its_log(write: Callable[..., Any]) -> None:
    numbers = {"source_version": 1, "issues_found": 2, "issues_resolved": 1}
    row = write(MigrationAudit, id="m", imported_at=0, source_file="old.db", audit_log={"issues": []}, **numbers)
    assert (row.audit_log, row.issues_found) == ({"issues": []}, 2)


def test_the_ledger_can_be_read_as_rows(lab: Constellation) -> None:
    rows = list(lab.bind(AppliedMigration.select().order_by(AppliedMigration.version)))
    assert {row.version: row.checksum.hex() for row in rows} == CHECKSUMS
    assert {row.success for row in rows} == {True}
    assert all(row.installed_on.endswith("Z") and row.execution_time > 0 for row in rows)
