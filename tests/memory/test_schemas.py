"""Schemas: as strict as the runtime's reader, with a reason where it falls back to text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.memory.schemas import (
    CompositeSchema,
    FieldDef,
    ListSchema,
    LogSchema,
    MapSchema,
    Section,
    TextSchema,
    Viewport,
    kind_of,
    parse,
)

FIELD = {"name": "mood", "description": "today", "field_type": "Text", "required": True}
MOOD = FieldDef("mood", "today", "Text", True, None, False)


def _schema(**body: Any) -> dict[str, Any]:
    return {"schema": body}


@pytest.mark.parametrize(
    ("metadata", "schema"),
    [
        (_schema(Text={}), TextSchema()),
        (_schema(Text={"viewport": None, "unknown": 1}), TextSchema()),
        (_schema(Text={"viewport": {"start_line": 0, "display_lines": 500}}), TextSchema(Viewport(0, 500))),
        (_schema(Text={"viewport": [3, 4]}), TextSchema(Viewport(3, 4))),
        (_schema(Map={"fields": []}), MapSchema(())),
        (_schema(Map={"fields": [FIELD]}), MapSchema((MOOD,))),
        (
            _schema(Map={"fields": [{**FIELD, "field_type": "Counter", "default": 5, "read_only": True}]}),
            MapSchema((FieldDef("mood", "today", "Counter", True, 5, True),)),
        ),
        (_schema(List={}), ListSchema(None, None)),
        (_schema(List={"item_schema": {"Text": {}}, "max_items": 40}), ListSchema(TextSchema(), 40)),
        (
            _schema(
                Log={"display_limit": 20, "entry_schema": {"timestamp": True, "agent_id": False, "fields": [FIELD]}}
            ),
            LogSchema(20, True, False, (MOOD,)),
        ),
        (
            _schema(Composite={"sections": [{"name": "notes", "schema": {"Text": {}}}]}),
            CompositeSchema((Section("notes", TextSchema(), None, False),)),
        ),
        (
            _schema(Composite={"sections": [["notes", {"Text": {}}], ["x", {"List": {}}, "why", True]]}),
            CompositeSchema(
                (Section("notes", TextSchema(), None, False), Section("x", ListSchema(None, None), "why", True))
            ),
        ),
    ],
)
def test_what_the_runtime_reads(metadata: Any, schema: Any) -> None:
    assert parse(metadata) == (schema, None)


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        (None, "no schema"),
        ([], "no schema"),
        ({"origin": "elsewhere"}, "no schema"),
        ({"schema": None}, "no schema"),
        ({"schema": "Text"}, '"Text" is no object with exactly one key'),
        ({"schema": {"Text": {}, "List": {}}}, "it is no object with exactly one key"),
        ({"schema": {"Tree": {"node_schema": None}}}, '"Tree" is no known kind'),
        (_schema(Text=None), "schema.Text: is no object"),
        (_schema(Text={"viewport": {"start_line": 1}}), "schema.Text.viewport.display_lines: is missing"),
        (_schema(Text={"viewport": {"start_line": -1, "display_lines": 5}}), "start_line: is no whole number"),
        (_schema(Text={"viewport": {"start_line": 1.0, "display_lines": 5}}), "start_line: is no whole number"),
        (_schema(Text={"viewport": {"start_line": True, "display_lines": 5}}), "start_line: is no whole number"),
        (_schema(Text={"viewport": {"start_line": 1, "display_lines": 2**64}}), "display_lines: is no whole number"),
        (_schema(Text={"viewport": [1, 2, 3]}), "has more than 2 elements"),
        (_schema(Map={}), "schema.Map.fields: is missing"),
        (_schema(Map={"fields": {}}), "schema.Map.fields: is no array"),
        (_schema(Map={"fields": [{**FIELD, "field_type": "text"}]}), r"fields\[0\].field_type: is not one of"),
        (_schema(Map={"fields": [{**FIELD, "field_type": {}}]}), r"fields\[0\].field_type: is not one of"),
        (_schema(Map={"fields": [{**FIELD, "required": 1}]}), r"fields\[0\].required: is not true or false"),
        (_schema(Map={"fields": [{**FIELD, "name": 1}]}), r"fields\[0\].name: is no text"),
        (_schema(List={"item_schema": "Text"}), 'item_schema: "Text" is no object'),
        (_schema(Log={"display_limit": 20}), "schema.Log.entry_schema: is missing"),
        (_schema(Composite={"sections": [["x"]]}), r"sections\[0\].schema: is missing"),
        (_schema(Composite={"sections": [{"name": "x", "schema": {"Tree": {}}}]}), '"Tree" is no known kind'),
    ],
)
def test_everything_else_counts_as_text_and_says_why(metadata: Any, reason: str) -> None:
    schema, remark = parse(metadata)

    assert schema == TextSchema()
    assert remark is not None
    assert re.search(reason, remark)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Text",
                    "Map",
                    "List",
                    "Log",
                    "Composite",
                    "fields",
                    "sections",
                    "viewport",
                    "name",
                    "schema",
                    "entry_schema",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(JSON)
def test_no_metadata_ends_in_an_error(metadata: Any) -> None:
    schema, _ = parse({"schema": metadata})

    assert kind_of(schema) in {"text", "map", "list", "log", "composite"}
