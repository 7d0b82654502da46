"""Where things are stored: every place that the runtime writes, and words for everything else."""

from __future__ import annotations

from typing import Any

import pytest

from pattern_cli.errors import NotFoundError, RefusedError, UsageError
from pattern_cli.memory.documents import Document
from pattern_cli.memory.places import Place, field_place, list_place, log_of, section_of, text_place
from pattern_cli.memory.schemas import Schema, parse


def schema(value: Any) -> Schema:
    found, remark = parse({"schema": value})
    assert remark is None
    return found


def field(name: str, kind: str, read_only: bool = False) -> dict[str, Any]:
    shape = {"name": name, "description": "", "field_type": kind, "required": False, "default": None}
    return {**shape, "read_only": read_only}


TEXT, LIST = schema({"Text": {}}), schema({"List": {}})
LOG = schema({"Log": {"display_limit": 1, "entry_schema": {"timestamp": True, "agent_id": True, "fields": []}}})
MAP = schema({"Map": {"fields": [field("a", "Text"), field("l", "List", True), field("c", "Counter")]}})
COMPOSITE = schema(
    {
        "Composite": {
            "sections": [
                {"name": "notes", "schema": {"Text": {}}, "read_only": True},
                {"name": "card", "schema": {"Map": {"fields": [field("x", "Text"), field("n", "Counter")]}}},
            ]
        }
    }
)


def roots(place: Place) -> tuple[str, str, str | None]:
    return place.root, place.kind, place.key


def test_every_place_that_the_runtime_writes() -> None:
    document = Document()
    assert roots(text_place(TEXT, None, "b")) == ("content", "text", None)
    assert roots(text_place(COMPOSITE, "notes", "b")) == ("section_notes_content", "text", None)
    assert roots(field_place(MAP, document, "a", None, "b")) == ("fields", "map", "a")
    assert roots(field_place(MAP, document, "l", None, "b")) == ("list_l", "list", None)
    assert roots(field_place(MAP, document, "c", None, "b")) == ("counter_c", "counter", None)
    assert roots(field_place(COMPOSITE, document, "card.x", None, "b")) == ("section_card_fields", "map", "x")
    assert roots(list_place(LIST, None, "b")) == ("items", "list", None)
    assert roots(list_place(MAP, "l", "b")) == ("list_l", "list", None)
    assert log_of(LOG, "b") is LOG


def test_locks_are_named_and_opened_by_an_administrator() -> None:
    for place, what in (
        (text_place(COMPOSITE, "notes", "b"), 'the section "notes"'),
        (list_place(MAP, "l", "b"), 'the field "l"'),
    ):
        place.unlock("b", as_admin=True)
        with pytest.raises(RefusedError, match=f"{what} is read-only"):
            place.unlock("b", as_admin=False)


def test_stored_and_new_names_have_places_too() -> None:
    document = Document()
    document.put("fields", "stray", 1)
    document.put("section_card_fields", "stray", 1)
    assert field_place(MAP, document, "stray", None, "b").field is None
    assert roots(field_place(COMPOSITE, document, "stray", "card", "b"))[0] == "section_card_fields"
    assert roots(field_place(COMPOSITE, document, "new", "card", "b", new_field=True))[2] == "new"
    with pytest.raises(NotFoundError) as caught:
        field_place(MAP, document, "strey", None, "b", way_out="and so on")
    assert caught.value.hint == "did you mean stray? and so on"


@pytest.mark.parametrize("found", [TEXT, LIST, LOG, MAP, COMPOSITE])
def test_everything_else_is_said(found: Schema) -> None:
    places = {
        "text": lambda: text_place(found, None, "Juniper/b"),
        "field": lambda: field_place(found, Document(), "nowhere.at.all", None, "Juniper/b"),
        "list": lambda: list_place(found, None, "Juniper/b"),
        "log": lambda: log_of(found, "Juniper/b"),
        "section": lambda: section_of(found, "nowhere", "Juniper/b"),
    }
    own = {TEXT: "text", LIST: "list", LOG: "log"}.get(found)
    for name, place in places.items():
        if name == own:
            place()
        else:
            with pytest.raises((UsageError, NotFoundError)) as caught:
                place()
            assert "Juniper/b" in caught.value.message and caught.value.hint
