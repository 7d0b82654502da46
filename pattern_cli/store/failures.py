"""SQLite's errors as this program's errors: one place that knows what each of them means to a person."""

from __future__ import annotations

from pathlib import Path

import apsw

from pattern_cli.errors import (
    ConflictError,
    FailureError,
    IntegrityError,
    LockedError,
    MissingDependencyError,
    NotFoundError,
    PatternError,
    SchemaError,
    StoppedError,
)


def translate(error: BaseException, path: Path | str | None = None) -> PatternError | None:
    """The error of this program that stands for an APSW or Peewee error; None when it is neither."""
    if isinstance(error, PatternError):
        return error
    cause = error if isinstance(error, apsw.Error) else error.__cause__ or error.__context__
    if not isinstance(cause, apsw.Error):
        return None
    where = f"{path}" if path else "the database"
    text = str(cause).removeprefix(f"{type(cause).__name__}: ")
    if isinstance(cause, apsw.BusyError | apsw.LockedError):
        return LockedError(
            f"{where} is locked by another process",
            "try again when its write is done; `pattern db info` shows who holds it",
        )
    if isinstance(cause, apsw.NotADBError):
        return IntegrityError(f"{where} is not a SQLite database", "check the path, or restore a backup")
    if isinstance(cause, apsw.CorruptError):
        return IntegrityError(f"{where} is damaged: {text}", "`pattern backup list` shows backups to return to")
    if isinstance(cause, apsw.FullError):
        return FailureError(
            f"no space left while writing {where}", "nothing was changed; free some space and try again"
        )
    if isinstance(cause, apsw.ReadOnlyError):
        return FailureError(f"{where} cannot be written", "check the permissions of the file and its folder")
    if isinstance(cause, apsw.CantOpenError):
        return FailureError(f"{where} cannot be opened", "check the permissions of the file and its folder")
    if isinstance(cause, apsw.InterruptError):
        return StoppedError("stopped")
    if isinstance(cause, apsw.IOError):
        return FailureError(f"reading or writing {where} failed: {text}", "check the disk")
    if isinstance(cause, apsw.ConstraintError):
        return ConflictError(f"{where} refuses the change: {text}")
    if isinstance(cause, apsw.SQLError) and text.startswith("no such module"):
        return MissingDependencyError(f"{where} needs a SQLite extension: {text}", "everything else in it can be read")
    if isinstance(cause, apsw.SQLError) and text.startswith(("no such table", "no such column")):
        return SchemaError(
            f"{where} has an older schema than this command needs: {text}",
            "`pattern migrate status` shows what is pending",
        )
    return FailureError(f"SQLite failed on {where}: {text}")


def missing(path: Path) -> NotFoundError:
    """The error for a database file that is not there."""
    return NotFoundError(
        f"there is no constellation at {path}",
        f"`pattern init {path}` creates an empty one, `--db FILE` names another",
    )
