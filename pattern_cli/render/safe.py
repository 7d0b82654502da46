"""Text from a database is untrusted input to a terminal: here it becomes harmless (architecture.md §6 and §7).

Every output passes through one of these functions. Control and escape characters, bidirectional overrides and broken
Unicode come out as visible escapes; line breaks and tabs stay only where the caller prints several lines.
"""

from __future__ import annotations

import functools
import re

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HARMFUL = f"\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\u2028\u2029\ufeff\ud800-\udfff"
_ASCII = bytes(range(128))
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"}


@functools.cache
def _harmful(also: str = "") -> re.Pattern[str]:
    """Compiled on first use: most output holds nothing harmful, and compiling takes longer than printing it."""
    return re.compile(f"[{also}{_HARMFUL}]")


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def text(value: str) -> str:
    """Text of several lines: tabs and line breaks stay, everything harmful becomes visible."""
    return value if value.isprintable() else _harmful().sub(_escape, value)


def line(value: str) -> str:
    r"""Text on one line: line breaks and tabs become `\n` and `\t` as well."""
    return value if value.isprintable() else _harmful("\t\n").sub(_escape, value)


def tsv(value: str) -> str:
    r"""A field of tab-separated values: as `line`, with backslashes doubled, so that it can be undone.

    `\xNN` is a byte: a control character below 128, or one that is no UTF-8; `\uNNNN` is a character.
    """
    return value if value.isprintable() and "\\" not in value else _harmful("\\\\\t\n").sub(_escape, value)


def json(value: str) -> str:
    r"""Finished JSON text whose strings hold nothing harmful: `\uXXXX` where JSON allows the raw character.

    Line breaks between values stay; inside strings JSON has escaped them already.
    """
    if value.isprintable() or (value.isascii() and "\x7f" not in value):
        return value
    return _harmful().sub(lambda found: f"\\u{ord(found.group()):04x}", value)


def json_bytes(value: bytes) -> bytes:
    """As `json`, for many lines of UTF-8."""
    if not _is_harmful(value):
        return value
    return b"\n".join([json(line.decode()).encode() if _is_harmful(line) else line for line in value.split(b"\n")])


def _is_harmful(value: bytes) -> bool:
    """Whether JSON in UTF-8 holds a harmful character; JSON itself escapes the control characters of ASCII but one."""
    if b"\x7f" in value:
        return True
    if value.isascii():
        return False
    # What is not ASCII is a small part of most texts, and a small text is searched quickly.
    others = value.translate(None, _ASCII).decode()
    return not others.isprintable() and _harmful().search(others) is not None
