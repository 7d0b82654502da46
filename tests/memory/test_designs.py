"""Schemas that people give."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.errors import UsageError
from pattern_cli.memory import designs
from pattern_cli.memory.designs import Parts, as_json, of_text, of_value, of_words
from pattern_cli.memory.schemas import (
    FIELD_TYPES,
    CompositeSchema,
    FieldDef,
    ListSchema,
    LogSchema,
    MapSchema,
    Schema,
    Section,
    TextSchema,
    Viewport,
    parse,
)
from pattern_cli.store.constellation import Constellation

COUNTS = st.integers(1, 2**31 - 1)
NAMES = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=6)
PLAIN = tuple(kind for kind in FIELD_TYPES if kind not in {"List", "Counter"})
DEFAULTS = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.lists(st.integers(0, 3), max_size=2)
)


def fields(kinds: tuple[str, ...] = FIELD_TYPES) -> st.SearchStrategy[tuple[FieldDef, ...]]:
    one = st.builds(
        FieldDef, NAMES, st.text(max_size=5), st.sampled_from(kinds), st.booleans(), DEFAULTS, st.booleans()
    )
    return st.lists(one, min_size=1, max_size=4, unique_by=lambda field: field.name).map(tuple)


TEXTS = st.builds(TextSchema, st.none() | st.builds(Viewport, COUNTS, COUNTS))
MAPS = st.builds(MapSchema, fields())
LISTS = st.builds(ListSchema, st.none() | TEXTS | MAPS, st.none() | COUNTS)
LOGS = st.builds(LogSchema, COUNTS, st.booleans(), st.booleans(), fields())
SECTIONS = st.builds(
    Section, NAMES, TEXTS | st.builds(MapSchema, fields(PLAIN)), st.none() | st.text(max_size=3), st.booleans()
)
COMPOSITES = st.lists(SECTIONS, min_size=1, max_size=3, unique_by=lambda section: section.name).map(
    lambda found: CompositeSchema(tuple(found))
)


@given(TEXTS | MAPS | LISTS | LOGS | COMPOSITES)
def test_what_is_written_is_read_as_it_was(schema: Schema) -> None:
    written = as_json(schema)
    assert of_value(written) == of_value({"schema": written}) == of_text(json.dumps(written)) == schema
    assert parse({"schema": json.loads(json.dumps(written))}) == (schema, None)


def test_it_is_written_as_the_runtime_writes_it(small: Constellation) -> None:
    compared = 0
    for (metadata,) in small.rows("SELECT metadata FROM memory_blocks WHERE id LIKE 'mem_%' AND metadata IS NOT NULL"):
        stored = json.loads(metadata)
        schema, remark = parse(stored)
        if remark is None and "keep" not in stored:
            assert json.dumps({"schema": as_json(schema)}, separators=(",", ":"), ensure_ascii=False) == metadata
            compared += 1
    assert compared > 20


def test_words() -> None:
    assert of_words("text", Parts(viewport=Viewport(3, 4))) == TextSchema(Viewport(3, 4))
    assert as_json(of_words("Map", Parts(["mood:text:how it is: today", "energy:Counter"]))) == {
        "Map": {
            "fields": [
                {"name": name, "description": about, "field_type": kind, "required": False, "default": None}
                | {"read_only": False}
                for name, about, kind in (("mood", "how it is: today", "Text"), ("energy", "", "Counter"))
            ]
        }
    }
    assert of_words("list", Parts(max_items=3)) == ListSchema(None, 3)
    items = of_words("list", Parts(["title:Text", "done:bool"]))
    assert isinstance(items, ListSchema) and isinstance(items.item_schema, MapSchema)
    log = of_words("log")
    assert isinstance(log, LogSchema) and log.display_limit == 20 and [one.name for one in log.fields] == ["message"]


def test_composite_words() -> None:
    schema = of_words("composite", Parts(["card.name:Text", "a.b.c:Number"], ["notes", "card", "a.b:map"]))
    assert isinstance(schema, CompositeSchema)
    assert [(one.name, type(one.schema)) for one in schema.sections] == [
        ("notes", TextSchema),
        ("card", MapSchema),
        ("a.b", MapSchema),
    ]


@pytest.mark.parametrize(
    ("word", "parts", "said"),
    [
        ("mapp", Parts(), '"mapp" is no schema'),
        ("map", Parts(), "a map needs its fields"),
        ("composite", Parts(), "needs its sections"),
        ("text", Parts(["a:Text"]), "--field belongs to no text schema"),
        ("map", Parts(["a:Text"], viewport=Viewport(1, 1)), "--viewport belongs to no map schema"),
        ("map", Parts(["a"]), "its type is missing"),
        ("map", Parts(["a:Txt"]), '"Txt" is no type'),
        ("map", Parts([":Text"]), "cannot be the name of a field"),
        ("map", Parts(["a:Text", "a:List"]), 'the field "a" comes twice'),
        ("map", Parts(["a/b:Counter"]), "a slash in its name is impossible"),
        ("map", Parts(["a\x1bb:Text"]), "cannot be the name of a field"),
        ("composite", Parts(["x.a:Text"], ["notes"]), "names no section"),
        ("composite", Parts([], ["notes", "notes:text"]), 'the section "notes" comes twice'),
        ("composite", Parts([], ["a/b"]), "a slash in its name is impossible"),
        ("composite", Parts([], ["a:list"]), '"list" is no kind of section'),
        ("composite", Parts(["a.b:Text"], ["a:text"]), "a text has no fields"),
        ("composite", Parts(["a.b:Counter"], ["a"]), "no place for one in a section"),
        ("log", Parts(display_limit=0), "0 cannot be the number of entries"),
        ("list", Parts(max_items=-1), "-1 cannot be the most items"),
        ("text", Parts(viewport=Viewport(0, 5)), "0 cannot be the first line"),
    ],
)
def test_words_that_mean_nothing(word: str, parts: Parts, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        of_words(word, parts)


FIELD = {"name": "a", "description": "", "field_type": "Text", "required": False}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "no object with exactly one key"),
        (None, "no schema"),
        ("Text", '"Text" is no object'),
        ({"Tree": {}}, '"Tree" is no known kind'),
        ({"Map": {"fields": [{"name": "a"}]}}, "description: is missing"),
        ({"Map": {"fields": [{**FIELD, "field_type": "Txt"}]}}, "is not one of"),
        ({"Map": {"fields": [{**FIELD, "requird": True}]}}, r'fields\[0\] has no key "requird"'),
        ({"Text": {"veiwport": {"start_line": 1, "display_lines": 2}}}, 'schema.Text has no key "veiwport"'),
        ({"Text": {"viewport": {"start_line": 1, "display_lines": 0}}}, "0 cannot be the number of lines"),
        ({"List": {"max_items": 0}}, "0 cannot be the most items"),
        ({"Composite": {"sections": [{"name": "a", "schema": {"List": {}}}]}}, "no place for its content"),
    ],
)
def test_schemas_that_are_none(value: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        of_value(value)


def test_a_default_may_have_any_keys() -> None:
    schema = of_value({"Map": {"fields": [{**FIELD, "default": {"anything": [1]}}]}})
    assert isinstance(schema, MapSchema) and schema.fields[0].default == {"anything": [1]}


def test_toml() -> None:
    text = '[[Map.fields]]\nname = "a"\ndescription = ""\nfield_type = "Text"\nrequired = false\n'
    assert of_text(text) == of_value({"Map": {"fields": [FIELD]}})


def test_lines_of_a_viewport() -> None:
    assert designs.viewport("5..8") == Viewport(5, 4)
    for wrong in ("5", "5..", "8..5", "0..4", "a..b", "1..99999999999", "-1..4"):
        with pytest.raises(UsageError):
            designs.viewport(wrong)
