"""The messages of an open constellation: lists, single messages (database.md §7.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pattern_cli.errors import AmbiguousError, NotFoundError, UsageError
from pattern_cli.messages.filters import Filter, teach
from pattern_cli.messages.pages import newest, order, read
from pattern_cli.messages.rows import MessageRow
from pattern_cli.models.words import ROLES
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.ids import resolve

if TYPE_CHECKING:
    from pattern_cli.messages.records import MessageRecord


class Newest(NamedTuple):
    """The newest messages of a list, oldest first; `more` says that there are older ones."""

    rows: list[MessageRow]
    more: bool


class Messages:
    """The messages of an open constellation."""

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        teach(constellation)

    def filter(
        self,
        agent: str | None = None,
        *,
        role: str | None = None,
        batch: str | None = None,
        source: str | None = None,
        since: int | None = None,
        until: int | None = None,
        archived: bool = False,
        deleted: bool = False,
    ) -> Filter:
        """A filter by what people type: an agent's name or id, a batch's id or its beginning.

        `since` and `until` are unix nanoseconds. Raises NotFoundError, AmbiguousError, and UsageError for a role that
        no message has.
        """
        constellation = self._constellation
        if role is not None and role not in ROLES:
            known = [str(row[0]) for row in constellation.rows("SELECT DISTINCT role FROM messages")]
            if role not in known:
                raise UsageError(f'no message has the role "{role}"', f"roles: {', '.join({*ROLES, *known})}")
        return Filter(
            agent_id=None if agent is None else self._agent(agent),
            role=role,
            batch_id=None if batch is None else self._batch(batch),
            source=source,
            since=since,
            until=until,
            archived=archived,
            deleted=deleted,
        )

    def list(self, chosen: Filter | None = None, limit: int | None = None) -> Iterator[MessageRow]:
        """The messages that fit, oldest first; with `limit` the newest so many."""
        with self._constellation.one_moment():
            yield from read(self._constellation, order(self._constellation, chosen or Filter(), limit).rows)

    def lines(
        self,
        chosen: Filter | None = None,
        limit: int | None = None,
        fields: Sequence[str] = (),
        between: str = "\n",
    ) -> Iterator[bytes | MessageRow]:
        """As `list`, but as finished JSON (UTF-8) wherever rows are as the runtime writes them: much faster.

        Bytes hold one or more objects joined by `between`, which has one line break.
        """
        from pattern_cli.messages.lines import lines

        return lines(self._constellation, chosen or Filter(), limit, fields, between)

    def newest(self, chosen: Filter, count: int) -> Newest:
        """The newest `count` messages that fit, and whether there are older ones."""
        with self._constellation.one_moment():
            found = newest(self._constellation, chosen, count + 1)
            return Newest(list(read(self._constellation, found[-count:])), len(found) > count)

    def longest_name(self) -> int:
        """The length of the longest name of an agent, in characters."""
        return int(self._constellation.value("SELECT ifnull(max(length(name)), 0) FROM agents"))

    def show(self, ref: str) -> MessageRecord:
        """One message by id or unique beginning of it, deleted or not. Raises NotFoundError or AmbiguousError."""
        from pattern_cli.messages.records import record

        return record(self._constellation, resolve(self._constellation, "message", ref))

    def _agent(self, ref: str) -> str:
        """An agent's id; messages may outlive their agent and are then reached by the whole id."""
        try:
            return resolve(self._constellation, "agent", ref)
        except AmbiguousError:
            raise
        except NotFoundError:
            if self._constellation.value("SELECT 1 FROM messages WHERE agent_id = ? LIMIT 1", (ref,)):
                return ref
            raise

    def _batch(self, ref: str) -> str:
        sql = "SELECT DISTINCT batch_id FROM messages WHERE batch_id = ?"
        if (exact := self._constellation.value(sql, (ref,))) is not None:
            return str(exact)
        near = "SELECT DISTINCT batch_id FROM messages WHERE substr(batch_id, 1, length(?1)) = ?1 LIMIT 5"
        found = [str(row[0]) for row in self._constellation.rows(near, (ref,))] if ref else []
        if len(found) > 1:
            raise AmbiguousError(f'"{ref}" is the beginning of several batch ids', f"one of {', '.join(found)}")
        if not found:
            raise NotFoundError(
                f'no batch has an id that begins with "{ref}"', "`pattern messages list --fields batch_id` shows them"
            )
        return found[0]
