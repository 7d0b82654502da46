"""Where each part of a block comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.memory.blame import _walk, blame
from pattern_cli.store.constellation import Constellation


def rows(block: Any) -> list[tuple[str, int, str]]:
    return [(row.place, row.seq, row.text) for row in blame(block.constellation, block.id)]


def test_lines_name_the_update_that_wrote_them(block: Callable[[str], Any]) -> None:
    persona = block("persona")
    first = persona.write("alpha\nbeta\ngamma\n")
    second = persona.write("alpha\nbeta two\ngamma\nnew\n")
    assert rows(persona) == [
        ("1", first, "alpha"),
        ("2", second, "beta two"),
        ("3", first, "gamma"),
        ("4", second, "new"),
    ]


def test_fields_items_and_counters_have_their_update(block: Callable[[str], Any]) -> None:
    human = block("human")
    seq = human.edit(lambda document: (document.put("fields", "nickname", "Ju"), document.count("counter_energy", 2)))
    found = {(row.root, row.place): row for row in blame(human.constellation, human.id)}
    assert found["fields", "nickname"].seq == seq == found["counter_energy", ""].seq
    assert (found["fields", "nickname"].action, found["fields", "nickname"].source) == ("set", "manual")
    todo = block("todo")
    seq = todo.edit(lambda document: document.insert_item("items", 0, "first"))
    places = [(row.place, row.seq == seq) for row in blame(todo.constellation, todo.id)]
    assert places[:2] == [("1", True), ("2", False)]


def test_every_line_of_every_text_is_there(small: Constellation) -> None:
    sql = "SELECT id FROM memory_blocks WHERE label IN ('persona', 'scratchpad', 'old_minutes')"
    for (id,) in list(small.rows(sql)):
        found = blame(small, id)
        assert found and all(row.seq > 0 for row in found)


STEPS = st.lists(st.tuples(st.sampled_from(["keep", "delete", "insert"]), st.integers(1, 5)), max_size=6)


@given(st.lists(STEPS, max_size=6))
def test_runs_follow_the_text(edits: list[list[tuple[str, int]]]) -> None:
    text, runs = "", []
    origins: list[int] = []
    for seq, edit in enumerate(edits, 1):
        made, at, steps = [], 0, []
        for step, count in edit:
            count = count if step == "insert" else min(count, len(origins) - at)
            steps.append((step, "x" * count if step == "insert" else count))
            if step == "insert":
                made += [seq] * count
            else:
                made += origins[at : at + count] if step == "keep" else []
                at += count
        origins = made + origins[at:]
        runs = _walk(runs, tuple(steps), seq)
        assert [origin for count, origin in runs for _ in range(count)] == origins, text
