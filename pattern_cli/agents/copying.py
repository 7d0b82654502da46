"""Rows copied as they are stored: only the named columns get other values, every other byte stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pattern_cli.messages.batches import Batches
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import Damage, read_json
from pattern_cli.store.identity import Identity
from pattern_cli.store.portions import AT_ONCE

Progress = Callable[[int, int | None], None]


class Copying:
    """Copies rows within a constellation, inside the caller's transaction; `progress` gets the rows of `total`."""

    def __init__(self, constellation: Constellation, total: int, progress: Progress | None = None) -> None:
        self._constellation = constellation
        self._total = total
        self._progress = progress
        self._done = 0

    def copy(
        self, table: str, where: str, params: Mapping[str, Any], changes: Mapping[str, Any], counted: str | None = None
    ) -> None:
        """Copy the rows of a table, in their order, with these values in these columns.

        `where` has named parameters. `counted` is a column that SQLite counts up by itself.
        """
        values = {column: f":new_{column}" for column in changes}
        new = {f"new_{column}": value for column, value in changes.items()}
        self._insert(table, where, values, {**params, **new}, counted)

    def chain(self, table: str, prefix: str, link: str, old: str, new: str) -> None:
        """Copy an agent's rows that hang on each other: new ids, and the links between them follow.

        A link to a row of another agent stays.
        """
        run = self._constellation.connection.execute
        run("CREATE TEMP TABLE new_ids(old PRIMARY KEY, new) WITHOUT ROWID")
        # One statement for all rows: foreign keys are checked at its end, so that the order does not matter.
        run(
            f"""INSERT OR IGNORE INTO new_ids
                SELECT id, ?1 || lower(hex(randomblob(16))) FROM {table} WHERE agent_id = ?2""",
            (prefix, old),
        )
        values = {
            "id": "(SELECT new FROM new_ids WHERE old = id)",
            "agent_id": ":agent",
            link: f"coalesce((SELECT new FROM new_ids WHERE old = {link}), {link})",
        }
        self._insert(table, "agent_id = :old", values, {"agent": new, "old": old}, None)
        run("DROP TABLE new_ids")

    def messages(self, old: str, new: str, identity: Identity, batches: Batches) -> None:
        """Copy an agent's messages, some at a time, with new ids, batches and ids in their metadata."""
        connection = self._constellation.connection
        functions: dict[str, Any] = {
            "new_batch": lambda raw: _new_batch(raw, batches),
            "new_metadata": lambda raw: _new_metadata(raw, identity),
        }
        for name, function in functions.items():
            connection.create_scalar_function(name, function, 1)
        values = {
            "id": "'msg_' || lower(hex(randomblob(16)))",
            "agent_id": ":agent",
            # As bytes: a text that is no UTF-8 could not be given to a function.
            "batch_id": "coalesce(new_batch(CAST(batch_id AS BLOB)), batch_id)",
            "source_metadata": "coalesce(new_metadata(CAST(source_metadata AS BLOB)), source_metadata)",
        }
        within = "rowid > :first AND rowid <= :last AND +agent_id = :old"
        sql = (
            f"SELECT max(number) FROM (SELECT rowid AS number FROM messages WHERE {within} ORDER BY 1 LIMIT {AT_ONCE})"
        )
        first, newest = 0, self._constellation.value("SELECT coalesce(max(rowid), 0) FROM messages")
        try:
            while True:
                last = self._constellation.value(sql, {"first": first, "last": newest, "old": old})
                if last is None:
                    return
                self._insert("messages", within, values, {"first": first, "last": last, "old": old, "agent": new}, None)
                batches.written()
                first = last
        finally:
            for name in functions:
                connection.create_scalar_function(name, None, 1)

    def _insert(
        self, table: str, where: str, values: Mapping[str, str], params: dict[str, Any], counted: str | None
    ) -> None:
        sql = "SELECT name FROM pragma_table_info(?) WHERE name IS NOT ?"
        columns = [str(name) for (name,) in self._constellation.rows(sql, (table, counted))]
        connection = self._constellation.connection
        connection.execute(
            f"""INSERT INTO {table} ({", ".join(columns)})
                SELECT {", ".join(values.get(column, column) for column in columns)}
                FROM {table} WHERE {where} ORDER BY rowid""",
            params,
        )
        self._done += connection.changes()
        if self._progress:
            self._progress(min(self._done, self._total), self._total)


def _new_batch(raw: Any, batches: Batches) -> str | None:
    try:
        return batches.new(raw.decode("utf-8")) if isinstance(raw, bytes) else None
    except UnicodeDecodeError:
        return None


def _new_metadata(raw: Any, identity: Identity) -> str | None:
    """The metadata with new ids; None where nothing changes, or nothing can be read."""
    if not isinstance(raw, bytes):
        return None
    damage: Damage = []
    try:
        metadata = read_json(raw.decode("utf-8"), "source_metadata", damage)
    except UnicodeDecodeError:
        return None
    if damage or not isinstance(metadata, dict):
        return None
    before = _text(metadata)
    after = _text(identity.source_metadata(metadata))
    return None if after == before else after


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Half a surrogate pair can only be written escaped.
    return text if text.isprintable() or _is_utf8(text) else json.dumps(value, separators=(",", ":"), allow_nan=False)


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
