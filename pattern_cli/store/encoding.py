"""Values as the text of a JSON column; what the runtime could not read back is refused (database.md §2.1)."""

from __future__ import annotations

from typing import Any

from pattern_cli.errors import UsageError
from pattern_cli.store.decoding import DEEPEST, is_deep


def json_text(value: Any, what: str) -> str:
    """Compact JSON, keys in their order, for a column declared TEXT; `what` names the value in errors.

    Raises UsageError for what is no JSON, or JSON that the runtime cannot read: infinities, half a surrogate pair,
    more levels than it reads.
    """
    import json

    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"{what} holds half a surrogate pair, which is no text", "write the whole character") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"{what} cannot be stored as JSON: {error}") from None
    if is_deep(value):
        raise UsageError(f"{what} is nested more than {DEEPEST} levels deep, which the runtime cannot read")
    return text


def json_column(value: Any, what: str) -> str:
    """As `json_text`, for a column declared JSON, where SQLite turns a number into one that the runtime cannot read.

    Raises UsageError for a bare number too.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise UsageError(
            f"{what} cannot be a bare number: the runtime could not read the entry, nor any list it is in",
            f'put it into an object, for example {{"value": {value}}}',
        )
    return json_text(value, what)
