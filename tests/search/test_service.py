from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.errors import NotFoundError, UsageError
from pattern_cli.memory.blocks import contents_of
from pattern_cli.search.hits import Results
from pattern_cli.search.indexes import tokenizer
from pattern_cli.search.service import Search
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation

Opened = Callable[[Path], Constellation]
EVERY = 1_000_000


def ids(results: Results) -> list[str | None]:
    return [hit.id for hit in results.hits]


@pytest.fixture
def small(read_only: Callable[[str], Path], opened: Opened) -> Constellation:
    return opened(read_only("constellations/small.db"))


def scanned(constellation: Constellation, within: tuple[str, ...]) -> dict[tuple[str, str], tuple[list[str], ...]]:
    """The words of every visible text, read without any index."""
    tokenize = tokenizer(apsw.Connection(":memory:"))
    texts: dict[tuple[str, str], list[str]] = {}
    for id, text in constellation.rows(
        "SELECT id, content_preview FROM messages WHERE is_archived = 0 AND is_deleted = 0 AND content_preview <> ''"
    ):
        texts["message", id] = [text]
    for id, content, metadata in constellation.rows("SELECT id, content, metadata FROM archival_entries"):
        texts["archival", id] = [content, str(metadata or "")]
    for id, label, description in constellation.rows(
        "SELECT id, label, description FROM memory_blocks WHERE is_active = 1 AND ?", ("memory" in within,)
    ):
        texts["memory", id] = [label, description, contents_of(constellation, id)[0]]
    return {
        key: tuple([token for _, _, token in tokenize(text.encode("utf-8", "surrogateescape"))] for text in columns)
        for key, columns in texts.items()
    }


def found_by(constellation: Constellation, typed: str, within: tuple[str, ...]) -> set[tuple[str, str | None]]:
    found = Search(constellation).find(typed, within=within, limit=EVERY)
    keys = [(hit.kind, hit.id) for hit in found.hits]
    assert len(keys) == len(set(keys)) and not found.more
    return set(keys)


PLACES = {
    "medium": ("constellations/medium.db", ("messages", "archival")),
    "small": ("constellations/small.db", ("messages", "memory", "archival")),
}


@pytest.mark.parametrize("place", PLACES)
def test_recall_and_precision_against_a_scan(place: str, read_only: Callable[[str], Path], opened: Opened) -> None:
    name, within = PLACES[place]
    constellation = opened(read_only(name))
    texts = scanned(constellation, within)
    holding = {key: {word for words in columns for word in words} for key, columns in texts.items()}
    vocabulary = sorted(set().union(*holding.values()))
    chance = random.Random(5)
    for _ in range(20):
        words = set(chance.sample(vocabulary, chance.randint(1, 3)))
        typed = " ".join(sorted(words))
        assert found_by(constellation, typed, within) == {key for key, held in holding.items() if held & words}
        hits = Search(constellation).find(typed, within=within, limit=EVERY).hits
        every = {key for key, held in holding.items() if held >= words}
        assert {(hit.kind, hit.id) for hit in hits if hit.all_words} == every


@pytest.mark.parametrize("place", PLACES)
def test_phrases_prefixes_and_exclusions_against_a_scan(
    place: str, read_only: Callable[[str], Path], opened: Opened
) -> None:
    name, within = PLACES[place]
    constellation = opened(read_only(name))
    texts = scanned(constellation, within)
    chance = random.Random(6)
    long = [words for columns in texts.values() for words in columns if len(words) > 3]
    for _ in range(10):
        words = chance.choice(long)
        at = chance.randrange(len(words) - 1)
        first, second = words[at : at + 2]
        pairs = {key for key, columns in texts.items() if any((first, second) in pairwise(words) for words in columns)}
        begun = {
            key
            for key, columns in texts.items()
            if any(word.startswith(first[:3]) for words in columns for word in words)
        }
        without = {
            key
            for key, columns in texts.items()
            if any(first in words for words in columns) and not any(second in words for words in columns)
        }
        assert found_by(constellation, f'"{first} {second}"', within) == pairs
        assert found_by(constellation, f"{first[:3]}*", within) == begun
        if first != second:
            assert found_by(constellation, f"{first} -{second}", within) == without


def test_every_hit_shows_a_found_word(small: Constellation) -> None:
    for hit in Search(small).find("slow kettle", limit=EVERY).hits:
        marked = {hit.snippet[begin:end].lower() for begin, end in hit.highlights}
        assert marked and marked <= {"slow", "kettle"}


def test_order_and_scores(find: Callable[..., Results], lab: Any) -> None:
    lab.message("one", "kettle " * 5)
    lab.message("both", "a text that holds somewhere the kettle, and far from it the word slow")
    lab.message("short", "slow kettle")
    lab.message("other", "harbor")
    lab.message("another", "tea")
    found = find("slow kettle")
    assert ids(found) == ["short", "both", "one"]
    assert [hit.rank for hit in found.hits] == [1, 2, 3]
    assert found.hits[0].score == 1 > found.hits[1].score > 0.5 >= found.hits[2].score > 0
    assert [hit.all_words for hit in found.hits] == [True, True, False]
    assert [hit.bm25 < 0 for hit in found.hits] == [True] * 3


def test_the_best_hit_has_one_also_where_none_holds_all_words(find: Callable[..., Results], lab: Any) -> None:
    lab.message("a", "slow slow")
    lab.message("b", "kettle and other words")
    lab.message("c", "harbor")
    found = find("slow kettle")
    assert found.hits[0].score == 1 > found.hits[1].score
    assert not any(hit.all_words for hit in found.hits)


def test_all_kinds_in_one_list(find: Callable[..., Results], lab: Any) -> None:
    lab.agent("ada", "Ada")
    lab.message("m", "slow kettle")
    lab.block("b", "slow kettle", label="notes")
    lab.entry("e", "slow kettle")
    lab.block("c", "slow kettle", owner="_constellation_")
    lab.block("g", "slow kettle", owner="gone")
    found = find("kettle")
    assert {(hit.kind, hit.id, hit.agent_name, hit.label) for hit in found.hits} == {
        ("message", "m", "Ada", None),
        ("memory", "b", "Ada", "notes"),
        ("archival", "e", "Ada", None),
        ("memory", "c", "_constellation_", "c"),
        ("memory", "g", None, "g"),
    }
    for within, kinds in {("memory",): {"memory"}, ("messages", "archival"): {"message", "archival"}}.items():
        assert {hit.kind for hit in find("kettle", within=within).hits} == kinds


def test_more_and_limit(find: Callable[..., Results], lab: Any) -> None:
    for number in range(5):
        lab.message(f"m{number}", "kettle")
    assert (ids(find("kettle", limit=3)), find("kettle", limit=3).more) == (["m0", "m1", "m2"], True)
    assert (len(find("kettle", limit=5).hits), find("kettle", limit=5).more) == (5, False)


def test_hidden_things_are_found_when_asked_for(find: Callable[..., Results], lab: Any) -> None:
    lab.message("shown", "kettle")
    lab.message("archived", "kettle", is_archived=1)
    lab.message("deleted", "kettle", is_deleted=1)
    lab.block("inactive", "kettle", is_active=0)
    assert ids(find("kettle")) == ["shown"]
    assert set(ids(find("kettle", archived=True))) == {"shown", "archived"}
    assert set(ids(find("kettle", deleted=True))) == {"shown", "deleted"}
    found = find("kettle", archived=True, deleted=True, inactive=True)
    assert {(hit.id, hit.is_archived, hit.is_deleted, hit.is_active) for hit in found.hits} == {
        ("shown", False, False, None),
        ("archived", True, False, None),
        ("deleted", False, True, None),
        ("inactive", None, None, False),
    }


def test_filters(find: Callable[..., Results], lab: Any) -> None:
    lab.agent("ada", "Ada")
    lab.message("a", "kettle", role="tool", batch_id="70", source="discord", created_at="2026-01-01 00:00:00")
    lab.message("b", "kettle", agent="bob", batch_id="80")
    lab.block("c", "kettle", updated_at="2026-01-01 00:00:00")
    assert set(ids(find("kettle", agent="Ada"))) == {"a", "c"}
    assert ids(find("kettle", agent="bob")) == ["b"]
    assert (
        ids(find("kettle", role="tool"))
        == ids(find("kettle", batch="7"))
        == ids(find("kettle", source="discord"))
        == ["a"]
    )
    assert set(ids(find("kettle", until=times.nanoseconds("2026-01-02T00:00:00Z")))) == {"a", "c"}
    assert ids(find("kettle", since=times.nanoseconds("2026-01-02T00:00:00Z"))) == ["b"]


def test_faulty_conditions(find: Callable[..., Results], lab: Any) -> None:
    lab.message("a", "kettle")
    for name, (value, said) in {
        "within": (("mail",), '"mail" cannot be searched'),
        "role": ("chef", 'no message has the role "chef"'),
    }.items():
        with pytest.raises(UsageError, match=said):
            find("kettle", **{name: value})
    with pytest.raises(UsageError, match="--role fits messages only, not memory"):
        find("kettle", role="user", within=("memory",))
    for name in ("agent", "batch"):
        with pytest.raises(NotFoundError):
            find("kettle", **{name: "nobody"})


def test_a_text_without_words(find: Callable[..., Results], lab: Any) -> None:
    lab.message("a", "kettle")
    found = find('"…"')
    assert (found.hits, found.empty, found.more) == ((), True, False)
    assert not find("harbor").empty


def test_words_that_are_left_out_are_named(find: Callable[..., Results], lab: Any) -> None:
    lab.message("a", "kettle")
    found = find("kettle " + " ".join(map(str, range(1_000))))
    assert ids(found) == ["a"]
    assert found.remarks == ("the text is too long: only its first words are looked for",)


def test_equal_hits_come_by_id_however_they_are_stored(find: Callable[..., Results], lab: Any) -> None:
    for id in ("c", "a", "d", "b"):
        lab.message(id, "kettle")
    assert ids(find("kettle", limit=2)) == ["a", "b"]
    assert find("kettle").hits == find("kettle").hits


def test_places_are_named_in_the_singular_too(find: Callable[..., Results], lab: Any) -> None:
    lab.message("a", "kettle")
    lab.block("b", "kettle")
    assert ids(find("kettle", within=("message",))) == ids(find("kettle", within=("messages",))) == ["a"]


def test_an_expert_expression(find: Callable[..., Results], lab: Any) -> None:
    lab.message("near", "slow kettle")
    lab.message("far", "slow one two three four five six kettle")
    lab.block("b", "slow", label="kettle", description="tea")
    assert ids(find("NEAR(slow kettle, 3)", syntax="fts5")) == ["near"]
    assert ids(find("label : kettle", syntax="fts5")) == ["b"]
    assert ids(find("slow NOT (one OR kettle)", syntax="fts5")) == []
    assert find("^slow + kettle", syntax="fts5").hits[0].snippet == "«slow» «kettle»"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("slow AND", 'syntax error near ""'),
        ("what's", 'syntax error near "\'"'),
        ("who : slow", "no such column: who"),
        ("", "it is empty"),
        ("* slow", 'syntax error near "\\*"'),
        ("-slow", "no such column: slow"),
    ],
)
def test_a_faulty_expression_is_refused_in_the_words_of_fts5(
    expression: str, said: str, find: Callable[..., Results]
) -> None:
    with pytest.raises(UsageError, match=f"is not an FTS5 query: {said}"):
        find(expression, syntax="fts5")


def test_memory_behind_viewport_and_limits(small: Constellation) -> None:
    """Words that the runtime's own index does not hold, for blocks of every schema."""
    tokenize = tokenizer(apsw.Connection(":memory:"))
    search = Search(small)
    hidden = 0
    for id, preview in small.rows("SELECT id, content_preview FROM memory_blocks WHERE is_active = 1"):
        words = [
            {token for _, _, token in tokenize((text or "").encode())} for text in (contents_of(small, id)[0], preview)
        ]
        for word in sorted(words[0] - words[1])[:2]:
            hidden += 1
            assert id in ids(search.find(word, within=("memory",), limit=EVERY)), word
    assert hidden > 10


def test_every_database_can_be_searched(fixtures_dir: Path, opened: Opened) -> None:
    for path in sorted(fixtures_dir.rglob("*.db")):
        if path.name == "auth.db":
            continue
        constellation = opened(path)
        sql = "SELECT content_preview FROM messages WHERE content_preview <> '' ORDER BY id LIMIT 3"
        for (text,) in constellation.rows(sql):
            word = re.search(r"\b[a-z]{3,}\b", text)
            assert word is None or Search(constellation).find(word.group(), archived=True, deleted=True).hits, path


def test_a_search_leaves_no_transaction_open(lab: Any, opened: Opened) -> None:
    lab.message("a", "kettle")
    constellation = opened(lab.path)
    Search(constellation).find("kettle")
    assert not constellation.connection.in_transaction
    lab.message("b", "kettle")
    assert ids(Search(constellation).find("kettle")) == ["a", "b"]


TYPED = st.text(max_size=60) | st.text(alphabet="ab \"*-+^(){}:,'ANDORT\0\n.é☕\ud800", max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TYPED, st.sampled_from(["words", "fts5"]))
def test_no_text_raises_anything_but_a_usage_error(small: Constellation, text: str, syntax: Any) -> None:
    try:
        found = Search(small).find(text, syntax=syntax, within=("messages", "archival"))
    except UsageError:
        return
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)
