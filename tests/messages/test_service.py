from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.errors import AmbiguousError, NotFoundError, UsageError
from pattern_cli.messages.filters import Filter
from pattern_cli.messages.service import Messages
from pattern_cli.store.constellation import Constellation

Message = Callable[..., dict[str, Any]]


@pytest.fixture
def messages(opened: Callable[..., Constellation], message: Message) -> Messages:
    return Messages(opened(message(1, batch_id="700"), message(2, batch_id="701"), message(3, role="narrator")))


def test_people_name_agents_and_batches_in_short(messages: Messages) -> None:
    assert messages.filter("Juniper").agent_id == "agt_1"
    assert messages.filter("agt").agent_id == "agt_1"
    assert messages.filter(batch="700").batch_id == "700"
    assert messages.filter(batch="3").batch_id is not None
    assert messages.filter() == Filter()


def test_what_does_not_exist_is_an_error(messages: Messages) -> None:
    with pytest.raises(NotFoundError, match="Junper"):
        messages.filter("Junper")
    with pytest.raises(NotFoundError, match="batch"):
        messages.filter(batch="9")
    with pytest.raises(NotFoundError):
        messages.filter(batch="")
    with pytest.raises(AmbiguousError, match="70"):
        messages.filter(batch="70")
    with pytest.raises(UsageError, match="asistant"):
        messages.filter(role="asistant")


def test_an_odd_role_can_be_asked_for(messages: Messages) -> None:
    assert [row.role for row in messages.list(messages.filter(role="narrator"))] == ["narrator"]


def test_messages_of_an_agent_that_is_gone_are_reached_by_its_id(
    opened: Callable[..., Constellation], message: Message
) -> None:
    messages = Messages(opened(message(1, agent_id="agt_gone")))
    assert [row.agent_name for row in messages.list(messages.filter("agt_gone"))] == [None]


def test_a_message_is_named_by_the_beginning_of_its_id(opened: Callable[..., Constellation], message: Message) -> None:
    messages = Messages(opened(message(1, id="msg_abc"), message(2, id="msg_abd", is_deleted=1)))
    assert messages.show("msg_abd").is_deleted
    assert messages.show("msg_abc").id == "msg_abc"
    with pytest.raises(AmbiguousError):
        messages.show("msg_ab")
    with pytest.raises(NotFoundError):
        messages.show("msg_x")


def test_the_newest_come_with_a_word_on_older_ones(messages: Messages) -> None:
    assert [row.content_preview for row in messages.newest(Filter(), 2).rows] == ["message 2", "message 3"]
    assert messages.newest(Filter(), 2).more
    assert len(messages.newest(Filter(), 3).rows) == 3
    assert not messages.newest(Filter(), 3).more


@pytest.mark.parametrize("name", ["versions/0001.db", "versions/0006.db", "constellations/small-embeddings.db"])
def test_filters_work_on_every_schema(database: Callable[[str], Path], name: str) -> None:
    with Constellation.open(database(name)) as constellation:
        messages = Messages(constellation)
        chosen = messages.filter(role="user", since=0, archived=True)
        assert {row.role for row in messages.list(chosen)} == {"user"}
