"""Names that fit on a line, and texts that UTF-8 can hold."""

from __future__ import annotations

import pytest

from pattern_cli.errors import UsageError
from pattern_cli.store.naming import require_name, require_text


@pytest.mark.parametrize("name", ["Juniper", "Quill ツ שלום", "a b", "-x", "👩‍🚀", "ß.1"])
def test_what_is_a_name(name: str) -> None:
    assert require_name(name, "the name") == name


@pytest.mark.parametrize(
    "name", ["", " ", "\t", "a\nb", "a\x00", "a\x1b[31m", "a\u202eb", "a\u2028b", "\x9b", "a\ufeff"]
)
def test_what_is_none(name: str) -> None:
    with pytest.raises(UsageError, match=r"the name (is empty|holds a control character)"):
        require_name(name, "the name")


@pytest.mark.parametrize("value", ["\udcff", "a\ud800"])
def test_text_is_utf8(value: str) -> None:
    with pytest.raises(UsageError, match="no UTF-8"):
        require_name(value, "the name")


@pytest.mark.parametrize("value", [None, 5, b"x"])
def test_text_is_text(value: object) -> None:
    with pytest.raises(UsageError, match="the name is no text"):
        require_text(value, "the name")  # type: ignore[arg-type]


def test_text_may_be_anything_else() -> None:
    assert require_text("a\nb\x00\x1b", "it") == "a\nb\x00\x1b"
