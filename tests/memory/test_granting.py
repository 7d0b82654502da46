"""Sharing blocks with agents."""

from __future__ import annotations

from typing import Any

import pytest

from pattern_cli.errors import NotFoundError, RefusedError, UsageError
from pattern_cli.memory.granting import Grants
from pattern_cli.store.constellation import Constellation


def stored(constellation: Constellation, label: str) -> dict[str, str]:
    sql = """SELECT a.name, s.permission FROM shared_block_agents s JOIN agents a ON a.id = s.agent_id
             JOIN memory_blocks b ON b.id = s.block_id WHERE b.label = ?"""
    return dict(constellation.rows(sql, (label,)))  # type: ignore[arg-type]


def test_share_and_unshare(small: Constellation) -> None:
    done = Grants(small).share("Juniper", "persona", ["Marlow"])
    assert stored(small, "persona") == {"Marlow": "read_only"} and done.changed and done.shared_with == 1
    ((at,),) = small.rows("SELECT attached_at FROM shared_block_agents WHERE block_id = ?", (done.id,))
    assert at.endswith("+00:00") and "T" in at
    again = Grants(small).share("Juniper", "persona", ["Marlow"])
    assert not again.changed
    assert [at] == [
        row[0] for row in small.rows("SELECT attached_at FROM shared_block_agents WHERE block_id = ?", (done.id,))
    ]
    gone = Grants(small).unshare("Juniper", "persona", ["Marlow"])
    assert gone.changed and gone.shared_with == 0 and stored(small, "persona") == {}


def test_another_permission_of_a_share(small: Constellation) -> None:
    Grants(small).share("Juniper", "persona", ["Marlow"], permission="append")
    Grants(small).share("Juniper", "persona", ["Marlow"])
    assert stored(small, "persona") == {"Marlow": "append"}
    (one,) = Grants(small).share("Juniper", "persona", ["Marlow"], permission="Read-Write").grants
    assert (one.before, one.after) == ("append", "read_write")
    assert stored(small, "persona") == {"Marlow": "read_write"}


def test_members_of_the_owning_group(small: Constellation) -> None:
    Grants(small).unshare("Harbor Crew", "crew_board", everybody=True)
    assert stored(small, "crew_board") == {}
    done = Grants(small).share("Harbor Crew", "crew_board", members=True, permission="rw")
    assert set(stored(small, "crew_board").values()) == {"read_write"} and done.shared_with == 3


def test_members_of_another_group_without_the_owner(small: Constellation) -> None:
    done = Grants(small).share("Juniper", "persona", group="Harbor Crew")
    names = [one.agent_name for one in done.grants]
    assert "Juniper" not in names and len(names) == 2
    Grants(small).unshare("Juniper", "persona", group="Harbor Crew")
    assert stored(small, "persona") == {}


def test_members_that_do_not_have_it_are_no_mistake(small: Constellation) -> None:
    Grants(small).unshare("Harbor Crew", "crew_board", ["Marlow"])
    assert len(Grants(small).unshare("Harbor Crew", "crew_board", members=True).grants) == 2


@pytest.mark.parametrize(
    ("call", "error", "said", "hint"),
    [
        ({"agents": ["Harbor Crew"]}, UsageError, "is a group, which cannot receive", '--group "Harbor Crew"'),
        ({"agents": ["_constellation_"]}, UsageError, "only agents can", "--group"),
        ({"agents": ["Juniper"]}, UsageError, "owns", "other agents"),
        ({"agents": ["Marlo"]}, NotFoundError, "no agent", "did you mean Marlow"),
        ({"agents": ["Marlow", "Nobody"]}, NotFoundError, "no agent", ""),
        ({"members": True}, UsageError, "belongs to no group", "--group"),
        ({"group": "Juniper"}, NotFoundError, "no group", ""),
        ({}, UsageError, "nobody is named", "--group"),
        ({"agents": ["Marlow"], "permission": "all"}, UsageError, "no permission", "one of"),
    ],
)
def test_who_cannot_receive_it(
    small: Constellation, call: dict[str, Any], error: type[Exception], said: str, hint: str
) -> None:
    for dry_run in (True, False):
        with pytest.raises(error, match=said) as raised:
            Grants(small).share("Juniper", "persona", **call, dry_run=dry_run)
        assert hint in (getattr(raised.value, "hint", "") or "")
    assert stored(small, "persona") == {}


def test_a_groups_own_block_names_members(small: Constellation) -> None:
    with pytest.raises(UsageError) as raised:
        Grants(small).share("Harbor Crew", "crew_board", ["Harbor Crew"])
    assert raised.value.hint == "--members means all of its members"


def test_only_the_owner_shares(small: Constellation) -> None:
    with pytest.raises(RefusedError, match='belongs to "Harbor Crew"'):
        Grants(small).share("Marlow", "crew_board", ["Juniper"])


def test_a_deleted_block_is_not_shared_but_unshared(small: Constellation) -> None:
    Grants(small).share("Juniper", "persona", ["Marlow"])
    small.connection.execute("UPDATE memory_blocks SET is_active = 0 WHERE label = 'persona'")
    with pytest.raises(RefusedError, match="is deleted"):
        Grants(small).share("Juniper", "persona", ["Marlow"])
    assert Grants(small).unshare("Juniper", "persona", ["Marlow"]).changed


def test_one_who_does_not_have_it(small: Constellation) -> None:
    Grants(small).share("Juniper", "persona", ["Marlow"])
    quill = small.value("SELECT id FROM agents WHERE name LIKE 'Quill%'")
    with pytest.raises(NotFoundError, match="is not shared with Quill") as raised:
        Grants(small).unshare("Juniper", "persona", ["Marlow", quill])
    assert raised.value.hint == "it is shared with Marlow"
    assert stored(small, "persona") == {"Marlow": "read_only"}
    with pytest.raises(UsageError, match="everybody includes"):
        Grants(small).unshare("Juniper", "persona", ["Marlow"], everybody=True)


def test_a_dry_run(small: Constellation) -> None:
    tried = Grants(small).share("Juniper", "persona", ["Marlow"], dry_run=True)
    assert tried.changed and tried.shared_with == 1 and stored(small, "persona") == {}
    Grants(small).share("Juniper", "persona", ["Marlow"])
    assert Grants(small).unshare("Juniper", "persona", ["Marlow"], dry_run=True).changed
    assert stored(small, "persona") == {"Marlow": "read_only"}


def test_what_may_surprise_is_told(small: Constellation) -> None:
    assert "never put before" in Grants(small).share("Juniper", "old_minutes", ["Marlow"]).remarks[0]
    remarks = Grants(small).share("Marlow", "polyglot", ["Juniper"]).remarks
    assert remarks == ()
    small.connection.execute("UPDATE memory_blocks SET label = 'human' WHERE label = 'polyglot'")
    assert Grants(small).share("Marlow", "human", ["Juniper"]).remarks == (
        '"Juniper" also has a block "human" of its own',
    )
