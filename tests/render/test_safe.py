"""Text from a database is harmless on a terminal, whatever it holds; TSV can be undone, JSON stays JSON."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.render import safe

_TEXTS = st.text() | st.text(alphabet='ab\x7f\x85\u202e\u2028\ufeff\u200d🧵é\\"')


@given(st.lists(_TEXTS, max_size=4))
def test_finished_json_in_bytes_becomes_what_it_becomes_as_text(values: list[str]) -> None:
    lines = "\n".join(json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False) for value in values)
    shown = safe.json_bytes(lines.encode())
    assert shown == safe.json(lines).encode()
    assert [json.loads(line) for line in shown.split(b"\n") if line] == [
        json.loads(line) for line in lines.split("\n") if line
    ]


def test_harmful_characters_become_escapes_that_json_knows() -> None:
    assert safe.json_bytes('"a\x7f\u202eb\u2028é🧵"'.encode()) == '"a\\u007f\\u202eb\\u2028é🧵"'.encode()


def test_joined_emoji_stay_as_they_are() -> None:
    line = '"👩\u200d🚀"'.encode()
    assert safe.json_bytes(line) == line


# Written again here, not taken from the module: what must never reach a terminal.
HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\ud800-\udfff]"
)
ANY = st.text(st.characters(codec=None, categories=None)) | st.text(
    alphabet="ab\\xu0\t\n\r\x00\x1b\x7f\x85\x9b\u202e\u2066\u2028\ufeff\ud800\udc85\udcff\U0001f9f5é"
)


def undone(field: str) -> str:
    """A TSV field as it was before."""

    def plain(found: re.Match[str]) -> str:
        word = found.group(1)
        if word in {"t": "", "n": "", "r": "", "\\": ""}:
            return {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}[word]
        code = int(word[1:], 16)
        return chr(code + 0xDC00 if word[0] == "x" and code >= 0x80 else code)

    return re.sub(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|[tnr\\])", plain, field)


@given(ANY)
def test_nothing_harmful_is_left(value: str) -> None:
    finished = json.dumps(value, ensure_ascii=False)
    for shown in (safe.text(value), safe.line(value), safe.tsv(value), safe.json(finished)):
        assert not HARMFUL.search(shown)
        shown.encode()
    assert not set("\t\n") & set(safe.line(value) + safe.tsv(value))


@given(ANY)
def test_tsv_can_be_undone(value: str) -> None:
    assert undone(safe.tsv(value)) == value


@given(ANY)
def test_what_is_harmless_stays(value: str) -> None:
    kept = HARMFUL.sub("", value)
    assert safe.text(kept) == kept
    kept = kept.replace("\t", "").replace("\n", "")
    assert safe.line(kept) == kept


@given(ANY)
def test_json_keeps_its_value(value: str) -> None:
    # A half of a pair stands for no byte, so none comes out of a database before one that does.
    value = re.sub("[\ud800-\udbff]", "", value)
    assert json.loads(safe.json(json.dumps(value, ensure_ascii=False))) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\u009b31m"),
        ("a\r\nb", "a\\r\nb"),
        ("\u202eevil", "\\u202eevil"),
        ("\udcff\udc80", "\\xff\\x80"),
        ("\ud800", "\\ud800"),
        ("\x00\x07\x7f", "\\x00\\x07\\x7f"),
        ("C:\\new", "C:\\new"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("שלום مرحبا 日本 é 👩‍🚀", "שלום مرحبا 日本 é 👩‍🚀"),
    ],
)
def test_how_it_is_shown(value: str, shown: str) -> None:
    assert safe.text(value) == shown


def test_on_one_line() -> None:
    assert safe.line("tab\tand\nline \\") == "tab\\tand\\nline \\"
    assert safe.tsv("tab\tand\nline \\") == "tab\\tand\\nline \\\\"


def test_a_byte_and_the_character_of_its_number_differ() -> None:
    assert safe.tsv("\udc85") != safe.tsv("\x85")
