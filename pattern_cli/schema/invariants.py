"""What a migration must not change: rows, foreign keys and the shape of everything it has no business with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import apsw

from pattern_cli.schema.shape import differences
from pattern_cli.store import ledger


@dataclass(frozen=True, slots=True)
class Invariants:
    """The rows of every table, the foreign keys that point nowhere, and what differs from the known schema."""

    rows: dict[str, int]
    dangling: Counter[tuple[str, str]]
    drift: tuple[str, ...]


def taken(connection: apsw.Connection, versions: tuple[int, ...]) -> Invariants:
    """The invariants of a database to which these versions were applied; reads every row of it."""
    dangling = Counter((table, parent) for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"))
    return Invariants(dict(_counts(connection)), dangling, differences(connection, versions))


def broken(before: Invariants, after: Invariants) -> Iterator[str]:
    """What a migration has broken, in words; what was broken before is not its fault."""
    for table, count in before.rows.items():
        found = after.rows.get(table)
        if found != count:
            yield f"table {table} has {found if found is not None else 'no longer any'} rows, not {count}"
    for (table, parent), count in after.dangling.items():
        if count > before.dangling[table, parent]:
            yield f"{count} rows of {table} point to rows that {parent} does not have"
    yield from (difference for difference in after.drift if difference not in before.drift)


def _counts(connection: apsw.Connection) -> Iterator[tuple[str, int]]:
    """The rows of the ordinary tables; the ledger gets one with every version."""
    sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name"
    for name in [str(row[0]) for row in connection.execute(sql)]:
        if not name.startswith("sqlite_") and name != ledger.TABLE:
            quoted = '"' + name.replace('"', '""') + '"'
            row = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()
            assert row is not None
            yield name, int(str(row[0]))
