"""What a person sees of a block's history, and of taking a change back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result

Cli = Callable[..., Result]


@pytest.fixture
def pattern(cli: Cli, database: Callable[[str], Path]) -> Cli:
    path = database("constellations/small.db")
    return lambda *words, **more: cli("--db", path, *words, **more)


def rows(pattern: Cli, *words: object) -> list[dict[str, Any]]:
    done = pattern(*words, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_history_reads_like_a_log(pattern: Cli) -> None:
    found = pattern("memory", "history", "Juniper", "persona", "--limit", 2, "--format", "table").out.splitlines()
    assert found[0].split() == ["UPDATE", "WHEN", "WHO", "DID", "CHANGE", "SIZE", "ABOUT"]
    assert found[1].split()[0] == "#30" and "+2 −1" in found[1] and "Version 25" in found[1]


def test_undo_redo_and_history_tell_one_story(pattern: Cli) -> None:
    before = pattern("memory", "show", "Juniper", "persona", "--raw").out
    (undone,) = rows(pattern, "memory", "undo", "Juniper", "persona")
    assert (undone["of"], undone["seq"], undone["action"], undone["before"]) == (30, 31, "undo", before)
    assert pattern("memory", "show", "Juniper/persona", "--raw").out == undone["after"] != before
    states = {row["seq"]: row["state"] for row in rows(pattern, "memory", "history", "Juniper", "persona")}
    assert (states[30], states[31]) == ("undone", "active")
    assert rows(pattern, "memory", "redo", "Juniper", "persona")[0]["after"] == before


def test_a_dry_run_writes_nothing(pattern: Cli) -> None:
    assert rows(pattern, "memory", "undo", "Juniper", "persona", "--steps", 3, "--dry-run")[0]["seq"] is None
    assert rows(pattern, "memory", "history", "Juniper", "persona")[0]["seq"] == 30


def test_an_older_version_is_shown_and_gone_back_to(pattern: Cli) -> None:
    old = pattern("memory", "show", "Juniper", "persona", "--at", 3, "--raw").out
    done = json.loads(pattern("memory", "revert", "Juniper", "persona", 3, "--json").out)
    assert done["after"] == old == pattern("memory", "show", "Juniper", "persona", "--raw").out
    assert json.loads(pattern("memory", "revert", "Juniper/persona", 3, "--json").out)["changed"] is False


def test_differences_are_shown_by_words_and_as_data(pattern: Cli) -> None:
    words = pattern("memory", "diff", "Juniper", "persona", 29, "--words", "--format", "table")
    assert "{+ 🌊naïve שלום+}" in words.out
    found = json.loads(pattern("memory", "diff", "Juniper/persona", "28..29", "--json").out)
    assert (found["from_seq"], found["to_seq"], {piece["sign"] for piece in found["pieces"]}) == (
        28,
        29,
        {"@", " ", "-", "+"},
    )


def test_blame_names_an_update_for_every_line(pattern: Cli) -> None:
    found = rows(pattern, "memory", "blame", "Juniper", "persona")
    assert [row["place"] for row in found] == ["1", "2", "3", "4"] and {row["source"] for row in found} == {"agent"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("diff", "Juniper", "persona", "7..99"), 3, "there is no update 99 in Juniper/persona; the newest is 30"),
        (("show", "Juniper", "persona", "--at", "soon"), 2, '"soon" is neither the number of an update nor a time'),
        (("undo", "Juniper", "persona", "--update", "99"), 3, "update 99 is nothing to undo in Juniper/persona"),
        (("redo", "Juniper", "persona"), 4, "there is nothing to redo in Juniper/persona"),
        (("undo", "Juniper", "persona", "--steps", "99"), 4, "only 30 edits can be undone"),
        (("revert", "Juniper/persona"), 2, "the version to go back to is missing"),
        (("history", "Juniper", "personna"), 3, "did you mean persona?"),
    ],
)
def test_what_does_not_exist_is_named(pattern: Cli, words: tuple[str, ...], code: int, said: str) -> None:
    done = pattern("memory", *words)
    assert (done.code, said in done.err) == (code, True), done.err
