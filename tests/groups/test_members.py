"""Members: roles in the runtime's form, capabilities, memory that a new member gets, bytes that stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import ConflictError, NotFoundError, SchemaError, UsageError
from pattern_cli.groups.members import (
    Role,
    add_member,
    check_permission,
    check_role,
    read_member,
    remove_member,
    role_column,
    set_role,
)
from pattern_cli.groups.service import Groups
from pattern_cli.store.constellation import Constellation
from tests.groups.conftest import CREW, JUNIPER, MARLOW, QUILL, Rows

WATCH = "Night Watch"


def test_a_new_member(small: Constellation, rows: Rows) -> None:
    before = rows.group(WATCH)
    added = add_member(small, WATCH, "Quill ツ שלום")
    role, able, joined = rows.member(QUILL, WATCH) or ()
    assert (role, able) == ('{"type":"regular"}', "[]")
    assert joined.endswith("+00:00")
    assert (added.action, added.agent_id, added.role, added.capabilities) == ("added", QUILL, {"type": "regular"}, [])
    assert added.joined_at == joined.replace("+00:00", "Z")
    assert rows.group(WATCH) == before
    assert [m.agent_name for m in Groups(small).show(WATCH).members] == ["Marlow", "Quill ツ שלום", "Juniper"]


def test_a_specialist_can_be_given(small: Constellation, rows: Rows) -> None:
    """Upstream's command offers the role and refuses it; there is no way to give a domain (A.3)."""
    role = check_role("specialist", "memory_management")
    added = add_member(small, WATCH, QUILL, role, ["memory", "lookup", "memory"])
    assert (rows.member(QUILL, WATCH) or ())[:2] == (
        '{"type":"specialist","domain":"memory_management"}',
        '["memory","lookup"]',
    )
    assert added.remarks == ()
    assert Groups(small).show(WATCH).damage == ()


def test_capabilities_without_effect_are_told(small: Constellation) -> None:
    added = add_member(small, WATCH, QUILL, Role("observer"), ["memory"])
    assert added.remarks == ("capabilities count only for specialists: --role specialist --domain DOMAIN makes one",)
    assert set_role(small, CREW, MARLOW, Role("regular")).remarks == added.remarks


def test_a_domain_that_nearly_means_something(small: Constellation) -> None:
    added = add_member(small, WATCH, QUILL, Role("specialist", "memory-management"))
    assert added.remarks == ('the domain "memory-management" has no meaning for the runtime; memory_management has',)
    assert set_role(small, WATCH, QUILL, Role("specialist", "poetry")).remarks == ()


def test_a_new_member_can_get_the_memory_of_the_group(small: Constellation, rows: Rows) -> None:
    """Upstream attaches a group's blocks to those who are members when the block is made, and nobody later (A.3)."""
    remove_member(small, CREW, "Juniper", unshare=True)
    left_out = add_member(small, CREW, "Juniper")
    assert (left_out.unshared, left_out.shared) == (("crew_board",), ())
    remove_member(small, CREW, "Juniper")
    added = add_member(small, CREW, "Juniper", share="read_write")
    ((_, label, permission, before),) = [(s.block_id, s.label, s.permission, s.before) for s in added.shared]
    assert (label, permission, before, added.unshared) == ("crew_board", "read_write", None, ())
    sql = "SELECT permission, attached_at FROM shared_block_agents WHERE agent_id = ? AND block_id LIKE 'mem_6483%'"
    ((permission, attached),) = small.rows(sql, (JUNIPER,))
    assert permission == "read_write"
    assert attached.endswith("+00:00")


def test_a_share_that_is_there_already(small: Constellation) -> None:
    sql = "SELECT permission, attached_at FROM shared_block_agents WHERE agent_id = ? AND block_id LIKE 'mem_6483%'"
    before = list(small.rows(sql, (JUNIPER,)))
    remove_member(small, CREW, "Juniper")
    assert add_member(small, CREW, "Juniper", share="read_write").shared == ()
    assert list(small.rows(sql, (JUNIPER,))) == before
    remove_member(small, CREW, "Juniper")
    (shared,) = add_member(small, CREW, "Juniper", share="append").shared
    assert (shared.before, shared.permission) == ("read_write", "append")
    assert [row[0] for row in small.rows(sql, (JUNIPER,))] == ["append"]


def test_deleted_memory_is_not_shared(small: Constellation) -> None:
    small.connection.execute("UPDATE memory_blocks SET is_active = 0 WHERE label = 'crew_board'")
    remove_member(small, CREW, "Juniper", unshare=True)
    added = add_member(small, CREW, "Juniper", share="append")
    assert (added.shared, added.unshared) == ((), ())


def test_a_removed_member(small: Constellation, rows: Rows) -> None:
    removed = remove_member(small, CREW, "Marlow")
    assert rows.member(MARLOW) is None
    assert removed.role == {"type": "specialist", "domain": "memory_management"}
    assert (removed.action, removed.capabilities, removed.kept) == ("removed", ["memory", "lookup"], ("crew_board",))
    assert removed.joined_at == "2025-11-03T08:15:30.123456789Z"
    assert removed.remarks == ()
    assert [m.agent_id for m in Groups(small).show(CREW).members] == [QUILL, JUNIPER]


def test_a_removed_member_that_the_configuration_names(small: Constellation, rows: Rows) -> None:
    before = rows.group()
    removed = remove_member(small, CREW, "Juniper")
    assert removed.remarks == ('pattern_config still names leader "Juniper": `pattern groups edit` changes it',)
    assert rows.group() == before
    assert Groups(small).show(CREW).remarks == ('pattern_config names leader "Juniper", which is no member',)


def test_a_member_whose_agent_is_gone_can_be_removed(small: Constellation, rows: Rows) -> None:
    small.connection.execute("PRAGMA foreign_keys = OFF")
    small.connection.execute("UPDATE group_members SET agent_id = 'gone' WHERE agent_id = ?", (QUILL,))
    removed = remove_member(small, CREW, "gone")
    assert (removed.agent_id, removed.agent_name) == ("gone", None)
    assert rows.member("gone") is None


def test_another_role_keeps_the_capabilities_byte_for_byte(small: Constellation, rows: Rows) -> None:
    small.connection.execute("UPDATE group_members SET capabilities = '[ \"memory\" ]' WHERE agent_id = ?", (MARLOW,))
    joined = (rows.member(MARLOW) or ())[2]
    changed = set_role(small, CREW, "Marlow", Role("supervisor"))
    assert rows.member(MARLOW) == ('{"type":"supervisor"}', '[ "memory" ]', joined)
    assert (changed.action, changed.role) == ("changed", {"type": "supervisor"})


def test_other_capabilities_keep_the_role_byte_for_byte(small: Constellation, rows: Rows) -> None:
    spaced = '{ "type": "specialist", "domain": "memory_management", "since": 3 }'
    small.connection.execute("UPDATE group_members SET role = ? WHERE agent_id = ?", (spaced, MARLOW))
    set_role(small, CREW, "Marlow", capabilities=["memory"])
    assert (rows.member(MARLOW) or ())[:2] == (spaced, '["memory"]')
    set_role(small, CREW, "Marlow", capabilities=[])
    assert (rows.member(MARLOW) or ())[:2] == (spaced, "[]")
    set_role(small, CREW, "Marlow", Role("observer"))
    assert (rows.member(MARLOW) or ())[0] == '{"type":"observer","since":3}'


def test_the_same_again_writes_nothing(small: Constellation, rows: Rows) -> None:
    small.connection.execute('UPDATE group_members SET role = \'{ "type" : "observer" }\' WHERE agent_id = ?', (QUILL,))
    before = rows.everything()
    assert set_role(small, CREW, QUILL, Role("observer"), []).action == "unchanged"
    assert rows.everything() == before


@pytest.mark.parametrize("stored", ['"supervisor"', "boss", "7", '{"specialist":{"domain":"x"}}', None])
def test_a_role_that_the_runtime_cannot_read_is_put_right(stored: Any, small: Constellation, rows: Rows) -> None:
    small.connection.execute("UPDATE group_members SET role = ?, capabilities = NULL", (stored,))
    set_role(small, CREW, "Quill ツ שלום", Role("specialist", "x"), ["memory"])
    assert (rows.member(QUILL) or ())[:2] == ('{"type":"specialist","domain":"x"}', '["memory"]')


def test_who_is_no_member(small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    for change in (lambda: remove_member(small, CREW, "Marlo"), lambda: set_role(small, CREW, "Marlo", Role())):
        with pytest.raises(NotFoundError) as caught:
            change()
        assert (caught.value.message, caught.value.hint) == (
            '"Marlo" is no member of "Harbor Crew"',
            "did you mean Marlow?",
        )
    with pytest.raises(ConflictError, match='"Marlow" is a member of "Harbor Crew" already'):
        add_member(small, CREW, "Marlow")
    with pytest.raises(NotFoundError, match='no agent named "Sable"'):
        add_member(small, CREW, "Sable")
    with pytest.raises(NotFoundError, match='no group named "Harbour"'):
        add_member(small, "Harbour", "Marlow")
    assert rows.everything() == before


@pytest.mark.parametrize(
    ("role", "domain", "said", "hint"),
    [
        ("boss", None, 'no role is named "boss"', "one of regular, supervisor, observer, specialist"),
        ("superviser", None, 'no role is named "superviser"', "did you mean supervisor?"),
        ("specialist", None, "a specialist needs a domain", "--domain"),
        ("specialist", " ", "a specialist needs a domain", "--domain"),
        ("specialist", "a\x1b[31m", "the domain holds a control character", "leave it out"),
        ("observer", "x", "a domain belongs to a specialist, not to the role observer", "--role specialist"),
    ],
)
def test_roles_that_are_none(role: str, domain: str | None, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_role(role, domain)
    assert caught.value.message.startswith(said)
    assert str(caught.value.hint).startswith(hint)


def test_capabilities_and_permissions_that_are_none(small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    for word in ("", "  ", "a\nb"):
        with pytest.raises(UsageError, match="a capability"):
            add_member(small, WATCH, QUILL, capabilities=[word])
    with pytest.raises(UsageError) as caught:
        add_member(small, WATCH, QUILL, share="read-write")
    assert str(caught.value.hint).startswith("did you mean read_write?")
    assert check_permission("admin") == "admin"
    with pytest.raises(UsageError, match="nothing is to be changed"):
        set_role(small, CREW, QUILL)
    assert rows.everything() == before


@pytest.mark.parametrize(
    ("text", "agent", "role"),
    [
        ("Juniper", JUNIPER, Role()),
        ("ea0f", JUNIPER, Role()),
        ("Juniper:observer", JUNIPER, Role("observer")),
        ("Juniper:specialist:a:b", JUNIPER, Role("specialist", "a:b")),
        ("Odd:observer", "odd", Role()),
        ("Odd:observer:supervisor", "odd", Role("supervisor")),
    ],
)
def test_a_member_in_one_word(text: str, agent: str, role: Role, small: Constellation) -> None:
    small.connection.execute(
        """INSERT INTO agents (id, name, model_provider, model_name, system_prompt, config, enabled_tools, created_at,
                               updated_at)
           SELECT 'odd', 'Odd:observer', model_provider, model_name, '', config, '[]', created_at, updated_at
           FROM agents WHERE name = 'Juniper'"""
    )
    assert read_member(small, text) == (agent, role)


def test_members_in_one_word_that_are_none(small: Constellation) -> None:
    with pytest.raises(UsageError, match='no role is named "boss"'):
        read_member(small, "Juniper:boss")
    with pytest.raises(UsageError, match="a specialist needs a domain"):
        read_member(small, "Juniper:specialist")
    with pytest.raises(NotFoundError, match='no agent named "Junper:observer"'):
        read_member(small, "Junper:observer")


def test_the_form_of_a_role() -> None:
    assert role_column(Role("specialist", 'a"b')) == '{"type":"specialist","domain":"a\\"b"}'
    assert json.loads(role_column(Role("regular"), {"type": "specialist", "domain": "x", "k": 1})) == {
        "type": "regular",
        "k": 1,
    }


def test_a_dry_run_tells_the_same_and_writes_nothing(path: Path, rows: Rows, small: Constellation) -> None:
    before = rows.everything()
    with Constellation.open(path) as reader:
        tried = add_member(reader, WATCH, QUILL, Role("observer"), ["x"], dry_run=True)
        assert (tried.dry_run, tried.joined_at, tried.role) == (True, None, {"type": "observer"})
        assert remove_member(reader, CREW, "Juniper", unshare=True, dry_run=True).shared[0].label == "crew_board"
        assert set_role(reader, CREW, "Marlow", Role("observer"), dry_run=True).role == {"type": "observer"}
    assert rows.everything() == before


def test_a_dry_run_of_what_an_old_schema_could_not_hold(database: Any) -> None:
    with Constellation.open(database("versions/0010.db")) as old:
        (row,) = Groups(old).list()
        with pytest.raises(SchemaError):
            set_role(old, row.id, row.members[0], Role("observer"), dry_run=True)


def test_a_running_runtime_is_told(held: int, small: Constellation) -> None:
    added = add_member(small, WATCH, QUILL)
    assert f"(pid {held})" in str(added.runtime)
