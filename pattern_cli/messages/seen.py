"""Which messages are new to somebody who follows them, told by rowid.

A position cannot tell: an import brings messages with older positions. A rowid above the last one seen is new, but
SQLite gives the rowid of a deleted newest row to the next one, a vacuum may number rows anew, and a file may be
replaced by another. So the newest rows are remembered with their ids, and looked at again when the last one changed.
"""

from __future__ import annotations

import json
from collections import deque

from pattern_cli.store.constellation import Constellation

_REMEMBERED = 1_000
Row = tuple[int, str | None]


class Seen:
    """The newest rows of `messages` by rowid and id, as they were when last looked at."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._rows: deque[Row] = deque(maxlen=_REMEMBERED)
        self._remember_newest()

    def new(self) -> list[int]:
        """The rowids of the messages that came since, in the order in which they were stored."""
        last = self._rows[-1] if self._rows else None
        found = self._from(last[0] if last else 0)
        if last and (not found or found[0] != last):
            return self._look_again()
        fresh = found[1:] if last else found
        self._rows += fresh
        return [rowid for rowid, _ in fresh]

    def new_in_another_file(self) -> list[int] | None:
        """As `new`, where the file was replaced; None when it shares no message with what was seen."""
        if not self._rows:
            return self.new()
        anchor = self._anchor()
        if anchor is None:
            self._remember_newest()
            return None
        return self._unseen(anchor)

    def _look_again(self) -> list[int]:
        """The last row is gone or another one: the newest were deleted, or all rows were numbered anew."""
        # Above it every row is remembered; below it is what had been there long before.
        floor = 0 if len(self._rows) < _REMEMBERED else self._rows[0][0] - 1
        known = set(self._rows)
        if any(row in known for row in self._from(floor + 1)):
            return self._unseen(floor)
        anchor = self._anchor()
        return self._unseen(floor if anchor is None else anchor)

    def _unseen(self, above: int) -> list[int]:
        """The rows above a rowid that are not among those remembered; they are remembered now."""
        known = set(self._rows)
        ids = {id for _, id in self._rows if id is not None}
        fresh = [rowid for rowid, id in self._from(above + 1) if id not in ids and (rowid, id) not in known]
        self._remember_newest()
        return fresh

    def _anchor(self) -> int | None:
        """The highest rowid that a remembered message has now."""
        ids = json.dumps([id for _, id in self._rows if id is not None])
        sql = "SELECT max(rowid) FROM messages WHERE id IN (SELECT value FROM json_each(?))"
        found: int | None = self._constellation.value(sql, (ids,))
        return found

    def _from(self, rowid: int) -> list[Row]:
        sql = "SELECT rowid, id FROM messages WHERE rowid >= ? ORDER BY rowid"
        return [(row[0], row[1]) for row in self._constellation.rows(sql, (rowid,))]

    def _remember_newest(self) -> None:
        sql = f"SELECT rowid, id FROM messages ORDER BY rowid DESC LIMIT {_REMEMBERED}"
        newest: list[Row] = [(row[0], row[1]) for row in self._constellation.rows(sql)]
        self._rows = deque(reversed(newest), maxlen=_REMEMBERED)
