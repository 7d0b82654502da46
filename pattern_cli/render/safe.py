"""Text from a database is untrusted input to a terminal: here it becomes harmless (architecture.md §6 and §7).

Every output passes through one of these functions. Control and escape characters, bidirectional overrides and broken
Unicode come out as visible escapes; line breaks and tabs stay only where the caller prints several lines.
"""

from __future__ import annotations

import re

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HARMFUL = f"\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\u2028\u2029\ufeff\ud800-\udfff"
_MANY_LINES = re.compile(f"[{_HARMFUL}]")
_ONE_LINE = re.compile(f"[\t\n{_HARMFUL}]")
_TSV = re.compile(f"[\\\\\t\n{_HARMFUL}]")
_JSON = re.compile(f"[\x7f-\x9f{_BIDI}\u2028\u2029\ufeff\ud800-\udfff]")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"}


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def text(value: str) -> str:
    """Text of several lines: tabs and line breaks stay, everything harmful becomes visible."""
    return _MANY_LINES.sub(_escape, value)


def line(value: str) -> str:
    r"""Text on one line: line breaks and tabs become `\n` and `\t` as well."""
    return _ONE_LINE.sub(_escape, value)


def tsv(value: str) -> str:
    r"""A field of tab-separated values: as `line`, with backslashes doubled, so that it can be undone."""
    return _TSV.sub(_escape, value)


def json(value: str) -> str:
    r"""Finished JSON text whose strings hold nothing harmful: `\uXXXX` where JSON allows the raw character."""
    return _JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", value)
