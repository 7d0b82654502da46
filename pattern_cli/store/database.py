"""Peewee over a connection that is open already; the only module besides the models that imports Peewee."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

import apsw
from peewee import PeeweeException
from playhouse.apsw_ext import APSWDatabase

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
        """Run a statement; SQLite's errors come out as this program's."""
        try:
            return super().execute_sql(sql, params, *args, **kwargs)
        except (PeeweeException, apsw.Error) as error:
            raise translate(error, self.database) or error from None


def _binding(cursor: apsw.Cursor, number: int, value: Any) -> str:
    if isinstance(value, datetime.date | datetime.time | decimal.Decimal | uuid.UUID):
        return str(value)
    raise TypeError(f"cannot bind {type(value).__name__}")
