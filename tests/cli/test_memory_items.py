"""`pattern memory item` and `pattern memory log` as a person and a script meet them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def memory(cli: Cli, database: Callable[[str], Path]) -> Cli:
    """memory("item", "add", …): on one copy of the database."""
    path = database("constellations/small.db")
    return lambda *words, **options: cli("--db", path, "memory", *words, **options)


def value(memory: Cli, label: str) -> Any:
    return json.loads(memory("show", "Juniper", label, "--json", "--fields", "value").out)["value"]


def test_items_come_go_and_move(memory: Cli) -> None:
    before = value(memory, "todo")
    assert memory("item", "add", "Juniper", "todo", "title=Mend it", "done=false").code == 0
    assert memory("item", "insert", "Juniper", "todo", "1", '{"title": "First"}').code == 0
    assert memory("item", "move", "Juniper", "todo", "2", "1").code == 0
    assert memory("item", "remove", "Juniper", "todo", "3", "4").code == 0
    assert value(memory, "todo") == [before[0], {"title": "First"}, *before[3:], {"title": "Mend it", "done": False}]


def test_an_item_from_a_file_or_standard_input(memory: Cli, tmp_path: Path) -> None:
    (tmp_path / "item.json").write_text('{"title": "from a file", "done": true}')
    memory("item", "add", "Juniper", "todo", "@item.json")
    memory("item", "add", "Juniper", "todo", "-", stdin=b'{"title": "from a pipe"}')
    assert value(memory, "todo")[-2:] == [{"title": "from a file", "done": True}, {"title": "from a pipe"}]


def test_a_list_field(memory: Cli) -> None:
    assert memory("item", "add", "Juniper", "human", "42", "--field", "likes", "--text").code == 0
    assert memory("item", "remove", "Juniper", "human", "1", "--field", "likes").code == 0
    assert value(memory, "human")["likes"][1:] == [{"k": [1, 2.5, None, True], "n": "v"}, "42"]


def test_a_log_takes_an_entry(memory: Cli) -> None:
    assert memory("log", "add", "Juniper", "observations", "A heron.", "--agent", "Juniper").code == 0
    assert memory("log", "add", "Juniper", "observations", "observation=x", "weight=2", "--no-timestamp").code == 0
    *_, first, second = value(memory, "observations")
    assert first["observation"] == "A heron." and first["agent_id"] == "ea0f0a49523a4b939139570e2791c66a"
    assert first["timestamp"].endswith("+00:00") and second == {"observation": "x", "weight": 2}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("item", "add", "Juniper", "todo", "plain"), 2, "for example title=… done=…"),
        (("item", "add", "Juniper", "todo", "titel=x"), 3, "did you mean title?"),
        (("item", "add", "Juniper", "todo", "title=x", "done=perhaps"), 2, "is of type Boolean"),
        (("item", "add", "Juniper", "human", "x"), 2, "--field says which list: likes"),
        (("item", "add", "Juniper", "observations", "x"), 2, "memory log add"),
        (("item", "remove", "Juniper", "todo", "99"), 2, "has no item 99"),
        (("item", "move", "Juniper", "todo", "1", "0"), 2, "has no item 0"),
        (("item", "insert", "Juniper", "todo", "first", "x"), 2, "first"),
        (("log", "add", "Juniper", "todo", "x"), 2, "holds a list, no log"),
        (("log", "add", "Juniper", "observations", "observatoin=x"), 3, "did you mean observation?"),
        (("log", "add", "Juniper", "observations", "weight=heavy"), 2, "is of type Number"),
        (("log", "add", "Juniper", "observations", "x", "--agent", "Junper"), 3, "did you mean Juniper?"),
    ],
)
def test_bad_input_is_one_sentence(memory: Cli, words: tuple[str, ...], code: int, said: str) -> None:
    done = memory(*words)
    assert (done.code, done.out) == (code, "") and said in done.err and done.err.count("\n") == 2


def test_a_dry_run_shows_and_writes_nothing(memory: Cli) -> None:
    before = value(memory, "todo")
    done = memory("item", "add", "Juniper", "todo", "title=x", "--dry-run", "--format", "table")
    assert "{title: x}" in done.out and "nothing was written" in done.out and value(memory, "todo") == before
