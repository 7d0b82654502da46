"""Set, append and replace: what is written is exactly what was meant, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pattern_cli.errors import AmbiguousError, NotFoundError, RefusedError, UsageError
from pattern_cli.memory.editing import Terms
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.texts import Texts
from pattern_cli.store.constellation import Constellation

COMPOSITE = """{"schema":{"Composite":{"sections":[
  {"name":"notes","schema":{"Text":{}},"description":null,"read_only":false},
  {"name":"sealed","schema":{"Text":{}},"description":null,"read_only":true},
  {"name":"facts","schema":{"Map":{"fields":[]}},"description":null,"read_only":false},
  {"name":"todo","schema":{"List":{"item_schema":null,"max_items":null}},"description":null,"read_only":false}]}}}"""
FREE = Terms(force_limit=True)


@pytest.fixture
def block(
    database: Callable[[str], Path], put_block: Callable[..., str], updates: Callable[..., list[bytes]]
) -> Iterator[Callable[..., Constellation]]:
    """Opens a constellation in which Marlow has a block "b" with that text and that metadata."""
    opened = []

    def put(text: str = "", metadata: str = '{"schema":{"Text":{}}}') -> Constellation:
        path = database("constellations/small.db")
        writes = [lambda doc: doc.get_text("content").insert(0, text)] if text else []
        put_block(path, "b", updates=updates(*writes), metadata=metadata)
        opened.append(Constellation.open(path, "write"))
        return opened[-1]

    yield put
    for constellation in opened:
        constellation.close()


OWNER = "agt_19a6f2c3b40"


def content(constellation: Constellation, root: str = "content") -> str:
    sql = "SELECT loro_snapshot FROM memory_blocks WHERE id = 'mem_test_b'"
    return Loader(constellation).load_as_runtime("mem_test_b", constellation.value(sql)).text(root)


def rows(constellation: Constellation) -> int:
    return int(constellation.value("SELECT count(*) FROM memory_block_updates WHERE block_id = 'mem_test_b'"))


def test_set_makes_the_text_what_was_given(block: Callable[..., Constellation]) -> None:
    constellation = block("old words\n")
    done = Texts(constellation).set(OWNER, "b", "new\r\nwords\x00 ☕ 🌊\n", terms=FREE)
    assert content(constellation) == done.after == "new\r\nwords\x00 ☕ 🌊\n"
    assert Texts(constellation).set(OWNER, "b", "", terms=FREE).after == content(constellation) == ""


def test_the_text_of_an_edit_is_read_back_from_the_file(block: Callable[..., Constellation]) -> None:
    """The upstream editor reported success for text blocks and saved nothing (A.2, D2, M6)."""
    constellation = block()
    assert Texts(constellation).set(OWNER, "b", "saved", terms=FREE).changed
    with Constellation.open(constellation.path) as other:
        assert content(other) == "saved"
        assert other.value("SELECT content_preview FROM memory_blocks WHERE id = 'mem_test_b'") == "saved"


def test_append_adds_and_puts_nothing_between(block: Callable[..., Constellation]) -> None:
    constellation = block("a")
    Texts(constellation).append(OWNER, "b", "b", terms=FREE)
    Texts(constellation).append(OWNER, "b", "c", line=True, terms=FREE)
    Texts(constellation).append(OWNER, "b", "d\n", line=True, terms=FREE)
    assert content(constellation) == "ab\nc\nd\n"


def test_replace_counts_characters_not_bytes(block: Callable[..., Constellation]) -> None:
    constellation = block("🌊🌊 tea שלום tea")
    Texts(constellation).replace(OWNER, "b", "שלום", "ไทย", terms=FREE)
    assert content(constellation) == "🌊🌊 tea ไทย tea"
    Texts(constellation).replace(OWNER, "b", "tea", "coffee, more tea", every=True, terms=FREE)
    assert content(constellation) == "🌊🌊 coffee, more tea ไทย coffee, more tea"


def test_replace_by_a_regular_expression_fills_in_groups(block: Callable[..., Constellation]) -> None:
    constellation = block("1. tea\n2. rain\n")
    Texts(constellation).replace(OWNER, "b", r"^(\d)\. (?P<w>\w+)$", r"\g<w>: \1", every=True, regex=True, terms=FREE)
    assert content(constellation) == "tea: 1\nrain: 2\n"


@pytest.mark.parametrize(
    ("old", "new", "regex", "error", "said"),
    [
        ("coffee", "x", False, NotFoundError, "does not stand in the text"),
        ("TEA", "x", False, NotFoundError, "does not stand in the text"),
        ("tea", "x", False, AmbiguousError, r"stands 3 times in the text \(lines 1, 2\)"),
        ("", "x", False, UsageError, "is empty"),
        ("(", "x", True, UsageError, "is no regular expression"),
        ("rain", r"\3", True, UsageError, "cannot be filled in"),
        (".*", "", True, AmbiguousError, "times in the text"),
    ],
)
def test_replace_writes_nothing_unless_it_is_clear(
    block: Callable[..., Constellation], old: str, new: str, regex: bool, error: type[Exception], said: str
) -> None:
    constellation = block("tea tea\nrain tea")
    with pytest.raises(error, match=said):
        Texts(constellation).replace(OWNER, "b", old, new, regex=regex, terms=FREE)
    assert (content(constellation), rows(constellation)) == ("tea tea\nrain tea", 1)


def test_a_dot_of_a_plain_text_is_a_dot(block: Callable[..., Constellation]) -> None:
    constellation = block(r"a.b axb \1")
    Texts(constellation).replace(OWNER, "b", "a.b", r"\1", terms=FREE)
    assert content(constellation) == r"\1 axb \1"


def test_a_section_has_its_own_text(block: Callable[..., Constellation]) -> None:
    """Agents write the block's own roots for sections, and swap name and text (M3, M5)."""
    constellation = block("stray", COMPOSITE)
    constellation.connection.execute("UPDATE memory_blocks SET permission = 'read_only' WHERE id = 'mem_test_b'")
    done = Texts(constellation).set(OWNER, "b", "likes rain", section="notes", terms=FREE)
    assert "=== notes ===\n\nlikes rain" in done.after
    assert (content(constellation, "section_notes_content"), content(constellation)) == ("likes rain", "stray")
    with pytest.raises(RefusedError, match='the section "sealed" is read-only'):
        Texts(constellation).set(OWNER, "b", "x", section="sealed", terms=FREE)
    Texts(constellation).set(OWNER, "b", "x", section="sealed", terms=Terms(as_admin=True))
    assert content(constellation, "section_sealed_content") == "x"


@pytest.mark.parametrize(
    ("section", "error", "said"),
    [
        (None, UsageError, "has sections, no text"),
        ("note", NotFoundError, 'has no section "note"'),
        ("facts", UsageError, "holds named fields, no text"),
        ("todo", UsageError, "the runtime has no place for its content"),
    ],
)
def test_what_is_no_text_is_said(
    block: Callable[..., Constellation], section: str | None, error: type[Exception], said: str
) -> None:
    constellation = block("", COMPOSITE)
    with pytest.raises(error, match=said):
        Texts(constellation).append(OWNER, "b", "x", section=section, terms=FREE)
    assert rows(constellation) == 0


@pytest.mark.parametrize(
    ("permission", "may_append", "may_set"),
    [("read_only", False, False), ("human", False, False), ("append", True, False), ("read_write", True, True)],
)
def test_each_command_asks_its_own_permission(
    block: Callable[..., Constellation], permission: str, may_append: bool, may_set: bool
) -> None:
    constellation = block("tea")
    constellation.connection.execute("UPDATE memory_blocks SET permission = ?", (permission,))
    texts = Texts(constellation)
    for allowed, act in (
        (may_append, lambda: texts.append(OWNER, "b", "!", terms=FREE)),
        (may_set, lambda: texts.replace(OWNER, "b", "t", "s", terms=FREE)),
        (may_set, lambda: texts.set(OWNER, "b", "sea", terms=FREE)),
    ):
        if allowed:
            act()
        else:
            with pytest.raises(RefusedError, match=f"permission is {permission}"):
                act()


def test_a_received_block_is_found_and_its_share_counts(block: Callable[..., Constellation]) -> None:
    constellation = block("tea")
    constellation.connection.execute(
        """INSERT INTO shared_block_agents SELECT 'mem_test_b', id, 'append', '2026-01-08T19:02:18+00:00'
           FROM agents WHERE name = 'Juniper'"""
    )
    constellation.connection.execute("UPDATE memory_blocks SET permission = 'read_only' WHERE id = 'mem_test_b'")
    assert Texts(constellation).append("Juniper", "b", "!", terms=FREE).owner == "Marlow"
    with pytest.raises(RefusedError, match="the permission that Juniper has for it is append"):
        Texts(constellation).set("Juniper", "b", "x", terms=FREE)
    assert content(constellation) == "tea!"


@pytest.mark.parametrize(("owner", "label"), [("_constellation_", "commons"), ("Harbor Crew", "crew_board")])
def test_groups_and_the_constellation_own_blocks_too(
    block: Callable[..., Constellation], owner: str, label: str
) -> None:
    assert Texts(block()).append(owner, label, "!", terms=Terms(True, True)).after.endswith("!")
