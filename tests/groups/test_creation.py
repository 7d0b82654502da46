"""New groups: rows as the runtime writes them, all or nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pattern_cli.errors import ConflictError, NotFoundError, UsageError
from pattern_cli.groups.configuring import Settings
from pattern_cli.groups.creation import create
from pattern_cli.groups.service import Groups
from pattern_cli.models.words import PATTERN_TYPES
from pattern_cli.store.constellation import Constellation
from tests.groups.conftest import CREW, JUNIPER, MARLOW, Rows

TWO = ("Juniper:supervisor", "Marlow:specialist:memory_management")


def test_the_rows(small: Constellation, rows: Rows) -> None:
    made = create(small, "Guild", "supervisor", description="by day", members=TWO)
    row = rows.group("Guild")
    assert re.fullmatch("[0-9a-f]{32}", row["id"])
    assert (row["description"], row["pattern_type"]) == ("by day", "supervisor")
    assert row["pattern_config"] == '{"type":"supervisor","leader":"Juniper"}'
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00", row["created_at"])
    assert row["created_at"] == row["updated_at"]
    assert (rows.member(JUNIPER, "Guild") or ())[:2] == ('{"type":"supervisor"}', "[]")
    assert (rows.member(MARLOW, "Guild") or ())[0] == '{"type":"specialist","domain":"memory_management"}'
    assert (made.action, made.id, made.members) == ("created", row["id"], ("Marlow", "Juniper"))
    assert (made.remarks, made.runtime, made.dry_run) == ((), None, False)


@pytest.mark.parametrize("pattern", PATTERN_TYPES)
def test_every_pattern_can_be_shown_again(pattern: str, small: Constellation) -> None:
    needed = Settings(stages=("Marlow",)) if pattern == "pipeline" else Settings()
    made = create(small, "Guild", pattern, needed, members=TWO)
    shown = Groups(small).show("Guild")
    assert (shown.pattern_type, shown.pattern_config) == (pattern, made.pattern_config)
    assert (shown.description, shown.remarks, shown.damage) == (None, (), ())
    assert shown.member_count == 2


def test_what_the_configuration_names_may_join_in_the_same_breath(small: Constellation, rows: Rows) -> None:
    create(small, "Line", "pipeline", Settings(stages=("Marlow", "Juniper")), members=("Juniper", "Marlow"))
    assert rows.config("Line")["stages"] == ["Marlow", "Juniper"]


@pytest.mark.parametrize(
    ("members", "settings", "error", "said"),
    [
        (("Juniper", "Sable"), Settings(), NotFoundError, 'no agent named "Sable"'),  # upstream skips it silently (C.3)
        (("Juniper", JUNIPER), Settings(), ConflictError, '"Juniper" is named twice'),
        (("Juniper",), Settings(leader="Marlow"), UsageError, '--leader: "Marlow" is no member of "Guild"'),
        ((), Settings(leader="Marlow"), UsageError, '--leader: "Marlow" is no member of "Guild"'),
        (("Juniper:boss",), Settings(leader="Juniper"), UsageError, 'no role is named "boss"'),
        (("Juniper",), Settings(config={"leader": 5}), UsageError, "leader is 5; it must be a text"),
    ],
)
def test_nothing_is_half_made(
    members: tuple[str, ...],
    settings: Settings,
    error: type[Exception],
    said: str,
    small: Constellation,
    rows: Rows,
) -> None:
    before = rows.everything()
    with pytest.raises(error, match=re.escape(said)):
        create(small, "Guild", "supervisor", settings, members=members)
    assert rows.everything() == before


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (CREW, ConflictError),
        ("grp_19a6f2c4001", ConflictError),
        (JUNIPER, ConflictError),
        ("_constellation_", ConflictError),
        ("", UsageError),
        (" ", UsageError),
        ("a\nb", UsageError),
        ("a\u202eb", UsageError),
        ("a\ud800", UsageError),
    ],
)
def test_names_that_are_none(name: str, error: type[Exception], small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    with pytest.raises(error):
        create(small, name, "round_robin")
    assert rows.everything() == before


def test_a_name_that_an_agent_has_is_told(small: Constellation) -> None:
    made = create(small, "Marlow", "round_robin")
    assert made.remarks == ('an agent is named "Marlow" too: commands on memory need an id to tell them apart',)


def test_a_dry_run(path: Path, small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    with Constellation.open(path) as reader:
        made = create(reader, "Guild", "round_robin", members=("Juniper",), dry_run=True)
    assert (made.id, made.created_at, made.members, made.dry_run) == (None, None, ("Juniper",), True)
    assert rows.everything() == before


def test_a_running_runtime_is_told(held: int, small: Constellation) -> None:
    assert f"(pid {held})" in str(create(small, "Guild", "round_robin").runtime)
