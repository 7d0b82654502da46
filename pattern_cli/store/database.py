"""Peewee over a connection that is open already; the only module besides the models that imports Peewee."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Iterator
from typing import Any

import apsw
from peewee import PeeweeException
from playhouse.apsw_ext import APSWDatabase

from pattern_cli.store import tolerant
from pattern_cli.store.failures import translate


class PatternDatabase(APSWDatabase):  # type: ignore[misc]
    """Runs Peewee queries on one given APSW connection, which it neither opens nor closes.

    Peewee 4.5 hands APSW dates and decimals that it cannot bind; `_binding` turns them into text.
    """

    def __init__(self, connection: apsw.Connection, path: str) -> None:
        super().__init__(path, autoconnect=True)
        self._apsw = connection
        connection.convert_binding = _binding

    def _connect(self) -> apsw.Connection:
        return self._apsw

    def _close(self, conn: apsw.Connection) -> None:
        """The constellation closes its connection itself."""

    def execute_sql(self, sql: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Run a statement; SQLite's errors come out as this program's, and no text hides other rows."""
        try:
            if sql[:7].upper() == "SELECT ":
                return _Rows(self._apsw, sql, tuple(params or ()))
            return super().execute_sql(sql, params, *args, **kwargs)
        except (PeeweeException, apsw.Error) as error:
            raise translate(error, self.database) or error from None


class _Rows:
    """The part of a cursor that Peewee uses to read: `description`, `fetchone` and iteration."""

    def __init__(self, connection: apsw.Connection, sql: str, params: tuple[Any, ...]) -> None:
        self.connection = connection
        cursor, sql, params = tolerant.execute(connection, sql, params)
        try:
            self.description: Any = cursor.description
        except apsw.ExecutionCompleteError:
            self.description = ()
        self._rows = tolerant.read(cursor, sql, params)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        return next(self._rows, None)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows

    def close(self) -> None:
        """Stop reading."""
        self._rows.close()  # type: ignore[attr-defined]


def _binding(cursor: apsw.Cursor, number: int, value: Any) -> str:
    if isinstance(value, datetime.date | datetime.time | decimal.Decimal | uuid.UUID):
        return str(value)
    raise TypeError(f"cannot bind {type(value).__name__}")
