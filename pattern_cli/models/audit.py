"""What was imported and migrated (database.md §2.2, §3, §5.13)."""

from __future__ import annotations

from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import (
    BigInteger,
    BooleanFlag,
    Bytes,
    Integer,
    JsonField,
    SpaceTime,
    Text,
    TimeField,
    default,
)


class MigrationAudit(BaseModel):
    """One import of a database of version 1."""

    id = Text(primary_key=True, null=True)
    imported_at = TimeField()
    source_file = Text()
    source_version = Integer()
    issues_found = Integer()
    issues_resolved = Integer()
    audit_log = JsonField()

    class Meta:
        table_name = "migration_audit"


class AppliedMigration(BaseModel):
    """One row of the migration ledger; `execution_time` in nanoseconds, -1 where it was never measured (§3)."""

    version = BigInteger(primary_key=True, null=True)
    description = Text()
    installed_on = SpaceTime(constraints=default("CURRENT_TIMESTAMP"))
    success = BooleanFlag()
    checksum = Bytes()
    execution_time = BigInteger()

    class Meta:
        table_name = "_sqlx_migrations"
