"""Command lines as shells write them: split into words, quotes taken away and put back; nothing is ever executed."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

_OPERATORS = "<>|&;"
_SPACE = " \t\n"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "E": "\x1b", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)
_PLAIN = re.compile(r"[\w%+,./:@-]", re.ASCII)


class Word(NamedTuple):
    """A word without its quotes, and as it was written.

    `open` is the quote that is still open at its end: `'`, `"`, `$'` or none. `operator` says that it is no word at all
    but `>`, `|` or the like.
    """

    text: str
    raw: str
    open: str = ""
    operator: bool = False


def split(line: str) -> list[Word]:
    """The words of a line up to the cursor; the last one, which may be empty, is the one being typed.

    `~` and variables of the environment are filled in except in the last word, as the shell would.
    """
    words: list[Word] = []
    position = 0
    while True:
        while line[position : position + 1] in _SPACE and position < len(line):
            position += 1
        start = position
        while position < len(line) and line[position] in _OPERATORS:
            position += 1
        if position > start:
            words.append(Word(line[start:position], line[start:position], operator=True))
            continue
        end = _end_of_word(line, position)
        last = end == len(line)
        words.append(unquote(line[position:end], fill=not last))
        if last:
            return words
        position = end


def _end_of_word(line: str, start: int) -> int:
    quote, position = "", start
    while position < len(line):
        character = line[position]
        if character == "\\" and quote != "'":
            position += 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _SPACE + _OPERATORS:
            return position
        position += 1
    return len(line)


def unquote(raw: str, fill: bool = False) -> Word:
    """A word as a shell writes it, without quotes and backslashes; `fill` puts `~` and environment variables in."""
    parts: list[str] = []
    position, quote = 0, ""
    if fill and (raw == "~" or raw.startswith("~/")):
        parts.append(os.path.expanduser("~"))
        position = 1
    while position < len(raw):
        character = raw[position]
        if not quote and (opened := _opens(raw, position)):
            quote = opened
            position += len(opened)
        elif quote and character == quote[-1]:
            quote = ""
            position += 1
        elif fill and character == "$" and quote in {"", '"'} and (variable := _VARIABLE.match(raw, position)):
            parts.append(os.environ.get(variable[1] or variable[2], ""))
            position = variable.end()
        elif character == "\\" and quote != "'":
            text, position = _escaped(raw, position, quote)
            parts.append(text)
        else:
            parts.append(character)
            position += 1
    return Word("".join(parts), raw, quote)


def _opens(raw: str, position: int) -> str:
    """The quote that begins here."""
    if raw.startswith("$'", position):
        return "$'"
    return raw[position] if raw[position] in "'\"" else ""


def _escaped(raw: str, position: int, quote: str) -> tuple[str, int]:
    """What the backslash at this place stands for, and where the text goes on; nothing at the very end."""
    after = raw[position + 1 : position + 2]
    if quote == "$'" and (found := _ESCAPED.match(raw, position)):
        byte, code, octal, other = found.groups()
        number = int(byte or code or octal, 16 if byte or code else 8) if other is None else None
        if number is None:
            return _ESCAPES.get(other, other), found.end()
        if 0x80 <= number <= 0xFF and not code:  # a byte, as the shell would pass it
            number += 0xDC00
        return chr(number), found.end()
    if after == "\n":
        return "", position + 2
    if quote == '"' and after not in {'"', "\\", "$", "`", ""}:
        return "\\" + after, position + 2
    return after, position + 2


def quote(text: str, within: str = "") -> str:
    """Printable text for a command line of bash, so that it stands for itself, behind what is typed.

    `within` is the quote that is open there and stays open. In double quotes an exclamation mark has no escape that
    goes away again, so it stands between two pairs of them.
    """
    if within == "'":
        return text.replace("'", "'\\''")
    if within == '"':
        return re.sub(r'[\\"$`]', r"\\\g<0>", text).replace("!", "\"'!'\"")
    return "".join(c if _PLAIN.match(c) or not c.isascii() else f"\\{c}" for c in text)
