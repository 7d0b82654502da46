"""`memory show` and `memory history` of a block of 100 KB with 1 000 updates, against Loro alone.

    python benchmarks/memory_show.py [--rounds 15]

A database is made with one block whose text came in 1 000 updates. Each round runs, one after the other, `memory show`
in a process of its own into a pipe, `agents list` on the same database, which lists nothing and so is the program's own
start, and a bare interpreter that loads Loro, imports the same snapshot and updates, and measures only that. The ratio
is that of one round, show against start plus Loro, and the median counts. For comparison `--version`, which opens no
database, is measured as well. History has a second.
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
from pathlib import Path

UPDATES = 1_000
SIZE = 100_000
PROMISED = 1.5
HISTORY_SECONDS = 1.0
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PATTERN"))}
ALONE = """
import sys, time, pickle
blobs = pickle.load(open(sys.argv[1], "rb"))
began = time.perf_counter()
import loro
doc = loro.LoroDoc()
for blob in blobs:
    doc.import_(blob)
text = doc.get_text("content").to_string()
print(time.perf_counter() - began, len(text))
"""


def script() -> str:
    """The console script, beside this interpreter or on PATH."""
    beside = Path(sys.executable).parent / "pattern"
    found = str(beside) if beside.exists() else shutil.which("pattern")
    return found or sys.exit("needs the program: pip install .")


def make(path: Path, blobs: Path) -> None:
    """A constellation with one block, and its snapshot and updates in a file."""
    import pickle

    import loro

    import pattern_cli
    from pattern_cli.store import times

    doc = loro.LoroDoc()
    rows = [bytes(doc.export(loro.ExportMode.Snapshot()))]
    line = "The slow kettle paints the window while the harbor answers. ".ljust(SIZE // UPDATES - 1) + "\n"
    with pattern_cli.create(path) as constellation:
        write = constellation.store.connection
        write.execute(
            """INSERT INTO memory_blocks (id, agent_id, label, description, block_type, char_limit, loro_snapshot,
                                          metadata, last_seq, created_at, updated_at)
               VALUES ('mem_bench', '_constellation_', 'long', '', 'working', ?, ?, ?, ?, ?, ?)""",
            (SIZE, rows[0], '{"schema":{"Text":{}}}', UPDATES, times.now_column(), times.now_column()),
        )
        for seq in range(1, UPDATES + 1):
            before = doc.oplog_vv
            doc.get_text("content").push_str(line)
            doc.commit()
            rows.append(bytes(doc.export(loro.ExportMode.Updates(before))))
            write.execute(
                """INSERT INTO memory_block_updates
                   (block_id, seq, update_blob, byte_size, source, frontier, created_at)
                   VALUES ('mem_bench', ?, ?, ?, 'agent', ?, ?)""",
                (seq, rows[-1], len(rows[-1]), doc.oplog_vv.encode(), times.now_column()),
            )
    blobs.write_bytes(pickle.dumps(rows))


def seconds(words: list[str]) -> float:
    """Wall time of one run into a pipe."""
    began = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - began


def alone(blobs: Path) -> float:
    """Seconds that Loro takes in a process of its own, from its import to the text."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(blobs)], check=True, capture_output=True, text=True, env=ENVIRONMENT
    )
    taken, length = done.stdout.split()
    if int(length) != SIZE:
        sys.exit(f"the text has {length} characters, not {SIZE}")
    return float(taken)


def main() -> int:
    """Print the figures; 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description="memory show and history against Loro alone")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    pattern = script()
    with tempfile.TemporaryDirectory() as folder:
        path, blobs = Path(folder) / "constellation.db", Path(folder) / "blobs"
        make(path, blobs)
        block = [pattern, "--db", str(path), "memory"]
        show = [*block, "show", "mem_bench", "--raw"]
        history = [*block, "history", "_constellation_", "long"]
        start, bare = [pattern, "--db", str(path), "agents", "list"], [pattern, "--version"]
        for words in (show, history, start, bare):
            seconds(words)
        rounds = [
            (seconds(show), seconds(start), alone(blobs), seconds(history), seconds(bare))
            for _ in range(options.rounds)
        ]
    shown, started, loro, listed, version = (statistics.median(column) * 1000 for column in zip(*rounds, strict=True))
    ratio = statistics.median(a / (b + c) for a, b, c, _, _ in rounds)
    print(f"{options.rounds} rounds, medians; {SIZE // 1000} KB in {UPDATES} updates")
    print(f"  memory show     {shown:6.1f} ms")
    print(f"  program's start {started:6.1f} ms (--version {version:.1f} ms), Loro alone {loro:.1f} ms")
    print(f"  memory history  {listed:6.1f} ms (promised: under {HISTORY_SECONDS * 1000:.0f})")
    print(f"ratio memory show {ratio:.2f} (promised: at most {PROMISED})")
    return int(ratio > PROMISED or listed > HISTORY_SECONDS * 1000)


if __name__ == "__main__":
    sys.exit(main())
