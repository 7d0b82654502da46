"""A group as TOML: what is not changed in the text is not changed in the row, nulls and all."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.groups.changing import Edit, edit
from pattern_cli.groups.drafts import apply, draft, overlaid
from pattern_cli.store.constellation import Constellation
from tests.groups.conftest import CREW, Rows

RUNTIME = {
    "type": "supervisor",
    "leader_id": "ea0f0a49523a4b939139570e2791c66a",
    "delegation_rules": {
        "max_delegations_per_agent": None,
        "delegation_strategy": "round_robin",
        "fallback_behavior": "handle_self",
    },
    "none": None,
}


def configure(small: Constellation, config: Any) -> None:
    text = config if isinstance(config, str) else json.dumps(config)
    small.connection.execute("UPDATE agent_groups SET pattern_config = ? WHERE name = ?", (text, CREW))


def test_the_text(small: Constellation) -> None:
    text = draft(small, CREW).text
    assert text.startswith("# Harbor Crew (6d9737f3a1254cb59d512ff19033178d)\n")
    assert tomllib.loads(text) == {
        "description": "day shift",
        "pattern": "supervisor",
        "pattern_config": {
            "type": "supervisor",
            "leader": "Juniper",
            "data_sources": {"feed": {"type": "bluesky", "name": "feed", "target": "_constellation_"}},
        },
    }


def test_one_line_changed(small: Constellation, rows: Rows) -> None:
    before = rows.config()
    made = draft(small, CREW)
    done = apply(small, made, made.text.replace('leader = "Juniper"', 'leader = "Marlow"'))
    assert done.changed == ("pattern_config",)
    assert rows.config() == {**before, "leader": "Marlow"}


def test_the_same_text_changes_nothing(small: Constellation, rows: Rows) -> None:
    configure(small, RUNTIME)
    before = rows.everything()
    made = draft(small, CREW)
    assert apply(small, made, made.text + "\n# a thought\n").action == "unchanged"
    assert rows.everything() == before


def test_nulls_stay_where_they_are(small: Constellation, rows: Rows) -> None:
    configure(small, RUNTIME)
    made = draft(small, CREW)
    assert "none" not in made.text.split("\n\n", 1)[1]
    apply(small, made, made.text.replace('"round_robin"', '"least_busy"'))
    expected = json.loads(json.dumps(RUNTIME).replace('"round_robin"', '"least_busy"'))
    assert rows.config() == expected
    assert list(rows.config()) == list(RUNTIME)


def test_keys_come_and_go(small: Constellation, rows: Rows) -> None:
    made = draft(small, CREW)
    text = made.text.replace('leader = "Juniper"', 'leader = "Juniper"\ncolour = "blue"')
    done = apply(small, made, text[: text.index("\n[pattern_config.data_sources")] + "\n")
    assert rows.config() == {"type": "supervisor", "leader": "Juniper", "colour": "blue"}
    assert done.removed == ("data_sources",)


def test_no_description(small: Constellation, rows: Rows) -> None:
    made = draft(small, CREW)
    apply(small, made, made.text.replace('description = "day shift"\n', ""))
    assert rows.group()["description"] is None
    again = draft(small, CREW)
    assert "description =" not in again.text
    apply(small, again, again.text.replace("pattern = ", 'description = """a\n"b\\\\"""\npattern = '))
    assert rows.group()["description"] == 'a\n"b\\'


def test_another_pattern(small: Constellation, rows: Rows) -> None:
    made = draft(small, CREW)
    done = apply(small, made, made.text.replace('pattern = "supervisor"', 'pattern = "round_robin"', 1))
    assert (rows.group()["pattern_type"], rows.config()["type"]) == ("round_robin", "round_robin")
    assert "leader belongs to supervisor; round_robin does not read it" in done.remarks


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Juniper"', '"Junper"', 'leader: "Junper" is no member of "Harbor Crew"'),
        ('leader = "Juniper"', "leader = 5", "leader is 5; it must be a text"),
        ('leader = "Juniper"', "leader = 2026-01-01", "leader is"),
        ('leader = "Juniper"', "", "a supervisor group needs leader"),
        ('leader = "Juniper"', 'leader = "Juniper', "the edited text is no TOML"),
        ("description =", "descripton =", '"descripton" is nothing that can be edited here'),
        ('pattern = "supervisor"', 'pattern = "superviser"', 'no coordination pattern is named "superviser"'),
        ('pattern = "supervisor"', "pattern = 1", "pattern is no text"),
        ("[pattern_config]", "[pattern_confg]", '"pattern_confg" is nothing'),
        ('description = "day shift"', "description = [1]", "description is no text"),
        ('type = "bluesky"', "type = nan", "the configuration cannot be stored"),
    ],
)
def test_what_cannot_be_stored(old: str, new: str, said: str, small: Constellation, rows: Rows) -> None:
    before = rows.everything()
    made = draft(small, CREW)
    with pytest.raises(UsageError) as caught:
        apply(small, made, made.text.replace(old, new))
    assert caught.value.message.startswith(said)
    assert rows.everything() == before


@pytest.mark.parametrize("config", [{"type": "supervisor", "x": [1, None]}, "[1]", '{"a":"\\ud800"}', "{", "7"])
def test_what_toml_cannot_hold_is_json_in_a_text(config: Any, small: Constellation, rows: Rows) -> None:
    configure(small, config)
    before = rows.everything()
    made = draft(small, CREW)
    assert "pattern_config_json" in tomllib.loads(made.text)
    assert apply(small, made, made.text + "\n").action == "unchanged"
    assert rows.everything() == before
    head = made.text[: made.text.index("pattern_config_json")]
    apply(small, made, head + """pattern_config_json = '{"type":"supervisor","leader":"Marlow","n":null}'\n""")
    assert rows.config() == {"type": "supervisor", "leader": "Marlow", "n": None}


def test_json_that_is_none(small: Constellation, rows: Rows) -> None:
    configure(small, {"type": "supervisor", "x": [None]})
    made = draft(small, CREW)
    head = made.text[: made.text.index("pattern_config_json")]
    for text in ("'{'", "'5'"):
        with pytest.raises(UsageError):
            apply(small, made, f"{head}pattern_config_json = {text}\n")


def test_somebody_else_was_faster(small: Constellation) -> None:
    made = draft(small, CREW)
    edit(small, CREW, Edit(description="theirs"))
    with pytest.raises(ConflictError, match="was changed meanwhile"):
        apply(small, made, made.text.replace("day shift", "mine"))


def test_a_name_that_would_harm_a_comment(small: Constellation) -> None:
    small.connection.execute("UPDATE agent_groups SET name = ? WHERE name = ?", ("a\nb = 1\x1b", CREW))
    made = draft(small, "a\nb = 1\x1b")
    assert made.text.startswith("# a?b = 1? (")
    assert "b" not in tomllib.loads(made.text)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


FLAT = st.booleans() | st.integers() | st.text(max_size=4)
VALUES = st.recursive(
    FLAT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), st.none() | inner, max_size=3),
    max_leaves=8,
)
CONFIGS = st.dictionaries(st.text(max_size=3), st.none() | VALUES, max_size=4)


@given(CONFIGS)
def test_nothing_edited_is_nothing_changed(stored: dict[str, Any]) -> None:
    shown = without_nulls(stored)
    assert overlaid(stored, shown, without_nulls(shown)) is stored


@given(CONFIGS, CONFIGS)
def test_what_is_edited_is_what_is_stored(stored: dict[str, Any], wanted: dict[str, Any]) -> None:
    after = without_nulls(wanted)
    assert without_nulls(overlaid(stored, without_nulls(stored), after)) == after


@given(CONFIGS, st.text(min_size=4, max_size=5), FLAT)
def test_a_new_key_loses_no_null(stored: dict[str, Any], key: str, value: Any) -> None:
    shown = without_nulls(stored)
    assert overlaid(stored, shown, {**shown, key: value}) == {**stored, key: value}
