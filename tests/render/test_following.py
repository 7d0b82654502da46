from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from pattern_cli.render import following


def test_each_row_is_written_out_before_the_next_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream(io.StringIO):
        flushed = ""

        def flush(self) -> None:
            self.flushed = self.getvalue()

    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    seen: list[str] = []

    def rows() -> Iterator[str]:
        for row in ("one", "two"):
            seen.append(stream.flushed)
            yield row
        seen.append(stream.flushed)

    for row in following.at_once(rows()):
        stream.write(row)
    assert seen == ["", "one", "onetwo"]


def test_lines_are_made_of_pieces_and_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 500
    counted = following.print_lines(
        iter(["a\x1b[31m\n", long]), lambda row: [[(row, "bold"), (" end ", "")], [("more", "")]], "none"
    )
    assert capsys.readouterr().out == f"a\\x1b[31m\\n end\nmore\n{long} end\nmore\n"
    assert counted.count == 2


def test_without_rows_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert following.print_lines(iter([]), lambda row: [], "none yet → pattern import ARCHIVE").count == 0
    assert capsys.readouterr() == ("", "none yet → pattern import ARCHIVE\n")


class Pipe:
    """A pipe in the place of standard output."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reading, self.writing = os.pipe()
        self.stream = os.fdopen(self.writing, "w")
        monkeypatch.setattr(sys, "stdout", self.stream)


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Pipe]]:
    """Made in the test itself: pytest puts its own standard output back after the fixtures."""
    made: list[Pipe] = []

    def make() -> Pipe:
        made.append(Pipe(monkeypatch))
        return made[-1]

    yield make
    monkeypatch.undo()
    for one in made:
        one.stream.close()


def test_waiting_takes_its_time_while_somebody_reads(pipe: Callable[[], Pipe]) -> None:
    one = pipe()
    wait = following.reader_watch()
    began = time.monotonic()
    wait(0.05)
    assert time.monotonic() - began >= 0.045
    os.close(one.reading)


def test_waiting_ends_when_the_reader_is_gone(pipe: Callable[[], Pipe]) -> None:
    one = pipe()
    wait = following.reader_watch()
    os.close(one.reading)
    with pytest.raises(BrokenPipeError):
        wait(60)


def test_a_full_pipe_is_no_reason_to_end(pipe: Callable[[], Pipe]) -> None:
    one = pipe()
    os.set_blocking(one.writing, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(one.writing, b"x" * 65536)
    following.reader_watch()(0.01)
    os.close(one.reading)


def test_where_there_is_no_pipe_it_just_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert following.reader_watch() is time.sleep
