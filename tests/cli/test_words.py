"""Command lines are read as the shells read them, and what is quoted is one word that stands for itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pattern_cli.cli.words import Word, quote, split, unquote
from pattern_cli.render.safe import line as safe

PRINTABLE = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20).filter(
    lambda text: safe(text) == text
)
# Letters that quoting is about come often.
AWKWARD = st.text(alphabet="ab \\'\"$`!~#*?[](){}<>|&;:=@,^%é鬼", min_size=1, max_size=12)


def texts(line: str) -> list[str]:
    return [word.text for word in split(line)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", [""]),
        ("pattern", ["pattern"]),
        ("pattern ", ["pattern", ""]),
        ("pattern  agents\tlist", ["pattern", "agents", "list"]),
        ("p 'a b' \"c d\" e\\ f", ["p", "a b", "c d", "e f"]),
        ("p a'b c'd\"e f\"g", ["p", "ab cde fg"]),
        ("p 'a b", ["p", "a b"]),
        ('p "a \\" b \\x', ["p", 'a " b \\x']),
        ("p $'a\\tb\\x41\\u00e9\\033\\''", ["p", "a\tbAé\x1b'"]),
        ("p a\\", ["p", "a"]),
        ("p $(touch x", ["p", "$(touch", "x"]),
        ("p `touch x", ["p", "`touch", "x"]),
        ("p a > b", ["p", "a", ">", "b"]),
        ("p a>b", ["p", "a", ">", "b"]),
        ("p 'a>b' c\\;d", ["p", "a>b", "c;d"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert texts(line) == words


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("ab", Word("ab", "ab")),
        ('"ab', Word("ab", '"ab', '"')),
        ("'ab", Word("ab", "'ab", "'")),
        ("a'b'\"c", Word("abc", "a'b'\"c", '"')),
        ("$'a", Word("a", "$'a", "$'")),
    ],
)
def test_the_quote_that_is_open(raw: str, word: Word) -> None:
    assert unquote(raw) == word


def test_bytes_that_are_no_text() -> None:
    assert unquote("$'\\xff\\303\\251'").text.encode("utf-8", "surrogateescape") == b"\xff\xc3\xa9"


def test_variables_and_home_are_filled_in_but_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("WHERE", "a place")
    monkeypatch.delenv("NOWHERE", raising=False)
    assert texts("p ~/x $WHERE/y \"${WHERE}\" '$WHERE' \\$WHERE $NOWHERE. $(id) a~ z") == [
        *("p", "/home/ann/x", "a place/y", "a place", "$WHERE", "$WHERE", ".", "$(id)", "a~", "z"),
    ]
    assert texts("p ~/x") == ["p", "~/x"]  # the word being typed stays


@given(AWKWARD | PRINTABLE, st.sampled_from(["", "'", '"']))
def test_what_is_quoted_is_read_again(text: str, within: str) -> None:
    assert unquote(f"{within}{quote(text, within)}{within}").text == text
    assert texts(f"p {within}{quote(text, within)}{within} ") == ["p", text, ""]


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@settings(max_examples=20, deadline=None)
@given(st.lists(AWKWARD | PRINTABLE, min_size=30, max_size=60), st.sampled_from(["", "'", '"']))
def test_bash_reads_what_is_quoted_as_itself(several: list[str], within: str) -> None:
    program = "import json, os, sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
    line = " ".join(f"{within}{quote(text, within)}{within}" for text in several)
    done = subprocess.run(
        ["bash", "--norc", "-c", f'exec "$0" -c "$1" {line}', sys.executable, program],
        capture_output=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert done.stdout.decode().split("\0") == several


@given(st.text(max_size=60))
def test_no_line_is_too_odd(line: str) -> None:
    words = split(line)
    assert words
    assert json.dumps([word.raw for word in words])
