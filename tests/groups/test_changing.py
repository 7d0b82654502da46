"""Edits of a group's row: what is named changes, every other byte stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import ConflictError, IntegrityError, NotFoundError, UsageError
from pattern_cli.groups.changing import Edit, edit, read_row, rename, rewrite
from pattern_cli.groups.configuring import Settings
from pattern_cli.groups.service import Groups
from pattern_cli.store.constellation import Constellation
from tests.groups.conftest import CREW, Rows

WATCH = "Night Watch"
SOURCES = {"feed": {"type": "bluesky", "name": "feed", "target": "_constellation_"}}


def test_a_description_alone(small: Constellation, rows: Rows) -> None:
    """Upstream's editor rebuilds the configuration and destroys the data sources in it (A.3)."""
    small.connection.execute('UPDATE agent_groups SET pattern_config = \'{ "type": "voting", "x": 1.0 }\'')
    before, others = rows.group(), rows.everything()
    done = edit(small, CREW, Edit(description="night shift"))
    after = rows.group()
    assert after["updated_at"] > before["updated_at"]
    assert {**after, "updated_at": None} == {**before, "description": "night shift", "updated_at": None}
    assert (done.action, done.changed, done.remarks) == ("changed", ("description",), ())
    rest = rows.everything()
    assert {name: rest[name] for name in rest if name != "agent_groups"} == {
        name: others[name] for name in others if name != "agent_groups"
    }


def test_no_description(small: Constellation, rows: Rows) -> None:
    assert edit(small, CREW, Edit(description="")).description is None
    assert rows.group()["description"] is None


def test_a_leader_alone(small: Constellation, rows: Rows) -> None:
    done = edit(small, CREW, Edit(settings=Settings(leader="Marlow")))
    assert rows.group()["pattern_config"] == (
        '{"type":"supervisor","leader":"Marlow","data_sources":'
        '{"feed":{"type":"bluesky","name":"feed","target":"_constellation_"}}}'
    )
    assert (done.changed, done.removed) == (("pattern_config",), ())


def test_another_pattern(small: Constellation, rows: Rows) -> None:
    done = edit(small, CREW, Edit(pattern="voting"))
    assert rows.group()["pattern_type"] == "voting"
    assert rows.config()["data_sources"] == SOURCES
    assert (done.changed, done.removed) == (("pattern_type", "pattern_config"), ("leader",))
    back = edit(small, CREW, Edit(pattern="supervisor"))
    assert back.pattern_config == {"type": "supervisor", "data_sources": SOURCES, "leader": "Juniper"}
    assert back.removed == ("quorum", "voting_rules")


def test_a_vote_stays_a_vote(small: Constellation, rows: Rows) -> None:
    """Upstream's editor turns voting into round robin (A.3)."""
    edit(small, CREW, Edit(pattern="voting", settings=Settings(quorum=2)))
    edit(small, CREW, Edit(description="x"))
    assert rows.group()["pattern_type"] == "voting"
    assert rows.config()["quorum"] == 2


def test_the_same_again_writes_nothing(small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    done = edit(small, CREW, Edit("day shift", "supervisor", Settings(leader="Juniper")))
    assert (done.action, done.changed, done.runtime) == ("unchanged", (), None)
    assert rows.everything() == before


def test_one_and_one_point_zero_are_two(small: Constellation, rows: Rows) -> None:
    edit(small, CREW, Edit(settings=Settings(config={"x": 1})))
    assert edit(small, CREW, Edit(settings=Settings(config={"x": 1.0}))).action == "changed"
    assert rows.group()["pattern_config"].endswith('"x":1.0}')


def test_large_integers_stay_exact(small: Constellation, rows: Rows) -> None:
    stored = '{"type":"supervisor","leader":"Juniper","guild":12345678901234567890}'
    small.connection.execute("UPDATE agent_groups SET pattern_config = ? WHERE name = ?", (stored, CREW))
    edit(small, CREW, Edit(settings=Settings(leader="Marlow")))
    assert rows.group()["pattern_config"] == stored.replace("Juniper", "Marlow")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (Edit(), UsageError),
        (Edit(pattern="swarm"), UsageError),
        (Edit(description="a\ud800"), UsageError),
        (Edit(pattern="pipeline"), UsageError),
        (Edit(settings=Settings(leader="Sable")), UsageError),
        (Edit(settings=Settings(config={"x": float("inf")})), UsageError),
        (Edit(settings=Settings(config={"x": "\ud800"})), UsageError),
        (Edit(description="x", settings=Settings(stages=("Juniper",))), UsageError),
    ],
)
def test_a_bad_edit_writes_nothing(change: Edit, error: type[Exception], small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    with pytest.raises(error):
        edit(small, CREW, change)
    assert rows.everything() == before


def test_a_damaged_configuration(small: Constellation, rows: Rows) -> None:
    small.connection.execute("UPDATE agent_groups SET pattern_config = '{\"type\":' WHERE name = ?", (CREW,))
    edit(small, CREW, Edit(description="x"))
    assert rows.group()["pattern_config"] == '{"type":'
    with pytest.raises(IntegrityError):
        edit(small, CREW, Edit(settings=Settings(leader="Marlow")))
    assert rows.group()["pattern_config"] == '{"type":'
    edit(small, CREW, Edit(settings=Settings(leader="Marlow", replace=True)))
    assert rows.config() == {"type": "supervisor", "leader": "Marlow"}


def test_a_pattern_that_the_runtime_does_not_know(small: Constellation, rows: Rows) -> None:
    small.connection.execute("UPDATE agent_groups SET pattern_type = 'swarm' WHERE name = ?", (CREW,))
    edit(small, CREW, Edit(description="x"))
    with pytest.raises(UsageError, match='"Harbor Crew": no coordination pattern is named "swarm"'):
        edit(small, CREW, Edit(settings=Settings(leader="Marlow")))
    edit(small, CREW, Edit(pattern="supervisor"))
    assert Groups(small).show(CREW).damage == ()


def test_an_unknown_group(small: Constellation) -> None:
    with pytest.raises(NotFoundError) as caught:
        edit(small, "Harbor", Edit(description="x"))
    assert "did you mean Harbor Crew?" in str(caught.value.hint)


def test_another_name(small: Constellation, rows: Rows) -> None:
    before, members = rows.group(), Groups(small).show(CREW).members
    done = rename(small, CREW, "Day Shift")
    after = rows.group("Day Shift")
    assert {**after, "name": CREW, "updated_at": before["updated_at"]} == before
    assert (done.action, done.changed) == ("renamed", ("name",))
    assert Groups(small).show("Day Shift").members == members


def test_names_that_are_taken(small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    with pytest.raises(ConflictError, match='a group named "Night Watch" exists already'):
        rename(small, CREW, WATCH)
    assert rename(small, CREW, CREW).action == "unchanged"
    assert rows.everything() == before


def test_a_row_that_changed_meanwhile(small: Constellation, rows: Rows) -> None:
    seen = read_row(small, rows.group()["id"])
    edit(small, CREW, Edit(description="somebody was faster"))
    before = rows.everything()
    with pytest.raises(ConflictError, match='"Harbor Crew" was changed meanwhile'):
        rewrite(small, seen, {"description": "mine"})
    small.connection.execute("DELETE FROM agent_groups WHERE id = ?", (seen["id"],))
    with pytest.raises(ConflictError):
        rewrite(small, seen, {"description": "mine"})
    assert before["agents"] == rows.everything()["agents"]


def test_a_dry_run_tells_the_same_and_writes_nothing(path: Path, small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    change = Edit("x", "round_robin")
    with Constellation.open(path) as reader:
        tried = edit(reader, CREW, change, dry_run=True)
        assert rename(reader, CREW, "Day Shift", dry_run=True).name == "Day Shift"
    assert rows.everything() == before
    done = edit(small, CREW, change)

    def facts(group: Any) -> tuple[Any, ...]:
        return (group.action, group.changed, group.removed, group.pattern_config, group.description)

    assert facts(tried) == facts(done)


def test_a_running_runtime_is_told(held: int, small: Constellation) -> None:
    assert f"(pid {held})" in str(edit(small, CREW, Edit(description="x")).runtime)
