"""Following messages: the newest, then every new one soon after its commit by another process.

`PRAGMA data_version` tells by a look at shared memory whether anybody else has committed; only then is anything read,
and no read transaction stays open in between, so that the runtime can checkpoint its log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import apsw

from pattern_cli.errors import LockedError, NotFoundError, PatternError, StoppedError
from pattern_cli.messages.filters import Filter, teach
from pattern_cli.messages.pages import newest, read
from pattern_cli.messages.records import tool_names
from pattern_cli.messages.rows import MessageRow
from pattern_cli.messages.seen import Seen
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.failures import translate

INTERVAL = 0.006
PATIENCE = 5.0
_SOON = 1.0
_RETRY = 0.05
_READ_AT_ONCE = 500
_CALLS_KEPT = 10_000


class Tail:
    """Follows the messages that fit a filter, in the order in which they are stored."""

    def __init__(self, constellation: Constellation, chosen: Filter | None = None) -> None:
        self._constellation = constellation
        self._filter = chosen or Filter()
        self._version: int | None = None
        self._seen: Seen | None = None
        self._pending: list[int] = []
        self._calls: dict[str, str] = {}
        teach(constellation)

    def newest(self, count: int) -> list[MessageRow]:
        """The newest `count` messages that fit, oldest first; `follow` goes on from exactly here."""
        self._version = self._data_version()
        with self._constellation.one_moment():
            self._seen = Seen(self._constellation)
            return list(read(self._constellation, newest(self._constellation, self._filter, count)))

    def tools(self, row: MessageRow) -> tuple[str, ...]:
        """The names of the tools of a message's calls and responses, one for each and in their order."""
        said = row.content
        self._calls |= {call.call_id: call.name for call in said.calls}
        if any(response.call_id not in self._calls for response in said.responses):
            self._calls |= tool_names(self._constellation, row)
        while len(self._calls) > _CALLS_KEPT:
            del self._calls[next(iter(self._calls))]
        return tuple(self._calls.get(part.call_id, "tool") for part in said.tools)

    def follow(
        self, pause: Callable[[float], None] = time.sleep, remark: Callable[[str], None] | None = None
    ) -> Iterator[MessageRow]:
        """New messages for ever, each some milliseconds after its commit.

        `pause` waits for so many seconds and may raise to end it; `remark` is told what a person should know. Survives
        checkpoints, a vacuum, a replaced file, and a file that is gone for a while. Raises the error that fits when
        what is in the file's place stays unreadable for `PATIENCE` seconds.
        """
        say = remark or (lambda text: None)
        if self._seen is None:
            self.newest(0)
        trouble: float | None = None
        told = False
        while True:
            try:
                if trouble or self._constellation.outdated:
                    self._reopen(say)
                yield from self._arrived()
                trouble, told = None, False
            except LockedError:
                pass
            except StoppedError:
                raise
            except PatternError as error:
                trouble = trouble or time.monotonic()
                waited = time.monotonic() - trouble
                if waited > PATIENCE and not isinstance(error, NotFoundError):
                    raise
                if waited > _SOON and not told:
                    say(f"{error.message}; waiting for it to come back")
                    told = True
                pause(_RETRY)
            pause(INTERVAL)

    def _arrived(self) -> Iterator[MessageRow]:
        """What was committed since the last call; nothing is lost when reading fails half-way."""
        assert self._seen
        version = self._data_version()
        if version != self._version:
            self._pending += self._seen.new()
            self._version = version
        where, params = self._filter.where(self._constellation) if self._pending else ("1", {})
        while self._pending:
            rows = list(read(self._constellation, self._pending[:_READ_AT_ONCE], where, params))
            del self._pending[:_READ_AT_ONCE]
            yield from rows

    def _reopen(self, say: Callable[[str], None]) -> None:
        assert self._seen
        self._constellation.reopen()
        teach(self._constellation)
        self._version = self._data_version()
        self._pending = []
        fresh = self._seen.new_in_another_file()
        if fresh is None:
            say(f"another constellation is at {self._constellation.path} now; what is new in it from here on is shown")
        else:
            self._pending = fresh

    def _data_version(self) -> int:
        """A number that changes with every commit of another connection."""
        try:
            return int(self._constellation.connection.execute("PRAGMA data_version").get)
        except apsw.Error as error:
            raise translate(error, self._constellation.path) or error from None
