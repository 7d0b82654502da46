"""Permissions and types as people write them."""

from __future__ import annotations

import pytest

from pattern_cli.errors import UsageError
from pattern_cli.memory.blocks import BLOCK_TYPES
from pattern_cli.memory.sharing import PERMISSIONS
from pattern_cli.memory.words import block_type, permission


@pytest.mark.parametrize("word", PERMISSIONS)
def test_every_permission_is_its_own_word(word: str) -> None:
    assert permission(word) == permission(word.upper()) == permission(word.replace("_", "-")) == word


@pytest.mark.parametrize(
    ("word", "stored"),
    [
        ("readonly", "read_only"),
        ("ReadWrite", "read_write"),
        ("Read Only", "read_only"),
        ("ro", "read_only"),
        ("rw", "read_write"),
        (" append ", "append"),
    ],
)
def test_other_spellings(word: str, stored: str) -> None:
    assert permission(word) == stored


def test_types() -> None:
    assert [block_type(word.title()) for word in BLOCK_TYPES] == list(BLOCK_TYPES)
    assert block_type("recall") == "archival"


def test_the_nearest_is_offered() -> None:
    with pytest.raises(UsageError, match='"reed_only" is no permission') as error:
        permission("reed_only")
    assert error.value.hint and error.value.hint.startswith("did you mean read_only?")
    with pytest.raises(UsageError, match='"" is no type of a block'):
        block_type("")
