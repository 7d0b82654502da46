"""Administer Pattern constellations: see, change, move and save what a group of agents remembers.

    import pattern_cli

    with pattern_cli.open("constellation.db") as constellation:
        for agent in constellation.agents.list():
            print(agent.name, agent.message_count)

The verbs are those of the command line; docs/api.md is the tour. Lists are iterators of frozen dataclasses with the
keys of docs/json.md, records are one of them, and every error is a `pattern_cli.errors.PatternError`. Importing this
package costs nothing: each service is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike
    from types import TracebackType
    from typing import IO, Any, Literal

    from pattern_cli.agents.service import Agents
    from pattern_cli.archives.plans import ImportOptions, ImportPlan, ImportResult
    from pattern_cli.backups.catalog import Backup
    from pattern_cli.backups.snapshot import Snapshot
    from pattern_cli.backups.vacuum import Vacuumed
    from pattern_cli.backups.verify import Verification
    from pattern_cli.groups.service import Groups
    from pattern_cli.health.info import DatabaseInfo
    from pattern_cli.health.overview import Overview
    from pattern_cli.health.stats import DatabaseStats
    from pattern_cli.memory.archival import ArchivalRow
    from pattern_cli.memory.archival_changes import ArchivalChanges
    from pattern_cli.memory.service import Memory
    from pattern_cli.messages.marking import Change
    from pattern_cli.messages.queue import Queue
    from pattern_cli.messages.selection import Choice
    from pattern_cli.messages.sending import Sent
    from pattern_cli.messages.service import Messages
    from pattern_cli.messages.tail import Tail
    from pattern_cli.schema.status import Status
    from pattern_cli.schema.upgrade import Upgraded, UpgradePlan
    from pattern_cli.search.hits import Results
    from pattern_cli.store.constellation import Constellation

    Place = str | PathLike[str]
    Progress = Callable[[int, int | None], None]

__version__ = "0.1.0"
__all__ = ["Session", "create", "import_archive", "migrate", "open", "plan_import", "vacuum", "verify"]


class Session:
    """An open constellation with its services, a context manager that closes it.

    `store` is the constellation itself, which every service of this package takes as its first argument.
    """

    def __init__(self, store: Constellation) -> None:
        self.store = store

    @property
    def agents(self) -> Agents:
        """`list(status=None)`, `show(name)`, `create(name, provider, model, …)`, `edit(name, …)`, `rename(name, new)`,
        `set_status(name, status)`, `clone(name, new, …)`, `plan_deletion(name)` and `delete(name, …)`.
        """
        from pattern_cli.agents.service import Agents

        return Agents(self.store)

    @property
    def groups(self) -> Groups:
        """`list()`, `show(name)`, `create(name, pattern, …)`, `edit(name, change)`, `rename(name, new)`,
        `plan_deletion(name)`, `delete(name, …)`, `add_member(name, agent, …)`, `remove_member(name, member)` and
        `set_role(name, member, role)`.
        """
        from pattern_cli.groups.service import Groups

        return Groups(self.store)

    @property
    def memory(self) -> Memory:
        """`list(owner=None, block_type=None, inactive=False)`, `show(owner, label)` or `show(block_id)`.

        `texts`, `fields`, `items` and `forms` change content; `history`, `diff`, `undo` and their like are its past.
        """
        from pattern_cli.memory.service import Memory

        return Memory(self.store)

    @property
    def archival(self) -> ArchivalChanges:
        """`list(owner=None, since=None, until=None, limit=None)` and `show(id)`; times in unix nanoseconds.

        `add(owner, text, metadata)`, `edit(id, text, metadata)`, `plan_deletion(ids)`, `delete(ids)`.
        """
        from pattern_cli.memory.archival_changes import ArchivalChanges

        return ArchivalChanges(self.store)

    def search_archival(
        self, *conditions: str, owner: str | None = None, **bounds: int | None
    ) -> Iterator[ArchivalRow]:
        """Archival entries for whose metadata conditions such as `topic`, `topic=harbor`, `source.page=3` hold.

        `bounds` are `since`, `until` and `limit` of `archival.list`. Raises UsageError, NotFoundError, AmbiguousError.
        """
        from pattern_cli.memory.archival_metadata import MetadataSearch

        return MetadataSearch(self.archival, conditions).find(owner, **bounds)

    @property
    def messages(self) -> Messages:
        """`filter(agent, role=…, since=…)`, then `list(filter, limit)`; `show(id)`."""
        from pattern_cli.messages.service import Messages

        return Messages(self.store)

    @property
    def queue(self) -> Queue:
        """What waits in the agents' mailboxes: `list(agent=None, processed=False, limit=None)`."""
        from pattern_cli.messages.queue import Queue

        return Queue(self.store)

    def send(self, agent: str, text: str, **how: Any) -> Sent:
        """Put a message into an agent's mailbox; `how` are the named arguments of `messages.sending.send`.

        Raises NotFoundError, AmbiguousError, UsageError.
        """
        from pattern_cli.messages.sending import send

        return send(self.store, agent, text, **how)

    def change_messages(
        self,
        action: Literal["archive", "unarchive", "delete", "undelete", "purge"],
        choice: Choice,
        *,
        dry_run: bool = False,
        take_snapshot: bool = True,
        force: bool = False,
    ) -> Change:
        """Archive, delete or purge messages, or take the first two back: whole batches unless `choice` is exact.

        A backup is made before `delete` and `purge`. Raises NotFoundError, AmbiguousError, ConflictError (changed
        meanwhile), RefusedError (a running runtime, unless `force`).
        """
        from pattern_cli.messages.marking import Marking
        from pattern_cli.messages.purging import Purging

        changing = Purging(self.store, choice) if action == "purge" else Marking(self.store, action, choice)
        if dry_run:
            return changing.plan()
        from pattern_cli.backups.snapshot import saver

        saves = take_snapshot and action in ("delete", "purge")
        return changing.run(saver(f"messages {action}") if saves else None, force)

    def tail(self, agent: str | None = None, **conditions: Any) -> Tail:
        """Follow messages: `newest(n)`, then `follow()`, which never ends; `conditions` are those of `messages.filter`.

        Raises NotFoundError or AmbiguousError for the agent or batch.
        """
        from pattern_cli.messages.tail import Tail

        return Tail(self.store, self.messages.filter(agent, **conditions))

    def search(self, text: str, **conditions: Any) -> Results:
        """The best hits for any text in messages, memory and archival entries; `conditions` are those of `Search.find`.

        Raises UsageError for an unknown place or role, NotFoundError for an unknown agent or batch.
        """
        from pattern_cli.search.service import Search

        return Search(self.store).find(text, **conditions)

    def overview(self) -> Overview:
        """What `pattern` alone shows."""
        from pattern_cli.health.overview import overview

        return overview(self.store)

    def info(self) -> DatabaseInfo:
        """Facts about the file and who has it open."""
        from pattern_cli.health.info import info

        return info(self.store)

    def stats(self, top: int = 5, sizes: bool | None = None) -> DatabaseStats:
        """Counts of everything; `sizes` measures every table, by default up to 256 MB."""
        from pattern_cli.health.stats import Stats

        return Stats(self.store).read(top, sizes)

    def backup(self, to: Place | None = None, *, check: bool = True, progress: Progress | None = None) -> Snapshot:
        """Back up the constellation, also while it is in use; without `to` into `backups/` beside it.

        `check` proves the integrity of the copy before it gets its name; `progress` gets bytes. Raises ConflictError
        when the name is taken, IntegrityError when the copy is damaged, FailureError (no space, no permission).
        """
        from pathlib import Path

        from pattern_cli.backups.snapshot import snapshot

        return snapshot(self.store, destination=None if to is None else Path(to), verify=check, progress=progress)

    def backups(self, folder: Place | None = None) -> Iterator[Backup]:
        """The backups in the default place, or all in a folder, the newest first. Raises NotFoundError."""
        from pathlib import Path

        from pattern_cli.backups.catalog import backups

        return backups(self.store.path, None if folder is None else Path(folder))

    @property
    def migrations(self) -> Status:
        """The state of every schema version: `rows()`, `problems()`, `drift()`."""
        from pattern_cli.schema.status import Status

        return Status(self.store)

    def plan_migration(self) -> UpgradePlan:
        """What `pattern_cli.migrate` would do. Raises SchemaError when migrations cannot build on the ledger."""
        from pattern_cli.schema.upgrade import Upgrade

        return Upgrade(self.store).plan()

    def close(self) -> None:
        """Close the file without a trace."""
        self.store.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open(path: Place | None = None, mode: Literal["read", "write"] = "read") -> Session:
    """Open a constellation; without a path the one the command line would take (PATTERN_DB, pattern.toml, …).

    Reading leaves no trace and works beside a running runtime. Raises NotFoundError, FailureError (a folder, no
    permission), IntegrityError (no constellation), LockedError, and for writing SchemaError unless the schema is the
    newest.
    """
    return Session(_store(path, mode))


def create(path: Place) -> Session:
    """Create an empty constellation of the newest schema, open for writing. Raises ConflictError when it exists."""
    from pathlib import Path

    from pattern_cli.schema import create_constellation

    return Session(create_constellation(Path(path)))


def plan_import(
    archive: Place | IO[bytes], path: Place | None = None, options: ImportOptions | None = None
) -> ImportPlan:
    """What `import_archive` would do to an existing constellation; nothing is changed.

    Raises IntegrityError for a damaged archive, and what `open` raises.
    """
    from pattern_cli.archives.archive import Archive
    from pattern_cli.archives.service import Import

    with _store(path, "read") as store:
        opened = Archive.open(_source(archive))
        try:
            return Import(store, opened, options).plan()
        finally:
            opened.close()


def import_archive(
    archive: Place | IO[bytes],
    path: Place | None = None,
    options: ImportOptions | None = None,
    *,
    take_snapshot: bool = True,
    force: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Import an archive, a file or a binary stream, into an existing constellation, in one transaction.

    `progress` gets bytes of the archive. Raises IntegrityError for a damaged archive, ConflictError when something
    exists already and the options do not say what to do, RefusedError beside a running runtime for what would keep it
    waiting (unless `force`), and what `open` raises. Nothing stays on any error.
    """
    from pattern_cli.archives.archive import Archive
    from pattern_cli.archives.service import Import

    with _store(path, "write") as store:
        opened = Archive.open(_source(archive))
        try:
            return Import(store, opened, options).run(take_snapshot=take_snapshot, force=force, progress=progress)
        finally:
            opened.close()


def migrate(
    path: Place | None = None,
    *,
    take_snapshot: bool = True,
    force: bool = False,
    progress: Progress | None = None,
) -> Upgraded:
    """Bring a constellation to the newest schema version; `progress` gets versions.

    A verified backup is made first. Raises SchemaError, RefusedError (a running runtime, unless `force`),
    IntegrityError (a version broke something and was undone), and what `open` raises.
    """
    from pattern_cli.backups.snapshot import saver
    from pattern_cli.schema.upgrade import Upgrade

    with _store(path, "write", any_schema=True) as store:
        return Upgrade(store).run(saver("migrate") if take_snapshot else None, force=force, progress=progress)


def vacuum(
    path: Place | None = None,
    *,
    take_snapshot: bool = True,
    force: bool = False,
    progress: Progress | None = None,
) -> Vacuumed:
    """Give unused space back to the disk; `progress` gets bytes.

    Raises RefusedError while another process has the file open (unless `force`), ConflictError when it changed
    meanwhile, IntegrityError when the proof fails, and what `open` raises.
    """
    from pattern_cli.backups.vacuum import Vacuum

    with _store(path, "write", any_schema=True) as store:
        return Vacuum(store).run(take_snapshot=take_snapshot, force=force, progress=progress)


def verify(backup: Place, progress: Progress | None = None) -> Verification:
    """Prove a backup from its manifest; `progress` gets bytes.

    Raises NotFoundError, and IntegrityError naming everything that differs.
    """
    from pathlib import Path

    from pattern_cli.backups.verify import verify

    return verify(Path(backup), progress)


def _store(path: Place | None, mode: Literal["read", "write"], *, any_schema: bool = False) -> Constellation:
    from pattern_cli.store.constellation import Constellation
    from pattern_cli.store.locate import locate

    return Constellation.open(locate(path), mode, any_schema=any_schema)


def _source(archive: Place | IO[bytes]) -> Any:
    from os import PathLike
    from pathlib import Path

    return Path(archive) if isinstance(archive, str | PathLike) else archive
