"""Values that a person types, or that a file or standard input holds: `TEXT`, `@FILE` or `-`."""

from __future__ import annotations

import sys
from typing import Any

from pattern_cli.errors import FailureError, UsageError


def read_text(value: str, what: str) -> str:
    """The text that `value` stands for: itself, the file after `@`, standard input for `-`; `@@x` is the text `@x`.

    Nothing is added or taken away, a final line break neither. `what` names it in errors, for example `--from`. Raises
    UsageError for what is no UTF-8 and FailureError for a file that cannot be read.
    """
    if value == "-":
        return _decoded(sys.stdin.buffer.read(), f"{what}: standard input")
    if value.startswith("@@"):
        return _typed(value[1:], what)
    if value.startswith("@"):
        return _decoded(_file(value[1:], what), f"{what}: {value[1:]}")
    return _typed(value, what)


def read_json(value: str, what: str) -> Any:
    """The JSON value that `value` stands for, read as `read_text` does.

    Numbers keep their kind; NaN and infinities, which no column takes, are refused. Raises UsageError for bad JSON.
    """
    import json

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no JSON")

    text = read_text(value, what)
    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{what} is no JSON: {error}", 'for example \'{"key": "value"}\', or @FILE') from None


def _typed(text: str, what: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"{what} is no UTF-8 text", "text is stored as UTF-8; convert it first") from None
    return text


def _file(name: str, what: str) -> bytes:
    if not name:
        raise UsageError(f"{what}: no file is named after @", "@notes.md reads a file; @@ at the start is a plain @")
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        raise FailureError(f"{what}: {name} cannot be read: {error.strerror}", "@@ at the start is a plain @") from None


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{where} is no UTF-8 text: byte {error.start} is wrong", "text is stored as UTF-8; convert it first"
        ) from None
