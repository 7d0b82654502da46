"""The formats by name, and which one is taken without being asked for."""

from __future__ import annotations

import io

from pattern_cli.render.formats import Format, default_format


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_names_are_the_contract() -> None:
    assert [form.value for form in Format] == ["table", "json", "ndjson", "csv", "tsv", "markdown"]


def test_a_terminal_gets_a_table_and_a_pipe_tsv() -> None:
    assert default_format(Terminal()) is Format.table
    assert default_format(io.StringIO()) is Format.tsv
