"""Memory for scripts: the verbs of `pattern memory`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pattern_cli.errors import ConflictError, NotFoundError
from pattern_cli.memory.creation import NewBlock
from pattern_cli.memory.editing import Terms
from pattern_cli.memory.service import Memory
from pattern_cli.memory.settings import Wanted
from pattern_cli.store.constellation import Constellation


@pytest.fixture
def memory(small: Constellation) -> Iterator[Memory]:
    yield Memory(small)


def test_a_change_goes_back_and_forth(memory: Memory) -> None:
    before = memory.show("Juniper", "persona", text_as="raw").text
    (undone,) = memory.undo("Juniper", "persona")
    assert undone.after == memory.show("Juniper/persona", text_as="raw").text != before
    assert memory.redo("Juniper/persona")[0].after == before
    assert memory.revert("30", "Juniper", "persona").changed is False
    assert [row.action for row in memory.history("Juniper", "persona", limit=3)] == ["redo", "undo", "edit"]


def test_the_past_is_seen(memory: Memory) -> None:
    assert memory.at("29", "Juniper", "persona").text != memory.at("30", "Juniper", "persona").text
    assert (
        memory.diff("29..30", "Juniper", "persona", unit="words").pieces
        == memory.diff("", "Juniper/persona", unit="words").pieces
    )
    assert memory.blame("Juniper", "persona")[0].source == "agent"


def test_folding_keeps_the_text(memory: Memory) -> None:
    before = memory.show("Juniper", "persona").text
    assert memory.checkpoint("Juniper", "persona").checkpoints == 1
    assert memory.compact("Juniper", "persona", dry_run=True).dry_run
    assert memory.compact("Juniper", "persona").updates == 30
    assert memory.show("Juniper", "persona").text == before
    with pytest.raises(ConflictError, match="nothing to undo"):
        memory.undo("Juniper", "persona", terms=Terms(as_admin=True))


def test_a_block_from_its_beginning_to_its_end(memory: Memory) -> None:
    made = memory.create("Juniper", "plan", NewBlock(content="a plan"))
    memory.settings.change("Juniper", "plan", Wanted(permission="admin", label="plans"))
    memory.grants.share("Juniper", "plans", ["Marlow"])
    assert ("plans", "Marlow") in [(row.label, row.receiver) for row in memory.shared("Marlow")]
    assert not memory.removal.delete("Juniper", "plans").is_active
    assert memory.removal.restore("Juniper", "plans").is_active
    assert memory.removal.purge(memory.removal.plan("Juniper/plans")).id == made.id
    with pytest.raises(NotFoundError):
        memory.show("Juniper", "plans")


def test_an_unknown_block_is_named(memory: Memory) -> None:
    with pytest.raises(NotFoundError, match=r"no block"):
        memory.history("Juniper", "personna")
