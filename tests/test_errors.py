"""Every error class: a stable name, the exit status architecture.md §6 gives it, a message and a hint."""

from __future__ import annotations

import pickle

import pytest

from pattern_cli import errors
from pattern_cli.errors import PatternError

# Changing a name or a status breaks scripts.
CONTRACT = {
    errors.FailureError: ("failure", 1),
    errors.UsageError: ("usage", 2),
    errors.NotFoundError: ("not_found", 3),
    errors.AmbiguousError: ("ambiguous", 3),
    errors.ConflictError: ("conflict", 4),
    errors.LockedError: ("locked", 4),
    errors.IntegrityError: ("integrity", 5),
    errors.SchemaError: ("schema", 6),
    errors.RefusedError: ("refused", 7),
    errors.MissingDependencyError: ("missing_dependency", 8),
    errors.StoppedError: ("stopped", 130),
}


def classes(base: type[PatternError] = PatternError) -> set[type[PatternError]]:
    return {base}.union(*(classes(child) for child in base.__subclasses__()))


def test_the_contract_covers_every_class() -> None:
    assert classes() == {PatternError, *CONTRACT}


@pytest.mark.parametrize("kind", CONTRACT, ids=lambda kind: kind.__name__)
def test_name_and_exit_status(kind: type[PatternError]) -> None:
    error = kind("the thing is not there", "look elsewhere")
    assert (error.name, error.exit_code) == CONTRACT[kind]
    assert str(error) == error.message == "the thing is not there"
    assert error.hint == "look elsewhere"
    assert kind("no hint").hint is None


@pytest.mark.parametrize("kind", CONTRACT, ids=lambda kind: kind.__name__)
def test_errors_cross_process_borders(kind: type[PatternError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("said", "hinted")))
    assert (type(copy), copy.message, copy.hint) == (kind, "said", "hinted")
