"""Every error this program raises: a stable name, an exit code, one sentence and one hint.

Services raise these and nothing else; the command line turns them into an exit status (docs/exit-codes.md).
"""

from __future__ import annotations


class PatternError(Exception):
    """Base of all errors: `message` is one sentence naming the thing, `hint` says what to do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def name(self) -> str:
        """Stable name of the error for scripts: the class name without `Error`, in snake case."""
        stem = type(self).__name__.removesuffix("Error")
        return "".join("_" + c.lower() if c.isupper() else c for c in stem).lstrip("_")


class FailureError(PatternError):
    """Something failed that has no better name (exit 1)."""


class UsageError(PatternError):
    """The command line or an argument makes no sense (exit 2)."""

    exit_code = 2


class NotFoundError(PatternError):
    """A named thing does not exist (exit 3)."""

    exit_code = 3


class AmbiguousError(NotFoundError):
    """A name or id prefix fits several things (exit 3)."""


class ConflictError(PatternError):
    """Something exists already, was changed meanwhile, or is in use (exit 4)."""

    exit_code = 4


class LockedError(ConflictError):
    """Another process holds the lock that is needed (exit 4)."""


class IntegrityError(PatternError):
    """Stored bytes are damaged: a corrupt file, a bad hash, a failed verification (exit 5)."""

    exit_code = 5


class SchemaError(PatternError):
    """The database needs a migration or is of an unknown version (exit 6)."""

    exit_code = 6


class RefusedError(PatternError):
    """Refused for safety: a live runtime, a missing confirmation (exit 7)."""

    exit_code = 7


class MissingDependencyError(PatternError):
    """An optional dependency is not installed (exit 8)."""

    exit_code = 8


class StoppedError(PatternError):
    """Stopped by Ctrl-C (exit 130)."""

    exit_code = 130
