"""How things are named: exact id, then exact name, then a unique beginning of an id (architecture.md §7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import AmbiguousError, NotFoundError
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.ids import CONSTELLATION, nearest, new_id, resolve, resolve_owner

BROKEN = b"bad\xff".decode("utf-8", "surrogateescape")
# Agents: id and name. One is named like the id of another; ids begin alike; names as people may write them.
AGENTS = [
    ("agt_aa1", "Juniper"),
    ("agt_aa2", "agt_aa1"),
    ("agt_aa3", "Jun%"),
    ("agt_bb1", "J_niper"),
    ("f00", 'O\'Brien "the" café ☕'),
    ("f01", "two\nlines"),
    ("wren", "Crew"),
    ("crew_agent", "Rook"),
]
GROUPS = [("grp_1", "crew_"), ("grp_2", "Juniper")]


@pytest.fixture
def constellation(database: Callable[[str], Path]) -> Iterator[Constellation]:
    with Constellation.open(database("constellations/small.db"), "write") as constellation:
        connection = constellation.connection
        connection.execute("DELETE FROM queued_messages; DELETE FROM agents; DELETE FROM agent_groups")
        connection.execute("UPDATE memory_blocks SET agent_id = 'gone_1'; DELETE FROM archival_entries")
        for id, name in AGENTS:
            connection.execute(
                """INSERT INTO agents (id, name, model_provider, model_name, system_prompt, config, enabled_tools,
                   created_at, updated_at) VALUES (?, ?, 'p', 'm', '', '{}', '[]', '', '')""",
                (id, name),
            )
        for id, name in GROUPS:
            connection.execute(
                """INSERT INTO agent_groups (id, name, pattern_type, pattern_config, created_at, updated_at)
                   VALUES (?, ?, 'dynamic', '{}', '', '')""",
                (id, name),
            )
        yield constellation


@pytest.mark.parametrize(("id", "name"), AGENTS)
def test_by_id_and_by_name(id: str, name: str, constellation: Constellation) -> None:
    assert resolve(constellation, "agent", id) == id
    assert resolve(constellation, "agent", name) == ("agt_aa1" if name == "agt_aa1" else id)


@pytest.mark.parametrize(("ref", "id"), [("f00", "f00"), ("agt_b", "agt_bb1"), ("w", "wren"), ("crew", "crew_agent")])
def test_by_a_unique_beginning(ref: str, id: str, constellation: Constellation) -> None:
    assert resolve(constellation, "agent", ref) == id


def test_a_beginning_of_several_lists_them(constellation: Constellation) -> None:
    with pytest.raises(AmbiguousError) as caught:
        resolve(constellation, "agent", "agt_")
    assert caught.value.message == '"agt_" fits several agents'
    assert caught.value.hint == "one of agt_aa1 (Juniper), agt_aa2 (agt_aa1), agt_aa3 (Jun%), agt_bb1 (J_niper)"
    assert caught.value.exit_code == 3


def test_blocks_are_listed_with_owner_and_label(read_only: Callable[[str], Path]) -> None:
    with Constellation.open(read_only("constellations/small.db")) as small:
        with pytest.raises(AmbiguousError) as caught:
            resolve(small, "block", "mem_")
        ids = [row[0] for row in small.rows("SELECT id FROM memory_blocks WHERE id LIKE 'mem_%' ORDER BY id LIMIT 4")]
    listed = str(caught.value.hint).removeprefix("one of ").removesuffix(", …").split(", ")
    assert [one.split(" (")[0] for one in listed] == ids
    assert all(re.fullmatch(r"\S+ \([^/]+/.+\)", one) for one in listed)


def test_of_many_only_some_are_listed(constellation: Constellation) -> None:
    with pytest.raises(AmbiguousError, match='"m" fits several messages') as caught:
        constellation.connection.execute("PRAGMA foreign_keys = OFF")
        for number in range(9):
            constellation.connection.execute(
                """INSERT INTO messages (id, agent_id, position, role, content_json, created_at)
                   VALUES (?, 'f00', '1', 'user', '"x"', '')""",
                (f"m{number}",),
            )
        resolve(constellation, "message", "m")
    assert caught.value.hint == "one of m0, m1, m2, m3, …"


@pytest.mark.parametrize("ref", ["%", "_", "agt%", "AGT_AA1", "juniper", "", "\U0010ffff", "agt_aa1 "])
def test_nothing_is_a_pattern_and_case_counts(ref: str, constellation: Constellation) -> None:
    with pytest.raises(NotFoundError):
        resolve(constellation, "agent", ref)


@pytest.mark.parametrize(
    ("ref", "said"), [("Junper", "did you mean Juniper? "), ("juniper", "did you mean Juniper? "), ("xyzzy", "")]
)
def test_the_nearest_name_is_offered(ref: str, said: str, constellation: Constellation) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve(constellation, "agent", ref)
    assert type(caught.value) is NotFoundError
    assert caught.value.message == f'no agent named "{ref}"'
    assert caught.value.hint == f"{said}`pattern agents list` shows all"


@pytest.mark.parametrize(
    ("kind", "message", "hint"),
    [
        ("group", 'no group named "zz"', "`pattern groups list` shows all"),
        ("block", 'no block has an id that begins with "zz"', "`pattern memory list` shows them"),
        ("archival", 'no archival entry has an id that begins with "zz"', "`pattern archival list AGENT` shows them"),
        ("message", 'no message has an id that begins with "zz"', "`pattern messages list` shows them"),
    ],
)
def test_what_is_not_there_by_kind(kind: str, message: str, hint: str, constellation: Constellation) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve(constellation, kind, "zz")  # type: ignore[arg-type]
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_names_that_are_no_text_hide_nothing(constellation: Constellation) -> None:
    connection = constellation.connection
    connection.execute("UPDATE agents SET name = x'00ff' WHERE id = 'f01'")
    connection.execute("UPDATE agents SET name = CAST(x'626164ff' AS TEXT) WHERE id = 'wren'")
    assert resolve(constellation, "agent", BROKEN) == "wren"
    assert resolve_owner(constellation, BROKEN) == ("wren", BROKEN)
    for find in (lambda ref: resolve(constellation, "agent", ref), lambda ref: resolve_owner(constellation, ref)):
        with pytest.raises(NotFoundError) as caught:
            find("Junipr")
        assert "did you mean Juniper?" in str(caught.value.hint)


def test_an_id_that_is_no_text_is_found_by_its_name(constellation: Constellation) -> None:
    constellation.connection.execute("UPDATE agents SET id = x'ff' WHERE name = 'Rook'")
    found = resolve(constellation, "agent", "Rook")
    assert constellation.value("SELECT name FROM agents WHERE id = ?", (found,)) == "Rook"
    assert resolve_owner(constellation, "Rook") == (found, "Rook")


def test_owners(constellation: Constellation) -> None:
    assert resolve_owner(constellation, CONSTELLATION) == (CONSTELLATION, CONSTELLATION)
    assert resolve_owner(constellation, "agt_bb1") == ("agt_bb1", "J_niper")
    assert resolve_owner(constellation, "grp_1") == ("grp_1", "crew_")
    assert resolve_owner(constellation, "Rook") == ("crew_agent", "Rook")
    assert resolve_owner(constellation, "agt_b") == ("agt_bb1", "J_niper")


def test_an_exact_name_of_a_group_comes_before_the_beginning_of_an_agents_id(constellation: Constellation) -> None:
    assert resolve_owner(constellation, "crew_") == ("grp_1", "crew_")


def test_an_agent_and_a_group_of_one_name_are_ambiguous(constellation: Constellation) -> None:
    with pytest.raises(AmbiguousError) as caught:
        resolve_owner(constellation, "Juniper")
    assert caught.value.message == '"Juniper" fits several owners'
    assert set(str(caught.value.hint).removeprefix("one of ").split(", ")) == {"agt_aa1", "grp_2"}


def test_beginnings_of_owners_are_unique_among_all_of_them(constellation: Constellation) -> None:
    constellation.connection.execute("UPDATE agents SET id = 'gone_2' WHERE id = 'wren'")
    for ref in ("grp_", "g", "gone_", "agt_aa"):
        with pytest.raises(AmbiguousError):
            resolve_owner(constellation, ref)


def test_an_owner_that_is_gone_is_named_by_its_id(constellation: Constellation) -> None:
    assert resolve_owner(constellation, "gone_1") == ("gone_1", "gone_1")
    assert resolve_owner(constellation, "gone") == ("gone_1", "gone_1")
    constellation.connection.execute("UPDATE memory_blocks SET agent_id = 'gone_22' WHERE label = 'persona'")
    with pytest.raises(AmbiguousError):
        resolve_owner(constellation, "gone")


def test_an_unknown_owner(constellation: Constellation) -> None:
    for ref in ("Rok", ""):
        with pytest.raises(NotFoundError) as caught:
            resolve_owner(constellation, ref)
        assert caught.value.message == f'no agent or group named "{ref}"'
    assert nearest("Rok", ["Rook", "Crew"]) == "Rook"


def test_nearest() -> None:
    assert nearest("HARBOR CREW", ["Harbor Crew", "Night Watch"]) == "Harbor Crew"
    assert nearest("harb", ["Harbor Crew", "Night Watch"]) == "Harbor Crew"
    assert nearest("n", ["Night", "Noon"]) is None
    assert nearest("x", []) is None


def test_new_ids_have_the_runtimes_form() -> None:
    ids = {new_id("mem_") for _ in range(100)}
    assert len(ids) == 100
    for id in ids:
        assert id.startswith("mem_")
        assert len(id) == 36
        assert set(id[4:]) <= set("0123456789abcdef")


@given(st.lists(st.text(min_size=1), min_size=1, unique=True), st.text())
def test_whatever_is_asked_for_is_found_exactly_or_not_at_all(ids: list[str], ref: str) -> None:
    import apsw

    constellation = Constellation.__new__(Constellation)
    constellation.connection = apsw.Connection(":memory:")
    constellation.connection.execute("CREATE TABLE agents (id TEXT PRIMARY KEY, name TEXT)")
    ids = [id for id in ids if "\x00" not in id]
    for id in ids:
        constellation.connection.execute("INSERT INTO agents VALUES (?, ?)", (id, "name " + id))
    fitting = [id for id in ids if id.startswith(ref)]
    try:
        found = resolve(constellation, "agent", ref)
    except AmbiguousError:
        assert ref not in ids
        assert len(fitting) > 1
    except NotFoundError:
        assert not ref or "\x00" in ref or not fitting
    else:
        assert found == (ref if ref in ids else fitting[0])
    constellation.connection.close()
