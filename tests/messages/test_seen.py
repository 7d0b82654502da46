from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.messages.seen import Seen
from pattern_cli.store.constellation import Constellation

Message = Callable[..., dict[str, Any]]


class File:
    """A constellation that is read, and a second connection that changes it."""

    def __init__(self, path: Path, constellation: Constellation, message: Message) -> None:
        self.path = path
        self.constellation = constellation
        self.connection = apsw.Connection(str(path))
        self.message = message

    def add(self, number: int, **columns: Any) -> None:
        found = self.message(number, **columns)
        names = ", ".join(found)
        self.connection.execute(
            f"INSERT INTO messages ({names}) VALUES ({', '.join(':' + name for name in found)})", found
        )

    def remove(self, *numbers: int) -> None:
        for number in numbers:
            self.connection.execute("DELETE FROM messages WHERE id = ?", (f"msg_{number:032x}",))

    def numbers(self, rowids: list[int]) -> list[int]:
        """The numbers of the messages with these rowids."""
        return [
            int(self.connection.execute("SELECT id FROM messages WHERE rowid = ?", (rowid,)).fetchall()[0][0][4:], 16)
            for rowid in rowids
        ]


@pytest.fixture
def file(make: Callable[..., Path], message: Message) -> Iterator[File]:
    path = make(*(message(number) for number in (1, 2, 3)))
    with Constellation.open(path) as constellation:
        found = File(path, constellation, message)
        yield found
        found.connection.close()


def test_nothing_is_new_until_something_is_stored(file: File) -> None:
    seen = Seen(file.constellation)
    assert seen.new() == []
    file.add(4)
    assert file.numbers(seen.new()) == [4]
    assert seen.new() == []


def test_an_older_position_is_new_all_the_same(file: File) -> None:
    seen = Seen(file.constellation)
    file.add(9, position="5")
    file.add(8, position="")
    assert file.numbers(seen.new()) == [9, 8]


def test_the_rowid_of_a_deleted_newest_is_used_again(file: File) -> None:
    seen = Seen(file.constellation)
    file.remove(3)
    file.add(4)
    assert file.numbers(seen.new()) == [4]
    file.remove(4, 2)
    file.add(5)
    file.add(6)
    assert file.numbers(seen.new()) == [5, 6]


def test_a_deleted_newest_is_no_news(file: File) -> None:
    seen = Seen(file.constellation)
    file.remove(3)
    assert seen.new() == []
    file.remove(1, 2)
    assert seen.new() == []
    file.add(4)
    assert file.numbers(seen.new()) == [4]


def test_everything_may_be_replaced_at_once(file: File) -> None:
    seen = Seen(file.constellation)
    file.remove(1, 2, 3)
    for number in (4, 5, 6, 7):
        file.add(number)
    assert file.numbers(seen.new()) == [4, 5, 6, 7]


def test_rows_that_are_numbered_anew_are_not_new(file: File) -> None:
    seen = Seen(file.constellation)
    file.remove(1)
    file.connection.execute("UPDATE messages SET rowid = rowid + 100")
    file.add(4)
    assert file.numbers(seen.new()) == [4]
    file.connection.execute("UPDATE messages SET rowid = rowid - 90")
    file.add(5)
    assert file.numbers(seen.new()) == [5]


def test_messages_without_an_id_are_told_by_their_rowid(file: File) -> None:
    file.add(4, id=None)
    seen = Seen(file.constellation)
    assert seen.new() == []
    file.add(5, id=None)
    assert len(seen.new()) == 1
    file.add(6)
    assert file.numbers(seen.new()) == [6]


def test_the_first_message_ever_is_new(make: Callable[..., Path], message: Message) -> None:
    path = make()
    with Constellation.open(path) as constellation:
        file = File(path, constellation, message)
        seen = Seen(constellation)
        assert seen.new() == []
        file.add(1)
        assert file.numbers(seen.new()) == [1]
        file.connection.close()


def test_in_a_file_that_took_its_place_only_what_follows_the_known_is_new(file: File) -> None:
    seen = Seen(file.constellation)
    file.remove(3)
    file.add(10)
    assert file.numbers(seen.new_in_another_file() or []) == [10]
    assert seen.new() == []


def test_a_file_without_anything_known_is_another_constellation(file: File) -> None:
    seen = Seen(file.constellation)
    file.remove(1, 2, 3)
    file.add(7)
    assert seen.new_in_another_file() is None
    assert seen.new() == []
    file.add(8)
    assert file.numbers(seen.new()) == [8]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.lists(st.sampled_from(["add", "add", "add", "drop newest", "drop oldest", "drop two"]), max_size=4),
        max_size=8,
    )
)
def test_every_message_is_told_once_unless_it_is_gone_before(file: File, steps: list[list[str]]) -> None:
    file.connection.execute("DELETE FROM messages")
    number = 100
    file.add(number)
    seen = Seen(file.constellation)
    for commits in steps:
        added = []
        for commit in commits:
            if commit == "add":
                number += 1
                file.add(number)
                added.append(number)
            else:
                order = "ASC" if commit == "drop oldest" else "DESC"
                count = 2 if commit == "drop two" else 1
                doomed = f"SELECT rowid FROM messages ORDER BY rowid {order} LIMIT {count}"
                file.connection.execute(f"DELETE FROM messages WHERE rowid IN ({doomed})")
        left = {int(row[0][4:], 16) for row in file.connection.execute("SELECT id FROM messages")}
        assert file.numbers(seen.new()) == [one for one in added if one in left]
