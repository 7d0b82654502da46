from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from pattern_cli.health.overview import overview
from pattern_cli.schema.checksums import PRE_EDIT_INITIAL
from pattern_cli.store.constellation import Constellation


@pytest.mark.parametrize(
    ("change", "health"),
    [
        ("SELECT 1", "healthy"),
        ("DELETE FROM _sqlx_migrations WHERE version = 11", "needs migration to 0013"),
        (
            f"UPDATE _sqlx_migrations SET checksum = x'{PRE_EDIT_INITIAL}' WHERE version = 1",
            "needs migration to 0013",
        ),
        ("UPDATE _sqlx_migrations SET success = 0 WHERE version = 3", "version 0003 of {} is marked as failed"),
    ],
)
def test_healthy_is_what_the_runtime_opens_as_it_is(change: str, health: str, database: Callable[[str], Path]) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute(change)
    connection.close()
    with Constellation.open(path) as constellation:
        assert overview(constellation).health.startswith(health.format(path))
