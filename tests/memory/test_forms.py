"""A block in an editor: whole, in a form that loses nothing, and stored only where it was changed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import loro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.errors import ConflictError, IntegrityError, NotFoundError, RefusedError, SchemaError, UsageError
from pattern_cli.memory.editing import Editor, Terms
from pattern_cli.memory.forms import Forms, _toml
from pattern_cli.memory.values import equal
from pattern_cli.store.constellation import Constellation

ADMIN = Terms(as_admin=True, force_limit=True)
Make = Callable[..., Any]


def field(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "description": f"the {name}", "field_type": kind, "required": False, "default": None}


MAP: Any = {"Map": {"fields": [field("name", "Text"), field("likes", "List"), field("energy", "Counter")]}}
LIST: Any = {"List": {"item_schema": None, "max_items": None}}
LOG: Any = {"Log": {"display_limit": 1, "entry_schema": {"timestamp": False, "agent_id": False, "fields": []}}}


def blocks(constellation: Constellation) -> list[tuple[str, str]]:
    sql = "SELECT agent_id, label FROM memory_blocks WHERE is_active = 1 AND label NOT LIKE 'damaged%' ORDER BY id"
    return list(constellation.rows(sql))


def test_no_block_is_written_when_nothing_was_changed(small: Constellation) -> None:
    newest = small.value("SELECT max(id) FROM memory_block_updates")
    healed = 0
    seen = {"text": 0, "toml": 0, "json": 0}
    for owner, label in blocks(small):
        form = Forms(small).open(owner, label, terms=ADMIN)
        seen[form.language] += 1
        done = Forms(small).store(form, form.text, terms=ADMIN)
        assert done.changed == done.healed, label
        healed += done.healed
    assert all(seen.values())
    assert small.value("SELECT count(*) FROM memory_block_updates WHERE id > ?", (newest,)) == healed


def test_a_text_comes_whole_whatever_agents_see_of_it(make: Make) -> None:
    """The runtime's editor gets the lines of the viewport, and stores them for the whole text (§3, M18)."""
    text = "".join(f"line {number}\r\n" for number in range(100)) + "no end"
    made = make(
        {"Text": {"viewport": {"start_line": 5, "display_lines": 2}}},
        lambda doc: doc.get_text("content").insert(0, text),
    )
    form = Forms(made.constellation).open(made.owner, "b")
    assert (form.text, form.language, form.suffix) == (text, "text", ".md")
    Forms(made.constellation).store(form, text.replace("line 50", "LINE 50"), terms=ADMIN)
    assert made.document.text("content") == text.replace("line 50", "LINE 50")


def test_a_form_is_toml_with_what_has_no_value_as_a_remark(make: Make) -> None:
    made = make(MAP, lambda doc: doc.get_map("fields").insert("name", "two\nlines"))
    form = Forms(made.constellation).open(made.owner, "b")
    assert form.language == "toml" and form.text == (
        "# Marlow/b: lines that begin with # are not stored.\n# fields without a value: likes (List: the likes)\n\n"
        'name = """\ntwo\nlines"""\nenergy = 0\n'
    )
    edited = form.text.replace("energy = 0", 'energy = 4\nlikes = ["tea", 1979-05-27T07:32:00Z]')
    Forms(made.constellation).store(form, edited)
    assert made.document.deep() == {
        "fields": {"name": "two\nlines"},
        "counter_energy": 4.0,
        "list_likes": ["tea", "1979-05-27T07:32:00+00:00"],
    }


def test_nulls_need_json(make: Make) -> None:
    made = make(LIST, lambda doc: doc.get_list("items").push({"k": None}))
    form = Forms(made.constellation).open(made.owner, "b")
    assert (form.language, json.loads(form.text)) == ("json", {"items": [{"k": None}]})
    with pytest.raises(UsageError, match="holds nulls, which TOML cannot say"):
        Forms(made.constellation).open(made.owner, "b", "toml")
    Forms(made.constellation).store(form, '{"items": [{"k": null}, 2.0]}')
    assert equal(made.document.list("items"), [{"k": None}, 2.0])


def test_the_language_can_be_chosen(make: Make) -> None:
    made = make(LIST, lambda doc: doc.get_list("items").push("é"))
    assert Forms(made.constellation).open(made.owner, "b", "json").text == '{\n  "items": [\n    "é"\n  ]\n}\n'
    text = make({"Text": {}})
    with pytest.raises(UsageError, match="holds a text"):
        Forms(text.constellation).open(text.owner, "b", "json")


def test_a_log_is_not_doubled(make: Make) -> None:
    """Upstream clears the root `items` and appends all entries to `entries` once more (M5)."""
    made = make(LOG, lambda doc: doc.get_list("entries").push("a"), lambda doc: doc.get_list("entries").push("b"))
    form = Forms(made.constellation).open(made.owner, "b")
    Forms(made.constellation).store(form, form.text.replace('"b"', '"b", "c"'))
    assert made.document.deep() == {"entries": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("items = [", "the edited text is no TOML"),
        ("items = 1\nitems = 2", "the edited text is no TOML"),
        ("items = [nan]", "no number that can be stored"),
        ("items = [18446744073709551616]", "beyond 64 bits"),
        ("itmes = []", 'no place for "itmes"'),
        ("items = 1", "is a list"),
        ("items = " + "[" * 70 + "]" * 70, "nested more than"),
        ("items = " + "[" * 140 + "]" * 140, "nested too deeply"),
    ],
)
def test_what_cannot_be_stored_is_refused(make: Make, text: str, said: str) -> None:
    made = make(LIST, lambda doc: doc.get_list("items").push("a"))
    form = Forms(made.constellation).open(made.owner, "b")
    with pytest.raises(UsageError, match=said):
        Forms(made.constellation).store(form, text)
    assert made.rows == 1


@pytest.mark.parametrize("text", ["[]", "{", '{"items":[],"items":[]}', '{"items":[NaN]}', "[" * 100_000])
def test_what_is_no_object_is_refused(make: Make, text: str) -> None:
    made = make(LIST, lambda doc: doc.get_list("items").push("a"))
    form = Forms(made.constellation).open(made.owner, "b", "json")
    with pytest.raises(UsageError, match="the edited text is"):
        Forms(made.constellation).store(form, text)
    assert made.rows == 1


@pytest.mark.parametrize("schema", [{"Text": {}}, LIST])
def test_a_block_that_was_changed_meanwhile_is_left_alone(make: Make, schema: Any) -> None:
    made = make(schema, lambda doc: (doc.get_text("content").insert(0, "a"), doc.get_list("items").push("a")))
    form = Forms(made.constellation).open(made.owner, "b")

    def theirs(document: Any, _: Any) -> None:
        document.append_text("content", "theirs")
        document.insert_item("items", 0, "theirs")

    Editor(made.constellation).edit(made.id, theirs, "manual:test", None)
    with pytest.raises(ConflictError, match=r"Marlow/b was changed meanwhile"):
        Forms(made.constellation).store(form, form.text.replace('"a"', '"b"') + "\n")
    assert made.rows == 2


def test_a_schema_that_was_changed_meanwhile_is_a_conflict(make: Make) -> None:
    for before, after in ((LIST, MAP), (LIST, {"Text": {}}), ({"Text": {}}, LIST)):
        made = make(before, lambda doc: doc.get_list("items").push("a"))
        form = Forms(made.constellation).open(made.owner, "b")
        made.set("metadata", json.dumps({"schema": after}))
        with pytest.raises(ConflictError):
            Forms(made.constellation).store(form, form.text + "\n")


def test_the_permission_counts_for_what_was_done(make: Make) -> None:
    made = make({"Text": {}}, lambda doc: doc.get_text("content").insert(0, "tea"), permission="append")
    form = Forms(made.constellation).open(made.owner, "b")
    with pytest.raises(RefusedError, match="changing Marlow/b is not allowed"):
        Forms(made.constellation).store(form, "sea")
    assert Forms(made.constellation).store(form, "tea time").changed


def test_what_could_never_be_stored_is_said_before_anybody_types(make: Make) -> None:
    made = make({"Text": {}}, permission="read_only")
    with pytest.raises(RefusedError, match="its permission is read_only"):
        Forms(made.constellation).open(made.owner, "b")
    assert Forms(made.constellation).open(made.owner, "b", terms=Terms(as_admin=True)).text == ""
    made.set("loro_snapshot", b"junk")
    with pytest.raises(IntegrityError, match="cannot be changed"):
        Forms(made.constellation).open(made.owner, "b", terms=ADMIN)
    made.set("is_active", 0)
    with pytest.raises(RefusedError, match="is deleted"):
        Forms(made.constellation).open(made.owner, "b", terms=ADMIN)


def test_a_preview_of_an_archive_is_the_text(make: Make) -> None:
    made = make({"Text": {}})
    made.set("content_preview", "all that is left")
    form = Forms(made.constellation).open(made.owner, "b")
    done = Forms(made.constellation).store(form, form.text + "!")
    assert (form.text, done.after, done.preview_adopted) == ("all that is left", "all that is left!", True)


def test_waiting_updates_are_healed_and_kept(make: Make, updates: Callable[..., list[bytes]]) -> None:
    """What the runtime's undo hid must not be taken for something that the person removed (M7)."""
    made = make(LIST, *(lambda doc, n=n: doc.get_list("items").push(n) for n in range(3)))
    made.constellation.connection.execute(
        "UPDATE memory_block_updates SET is_active = 0 WHERE seq = 2 AND block_id = ?", (made.id,)
    )
    form = Forms(made.constellation).open(made.owner, "b")
    assert tomllib.loads(form.text) == {"items": [0, 2]}
    done = Forms(made.constellation).store(form, "items = [0, 2, 3]", terms=ADMIN)
    assert done.healed and made.document.list("items") == [0, 2, 3]


def test_a_new_field_needs_a_word(make: Make) -> None:
    made = make(MAP)
    form = Forms(made.constellation).open(made.owner, "b")
    with pytest.raises(NotFoundError, match='no field "nmae"'):
        Forms(made.constellation).store(form, form.text + 'nmae = "x"\n')
    assert Forms(made.constellation).store(form, form.text + 'nmae = "x"\n', new_field=True).changed


def test_received_blocks_are_edited_under_the_share(make: Make) -> None:
    made = make({"Text": {}}, lambda doc: doc.get_text("content").insert(0, "tea"), permission="read_only")
    made.share("Juniper", "append")
    form = Forms(made.constellation).open("Juniper", "b")
    assert Forms(made.constellation).store(form, "tea!").changed


def test_an_older_schema_is_said_first(read_only: Callable[[str], Path]) -> None:
    with Constellation.open(read_only("versions/0012.db")) as constellation:
        owner, label = next(constellation.rows("SELECT agent_id, label FROM memory_blocks LIMIT 1"))
        with pytest.raises(SchemaError):
            Forms(constellation).open(owner, label)


def test_a_dry_run_writes_nothing(make: Make) -> None:
    made = make(LIST, lambda doc: doc.get_list("items").push("a"))
    form = Forms(made.constellation).open(made.owner, "b")
    done = Forms(made.constellation).store(form, "items = []", terms=Terms(dry_run=True))
    assert (done.changed, done.seq, made.rows) == (True, None, 1)


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_toml_says_everything_but_nulls(value: dict[str, Any]) -> None:
    written = _toml(value)
    assert written is not None and equal(tomllib.loads(written), value)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(VALUES | st.none(), max_size=5), st.lists(VALUES | st.none(), max_size=5))
def test_any_list_is_shown_and_stored_exactly(make_once: Any, before: list[Any], after: list[Any]) -> None:
    made = make_once
    Editor(made.constellation).edit(made.id, _become(before), "manual:test", None, ADMIN)
    form = Forms(made.constellation).open(made.owner, "b", "json")
    assert equal(json.loads(form.text), {"items": before})
    Forms(made.constellation).store(form, json.dumps({"items": after}), terms=ADMIN)
    assert equal(made.document.list("items"), after)


@pytest.fixture
def make_once(make: Make) -> Any:
    return make(LIST)


def _become(items: list[Any]) -> Callable[[Any, Any], None]:
    def change(document: Any, _: Any) -> None:
        count = len(document.list("items"))
        if count:
            document.remove_items("items", 0, count)
        for index, item in enumerate(items):
            document.insert_item("items", index, item)

    return change


def test_a_form_of_containers_keeps_them(make: Make) -> None:
    made = make(LIST, lambda doc: doc.get_list("items").push_container(loro.LoroMap()).insert("deep", 1))
    form = Forms(made.constellation).open(made.owner, "b")
    Forms(made.constellation).store(form, form.text.replace("]", '"new"]'))
    assert made.document.roots()["items"]["list"] == [{"deep": 1}, "new"]
