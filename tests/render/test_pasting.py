"""What is shown to be pasted works on the database that was meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pattern_cli.render.pasting import database, pasteable


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    database(None)


@pytest.mark.parametrize(
    ("text", "pasted"),
    [
        ("`pattern agents list` shows all", "`pattern --db lab.db agents list` shows all"),
        ("did you mean X? `pattern memory list X` shows", "did you mean X? `pattern --db lab.db memory list X` shows"),
        ("`pattern backup` or `pattern db info`", "`pattern --db lab.db backup` or `pattern --db lab.db db info`"),
        ("no agents yet → pattern import ARCHIVE", "no agents yet → pattern --db lab.db import ARCHIVE"),
        ("`pattern init lab.db` creates one", "`pattern init lab.db` creates one"),
        ("`pattern agents list --help` shows how", "`pattern agents list --help` shows how"),
        ("`pattern --help` shows how", "`pattern --help` shows how"),
        ("the pattern of a group", "the pattern of a group"),
    ],
)
def test_commands_carry_the_database(text: str, pasted: str) -> None:
    assert pasteable(text) == text
    database("lab.db")
    assert pasteable(text) == pasted


def test_a_path_is_quoted_for_the_shell() -> None:
    database("my lab.db")
    assert pasteable("`pattern db info`") == "`pattern --db 'my lab.db' db info`"
    database("")
    assert pasteable("`pattern db info`") == "`pattern --db '' db info`"
