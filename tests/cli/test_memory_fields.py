"""`pattern memory field` as a person and a script meet it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def field(cli: Cli, database: Callable[[str], Path]) -> Cli:
    """field("get", "Juniper", "human", "nickname"): on one copy of the database."""
    path = database("constellations/small.db")
    return lambda *words, **options: cli("--db", path, "memory", "field", *words, **options)


def raw(field: Cli, label: str, name: str) -> str:
    return str(field("get", "Juniper", label, name, "--raw").out)


def test_get_prints_the_value_or_all_about_it(field: Cli) -> None:
    assert raw(field, "human", "nickname") == "Robin 7 🐦"
    assert json.loads(raw(field, "human", "extra")) == {"alpha": [1, "two"], "mid": {"x": None}, "zeta": 1}
    record = json.loads(field("get", "Juniper", "human", "locked", "--json").out)
    assert (record["value"], record["field_type"], record["read_only"]) == ("system only", "Text", True)
    shown = field("get", "Juniper", "human", "energy", "--format", "table").out
    assert shown == "Juniper/human\nfield      energy\ntype       Counter\nvalue      3\nstored in  counter_energy\n"


def test_set_reads_the_value_by_its_type(field: Cli) -> None:
    for name, word, value in (
        ("nickname", "42", "42"),
        ("pace", "42", 42),
        ("quiet_hours", "false", False),
        ("likes", '["tea", 1]', ["tea", 1]),
        ("energy", "9", 9),
        ("last_seen", "2026-01-08T19:02:18Z", "2026-01-08T19:02:18Z"),
        ("not_in_schema", '{"k": null}', {"k": None}),
    ):
        assert field("set", "Juniper", "human", name, word).code == 0
        assert json.loads(field("get", "Juniper", "human", name, "--json").out)["value"] == value


def test_a_section_is_named_either_way(field: Cli) -> None:
    block = ("Juniper", "bluesky_user:heron.example")
    assert field("get", *block, "card.handle", "--raw").out == "heron.example"
    assert field("set", *block, "handle", "wren", "--section", "card", "--as-admin").code == 0
    assert field("get", *block, "card.handle", "--raw").out == "wren"


def test_counting_up_and_down(field: Cli) -> None:
    field("incr", "Juniper", "human", "energy")
    field("incr", "Juniper", "human", "energy", "5")
    field("incr", "Juniper", "human", "energy", "--", "-2")
    assert raw(field, "human", "energy") == "7\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("get", "Juniper", "human", "nick"), 3, "did you mean nickname?"),
        (("set", "Juniper", "human", "nick", "x"), 3, "did you mean nickname? --new-field stores it"),
        (("set", "Juniper", "human", "pace", "fast"), 2, 'is of type Number, which "fast" is not'),
        (("set", "Juniper", "human", "pace", "18446744073709551616"), 2, "would lose digits"),
        (("set", "Juniper", "human", "locked", "x"), 7, 'the field "locked" is read-only'),
        (("set", "Juniper", "persona", "x", "y"), 2, "holds a text, no named fields"),
        (("set", "Juniper", "bluesky_user:heron.example", "card.handle", "x"), 7, 'the section "card" is read-only'),
        (
            ("set", "Juniper", "bluesky_user:heron.example", "links.a", "x"),
            2,
            "the runtime has no place for its content",
        ),
        (("incr", "Juniper", "human", "nickname"), 2, "is of type Text, no counter"),
        (("incr", "Juniper", "human", "energy", "much"), 2, "much"),
    ],
)
def test_bad_input_is_one_sentence(field: Cli, words: tuple[str, ...], code: int, said: str) -> None:
    done = field(*words)
    assert (done.code, done.out) == (code, "") and said in done.err and done.err.count("\n") == 2


def test_a_dry_run_shows_and_writes_nothing(field: Cli) -> None:
    done = field("set", "Juniper", "human", "nickname", "Wren", "--dry-run", "--format", "table")
    assert "nickname: [-Robin 7 🐦-]{+Wren+}" in done.out
    assert raw(field, "human", "nickname") == "Robin 7 🐦"
