"""Start-up against `sqlite-utils tables` on the same small database.

    python benchmarks/startup.py [--rounds 25] [--db FILE]

Each round runs both programs one after the other, A B A B, as processes of their own with their console scripts;
ratios are those of one round, and the median counts. `pattern --help` and `agents list` write to a pipe, `agents list`
as a table to a pseudo terminal. Without --db the database is made from the archive that comes with the project.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARCHIVE = ROOT / "tests" / "fixtures" / "small-group-full.car"
PROMISED = {"pattern --help": 0.5, "agents list | cat": 0.5, "agents list on a terminal": 0.8}
NEVER_ABOVE = 0.6
# As a person's shell has it: with compiled modules kept for the next start, of both programs.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PATTERN"))}


def script(name: str) -> str:
    """The console script of that name, beside this interpreter or on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        sys.exit(f"needs {name}: pip install '.[bench]'")
    return found


def into_a_pipe(words: list[str]) -> None:
    """Run a program whose output somebody reads."""
    subprocess.run(words, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=ENVIRONMENT)


def on_a_terminal(words: list[str]) -> None:
    """Run a program whose output is a terminal of 120 columns."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
    process = subprocess.Popen(
        words, stdin=follower, stdout=follower, stderr=follower, env={**ENVIRONMENT, "TERM": "xterm-256color"}
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            data = os.read(leader, 65_536)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(leader)
    if process.wait() or b"\x1b[" not in shown:
        sys.exit(f"failed: {words}: {shown!r}")


def seconds(run: Callable[[list[str]], None], words: list[str]) -> float:
    """Wall time of one run."""
    began = time.perf_counter()
    run(words)
    return time.perf_counter() - began


def main() -> int:
    """Print the figures; 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description="start-up against sqlite-utils")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--db", type=Path)
    options = parser.parse_args()
    pattern, peer = script("pattern"), script("sqlite-utils")
    with tempfile.TemporaryDirectory() as folder:
        path = options.db or Path(folder) / "constellation.db"
        if not options.db:
            subprocess.run(
                [pattern, "--db", str(path), "import", str(ARCHIVE), "--create"], check=True, stdout=subprocess.DEVNULL
            )
        tables = [peer, "tables", str(path)]
        runs: dict[str, tuple[Callable[[list[str]], None], list[str]]] = {
            "pattern --help": (into_a_pipe, [pattern, "--help"]),
            "agents list | cat": (into_a_pipe, [pattern, "--db", str(path), "agents", "list"]),
            "agents list on a terminal": (on_a_terminal, [pattern, "--db", str(path), "agents", "list"]),
        }
        for run, words in [*runs.values(), (into_a_pipe, tables)]:
            seconds(run, words)
        missed = 0
        print(f"{options.rounds} rounds, medians; peer: sqlite-utils tables")
        for name, (run, words) in runs.items():
            pairs = [(seconds(run, words), seconds(into_a_pipe, tables)) for _ in range(options.rounds)]
            ours, theirs = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            missed += ratio > PROMISED[name]
            never = f", never above {NEVER_ABOVE}" if PROMISED[name] < NEVER_ABOVE else ""
            print(f"  {name:<26} {ours:6.1f} ms  sqlite-utils {theirs:6.1f} ms")
            print(f"ratio {name} {ratio:.2f} (promised: at most {PROMISED[name]}{never})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
