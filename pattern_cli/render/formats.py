"""The output formats by name."""

from __future__ import annotations

from enum import StrEnum
from typing import TextIO


class Format(StrEnum):
    """Output formats; without one a terminal gets a table and a pipe gets tab-separated values."""

    table = "table"
    json = "json"
    ndjson = "ndjson"
    csv = "csv"
    tsv = "tsv"
    markdown = "markdown"


def default_format(stream: TextIO) -> Format:
    """A table for a terminal, tab-separated values for a pipe or a file."""
    return Format.table if stream.isatty() else Format.tsv
