from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.archives.chains import _parents_first
from pattern_cli.archives.dagcbor import Link
from pattern_cli.archives.inventory import ChainItem
from pattern_cli.archives.placement import PlacedLink

PARENTS = "SELECT e.content, p.content FROM archival_entries e LEFT JOIN archival_entries p ON p.id = e.parent_entry_id"


@pytest.mark.parametrize("keep_ids", [False, True])
def test_children_that_stand_before_their_parents_come_with_their_link(
    keep_ids: bool, build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    entries = [build.entry("c", "b"), build.entry("b", "a"), build.entry("a")]
    summaries = [build.summary("t", "s"), build.summary("s")]
    done = importing(fresh, build.write_agent(entries=entries, summaries=summaries), keep_ids=keep_ids)
    assert sorted(content(fresh).rows(PARENTS), key=repr) == [
        ("content of a", None),
        ("content of b", "content of a"),
        ("content of c", "content of b"),
    ]
    assert content(fresh).rows("SELECT p.summary FROM archive_summaries s JOIN archive_summaries p"
                               " ON p.id = s.previous_summary_id") == ["summary s"]  # fmt: skip
    assert done.remarks == ()
    assert (set(content(fresh).rows("SELECT id FROM archival_entries")) == {"a", "b", "c"}) is keep_ids


def test_a_chain_of_thousands_does_not_recurse(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    entries = [build.entry(f"e{n}", f"e{n - 1}" if n else None) for n in reversed(range(3_000))]
    importing(fresh, build.write_agent(entries=entries))
    assert content(fresh).value("SELECT count(*) FROM archival_entries WHERE parent_entry_id IS NULL") == 1


def test_a_link_to_nothing_is_cut_and_told(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    done = importing(fresh, build.write_agent(entries=[build.entry("a", "elsewhere")]))
    assert content(fresh).rows(PARENTS) == [("content of a", None)]
    assert "1 entry hung on one that does not come along" in done.remarks[0]


def test_with_kept_ids_a_link_into_the_target_stays(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    importing(fresh, build.write_agent(entries=[build.entry("root")]), keep_ids=True)
    other = build.write_agent(build.agent("agent_b", "Bo"), entries=[build.entry("leaf", "root", "agent_b")])
    done = importing(fresh, other, keep_ids=True)
    assert ("content of leaf", "content of root") in content(fresh).rows(PARENTS)
    assert done.remarks == ()


def test_a_circle_is_opened_at_one_place_and_told(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    entries = [build.entry("a", "c"), build.entry("b", "a"), build.entry("c", "b"), build.entry("self", "self")]
    done = importing(fresh, build.write_agent(entries=entries))
    rows = content(fresh).rows(PARENTS)
    assert len(rows) == 4
    assert sum(parent is None for _, parent in rows) == 2
    assert "2 entries" in done.remarks[0]


def test_an_id_that_occurs_twice_becomes_two_entries(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    entries = [build.entry("a"), build.entry("a", content="another")]
    done = importing(fresh, build.write_agent(entries=entries), keep_ids=True)
    assert sorted(content(fresh).rows("SELECT content FROM archival_entries")) == ["another", "content of a"]
    assert "1 entry id occurred" in done.remarks[0]
    assert done.repeated_ids == 1


def test_an_id_that_occurs_twice_replaces_one_entry(
    build: Any, fresh: Path, importing: Any, planning: Any, content: Any
) -> None:
    importing(
        fresh,
        build.write_agent(build.agent("agent_b", "Bo"), entries=[build.entry("a", owner="agent_b")]),
        keep_ids=True,
    )
    path = build.write_agent(entries=[build.entry("a", content="one"), build.entry("a", content="two")])
    options = {"keep_ids": True, "on_conflict": "replace"}
    plan, done = planning(fresh, path, **options), importing(fresh, path, **options)
    assert plan.removes == done.removes == {"archival_entries": 1}
    assert len(plan.conflicts) == len(done.conflicts) == plan.repeated_ids == done.repeated_ids == 1
    assert sorted(content(fresh).rows("SELECT content FROM archival_entries")) == ["one", "two"]


@pytest.mark.parametrize(
    ("policy", "contents"), [("skip", {"a": "old"}), ("replace", {"a": "new"}), ("rename", {"a": "old", "*": "new"})]
)
def test_policies_for_kept_entry_ids(
    policy: str, contents: dict[str, str], build: Any, fresh: Path, importing: Any, planning: Any, content: Any
) -> None:
    importing(
        fresh, build.write_agent(entries=[build.entry("a", content="old"), build.entry("child", "a")]), keep_ids=True
    )
    path = build.write_agent(build.agent("agent_b", "Bo"), entries=[build.entry("a", None, "agent_b", content="new")])
    assert planning(fresh, path, keep_ids=True).fails
    done = importing(fresh, path, keep_ids=True, on_conflict=policy, run={"take_snapshot": False})
    rows = {
        id if id in ("a", "child") else "*": text
        for id, text in content(fresh).rows("SELECT id, content FROM archival_entries")
    }
    assert rows.pop("child") == "content of child", "what hangs on a replaced entry stays"
    assert rows == contents
    assert [(c.kind, c.on, c.action) for c in done.conflicts] == [("entry", "id", policy)]
    content(fresh).require_sound()


@given(st.lists(st.integers(-1, 12), max_size=12))
def test_every_item_comes_once_and_after_its_parent(parents: list[int]) -> None:
    items = [
        PlacedLink(ChainItem(Link(b""), 0, str(n), None), str(n), "agent", None if parent < 0 else str(parent))
        for n, parent in enumerate(parents)
    ]
    ordered = list(_parents_first(items))
    assert sorted(item.id for item in ordered) == sorted(item.id for item in items)
    known = {item.id for item in items}
    seen: set[str] = set()
    for item in ordered:
        assert item.parent is None or item.parent not in known or item.parent in seen
        seen.add(item.id)
    cut = sum(a.parent is None for a in ordered) - sum(a.parent is None for a in items)
    assert cut == _circles({str(n): str(parent) for n, parent in enumerate(parents) if str(parent) in known})


def _circles(parent_of: dict[str, str]) -> int:
    found = set()
    for start in parent_of:
        path: list[str] = []
        item: str | None = start
        while item is not None and item not in path:
            path.append(item)
            item = parent_of.get(item)
        if item is not None:
            found.add(frozenset(path[path.index(item) :]))
    return len(found)
