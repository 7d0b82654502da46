from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from pattern_cli.backups.equality import attached, differences

SCHEMA = """
CREATE TABLE t (a TEXT, b, c REAL);
CREATE TABLE pairs (k TEXT, n INTEGER, v, PRIMARY KEY (k, n)) WITHOUT ROWID;
CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, rowid_name TEXT);
CREATE TABLE awkward ("rowid" TEXT, "_rowid_" TEXT, "a ""b" TEXT COLLATE NOCASE);
CREATE INDEX i ON t (a);
INSERT INTO t VALUES ('x', 1, 1.5), ('y', NULL, NULL), ('z', x'00ff', 2.0);
INSERT INTO pairs VALUES ('k', 1, 'one'), ('k', 2, 'two');
INSERT INTO numbered (rowid_name) VALUES ('first');
INSERT INTO awkward VALUES ('1', '2', 'Case');
"""


def compared(folder: Path, change: str) -> list[str]:
    """What differs when one of two equal databases gets a change."""
    for name in ("one.db", "two.db"):
        connection = apsw.Connection(str(folder / name))
        connection.execute(SCHEMA + (change if name == "two.db" else ""))
        connection.close()
    connection = apsw.Connection(str(folder / "one.db"))
    with attached(connection, folder / "two.db"):
        return list(differences(connection))


def test_equal_databases_do_not_differ(tmp_path: Path) -> None:
    assert compared(tmp_path, "") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE t SET a = 'X' WHERE a = 'x'", "1 rows of table t differ"),
        ("UPDATE t SET b = '1' WHERE b = 1", "1 rows of table t differ"),
        ("UPDATE t SET b = 1.0 WHERE b = 1", "1 rows of table t differ"),
        ("UPDATE t SET b = CAST(x'00ff' AS TEXT) WHERE a = 'z'", "1 rows of table t differ"),
        ("UPDATE t SET b = 0 WHERE b IS NULL", "1 rows of table t differ"),
        ("UPDATE t SET rowid = 9 WHERE a = 'z'", "1 rows of table t differ"),
        ('UPDATE awkward SET "a ""b" = \'case\'', "1 rows of table awkward differ"),
        ("UPDATE awkward SET oid = 7", "1 rows of table awkward differ"),
        ("UPDATE pairs SET v = 'zwei' WHERE n = 2", "1 rows of table pairs differ"),
        ("UPDATE pairs SET n = 3 WHERE n = 2", "1 rows of table pairs differ"),
        ("INSERT INTO t VALUES (1, 2, 3)", "table t has 4 rows, not 3"),
        ("DELETE FROM numbered", "table numbered has 0 rows, not 1"),
        ("UPDATE sqlite_sequence SET seq = 99", "1 rows of table sqlite_sequence differ"),
        ("DROP INDEX i", "the schema differs"),
        ("CREATE TABLE more (a)", "the schema differs"),
        ("PRAGMA user_version = 3", "user_version differs"),
    ],
)
def test_every_difference_is_found(tmp_path: Path, change: str, said: str) -> None:
    assert compared(tmp_path, change) == [said]


def test_the_other_database_is_let_go(tmp_path: Path) -> None:
    compared(tmp_path, "")
    connection = apsw.Connection(str(tmp_path / "one.db"))
    with pytest.raises(RuntimeError), attached(connection, tmp_path / "two.db"):
        raise RuntimeError
    assert len(connection.execute("PRAGMA database_list").fetchall()) == 1
