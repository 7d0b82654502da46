"""What a label may be, and which are taken."""

from __future__ import annotations

import pytest

from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.memory.labels import checked, confusions, require_free
from pattern_cli.memory.sharing import Owner, Owners
from pattern_cli.store.constellation import Constellation


@pytest.fixture
def juniper(small: Constellation) -> Owner:
    return Owners(small).of(small.value("SELECT id FROM agents WHERE name = 'Juniper'"))


@pytest.mark.parametrize("label", ["persona", "file:ab12cd34:src/x.rs", "שלום", "👩‍👩‍👧", "a b", "<b>", '"', "*"])
def test_nearly_every_text_is_a_label(label: str) -> None:
    assert checked(label) == label


@pytest.mark.parametrize("label", ["", "  ", " a", "a\n", "a\tb", "a\x00b", "a\x7f", "a\u2028b", "\u202eabc", "\ud800"])
def test_what_cannot_be_seen_is_none(label: str) -> None:
    with pytest.raises(UsageError):
        checked(label)


def test_a_label_is_taken(small: Constellation, juniper: Owner) -> None:
    with pytest.raises(ConflictError, match='"Juniper" has a block "persona" already'):
        require_free(small, juniper, "persona")
    require_free(small, juniper, "persona2")
    require_free(small, juniper, "Persona")
    id = small.value("SELECT id FROM memory_blocks WHERE label = 'persona'")
    require_free(small, juniper, "persona", besides=id)


def test_a_deleted_block_keeps_its_label(small: Constellation, juniper: Owner) -> None:
    with pytest.raises(ConflictError, match='deleted block "retired"') as error:
        require_free(small, juniper, "retired")
    for way in ("restore", "purge", "meta"):
        assert f'`pattern memory {way} "Juniper" "retired"' in (error.value.hint or "")


@pytest.mark.parametrize("label", ["Persona", "PERSONA", "ｐersona"])
def test_what_looks_the_same_is_told(small: Constellation, juniper: Owner, label: str) -> None:
    assert confusions(small, juniper, label) == [
        '"Juniper" also has a block "persona", which differs only in its spelling'
    ]


def test_a_received_block_of_that_label_is_told(small: Constellation, juniper: Owner) -> None:
    assert confusions(small, juniper, "crew_board") == [
        '"Juniper" also receives a block "crew_board", from "Harbor Crew"'
    ]
    assert confusions(small, juniper, "anything") == []
