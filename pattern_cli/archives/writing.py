"""Writing an archive into an open transaction, table by table, in an order that foreign keys accept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import apsw

from pattern_cli.archives import previews
from pattern_cli.archives.archive import Archive
from pattern_cli.archives.placement import Placement
from pattern_cli.archives.rows import JsonColumns, Row, first_update_row, insert, share_row, summary_row, upsert


class Writer:
    """Writes the rows of an archive; `added` counts them by table.

    With `replacing` a row whose key the target has already overwrites it in place, which keeps what points to it.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        archive: Archive,
        placement: Placement,
        columns: JsonColumns,
        *,
        replacing: bool,
    ) -> None:
        self.added: Counter[str] = Counter()
        self._connection = connection
        self._archive = archive
        self._placement = placement
        self._columns = columns
        self._statement: Callable[[str], str] = upsert if replacing else insert

    def write(self, messages: Iterable[list[Row]]) -> None:
        """Write everything; `messages` are the rows of that table, many at a time."""
        placement, columns, archive = self._placement, self._columns, self._archive
        agents = zip(archive.structure.agents, placement.agents, strict=True)
        groups = zip(archive.structure.groups, placement.groups, strict=True)
        identity = placement.identity
        self._insert("agents", (columns.agent(a.record, p, identity) for a, p in agents if not p.skipped))
        self._insert("agent_groups", (columns.group(g.record, p, identity) for g, p in groups if not p.skipped))
        self._insert("group_members", map(columns.member, placement.members))
        self._write_blocks()
        self._insert("shared_block_agents", map(share_row, placement.shares))
        for rows in messages:
            self._connection.executemany(self._statement("messages"), rows)
            self.added["messages"] += len(rows)
        entries = ((archive.entry(entry.item.link), entry) for entry in placement.entries)
        self._insert("archival_entries", (columns.entry(*entry) for entry in entries))
        summaries = ((archive.summary(summary.item.link), summary) for summary in placement.summaries)
        self._insert("archive_summaries", (summary_row(*summary) for summary in summaries))

    def _write_blocks(self) -> None:
        for placed in self._placement.blocks:
            record = self._archive.block(placed.item.link)
            snapshot = self._archive.snapshot(record)
            rescued = placed.item.verdict == "rescued"
            self._insert("memory_blocks", [self._columns.block(record, placed, snapshot, int(rescued))])
            if rescued:
                update, version = previews.rescue(record, snapshot)
                self._insert("memory_block_updates", [first_update_row(placed.id, update, version)])

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        self._connection.executemany(self._statement(table), self._counted(table, rows))

    def _counted(self, table: str, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            yield row
            self.added[table] += 1
