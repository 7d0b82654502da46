"""`pattern archival` as a person and a script meet it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
FIRST = "arch_73bac759d22a40479116d13057af165d"


@pytest.fixture
def small(read_only: Callable[[str], Path]) -> Path:
    return read_only("constellations/small.db")


def test_the_list_of_an_agent_shows_parts_and_beginnings(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "archival", "list", "Juniper", "--format", "table", env={"COLUMNS": "120"})

    header, *rows = done.out.splitlines()
    assert header.split() == ["ID", "CREATED", "PART", "CONTENT"]
    assert len(rows) == 13
    assert "1/4   Long report part 0 of 4." in rows[-1]


def test_without_an_agent_all_owners_are_listed(small: Path, cli: Cli) -> None:
    rows = json.loads(cli("--db", small, "archival", "list", "--json").out)

    assert len(rows) == 17
    assert {row["owner"] for row in rows} == {"Juniper", "Marlow", "_constellation_"}
    assert next(row for row in rows if row["id"] == FIRST)["chunk_count"] == 4


def test_bounds_and_limits(small: Path, cli: Cli) -> None:
    words = ("--db", small, "archival", "list", "--json", "--fields", "id")

    assert len(json.loads(cli(*words, "--limit", "2").out)) == 2
    assert len(json.loads(cli(*words, "--until", "2025-12-31T00:00:00Z").out)) == 5
    assert json.loads(cli(*words, "--until", "2025-11-03T08:15:30.123456788Z").out) == []
    assert len(json.loads(cli(*words, "--since", "2025-11-03T08:15:51.123456789Z", "--until", "2026-01-01").out)) == 1


def test_a_wrong_time_is_a_usage_error(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "archival", "list", "--since", "soonish")

    assert done.code == 2
    assert "examples" in done.err


def test_show_has_the_content_the_metadata_and_the_chain(small: Path, cli: Cli) -> None:
    out = cli("--db", small, "archival", "show", "arch_e1f9", "--format", "table").out

    assert "part of  arch_73bac759d22a40479116d13057af165d" in out
    assert "2  arch_e1f9b187a1544b7fa7c674fca332d967  ← this one" in out
    assert '"part": 1' in out
    assert "Long report part 1 of 4." in out


def test_json_has_the_chain_by_id(small: Path, cli: Cli) -> None:
    record = json.loads(cli("--db", small, "archival", "show", FIRST, "--json").out)

    assert [chunk["chunk_index"] for chunk in record["chain"]] == [0, 1, 2, 3]
    assert len(record["children"]) == 3
    assert record["parent_missing"] is False


def test_raw_is_the_content_alone(small: Path, cli: Cli) -> None:
    content = json.loads(cli("--db", small, "archival", "show", "arch_4755", "--json").out)["content"]

    assert "\u202e" in content
    assert cli("--db", small, "archival", "show", "arch_4755", "--raw").out == content


@pytest.mark.parametrize("words", [("--json",), ("--format", "table"), ("--fields", "id")])
def test_raw_goes_not_with_a_format_or_fields(small: Path, cli: Cli, words: tuple[str, ...]) -> None:
    done = cli("--db", small, "archival", "show", "arch_4755", "--raw", *words)
    assert (done.code, done.out) == (2, "")
    assert "--raw is the text alone" in done.err


def test_a_table_has_short_ids_that_name_their_entries(small: Path, cli: Cli) -> None:
    lines = cli("--db", small, "archival", "list", "Marlow", "--format", "table").out.splitlines()[1:]
    ids = [line.split()[0] for line in lines]
    assert set(map(len, ids)) == {16}
    assert cli("--db", small, "archival", "show", ids[0]).code == 0
    assert len(cli("--db", small, "archival", "list", "Marlow", "-n", "1").out.split("\t")[0]) == 37


def test_an_empty_list_says_what_to_do(small: Path, cli: Cli) -> None:
    done = cli("--db", small, "archival", "list", "Quill ツ שלום", "--format", "table")

    assert (done.code, done.out) == (0, "")
    assert "archival list" in done.err


@pytest.mark.parametrize("words", [("list", "nobody"), ("show", "nothing"), ("show", "arch_")])
def test_what_is_not_found_ends_with_3(small: Path, cli: Cli, words: tuple[str, ...]) -> None:
    done = cli("--db", small, "archival", *words)

    assert (done.code, done.out) == (3, "")


def test_the_help_has_examples_and_statuses(cli: Cli) -> None:
    for words in (("list",), ("show",)):
        out = cli("archival", *words, "--help").out
        assert "Examples:" in out and "Exit status:" in out
