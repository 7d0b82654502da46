from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

MEMBERS = """SELECT g.name, a.name, m.role, m.capabilities, m.joined_at FROM group_members m
             JOIN agent_groups g ON g.id = m.group_id JOIN agents a ON a.id = m.agent_id ORDER BY a.name"""
SHARES = """SELECT b.label, a.name, s.permission, s.attached_at FROM shared_block_agents s
            JOIN memory_blocks b ON b.id = s.block_id JOIN agents a ON a.id = s.agent_id ORDER BY a.name"""
THEN = "2026-01-02T03:04:05.000000001+00:00"


def test_members_keep_role_capabilities_and_time(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    data = build.group_export(
        agent_exports=[build.agent_export(), build.agent_export(build.agent("b", "Bo"))],
        members=[
            build.member(role={"type": "specialist", "domain": "memory"}),
            build.member("b", role=None, capabilities=[]),
        ],
    )
    importing(fresh, build.write("Group", data))
    assert (
        content(fresh).rows(MEMBERS)
        == [
            ("Crew", "Ann", '{"type":"specialist","domain":"memory"}', '["memory"]', THEN),
            ("Crew", "Bo", None, "[]", THEN),
        ]
        or content(fresh).rows(MEMBERS)[0][2] == '{"domain":"memory","type":"specialist"}'
    )


def test_a_thin_group_joins_members_that_the_target_has(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    importing(fresh, build.write_agent(), keep_ids=True)
    thin = build.write("Group", {"group": build.group(), "member_agent_ids": ["agent_a", "agent_b", "agent_a"]})
    done = importing(fresh, thin)
    assert (done.kind, done.adds["group_members"]) == ("thin group", 1)
    ((_, name, role, capabilities, joined),) = content(fresh).rows(MEMBERS)
    assert (name, role, capabilities) == ("Ann", None, "[]")
    assert joined > THEN
    assert done.remarks == ('1 member of group "Crew", neither in the archive nor in the database: agent_b',)


def test_many_missing_members_are_counted_and_some_are_named(build: Any, fresh: Path, importing: Any) -> None:
    thin = {"group": build.group(), "member_agent_ids": [f"m{n}" for n in range(9)]}
    (remark,) = importing(fresh, build.write("Group", thin)).remarks
    assert remark.startswith("9 members") and remark.endswith(": m0, m1, m2, …")


def test_shares_follow_blocks_and_agents_and_count_once(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    share = build.share("b", "agent_b", permission="read_only")
    group = {
        "group": build.group(), "members": [], "agent_cids": [], "shared_memory_cids": [],
        "shared_attachment_exports": [share],
    }  # fmt: skip
    agents = {
        "agent_a": build.put(build.agent_export(blocks=[build.block("b", label="board")])),
        "agent_b": build.put(build.agent_export(build.agent("agent_b", "Bo"))),
    }
    data = build.constellation(agents, group_exports=[group], shared_attachments=[share])
    done = importing(fresh, build.write("Constellation", data))
    assert content(fresh).rows(SHARES) == [("board", "Bo", "read_only", THEN)]
    assert done.adds["shared_block_agents"] == 1


def test_shares_of_nothing_are_told(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    data = build.group_export(
        agent_exports=[build.agent_export(blocks=[build.block("b")])],
        shared_attachment_exports=[build.share("elsewhere", "agent_a"), build.share("b", "nobody")],
    )
    done = importing(fresh, build.write("Group", data))
    assert content(fresh).rows(SHARES) == []
    assert "2 shares of a block or with an agent, neither" in done.remarks[0]


def test_a_share_of_a_block_that_only_the_target_has_comes(
    build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    importing(fresh, build.write_agent(blocks=[build.block("b", label="board")]), keep_ids=True)
    data = build.group_export(
        agent_exports=[build.agent_export(build.agent("agent_b", "Bo"))],
        shared_attachment_exports=[build.share("b", "agent_b")],
    )
    assert importing(fresh, build.write("Group", data)).remarks == ()
    assert content(fresh).rows(SHARES) == [("board", "Bo", "append", THEN)]


def test_a_share_never_points_to_the_constellation(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    data = build.constellation(
        {}, all_memory_block_cids=[build.block("b", "_constellation_")],
        shared_attachments=[build.share("b", "_constellation_")],
    )  # fmt: skip
    done = importing(fresh, build.write("Constellation", data))
    assert done.adds["shared_block_agents"] == 0 and len(done.remarks) == 1
    content(fresh).require_sound()


@pytest.mark.parametrize(("policy", "permission"), [("skip", "append"), ("replace", "admin")])
def test_a_share_that_is_there_already(
    policy: str, permission: str, build: Any, fresh: Path, importing: Any, content: Any
) -> None:
    importing(fresh, build.write_agent(blocks=[build.block("b", label="board")]), keep_ids=True)

    def crew(name: str, granted: str) -> Path:
        result: Path = build.write(
            "Group",
            build.group_export(
                build.group(f"group_{name}", name),
                agent_exports=[build.agent_export(build.agent(f"agent_{name}", name))] if name == "one" else [],
                shared_attachment_exports=[build.share("b", "agent_one", permission=granted)],
            ),
        )
        return result

    importing(fresh, crew("one", "append"), keep_ids=True)
    importing(fresh, crew("two", "admin"), keep_ids=True, on_conflict=policy)
    assert content(fresh).rows(SHARES) == [("board", "one", permission, THEN)]
