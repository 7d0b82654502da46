from __future__ import annotations

import apsw
import pytest

from pattern_cli.schema.applying import apply, statements_of
from pattern_cli.schema.migrations import known
from pattern_cli.store import ledger


def test_the_ledger_is_made_with_the_first_version_only() -> None:
    made = [migration.version for migration in known() if ledger.CREATE in statements_of(migration)]
    assert made == [1]


def test_a_version_is_entered_last_with_the_time_it_took() -> None:
    connection = apsw.Connection(":memory:")
    apply(connection, known()[0])
    ((version, took),) = connection.execute("SELECT version, execution_time FROM _sqlx_migrations").fetchall()
    assert version == 1
    assert isinstance(took, int) and took > 0
    assert statements_of(known()[1])[-1].endswith(", -1)")


def test_the_transaction_is_the_caller_s() -> None:
    connection = apsw.Connection(":memory:")
    with pytest.raises(ZeroDivisionError), connection:
        apply(connection, known()[0])
        raise ZeroDivisionError
    assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchall() == [(0,)]
