"""Runs a command on a pseudo terminal of a fixed size and returns what a person would see."""

from __future__ import annotations

import os
import shlex
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, LINES = 120, 400


def words_of(line: str) -> list[str]:
    """A command line that begins with `pattern` as words for this interpreter."""
    words = shlex.split(line)
    assert words[0] == "pattern", line
    return [sys.executable, "-m", "pattern_cli", *words[1:]]


def screen(words: list[str], environment: dict[str, str], columns: int = COLUMNS, folder: Path = ROOT) -> str:
    """Run a program whose output is a terminal, and return what it writes there, colours included.

    Standard error is kept out: its progress bars are no picture. Raises CalledProcessError with what it said there.
    """
    import fcntl
    import pty
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color", "PAGER": "", **environment},
    )
    os.close(follower)
    shown = bytearray()
    while True:
        try:
            data = os.read(leader, 65_536)
        except OSError:  # Linux says so at the end
            break
        if not data:
            break
        shown += data
    os.close(leader)
    assert process.stderr
    said = process.stderr.read().decode()
    process.stderr.close()
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, words, shown.decode(), said)
    return shown.decode().replace("\r\n", "\n")
