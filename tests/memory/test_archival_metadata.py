"""Searching by metadata: paths, typed values, damaged JSON that hides nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import NotFoundError, UsageError
from pattern_cli.memory.archival import Archival
from pattern_cli.memory.archival_metadata import MetadataSearch, condition
from pattern_cli.store.constellation import Constellation


@pytest.mark.parametrize(
    ("text", "metadata"),
    [
        ("topic", {"topic": None}),
        ("topic=harbor", {"topic": "harbor"}),
        ("topic=", {"topic": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("source.page=3", {"source": {"page": 3}}),
        ("source.page=3", {"source": {"page": 3.0}}),
        ("source.page=3", {"source": {"page": "3"}}),
        ('source.page="3"', {"source": {"page": "3"}}),
        ("tags=boat", {"tags": ["kettle", "boat"]}),
        ("tags.1=boat", {"tags": ["kettle", "boat"]}),
        ("tags=[1,2]", {"tags": [1, 2]}),
        ("0=a", ["a", 1]),
        ("0=a", {"0": "a"}),
        (".=plain text", "plain text"),
        (".=a", ["a"]),
        (".", {}),
        ('.={"b":1,"a":2}', {"a": 2, "b": 1}),
        (r"a\.b=1", {"a.b": 1}),
        (r"a\=b=1", {"a=b": 1}),
        (r"a\\b=1", {"a\\b": 1}),
        ("done=true", {"done": True}),
        ("done=null", {"done": None}),
        ("big=12345678901234567890", {"big": 12345678901234567890}),
        ("größe=ß", {"größe": "ß"}),
        ("two=1\n2", {"two": "1\n2"}),
    ],
)
def test_it_holds(text: str, metadata: Any) -> None:
    assert condition(text).holds(metadata)


@pytest.mark.parametrize(
    ("text", "metadata"),
    [
        ("topic", {"other": 1}),
        ("topic", "topic"),
        ("topic=harbor", {"topic": "Harbor"}),
        ('source.page="3"', {"source": {"page": 3}}),
        ("done=1", {"done": True}),
        ("done=true", {"done": 1}),
        ("done=[1]", {"done": [True]}),
        ("tags.2", {"tags": ["a", "b"]}),
        ("tags.-1", {"tags": ["a", "b"]}),
        ("a.b=1", {"a.b": 1}),
        ("big=12345678901234567890", {"big": 12345678901234567891}),
        ("x=null", {}),
    ],
)
def test_it_does_not_hold(text: str, metadata: Any) -> None:
    assert not condition(text).holds(metadata)


@pytest.mark.parametrize("text", ["", "=x", "a..b", ".a", "a.", "a\\"])
def test_what_names_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="key"):
        condition(text)


@given(key=st.text(min_size=1).filter(lambda key: key != "."), value=st.text())
def test_any_key_can_be_escaped_and_any_text_found(key: str, value: str) -> None:
    escaped = "".join(f"\\{character}" for character in key)
    assert condition(f"{escaped}={value}").holds({key: value})


def find(path: Path, *conditions: str, **options: Any) -> tuple[list[str], int]:
    with Constellation.open(path) as constellation:
        search = MetadataSearch(Archival(constellation), conditions)
        return [row.content[:15] for row in search.find(**options)], search.unreadable


def test_all_conditions_must_hold(read_only: Callable[[str], Path]) -> None:
    path = read_only("constellations/small.db")

    assert find(path, "score")[0] == ["Archive note 9:", "Archive note 5:", "Archive note 1:"]
    assert find(path, "score=5", "topic=recipe")[0] == ["Archive note 5:"]
    assert find(path, "score=5", "topic=kettle")[0] == []


def test_one_owner_and_a_limit(read_only: Callable[[str], Path]) -> None:
    path = read_only("constellations/small.db")

    assert find(path, "score", owner="Marlow")[0] == ["Archive note 9:"]
    assert find(path, "score", owner="Juniper", limit=1)[0] == ["Archive note 5:"]
    with pytest.raises(NotFoundError):
        find(path, "score", owner="Nobody")


def test_damaged_metadata_hides_no_other_entry_and_is_counted(
    database: Callable[[str], Path], run_sql: Callable[..., None]
) -> None:
    path = database("constellations/small.db")
    run_sql(path, "UPDATE archival_entries SET metadata = '{\"score\"' WHERE content LIKE 'Archive note 1:%'")
    run_sql(path, "UPDATE archival_entries SET metadata = 5 WHERE content LIKE 'Archive note 5:%'")

    assert find(path, "score") == (["Archive note 9:"], 2)


def test_no_condition_is_refused(read_only: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match="no condition"):
        find(read_only("constellations/small.db"))
