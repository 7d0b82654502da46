from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.errors import IntegrityError
from pattern_cli.messages.filters import Filter
from pattern_cli.messages.rows import MessageRow
from pattern_cli.messages.tail import Tail
from pattern_cli.store.constellation import Constellation

Message = Callable[..., dict[str, Any]]
ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 20.0


class Follower:
    """Follows in this process; asks for one message at a time."""

    def __init__(self, path: Path, chosen: Filter | None = None) -> None:
        self.remarks: list[str] = []
        self.constellation = Constellation.open(path)
        self.tail = Tail(self.constellation, chosen)
        self.first = [row.content_preview for row in self.tail.newest(10)]
        self._deadline = 0.0
        self._rows = self.tail.follow(self._pause, self.remarks.append)
        self._do: Callable[[], object] | None = None

    def _pause(self, seconds: float) -> None:
        if not self.constellation.outdated:
            assert not self.constellation.connection.in_transaction, "no read transaction stays open between polls"
        if self._do:
            do, self._do = self._do, None
            do()
        if time.monotonic() > self._deadline:
            raise TimeoutError
        time.sleep(min(seconds, 0.002))

    def next(self, during: Callable[[], object] | None = None) -> str | None:
        """The preview of the next message; `during` happens while it waits."""
        self._deadline = time.monotonic() + DEADLINE
        self._do = during
        return next(self._rows).content_preview

    def wait(self, during: Callable[[], object], seconds: float = 0.3) -> None:
        """Let it poll for a while without anything to show."""
        self._do = during
        self._deadline = time.monotonic() + seconds
        with pytest.raises(TimeoutError):
            next(self._rows)
        self._rows = self.tail.follow(self._pause, self.remarks.append)


@pytest.fixture
def follow() -> Iterator[Callable[..., Follower]]:
    found: list[Follower] = []

    def start(path: Path, chosen: Filter | None = None) -> Follower:
        found.append(Follower(path, chosen))
        return found[-1]

    yield start
    for follower in found:
        follower.constellation.close()


Follow = Callable[..., Follower]
Writers = Callable[[Path], Any]


def listing(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


def test_it_shows_the_newest_and_then_every_new_one(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(*(message(number) for number in range(12)))
    following, writing = follow(path), writer(path)
    assert following.first == [f"message {number}" for number in range(2, 12)]
    assert following.next(lambda: writing.say(12)) == "message 12"
    writing.say(13)
    writing.say(14)
    assert [following.next(), following.next()] == ["message 13", "message 14"]


def test_what_is_committed_between_the_newest_and_following_is_not_lost(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(message(1))
    following = follow(path)
    writer(path).say(2)
    assert following.next() == "message 2"


def test_an_import_of_older_messages_is_shown(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(message(5))
    following, writing = follow(path), writer(path)
    writing.say(4, position="7")
    assert following.next() == "message 4"


def test_a_large_commit_comes_whole_and_in_order(make: Callable[..., Path], message: Message, follow: Follow) -> None:
    path = make()
    following = follow(path)
    with_many = apsw.Connection(str(path))
    with_many.execute("BEGIN")
    for number in range(1_200):
        found = message(number)
        with_many.execute(
            f"INSERT INTO messages ({', '.join(found)}) VALUES ({', '.join(':' + n for n in found)})", found
        )
    with_many.execute("COMMIT")
    assert [following.next() for _ in range(1_200)] == [f"message {number}" for number in range(1_200)]
    with_many.close()


def test_filters_hold_for_new_messages(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make()
    following, writing = follow(path, Filter(role="tool")), writer(path)
    writing.say(1)
    writing.say(2, role="tool", is_archived=1)
    writing.say(3, role="tool", is_deleted=1)
    writing.say(4, role="tool")
    assert following.next() == "message 4"


def test_changes_that_store_no_message_show_nothing(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(message(1))
    following, writing = follow(path), writer(path)
    following.wait(
        lambda: writing.run(("UPDATE messages SET is_archived = 1", []), ("UPDATE agents SET name = 'x'", []))
    )
    writing.say(2)
    assert following.next() == "message 2"


def test_it_survives_checkpoints(make: Callable[..., Path], message: Message, writer: Writers, follow: Follow) -> None:
    path = make(message(1))
    following, writing = follow(path), writer(path)
    for number in range(2, 8):
        writing.say(number)
        writing.run((f"PRAGMA wal_checkpoint({'TRUNCATE' if number % 2 else 'RESTART'})", []))
        assert following.next() == f"message {number}"
    assert Path(f"{path}-wal").stat().st_size == 0, "an idle follower does not keep the log from being emptied"


def test_it_survives_a_vacuum(make: Callable[..., Path], message: Message, writer: Writers, follow: Follow) -> None:
    path = make(*(message(number) for number in range(20)))
    following, writing = follow(path), writer(path)
    writing.run(("DELETE FROM messages WHERE rowid < 15", []))
    following.wait(lambda: writing.run(("VACUUM", [])))
    writing.say(20)
    assert following.next() == "message 20"


def test_it_survives_this_programs_vacuum_and_restored_content(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(*(message(number) for number in range(6)))
    older = make(*(message(number) for number in range(4)), name="older.db")
    following = follow(path)

    def restore() -> None:
        source, target = apsw.Connection(str(older)), apsw.Connection(str(path))
        with target.backup("main", source, "main") as backup:
            backup.step()
        source.close()
        target.close()

    following.wait(restore)
    writer(path).say(9)
    assert following.next() == "message 9"


def test_a_rowid_that_is_used_again_is_noticed(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(message(1), message(2))
    following, writing = follow(path), writer(path)
    found = message(3)
    writing.run(
        ("DELETE FROM messages WHERE id = ?", [message(2)["id"]]),
        (f"INSERT INTO messages ({', '.join(found)}) VALUES ({', '.join(':' + name for name in found)})", found),
    )
    assert following.next() == "message 3"


def test_a_replaced_file_is_opened_and_followed(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(message(1), message(2))
    other = make(message(1), message(2), message(7), name="other.db")
    following = follow(path)
    assert following.next(lambda: os.replace(other, path)) == "message 7"
    writer(path).say(8)
    assert following.next() == "message 8"
    assert following.remarks == []


def test_another_constellation_in_its_place_is_said_and_followed(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(message(1))
    other = make(message(30), message(31), name="other.db")
    following = follow(path)
    following.wait(lambda: os.replace(other, path))
    assert len(following.remarks) == 1 and "another constellation" in following.remarks[0]
    writer(path).say(32)
    assert following.next() == "message 32"


def test_a_replaced_file_keeps_its_own_log(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(message(1))
    other = make(message(1), name="other.db")
    following = follow(path)
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink()
    os.replace(other, path)
    writing = writer(path)
    writing.say(2)
    assert following.next() == "message 2"
    writing.say(3)
    assert following.next() == "message 3", "closing the old file removes none of the new one's side files"


def test_a_file_may_be_gone_for_a_moment(
    make: Callable[..., Path], message: Message, writer: Writers, follow: Follow
) -> None:
    path = make(message(1))
    away = path.with_name("away.db")
    following = follow(path)
    following.wait(lambda: path.rename(away))
    writing = writer(away)
    writing.say(2)
    writing.end()
    assert following.next(lambda: away.rename(path)) == "message 2"


def test_a_file_that_stays_away_is_said_once(make: Callable[..., Path], message: Message, follow: Follow) -> None:
    path = make(message(1))
    away = path.with_name("away.db")
    following = follow(path)
    following.wait(lambda: path.rename(away), 1.6)
    assert len(following.remarks) == 1 and "waiting" in following.remarks[0]
    away.rename(path)


def test_a_file_that_is_being_copied_into_its_place_is_waited_for(
    make: Callable[..., Path], message: Message, follow: Follow
) -> None:
    path = make(message(1))
    whole = make(message(1), message(2), name="whole.db").read_bytes()
    following = follow(path)

    def begin() -> None:
        path.unlink()
        path.write_bytes(whole[:5_000])

    following.wait(begin)
    assert following.next(lambda: path.write_bytes(whole)) == "message 2"


def test_what_is_no_database_for_long_is_an_error(
    make: Callable[..., Path], message: Message, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pattern_cli.messages.tail.PATIENCE", 0.2)
    path = make(message(1))
    following = follow(path)

    def spoil() -> None:
        path.unlink()
        path.write_text("no database " * 1_000)

    with pytest.raises(IntegrityError):
        following.next(spoil)


def test_a_locked_file_is_tried_again(make: Callable[..., Path], message: Message, follow: Follow) -> None:
    path = make(message(1))
    plain = apsw.Connection(str(path))
    plain.execute("PRAGMA journal_mode=DELETE").fetchall()
    following = follow(path)
    following.constellation.connection.set_busy_timeout(1)
    plain.execute("BEGIN EXCLUSIVE")
    found = message(2)
    plain.execute(f"INSERT INTO messages ({', '.join(found)}) VALUES ({', '.join(':' + n for n in found)})", found)
    following.wait(lambda: None)
    assert following.next(lambda: plain.execute("COMMIT")) == "message 2"
    plain.close()


def test_tools_are_named_for_their_responses(make: Callable[..., Path], message: Message, follow: Follow) -> None:
    call = '{"ToolCalls":[{"call_id":"c1","fn_name":"search","fn_arguments":{}}]}'
    response = '{"ToolResponses":[{"call_id":"c1","content":"found"},{"call_id":"c1","content":"more"}]}'
    path = make(
        message(1, batch_id="77", content_json=call),
        message(2, batch_id="77", content_json=response),
        message(3, batch_id=None, content_json=response.replace("c1", "c9", 1)),
    )
    with Constellation.open(path) as constellation:
        tail = Tail(constellation)
        rows: list[MessageRow] = tail.newest(2)
        assert [tail.tools(row) for row in rows] == [("search", "search"), ("tool", "search")]


def test_it_leaves_the_folder_as_it_was(
    make: Callable[..., Path], message: Message, following: Callable[..., Any], writer: Writers
) -> None:
    path = make(message(1))
    before = listing(path), path.read_bytes()
    for number in (signal.SIGINT, signal.SIGTERM):
        process = following(path, "-n", "1")
        assert "message 1" in process.line()
        process.stop(number)
        assert (listing(path), path.read_bytes()) == before


def test_a_log_that_appeared_meanwhile_is_left_alone(
    make: Callable[..., Path], message: Message, following: Callable[..., Any], writer: Writers
) -> None:
    path = make(message(1))
    process, writing = following(path, "-n", "1"), writer(path)
    assert "message 1" in process.line()
    writing.say(2)
    assert "message 2" in process.line()
    writing.process.kill()
    writing.process.wait()
    log = Path(f"{path}-wal").read_bytes()
    assert log
    process.stop()
    assert Path(f"{path}-wal").read_bytes() == log


# Loads every module, becomes somebody who may write nothing, and follows.
STRANGER = """
import os, sys
import select, stat, shutil, tempfile
import pattern_cli.render.following
from pattern_cli.cli.app import run
out, sys.stdout = sys.stdout, open(os.devnull, "w")
run(["--db", sys.argv[1], "messages", "tail"])
sys.stdout = out
os.setgroups([]); os.setgid(65534); os.setuid(65534)
run(["--db", sys.argv[1], "messages", "tail", "-f", "-n", "1"])
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_stranger_sees_new_messages_too(make: Callable[..., Path], message: Message, writer: Writers) -> None:
    source = make(message(1))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "constellation.db"
        shutil.copyfile(source, path)
        Path(name).chmod(0o755)
        path.chmod(0o644)
        process = subprocess.Popen(
            [sys.executable, "-c", STRANGER, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        try:
            assert process.stdout
            assert "message 1" in process.stdout.readline()
            assert listing(path) == ["constellation.db"]
            writing = writer(path)
            for number in (2, 3):
                writing.say(number)
                assert f"message {number}" in process.stdout.readline()
            writing.end()
            again = writer(path)
            again.say(4)
            assert "message 4" in process.stdout.readline()
        finally:
            process.kill()
            process.communicate()
