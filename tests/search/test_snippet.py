from __future__ import annotations

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pattern_cli.search import query, snippet
from pattern_cli.search.indexes import tokenizer
from pattern_cli.search.query import Tokenizer
from pattern_cli.search.snippet import Snippet, beginning, excerpt

TOKENIZE = tokenizer(apsw.Connection(":memory:"))
WORDS = st.lists(
    st.sampled_from(["slow", "kettle", "tea", "Harbor", "éclair", "«", "»", "\n", "a\x1bb", "日本"]), max_size=80
)


def find(text: str, typed: str, width: int = snippet.WIDTH) -> Snippet | None:
    return excerpt(text, query.read(typed, TOKENIZE).terms, TOKENIZE, width)


def shown(text: str, typed: str, width: int = snippet.WIDTH) -> str:
    found = find(text, typed, width)
    assert found is not None
    return found.text


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("a slow kettle", "kettle", "a slow «kettle»"),
        ("a slow kettle", "kettle slow", "a «slow» «kettle»"),
        ("a slow kettle", '"slow kettle"', "a «slow kettle»"),
        ("a slow, Kettle", '"slow kettle"', "a «slow, Kettle»"),
        ("Slower", "slow*", "«Slower»"),
        ("slow kettles sing", '"slow ket"*', "«slow kettles» sing"),
        ("Éclair", "eclair", "«Éclair»"),
        ("slow slow kettle", '"slow kettle" slow', "«slow» «slow kettle»"),
        ("one\n\n  two\tthree", "three", "one two «three»"),
    ],
)
def test_found_words_are_marked(text: str, typed: str, expected: str) -> None:
    assert shown(text, typed) == expected


@pytest.mark.parametrize(
    ("text", "typed"), [("slow", "kettle"), ("", "slow"), ("kettle slow", '"slow kettle"'), ("slow", '"slow k"*')]
)
def test_a_text_without_the_words_has_no_excerpt(text: str, typed: str) -> None:
    assert find(text, typed) is None


def test_the_part_with_most_of_the_words_is_taken() -> None:
    text = "slow " + "filler " * 100 + "a slow kettle" + " filler" * 100 + " slow slow slow"
    assert "a «slow» «kettle» filler" in shown(text, "slow kettle")


def test_what_is_left_out_is_shown_as_left_out() -> None:
    text = "before " * 50 + "kettle" + " after" * 50
    found = shown(text, "kettle")
    assert found.startswith("… ") and found.endswith(" …")
    assert "«kettle»" in found
    assert len(found) <= snippet.WIDTH + 30


def test_marks_in_the_text_are_told_from_ours_by_the_highlights() -> None:
    found = find("«slow» kettle «tea»", "kettle")
    assert found == Snippet("«slow» «kettle» «tea»", ((8, 14),))


def test_the_end_of_a_long_text_is_found() -> None:
    text = "filler " * 300_000 + "kettle"
    assert shown(text, "kettle").endswith("filler «kettle»")


def test_words_at_the_border_of_a_piece_are_found_whole() -> None:
    for shift in range(0, 60, 7):
        text = "x" * 3 + "y " * ((snippet._PIECE - shift) // 2) + "slow kettle end" + " z" * 5_000
        assert "«slow kettle» end" in shown(text, '"slow kettle"')


def test_bytes_that_are_no_utf8_do_no_harm() -> None:
    text = b"\xff\xfe slow \xc3( kettle".decode("utf-8", "surrogateescape")
    assert shown(text, "kettle") == "\udcff\udcfe slow \udcc3( «kettle»"


def test_beginning_without_highlights() -> None:
    assert beginning("  short\ntext ") == Snippet("short text", ())
    cut = beginning("word " * 100)
    assert cut.text.endswith("word …") and len(cut.text) <= snippet.WIDTH + 2


@settings(max_examples=300, deadline=None)
@given(
    WORDS | st.lists(st.text(max_size=12), max_size=20),
    st.sampled_from(["slow", "slow kettle", '"slow kettle"', "ket* tea", "日本 b"]),
    st.integers(20, 200),
)
def test_highlights_are_the_found_words_between_the_marks(words: list[str], typed: str, width: int) -> None:
    text = " ".join(words).encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    found = find(text, typed, width)
    terms = query.read(typed, TOKENIZE).terms
    if found is None:
        assert not snippet.spans(text.encode("utf-8", "surrogateescape"), terms, TOKENIZE)
        return
    assert found.highlights
    assert "\n" not in found.text
    end = 0
    for begin, stop in found.highlights:
        assert found.text[begin - 1] == "«" and found.text[stop] == "»"
        assert end <= begin < stop
        assert find(found.text[begin:stop], typed, width) is not None
        end = stop


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400), st.integers(1, 80))
def test_beginning_fits_its_width(text: str, width: int) -> None:
    assert len(beginning(text, width).text) <= width + 2


def test_the_tokenizer_is_that_of_the_index(tokenize: Tokenizer) -> None:
    assert [token for _, _, token in tokenize("It's Über-slow 42 ☕ 日本語".encode())] == [
        "it",
        "s",
        "uber",
        "slow",
        "42",
        "日本語",
    ]
