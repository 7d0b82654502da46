"""The proof of a backup from its manifest: the bytes, the structure, the rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw

from pattern_cli.backups import finished
from pattern_cli.backups.copying import Progress
from pattern_cli.backups.manifest import Manifest, backup_of, manifest_path, read_manifest
from pattern_cli.errors import IntegrityError, NotFoundError
from pattern_cli.store.opening import side

MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Verification:
    """A proven backup: everything equals its manifest. `size` in bytes, `seconds` for the proof."""

    path: str
    created_at: str
    reason: str
    source: str
    version: int | None
    size: int
    hash: str
    counts: dict[str, int]
    integrity: str
    seconds: float


def verify(path: Path, progress: Progress | None = None) -> Verification:
    """Prove a backup: size, hash, integrity, schema version and the rows of every table; its manifest names it too.

    The backup is only read, without locks or side files. `progress` gets bytes while hashing, then (0, None).
    Raises NotFoundError when there is no such file, IntegrityError naming everything that differs or when the manifest
    is missing or damaged, SchemaError for a manifest of a newer version of this program.
    """
    began = time.monotonic()
    path = backup_of(path)
    manifest = _manifest(path)
    differences = list(_differences(path, manifest, progress))
    if differences:
        more = len(differences) - MAX_NAMED
        named = "; ".join(differences[:MAX_NAMED]) + (f"; and {more} more" if more > 0 else "")
        raise IntegrityError(
            f"{path} is not the backup its manifest describes: {named}",
            "do not rely on it; `pattern backup list` shows the others",
        )
    return Verification(
        path=str(path),
        created_at=manifest.created_at,
        reason=manifest.reason,
        source=manifest.source,
        version=manifest.version,
        size=manifest.size,
        hash=manifest.hash,
        counts=manifest.counts,
        integrity="ok",
        seconds=round(time.monotonic() - began, 3),
    )


def _manifest(path: Path) -> Manifest:
    if path.is_dir():
        raise NotFoundError(f"{path} is a folder, not a backup", "name the backup file itself")
    if not path.is_file():
        described = manifest_path(path).is_file()
        raise NotFoundError(
            f"there is no backup at {path}" + (", only its manifest" if described else ""),
            "`pattern backup list` shows the backups of a database",
        )
    try:
        return read_manifest(path)
    except NotFoundError as error:
        raise IntegrityError(
            f"{error.message}, so nothing can be proven",
            "copy the .json file along with a backup; `pattern backup` makes a new one",
        ) from None


def _differences(path: Path, manifest: Manifest, progress: Progress | None) -> Iterator[str]:
    """Everything in which the file differs from its manifest, in words."""
    log = side(path, "-wal")
    if log.exists() and log.stat().st_size:
        yield f"{log.name} lies beside it, so it was opened and changed"
    size = path.stat().st_size
    if size != manifest.size:
        yield f"size is {size} bytes, not {manifest.size}"
    if finished.hash_of(path, progress=progress) != manifest.hash:
        yield "content hash differs"
    if progress:
        progress(0, None)
    yield from _damage(path)
    try:
        version, counts = _version(path), finished.counts_of(path, skip_damaged=True)
    except apsw.Error as error:
        yield f"cannot be read: {error}"
        return
    if version != manifest.version:
        yield f"schema version is {version}, not {manifest.version}"
    for table in sorted(counts.keys() | manifest.counts.keys()):
        found, expected = counts.get(table), manifest.counts.get(table)
        if found != expected:
            has = "cannot be counted" if found is None else f"has {found} rows"
            yield f"table {table} {has}, not {'known to it' if expected is None else expected}"


def _damage(path: Path) -> Iterator[str]:
    problems = finished.problems_in(path)
    if problems:
        first = problems[0].replace("\n", " ")
        yield f"integrity check fails: {first}" + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else "")


def _version(path: Path) -> int | None:
    with finished.opened(path) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'").fetchall()
        found = connection.execute("SELECT max(version) FROM _sqlx_migrations").fetchall() if known else []
    return None if not found or found[0][0] is None else int(found[0][0])
