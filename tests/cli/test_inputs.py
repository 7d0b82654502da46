"""Values that a person types, or that a file or standard input holds."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.cli.inputs import read_json, read_text
from pattern_cli.errors import FailureError, UsageError


def standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])).filter(lambda text: text[:1] not in "@-" or not text))
def test_a_text_stands_for_itself(text: str) -> None:
    assert read_text(text, "TEXT") == text


def test_a_file_is_read_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_bytes("eins\r\nzwei ☕\n".encode())
    assert read_text(f"@{file}", "TEXT") == "eins\r\nzwei ☕\n"


def test_a_double_at_is_a_plain_one() -> None:
    assert read_text("@@juniper", "TEXT") == "@juniper"


def test_standard_input_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"from a pipe\n")
    assert read_text("-", "TEXT") == "from a pipe\n"


def test_standard_input_that_is_no_utf8_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"abc\xff")
    with pytest.raises(UsageError, match="standard input is no UTF-8 text: byte 3"):
        read_text("-", "TEXT")


def test_an_argument_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(UsageError, match="TEXT is no UTF-8"):
        read_text("caf\udce9", "TEXT")


@pytest.mark.parametrize("value", ["@", "@no-such-file"])
def test_a_file_that_cannot_be_read_is_named(value: str) -> None:
    with pytest.raises((UsageError, FailureError), match=r"no file is named|no-such-file"):
        read_text(value, "--from")


@pytest.mark.parametrize(("text", "value"), [('{"a": 1.0}', {"a": 1.0}), ("[1, null]", [1, None]), ('"x"', "x")])
def test_json_is_read(text: str, value: object) -> None:
    found = read_json(text, "--config")
    assert found == value and repr(found) == repr(value)


@pytest.mark.parametrize("text", ["{", "", "NaN", "[Infinity]", "{'a': 1}"])
def test_bad_json_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--config is no JSON"):
        read_json(text, "--config")
