"""Which database file is meant (upstream-cli-and-config.md D, database.md §1.1 and §1.2)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from pattern_cli.errors import UsageError

FILE_NAME = "constellation.db"


class Location(NamedTuple):
    """A database path and what named it: `--db`, `PATTERN_DB`, a configuration file, or the data directory."""

    path: Path
    source: str


def data_directory() -> Path:
    """The folder where the runtime keeps its constellation when nothing else is configured."""
    if sys.platform == "darwin":
        return _application_support()
    import platformdirs

    return Path(platformdirs.user_data_dir("pattern", appauthor=False, roaming=True))


def configuration() -> Path | None:
    """The runtime's configuration file: the first that exists of its three places."""
    if sys.platform == "darwin":
        folder = _application_support()
    else:
        import platformdirs

        folder = Path(platformdirs.user_config_dir("pattern", appauthor=False, roaming=True))
    places = (Path("pattern.toml"), folder / "config.toml", _expanded("~/.pattern/config.toml"))
    return next((place for place in places if place.is_file()), None)


def _application_support() -> Path:
    """The runtime's folder on a Mac; unlike platformdirs it does not look at XDG variables there."""
    return _expanded("~/Library/Application Support/pattern")


def _expanded(path: str | os.PathLike[str]) -> Path:
    """A path with `~` filled in where that home is known; `Path.expanduser` raises where it is not."""
    return Path(os.path.expanduser(path))


def where(db: str | os.PathLike[str] | None = None) -> Location:
    """The database that a command without further words means; the file need not exist.

    Raises UsageError for an empty name, and when the configuration file cannot be read.
    """
    if db == "":
        raise UsageError("the database is named by an empty text", "name the file: --db FILE")
    if db is not None:
        return Location(_expanded(db), "--db")
    if named := os.environ.get("PATTERN_DB"):
        return Location(_expanded(named), "PATTERN_DB")
    file = configuration()
    folder = _configured_folder(file) if file else None
    if file and folder is not None:
        return Location(folder / FILE_NAME, str(file))
    return Location(data_directory() / FILE_NAME, "data directory")


def locate(db: str | os.PathLike[str] | None = None) -> Path:
    """The path of `where(db)`."""
    return where(db).path


def _configured_folder(file: Path) -> Path | None:
    """`[database] path` names a folder and is relative to the working directory, as in the runtime."""
    import tomllib

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # bad UTF-8 and bad TOML are ValueErrors
        raise UsageError(
            f"the configuration {file} cannot be read: {error}", "mend it, or name the database with --db FILE"
        ) from None
    table = content.get("database")
    if table is None:
        return None
    path = table.get("path") if isinstance(table, dict) else None
    if not isinstance(path, str):
        raise UsageError(
            f"[database] in {file} has no path, which the runtime refuses too",
            "name the database with --db FILE",
        )
    return Path(path)
