"""A backup of a database in use: copied, proven, described, and only then given its name (architecture.md §3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import apsw

from pattern_cli import __version__
from pattern_cli.backups import finished
from pattern_cli.backups.catalog import default_name, folder_of
from pattern_cli.backups.copying import (
    Progress,
    copy,
    fact,
    one_read_transaction,
    require_space,
    temporary,
)
from pattern_cli.backups.manifest import Manifest, encode, manifest_path
from pattern_cli.errors import ConflictError, FailureError, IntegrityError, NotFoundError
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.unfinished import give_name, require_unused, to_disk

_NEVER = "backups are never overwritten; choose another name"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A finished backup: `size` in bytes, `seconds` for all of it, `counts` the rows of every table.

    `hash` is `blake3:` and the hash of the whole file; `verified` says whether its integrity was checked.
    """

    path: str
    manifest: str
    source: str
    reason: str
    created_at: str
    version: int | None
    size: int
    hash: str
    counts: dict[str, int]
    verified: bool
    seconds: float


def saver(reason: str) -> Callable[[Constellation], str]:
    """What a destructive change calls first: makes a snapshot for that reason and returns its path."""
    return lambda constellation: snapshot(constellation, reason=reason).path


def snapshot(
    c: Constellation,
    reason: str = "backup",
    destination: Path | None = None,
    verify: bool = True,
    progress: Progress | None = None,
) -> Snapshot:
    """Back up an open constellation while others use it, and describe the result.

    `destination` is a file that does not exist yet, or a folder that does; the default is `backups/` beside the
    database. The file gets its name last: under it there is never anything but a complete backup with its manifest,
    both on the disk and readable by their owner only. `verify` checks the integrity of the finished file; its hash and
    row counts are taken in any case. `progress` gets bytes, and (0, None) when the copy is being proven.

    Raises FailureError (no space, no permission, inside a transaction), ConflictError (the file exists), NotFoundError
    (no such folder), IntegrityError (the copy, and so very likely the source, is damaged).
    """
    began = time.monotonic()
    created = datetime.now(UTC)
    final = _final_path(c.path, destination, created)
    named = destination is not None and not destination.is_dir()
    with temporary(final.parent, final.name) as partial:
        with one_read_transaction(c) as source:
            require_space(final.parent, fact(source, "page_count") * fact(source, "page_size"), "the backup")
            version = c.version
            size = copy(source, partial, progress)
        if progress:
            progress(0, None)
        digest, counts = _proven(partial, c.path, verify)
        manifest = Manifest(
            file=final.name,
            source=str(c.path.absolute()),
            version=version,
            reason=reason,
            created_at=created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            size=size,
            hash=digest,
            counts=counts,
            verified=verify,
            tool=f"pattern {__version__}",
            sqlite=apsw.sqlite_lib_version(),
        )
        while True:
            try:
                _publish(partial, final, replace(manifest, file=final.name))
                break
            except ConflictError:
                # Another run was faster; where the name was ours to choose there is a next one.
                chosen = final if named else final.with_name(default_name(c.path, created, final.parent))
                if chosen == final:
                    raise
                final = chosen
    return Snapshot(
        path=str(final),
        manifest=str(manifest_path(final)),
        source=manifest.source,
        reason=reason,
        created_at=manifest.created_at,
        version=version,
        size=size,
        hash=digest,
        counts=counts,
        verified=verify,
        seconds=round(time.monotonic() - began, 3),
    )


def _final_path(database: Path, destination: Path | None, created: datetime) -> Path:
    if destination is None:
        folder = folder_of(database)
        try:
            if not folder.exists():
                folder.mkdir(mode=0o700)
                to_disk(folder.parent)
        except OSError as error:
            raise FailureError(f"{folder} cannot be created: {error.strerror}", "name another place with -o") from None
        return folder / default_name(database, created, folder)
    if destination.is_dir():
        return destination.absolute() / default_name(database, created, destination)
    if not destination.parent.is_dir():
        raise NotFoundError(f"there is no folder {destination.parent}", "create it first, or name another place")
    for path in (destination, manifest_path(destination)):
        require_unused(path, _NEVER)
    return destination.absolute()


def _proven(partial: Path, source: Path, verify: bool) -> tuple[str, dict[str, int]]:
    """Hash and row counts of the copy, while it goes to the disk and, if asked, is checked.

    The copy's connection is closed by now, and the checks take no locks, so reading the file loses none.
    """
    with finished.Work() as work, finished.Work(1) as disk:
        on_disk = disk.add(to_disk, partial)
        checks = finished.start_integrity(work, partial) if verify else []
        digest = work.add(finished.hash_of, partial, work.stop)
        # Without a check even a damaged database can be saved, and tables that cannot be counted are left out.
        counts = work.add(finished.counts_of, partial, not verify)
        problems = finished.problems_of(checks)
        if problems:
            raise IntegrityError(
                f"the copy of {source} failed its check: {'; '.join(problems[:3])}",
                "the database itself is most likely damaged; --no-verify saves it as it is",
            )
        on_disk.result()
        return digest.result(), counts.result()


def _publish(partial: Path, final: Path, manifest: Manifest) -> None:
    """Give manifest and backup their names, the backup last; what exists under them is never replaced."""
    described = manifest_path(final)
    with temporary(final.parent, described.name) as text:
        text.write_text(encode(manifest), encoding="utf-8")
        to_disk(text)
        give_name(text, described, _NEVER)
    inode = partial.stat().st_ino
    try:
        give_name(partial, final, _NEVER)
    except BaseException:
        if not final.exists() or final.stat().st_ino != inode:
            described.unlink()
        raise
