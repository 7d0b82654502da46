"""Rows deleted some at a time."""

from __future__ import annotations

import apsw
import pytest

from pattern_cli.store import portions


@pytest.mark.parametrize("at_once", [1, 3, 10, 1000])
def test_all_that_meet_the_condition_and_no_others(at_once: int) -> None:
    connection = apsw.Connection("")
    connection.execute("CREATE TABLE t(a, b)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", [(n % 3, n) for n in range(30)])
    assert portions.delete(connection, "t", "a = ?1 OR a = ?2", (0, 1), at_once) == 20
    assert connection.execute("SELECT DISTINCT a, count(*) FROM t").fetchall() == [(2, 10)]
    assert portions.delete(connection, "t", "a = ?", (0,), at_once) == 0
