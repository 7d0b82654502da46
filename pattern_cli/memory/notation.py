"""Structures that people write, as JSON or TOML: what is meant is told from the text."""

from __future__ import annotations

import json
import tomllib
from datetime import date, time
from typing import Any

from pattern_cli.errors import UsageError
from pattern_cli.memory.values import checked, unique


def read(text: str, what: str) -> Any:
    """The object or list that a text is, as a document can hold it: an object or list of JSON, else a table of TOML.

    Times, which TOML knows, become texts. Raises UsageError naming `what`: neither, a name that comes twice, a value
    that would be changed by storing it.
    """
    text = text.removeprefix("\ufeff")
    start = text.lstrip(" \t\r\n")[:1]
    try:
        if start == "{":
            return checked(_json(text), what)
        return checked(_timed(_list_or_table(text) if start == "[" else tomllib.loads(text)), what)
    except RecursionError:
        raise UsageError(f"{what} is nested too deeply") from None
    except ValueError as error:
        form = "JSON" if start == "{" else "JSON or TOML" if start == "[" else "TOML"
        raise UsageError(
            f"{what} is no {form}: {error}", 'an object of JSON begins with {, TOML has name = "value"'
        ) from (None)


def _list_or_table(text: str) -> Any:
    """A list of JSON and a table of TOML begin alike."""
    try:
        return _json(text)
    except ValueError as error:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            raise error from None


def _timed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_timed(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_no_constant, object_pairs_hook=unique)


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
