"""Names that a person gives: what can be typed again, shown on one line and stored as UTF-8."""

from __future__ import annotations

import unicodedata

from pattern_cli.errors import UsageError

_INVISIBLE = frozenset({"Cc", "Zl", "Zp"})
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def require_name(value: str, what: str) -> str:
    """The value itself, fit to be a name: not blank, on one line, with nothing that a terminal would obey.

    `what` says what it is in errors, for example "an agent's name". Raises UsageError.
    """
    require_text(value, what)
    if not value.strip():
        raise UsageError(f"{what} is empty", "give it at least one letter")
    for character in value:
        if unicodedata.category(character) in _INVISIBLE or character in _BIDI:
            raise UsageError(
                f"{what} holds a control character, U+{ord(character):04X}", "leave it out: names are shown on one line"
            )
    return value


def require_text(value: str, what: str) -> str:
    """The value itself, if it is text that UTF-8 can hold. Raises UsageError."""
    if not isinstance(value, str):
        raise UsageError(f"{what} is no text: {value!r:.60}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"{what} is no UTF-8 text", "text is stored as UTF-8; convert it first") from None
    return value
