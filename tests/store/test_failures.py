"""What SQLite's errors mean to a person: the class, the exit status, a sentence that names the file, a hint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from peewee import OperationalError

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
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.failures import missing, translate

PATH = Path("/lab/constellation.db")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (apsw.BusyError("BusyError: database is locked"), LockedError),
        (apsw.LockedError("LockedError: database table is locked"), LockedError),
        (apsw.NotADBError("NotADBError: file is not a database"), IntegrityError),
        (apsw.CorruptError("CorruptError: database disk image is malformed"), IntegrityError),
        (apsw.FullError("FullError: database or disk is full"), FailureError),
        (apsw.ReadOnlyError("ReadOnlyError: attempt to write a readonly database"), FailureError),
        (apsw.CantOpenError("CantOpenError: unable to open database file"), FailureError),
        (apsw.InterruptError("InterruptError: interrupted"), StoppedError),
        (apsw.IOError("IOError: disk I/O error"), FailureError),
        (apsw.ConstraintError("ConstraintError: UNIQUE constraint failed: agents.name"), ConflictError),
        (apsw.SQLError("SQLError: no such module: vec0"), MissingDependencyError),
        (apsw.SQLError("SQLError: no such table: memory_block_updates"), SchemaError),
        (apsw.SQLError("SQLError: no such column: last_seq"), SchemaError),
        (apsw.SQLError('SQLError: near "x": syntax error'), FailureError),
        (apsw.TooBigError("TooBigError: string or blob too big"), FailureError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_every_kind(error: apsw.Error, kind: type[PatternError]) -> None:
    said = translate(error, PATH)
    assert type(said) is kind
    assert isinstance(said, StoppedError) or str(PATH) in said.message
    assert not said.message.endswith(".")
    assert "Error:" not in said.message


def test_errors_of_this_program_stay(database: Callable[[str], Path]) -> None:
    own = NotFoundError("nothing there")
    assert translate(own) is own


def test_others_are_none_of_sqlites() -> None:
    assert translate(ValueError("x")) is None
    assert translate(OSError(28, "No space left on device")) is None


def test_peewees_errors_are_those_they_wrap() -> None:
    try:
        try:
            raise apsw.BusyError("BusyError: database is locked")
        except apsw.BusyError as cause:
            raise OperationalError("database is locked") from cause
    except OperationalError as error:
        assert isinstance(translate(error, PATH), LockedError)


def test_without_a_path_it_is_the_database() -> None:
    said = translate(apsw.BusyError("BusyError: database is locked"))
    assert said is not None
    assert said.message == "the database is locked by another process"


def test_what_a_missing_extension_stops(database: Callable[[str], Path]) -> None:
    """The index of vectors needs an extension; everything else in the file does not."""
    with Constellation.open(database("constellations/small-embeddings.db")) as constellation:
        assert constellation.value("SELECT count(*) FROM agents") == 3
        assert constellation.has_table("embeddings")
        with pytest.raises(MissingDependencyError) as caught:
            constellation.value("SELECT count(*) FROM embeddings")
    assert caught.value.exit_code == 8
    assert "vec0" in caught.value.message


def test_a_missing_file_says_how_to_make_one() -> None:
    error = missing(PATH)
    assert error.exit_code == 3
    assert error.message == "there is no constellation at /lab/constellation.db"
    assert error.hint == "`pattern init /lab/constellation.db` creates an empty one, `--db FILE` names another"
