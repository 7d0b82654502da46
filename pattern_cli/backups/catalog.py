"""The backups of a database: where they are and what their manifests say of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pattern_cli.backups.manifest import Manifest, manifest_path, read_manifest
from pattern_cli.errors import ConflictError, NotFoundError, PatternError
from pattern_cli.store.unfinished import require_unused

FOLDER = "backups"
_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(?P<stem>.+)-(?P<stamp>\d{8}T\d{6}Z)(?:-\d+)?\.db")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup as its manifest describes it, without reading the backup itself.

    `state` is `verified` (checked when it was made), `unverified`, `changed` (another size than recorded), `no
    manifest`, `bad manifest` or `missing` (a manifest without its backup). `size` in bytes, times RFC 3339 UTC.
    """

    name: str
    created_at: str
    reason: str | None
    size: int | None
    state: str
    version: int | None
    source: str | None
    hash: str | None
    path: str
    damage: tuple[str, ...]


def folder_of(database: Path) -> Path:
    """The default place of a database's backups: `backups/` beside it."""
    return database.absolute().parent / FOLDER


def default_name(database: Path, created: datetime, folder: Path) -> str:
    """A name for a new backup: `NAME-YYYYMMDDTHHMMSSZ.db`, numbered when that second is taken."""
    stem = f"{database.stem}-{created.strftime(_STAMP)}"
    number, name = 1, f"{stem}.db"
    while not _is_free(folder / name):
        number += 1
        name = f"{stem}-{number}.db"
    return name


def _is_free(path: Path) -> bool:
    try:
        for file in (path, manifest_path(path)):
            require_unused(file, "")
    except ConflictError:
        return False
    return True


def backups(database: Path, folder: Path | None = None) -> Iterator[Backup]:
    """The backups of a database in its default place, the newest first.

    With `folder` all backups there, whichever database they are of; raises NotFoundError when there is no such folder.
    """
    place = folder or folder_of(database)
    if folder and not folder.is_dir():
        raise NotFoundError(f"there is no folder {folder}", "`pattern backup list` looks beside the database")
    stem = None if folder else database.stem
    found = [backup for backup in map(_describe, _files(place, stem)) if folder or _is_of(backup, database)]
    yield from sorted(found, key=lambda backup: (backup.created_at, backup.name), reverse=True)


def _is_of(backup: Backup, database: Path) -> bool:
    """Whether a backup is of this database: `lab.db` and `lab.sqlite` share a folder and the names of their backups."""
    return backup.source is None or Path(backup.source).name == database.name


def newest(database: Path) -> str | None:
    """When the newest complete backup in the default place was made, RFC 3339 UTC; None without one."""
    return next((found.created_at for found in backups(database) if found.state in {"verified", "unverified"}), None)


def find(name: str, database: Path) -> Path:
    """The path of a backup that a person names: a path, or a file name in the default place.

    Raises NotFoundError.
    """
    given = Path(name).expanduser()
    for path in (given, folder_of(database) / name):
        if path.is_file() or manifest_path(path).is_file():
            return path
    raise NotFoundError(f"there is no backup {name}", "`pattern backup list` shows the backups of a database")


def _files(folder: Path, stem: str | None) -> set[Path]:
    """Backups by name or by manifest; one of the two may be missing."""
    if not folder.is_dir():
        return set()
    paths = {
        path.with_name(path.name.removesuffix(".json"))
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.is_file()
    }
    if stem is None:
        return {path for path in paths if _NAME.fullmatch(path.name) or manifest_path(path).is_file()}
    named = {path: _NAME.fullmatch(path.name) for path in paths}
    return {path for path, match in named.items() if match and match["stem"] == stem}


def _describe(path: Path) -> Backup:
    size = path.stat().st_size if path.is_file() else None
    manifest: Manifest | None = None
    damage: tuple[str, ...] = ()
    try:
        manifest = read_manifest(path)
        state = _state(manifest, size)
    except NotFoundError:
        state = "no manifest"
    except PatternError as error:
        state, damage = "bad manifest", (f"manifest: {error.message}",)
    return Backup(
        name=path.name,
        created_at=manifest.created_at if manifest else _time_of(path),
        reason=manifest.reason if manifest else None,
        size=size,
        state=state,
        version=manifest.version if manifest else None,
        source=manifest.source if manifest else None,
        hash=manifest.hash if manifest else None,
        path=str(path),
        damage=damage,
    )


def _state(manifest: Manifest, size: int | None) -> str:
    if size is None:
        return "missing"
    if size != manifest.size:
        return "changed"
    return "verified" if manifest.verified else "unverified"


def _time_of(path: Path) -> str:
    """The time in a backup's name, else when the file was last written."""
    match = _NAME.fullmatch(path.name)
    if match:
        when = datetime.strptime(match["stamp"], _STAMP)
    else:
        file = path if path.exists() else manifest_path(path)
        when = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
