from __future__ import annotations

import time

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pattern_cli.errors import UsageError
from pattern_cli.search import query
from pattern_cli.search.indexes import tokenizer
from pattern_cli.search.query import Term, Tokenizer

SYNTAX = st.text(alphabet="ab \"*-+^(){}:,'ANDORT\0\n.é🫖\ud800", max_size=40)
TEXTS = ["slow kettle", "slow harbor", "kettle slow", "tea kettle", "slower", "what's up", "tea"]


class Shelf:
    """Numbered texts in a full-text table like the runtime's."""

    def __init__(self, *texts: str) -> None:
        self.connection = apsw.Connection(":memory:")
        self.tokenize = tokenizer(self.connection)
        self.connection.execute("CREATE VIRTUAL TABLE shelf USING fts5(text)")
        self.connection.executemany("INSERT INTO shelf(text) VALUES (?)", [(text,) for text in texts])

    def match(self, expression: str) -> set[str]:
        return {row[0] for row in self.connection.execute("SELECT text FROM shelf WHERE shelf MATCH ?", (expression,))}

    def some(self, text: str) -> set[str]:
        return self.match(query.read(text, self.tokenize).some)

    def every(self, text: str) -> set[str]:
        found = query.read(text, self.tokenize)
        return self.match(found.all or found.some)


@pytest.mark.parametrize(
    ("text", "some", "every"),
    [
        ("slow kettle", {"slow kettle", "slow harbor", "kettle slow", "tea kettle"}, {"slow kettle", "kettle slow"}),
        ("SLOW", {"slow kettle", "slow harbor", "kettle slow"}, {"slow kettle", "slow harbor", "kettle slow"}),
        ('"slow kettle"', {"slow kettle"}, {"slow kettle"}),
        ('"slow kettle" tea', {"slow kettle", "tea kettle", "tea"}, set()),
        ("tea*", {"tea kettle", "tea"}, {"tea kettle", "tea"}),
        ("slow* tea*", set(TEXTS) - {"what's up"}, set()),
        ('"kettle sl"*', {"kettle slow"}, {"kettle slow"}),
        ("kettle -slow", {"tea kettle"}, {"tea kettle"}),
        ("kettle tea -slow -harbor", {"tea kettle", "tea"}, {"tea kettle"}),
        ('kettle -"tea kettle"', {"slow kettle", "kettle slow"}, {"slow kettle", "kettle slow"}),
        ("slow AND harbor", {"slow harbor"}, {"slow harbor"}),
        ("harbor OR tea", {"slow harbor", "tea kettle", "tea"}, set()),
        ("kettle NOT tea", {"slow kettle", "kettle slow"}, {"slow kettle", "kettle slow"}),
        ("(slow harbor) -(kettle)", {"slow harbor"}, {"slow harbor"}),
        ('what\'s "up', {"what's up"}, {"what's up"}),
        ("slow … — 🫖", {"slow kettle", "slow harbor", "kettle slow"}, {"slow kettle", "slow harbor", "kettle slow"}),
        ("label: slow{", {"slow kettle", "slow harbor", "kettle slow"}, set()),
        ("slow\0kettle", {"slow kettle", "slow harbor", "kettle slow", "tea kettle"}, {"slow kettle", "kettle slow"}),
    ],
)  # fmt: skip
def test_what_a_text_finds(text: str, some: set[str], every: set[str]) -> None:
    shelf = Shelf(*TEXTS)
    assert shelf.some(text) == some
    assert shelf.every(text) == every


@pytest.mark.parametrize(
    "text", ["", " ", '"', '""', "'", "…", "-", "--", "()", "*", "🫖", "\0", "AND", "NOT OR", "{}:", "\ud800"]
)
def test_a_text_without_words_looks_for_nothing(text: str, tokenize: Tokenizer) -> None:
    assert query.read(text, tokenize) == query.Query("", None, ())


@pytest.mark.parametrize("text", ["-tea", "NOT tea", '-"slow kettle"', "-(tea harbor)", "… -tea"])
def test_only_excluding_is_refused(text: str, tokenize: Tokenizer) -> None:
    with pytest.raises(UsageError, match="only says what not to find"):
        query.read(text, tokenize)


def test_one_word_needs_one_query(tokenize: Tokenizer) -> None:
    assert query.read("kettle", tokenize) == query.Query('"kettle"', None, (Term(("kettle",), False),))
    assert query.read("kettle KETTLE kettle", tokenize).all is None


def test_words_are_folded_as_in_the_index(tokenize: Tokenizer) -> None:
    assert query.read("Éclair", tokenize).terms == (Term(("eclair",), False),)


def test_excluded_words_are_not_highlighted(tokenize: Tokenizer) -> None:
    assert query.read("slow -kettle", tokenize).terms == (Term(("slow",), False),)


@settings(max_examples=400, deadline=None)
@given(SYNTAX | st.text(max_size=60))
def test_any_text_makes_a_valid_expression(text: str) -> None:
    shelf = Shelf(*TEXTS)
    try:
        found = query.read(text, shelf.tokenize)
    except UsageError:
        return
    if found.some:
        every = shelf.match(found.all or found.some)
        assert every <= shelf.match(found.some)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["slow", "kettle", "tea", "harbor", "up"]), min_size=1, max_size=4))
def test_words_are_alternatives_and_all_of_them_come_from_the_strict_query(words: list[str]) -> None:
    shelf = Shelf(*TEXTS)
    assert shelf.some(" ".join(words)) == {text for text in TEXTS if set(words) & set(text.replace("'", " ").split())}
    assert shelf.every(" ".join(words)) == {text for text in TEXTS if set(words) <= set(text.replace("'", " ").split())}


@pytest.mark.parametrize(
    "text",
    [
        "kettle " * 1_500_000,
        "a" * 10_000_000,
        '"' * 10_000_000,
        "(" * 10_000_000,
        "-" * 10_000_000,
        "{ " * 5_000_000,
        '"a ' * 3_000_000,
        "🫖" * 2_500_000,
    ],
    ids=["words", "one word", "quotes", "brackets", "minuses", "braces", "phrases", "emoji"],
)  # fmt: skip
def test_ten_megabytes_of_text_take_no_time(text: str) -> None:
    shelf = Shelf("kettle")
    began = time.perf_counter()
    found = query.read(text, shelf.tokenize)
    if found.some:
        shelf.match(found.some)
    assert time.perf_counter() - began < 5


def test_more_words_than_are_looked_for(tokenize: Tokenizer) -> None:
    few = query.read(" ".join(f"w{n}" for n in range(query.MOST_WORDS)), tokenize)
    many = query.read(" ".join(f"w{n}" for n in range(10_000)), tokenize)
    assert (len(few.terms), few.cut) == (query.MOST_WORDS, False)
    assert (len(many.terms), many.cut) == (query.MOST_WORDS, True)
    assert Shelf("w1 w2").match(many.some) == {"w1 w2"}


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ('slow OR "tea kettle"', [("slow",), ("tea", "kettle")]),
        ("NEAR(slow kettle, 5)", [("slow",), ("kettle",)]),
        ("slow NOT kettle", [("slow",)]),
        ("label : slow", [("slow",)]),
        ("{label description} : ket*", [("ket",)]),
        ("^slow + kettle", [("slow",), ("kettle",)]),
        ('"it""s"', [("it", "s")]),
    ],
)
def test_words_of_an_expression(expression: str, words: list[tuple[str, ...]], tokenize: Tokenizer) -> None:
    found = query.read_fts5(expression, tokenize)
    assert (found.some, found.all) == (expression, None)
    assert [term.tokens for term in found.terms] == words


@pytest.mark.parametrize("text", ["", "  ", "*", " *slow"])
def test_an_expression_that_is_none(text: str, tokenize: Tokenizer) -> None:
    with pytest.raises(UsageError, match="is not an FTS5 query"):
        query.read_fts5(text, tokenize)


@settings(max_examples=200, deadline=None)
@given(SYNTAX)
def test_reading_any_expression_raises_nothing_else(text: str) -> None:
    try:
        query.read_fts5(text, tokenizer(apsw.Connection(":memory:")))
    except UsageError as error:
        assert "is not an FTS5 query" in error.message
