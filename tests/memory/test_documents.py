"""Loro documents: what is read, what is pending, what is refused."""

from __future__ import annotations

import math
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import loro
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pattern_cli
from pattern_cli.errors import IntegrityError
from pattern_cli.memory.documents import Document, Nested, empty_snapshot, is_root_name, text_update

Made = Callable[..., Any]
I64 = st.integers(-(2**63), 2**63 - 1)
SCALARS = st.none() | st.booleans() | I64 | st.floats(allow_nan=False) | st.text(max_size=12) | st.binary(max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def test_zero_bytes_are_an_empty_document() -> None:
    assert Document.load(b"").deep() == {}


def test_updates_follow_the_snapshot_in_their_order(snapshot: Made, updates: Made, type_text: Made) -> None:
    first, second = updates(type_text("one "), type_text("two"))

    assert Document.load(b"", [first, second]).text("content") == "one two"


def test_an_update_without_its_dependency_is_pending_and_invisible(updates: Made, type_text: Made) -> None:
    _, second, third = updates(type_text("one "), type_text("two "), type_text("three"))

    document = Document.load(empty_snapshot(), [second, third])

    assert (document.pending, document.text("content")) == ((True, True), "")


def test_a_later_blob_with_the_dependency_ends_the_waiting(updates: Made, type_text: Made) -> None:
    first, second = updates(type_text("one "), type_text("two"))
    document = Document.load(b"", [second])

    document.merge(first)

    assert (document.pending, document.text("content")) == ((False,), "one two")


def test_an_update_that_arrives_before_its_dependency_is_not_pending_in_the_end(updates: Made, type_text: Made) -> None:
    first, second = updates(type_text("one "), type_text("two"))

    assert Document.load(b"", [second, first]).pending == (False, False)


def test_reading_a_missing_root_does_not_make_it_appear() -> None:
    document = Document.load(b"")

    assert (document.text("content"), document.map("fields"), document.list("items"), document.counter("c")) == (
        "",
        {},
        [],
        0.0,
    )
    assert (document.deep(), document.roots()) == ({}, {})


def test_two_roots_of_one_name_are_both_found(snapshot: Made) -> None:
    document = Document.load(
        snapshot(lambda d: d.get_text("content").insert(0, "words"), lambda d: d.get_map("content").insert("k", 1))
    )

    assert document.roots() == {"content": {"text": "words", "map": {"k": 1}}}
    assert (document.text("content"), document.map("content")) == ("words", {"k": 1})


def test_every_kind_of_root_is_found(snapshot: Made) -> None:
    document = Document.load(
        snapshot(
            lambda d: d.get_counter("counter_c").increment(2.5),
            lambda d: d.get_movable_list("moved").push("m"),
            lambda d: d.get_tree("tree").create(),
        )
    )

    roots = document.roots()
    assert roots["counter_c"] == {"counter": 2.5}
    assert roots["moved"] == {"movable_list": ["m"]}
    assert set(roots["tree"]) == {"tree"}


def test_containers_inside_a_root_are_told_apart_from_values(snapshot: Made) -> None:
    def nest(doc: Any) -> None:
        doc.get_map("fields").insert("plain", {"a": 1})
        doc.get_map("fields").insert_container("inner", loro.LoroText()).insert(0, "deep")
        doc.get_list("items").push(1)
        doc.get_list("items").push_container(loro.LoroMap()).insert("x", 2)

    document = Document.load(snapshot(nest))

    assert document.map("fields") == {"plain": {"a": 1}, "inner": Nested("deep")}
    assert document.list("items") == [1, Nested({"x": 2})]


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (b"junk", "it is no Loro data"),
        (b"loro" + bytes(30), "it is of a Loro version that this program cannot read"),
        ("text", "it is not stored as bytes"),
        (None, "it is not stored as bytes"),
        (7, "it is not stored as bytes"),
        (b"", "it is no Loro data"),
    ],
)
def test_what_is_no_update_is_refused_with_its_reason(blob: Any, reason: str) -> None:
    with pytest.raises(IntegrityError, match=reason):
        Document.load(b"", [blob])


def test_a_changed_byte_is_noticed(snapshot: Made, type_text: Made) -> None:
    blob = bytearray(snapshot(type_text("some words")))
    blob[-20] ^= 1

    with pytest.raises(IntegrityError, match="the snapshot: its checksum is wrong"):
        Document.load(bytes(blob))


def test_salvage_keeps_what_can_be_read(updates: Made, type_text: Made) -> None:
    first, second = updates(type_text("one "), type_text("two"))

    document = Document.salvage(b"junk", [first, b"junk", second])

    assert document.text("content") == "one two"
    assert [failure.index for failure in document.failures] == [None, 1]


def test_loro_says_nothing_on_standard_error_about_impossible_names() -> None:
    program = """
from pattern_cli.memory.documents import Document
document = Document.load(b"")
for name in ("", "a/b", "a" + chr(0)):
    assert (document.text(name), document.map(name), document.list(name), document.counter(name)) == ("", {}, [], 0.0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)

    assert done.stderr == b""


@pytest.mark.parametrize(("name", "possible"), [("a", True), ("", False), ("a/b", False), ("\0", False), ("ä b", True)])
def test_root_names(name: str, possible: bool) -> None:
    assert is_root_name(name) is possible


@given(st.text())
def test_a_text_update_brings_the_text_and_its_version(text: str) -> None:
    update, version = text_update(text)

    document = Document.load(b"", [update])

    assert (document.text("content"), document.version) == (text, version)


def test_a_text_with_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(IntegrityError):
        text_update("\ud800")


def test_an_empty_snapshot_is_the_81_bytes_of_the_runtime() -> None:
    assert len(empty_snapshot()) == 81


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=5), st.lists(VALUES, max_size=5), st.text(max_size=20))
def test_any_document_reads_as_loro_holds_it(fields: dict[str, Any], items: list[Any], text: str) -> None:
    doc = loro.LoroDoc()
    for key, value in fields.items():
        doc.get_map("fields").insert(key, value)
    for value in items:
        doc.get_list("items").push(value)
    doc.get_text("content").insert(0, text)
    doc.commit()

    document = Document.load(doc.export(loro.ExportMode.Snapshot()))

    assert document.map("fields") == fields
    assert document.list("items") == items
    assert document.text("content") == text
    wanted = {"fields": fields, "items": items, "content": text}
    assert {name: value for name, value in document.deep().items() if value} == {k: v for k, v in wanted.items() if v}


def test_integers_beyond_64_bits_become_floats_and_odd_floats_stay(snapshot: Made) -> None:
    def write(doc: Any) -> None:
        for key, value in (("big", 2**70), ("nan", math.nan), ("inf", math.inf), ("zero", -0.0)):
            doc.get_map("fields").insert(key, value)

    fields = Document.load(snapshot(write)).map("fields")

    assert fields["big"] == float(2**70)
    assert math.isnan(fields["nan"])
    assert (fields["inf"], math.copysign(1, fields["zero"])) == (math.inf, -1)


def test_versions_are_compared_by_what_they_hold(updates: Made, type_text: Made) -> None:
    mine, other = updates(type_text("a"))[0], updates(type_text("b"))[0]

    one, two = Document.load(b"", [mine, other]), Document.load(b"", [other, mine])

    assert one.same_version(two)
    assert not one.same_version(Document.load(b"", [mine]))


def test_no_other_module_touches_loro() -> None:
    package = Path(pattern_cli.__file__).parent
    users = [file for file in package.rglob("*.py") if re.search(r"^\s*(import|from) loro\b", file.read_text(), re.M)]

    assert [file.relative_to(package).as_posix() for file in users] == ["memory/documents.py"]


@pytest.mark.parametrize(("letters", "count"), [("abcdefgh ", 40_000), ("ab\n", 300_000)])
def test_texts_with_little_in_common_are_set_in_time(letters: str, count: int) -> None:
    chance = random.Random(1)
    one, other = ("<" + "".join(chance.choices(letters, k=count)) + "☕>" for _ in range(2))
    document = Document()
    document.set_text("content", one)
    begin = time.monotonic()
    document.set_text("content", other)
    assert document.text("content") == other and time.monotonic() - begin < 5
