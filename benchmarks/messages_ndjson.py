"""`messages list --format ndjson` of 200 000 rows against `sqlite-utils rows --nl` on the same table.

    python benchmarks/messages_ndjson.py [--rows 200000] [--rounds 5] [--folder DIR]

The database is the content of a real constellation (../shared/fixtures, 12 agents) as often as it takes. Both programs
run as processes of their own, start included, and write into a pipe that this one empties and counts. Ours gives every
message, in the order of positions and with agent names; the peer gives the table's rows as they lie.
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

import apsw

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PATTERN_TEST_SHARED", ROOT.parent / "shared"))
SOURCE = SHARED / "fixtures" / "constellations" / "medium.db"
PROMISED = 2.5


def build(path: Path, rows: int) -> None:
    """Repeat the messages of the real constellation under new ids until there are so many."""
    shutil.copyfile(SOURCE, path)
    path.chmod(0o600)
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = OFF").fetchall()
    connection.execute("PRAGMA synchronous = OFF; BEGIN")
    triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'messages'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(messages)")]
    values = ", ".join("id || :n" if column == "id" else column for column in columns)
    last = connection.execute("SELECT max(rowid) FROM messages").fetchall()[0][0]
    for number in range(1, -(-rows // last)):
        connection.execute(
            f"INSERT INTO messages SELECT {values} FROM messages WHERE rowid <= :last",
            {"n": f"x{number}", "last": min(last, rows - number * last)},
        )
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.close()


def seconds(command: list[str]) -> tuple[float, int]:
    """Run a command, read its output to the end; its wall time and the number of lines."""
    lines = 0
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, bufsize=0) as process:
        assert process.stdout
        while piece := process.stdout.read(1 << 20):
            lines += piece.count(b"\n")
    took = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return took, lines


def main() -> int:
    """Print the figures; 1 when the promise is missed."""
    parser = argparse.ArgumentParser(description="messages list --format ndjson against sqlite-utils rows --nl")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the database goes (default: a temporary folder)")
    options = parser.parse_args()
    beside = Path(sys.executable).with_name("sqlite-utils")
    peer = str(beside) if beside.exists() else shutil.which("sqlite-utils")
    if not peer or not SOURCE.exists():
        print(f"needs sqlite-utils (pip install sqlite-utils) and {SOURCE}")
        return 2
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        path = Path(name) / "constellation.db"
        build(path, options.rows)
        commands = {
            "pattern": [
                *(sys.executable, "-m", "pattern_cli", "--db", str(path)),
                *("messages", "list", "--archived", "--deleted", "--format", "ndjson"),
            ],
            "sqlite-utils": [peer, "rows", "--nl", str(path), "messages"],
        }
        for command in commands.values():
            _, lines = seconds(command)
            if lines != options.rows:
                raise SystemExit(f"{' '.join(command)} gave {lines} of {options.rows} rows")
        rounds = [{name: seconds(command)[0] for name, command in commands.items()} for _ in range(options.rounds)]
    print(f"{options.rows} rows, {options.rounds} rounds, medians")
    for name in commands:
        took = statistics.median(times[name] for times in rounds)
        print(f"  {name:<13} {took:6.2f} s  {options.rows / took:9.0f} rows/s")
    ratio = statistics.median(times["sqlite-utils"] / times["pattern"] for times in rounds)
    print(f"ratio rows per second pattern/sqlite-utils {ratio:.2f} (promised: at least {PROMISED})")
    return 1 if ratio < PROMISED else 0


if __name__ == "__main__":
    sys.exit(main())
