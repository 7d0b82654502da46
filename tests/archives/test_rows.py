from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.archives.rows import COLUMNS, JsonColumns, first_update_row, insert, upsert

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(_json)
def test_a_json_column_reads_back_to_the_digit(value: Any) -> None:
    connection = apsw.Connection("")
    connection.execute("CREATE TABLE t(c JSON)")
    columns = JsonColumns()
    connection.execute("INSERT INTO t VALUES (?)", (columns.required(value),))
    ((stored, kind),) = connection.execute("SELECT c, typeof(c) FROM t").fetchall()
    assert kind == "text"
    if type(value) in (int, float):
        assert columns.quoted == 1
        assert json.loads(json.loads(str(stored))) == value
    else:
        assert json.loads(str(stored)) == value
        assert columns.quoted == 0


def test_json_is_compact_and_not_escaped() -> None:
    assert JsonColumns().required({"a": ["ü", 1.0, None]}) == '{"a":["ü",1.0,null]}'


def test_null_is_nothing_where_that_is_allowed_and_the_word_where_not() -> None:
    assert JsonColumns().text(None) is None
    assert JsonColumns().required(None) == "null"


@pytest.mark.parametrize("table", COLUMNS)
def test_statements_fit_the_schema(table: str, empty_database: Path) -> None:
    connection = apsw.Connection(str(empty_database), flags=apsw.SQLITE_OPEN_READONLY)
    columns = [name.strip() for name in COLUMNS[table].split(",")]
    for statement in (insert(table), upsert(table)):
        connection.execute("EXPLAIN " + statement, [None] * len(columns)).fetchall()
    schema = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    left_out = {"memory_blocks": {"embedding_model"}, "memory_block_updates": {"id"}}.get(table, set())
    assert set(schema) - set(columns) == left_out
    connection.close()


def test_the_first_update_is_active_and_from_an_import() -> None:
    block, seq, blob, size, source, created, version, active = first_update_row("b", b"update", b"version")
    assert (block, seq, blob, size, source, version, active) == ("b", 1, b"update", 6, "migration", b"version", 1)
    assert created.endswith("+00:00")


def test_bare_numbers_come_as_strings_and_are_told(build: Any, fresh: Path, importing: Any, content: Any) -> None:
    path = build.write_agent(
        build.agent(config=5), entries=[build.entry(metadata=1.5)], chunks=[build.chunk(build.message(content_json=7))]
    )
    done = importing(fresh, path)
    assert content(fresh).rows("SELECT config, typeof(config) FROM agents") == [('"5"', "text")]
    assert content(fresh).rows("SELECT metadata FROM archival_entries") == ['"1.5"']
    assert content(fresh).rows("SELECT content_json FROM messages") == ['"7"']
    assert done.remarks == ("3 JSON columns with a bare number, which the runtime cannot read, stored as a string",)
