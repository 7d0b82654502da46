"""Backup of a 1 GB database against `.backup` of the sqlite3 shell: the copy alone, and with verification.

    python benchmarks/backup_throughput.py [--megabytes 1000] [--rounds 3] [--folder DIR]

The database is the content of a real constellation (../shared/fixtures, 12 agents) as often as it takes, all indexes
and full-text indexes included. Both programs run as processes of their own, start included, and bring the result to
the disk; before each run the disk is quiet. Ratios are throughput against the shell's in the same round.
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
TARGETS = {"copy": 0.9, "verified": 0.5}
# Positions grow with time, in the runtime as here. Repeated as they are, each would occur 24 times, and the check would
# look up every row at another end of the indexes.
LATER = "CAST({0} + CAST(substr(:n, 2) AS INTEGER) * (:span) AS TEXT)"
REPEATED = {
    "messages": {"id": "id || :n", "position": LATER.format("position"), "batch_id": LATER.format("batch_id")},
    "archival_entries": {"id": "id || :n", "parent_entry_id": "NULL"},
    "memory_blocks": {"id": "id || :n", "label": "label || :n"},
    "memory_block_updates": {"block_id": "block_id || :n", "id": "NULL"},
}


def build(path: Path, megabytes: int) -> None:
    """Write the content of the real constellation over and over, under new ids, until the size is reached."""
    shutil.copyfile(SOURCE, path)
    path.chmod(0o600)
    times = round(megabytes * 1e6 / SOURCE.stat().st_size)
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = OFF").fetchall()
    connection.execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN")
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    last = {table: connection.execute(f"SELECT max(rowid) FROM {table}").fetchall()[0][0] for table in REPEATED}
    span = connection.execute("SELECT max(position) - min(position) + 65536 FROM messages").fetchall()[0][0]
    for number in range(1, times):
        for table, changed in REPEATED.items():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(changed.get(column, column) for column in columns)
            connection.execute(
                f"INSERT INTO {table} SELECT {values} FROM {table} WHERE rowid <= :last",
                {"n": f"x{number:03}", "last": last[table], "span": span},
            )
    for index in ("messages_fts", "memory_blocks_fts", "archival_fts"):
        connection.execute(f"INSERT INTO {index}({index}) VALUES ('rebuild')")
    for _, sql in triggers:
        connection.execute(str(sql))
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.close()


def seconds(command: list[str], results: Path) -> float:
    """Run a command on a quiet disk and return its wall time; what it wrote is removed."""
    results.mkdir()
    os.sync()
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    took = time.perf_counter() - began
    shutil.rmtree(results)
    return took


def main() -> int:
    """Print the figures; 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description="backup throughput against the sqlite3 shell")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the database and the copies go (default: a temporary one)")
    options = parser.parse_args()
    shell = shutil.which("sqlite3")
    if not shell or not SOURCE.exists():
        print(f"needs the sqlite3 shell and {SOURCE}")
        return 2
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        path, results = Path(name) / "constellation.db", Path(name) / "results"
        build(path, options.megabytes)
        size = path.stat().st_size
        ours = [sys.executable, "-m", "pattern_cli", "--db", str(path), "backup", "-o", str(results)]
        commands = {
            "shell": [shell, str(path), f".backup {results}/copy.db"],
            "copy": [*ours, "--no-verify"],
            "verified": ours,
        }
        for command in commands.values():
            seconds(command, results)
        rounds = [
            {name: seconds(command, results) for name, command in commands.items()} for _ in range(options.rounds)
        ]
    print(f"{size / 1e6:.0f} MB, {options.rounds} rounds, medians")
    for name in commands:
        took = statistics.median(times[name] for times in rounds)
        print(f"  {name:<9} {took:6.2f} s  {size / 1e6 / took:6.0f} MB/s")
    missed = 0
    for name, wanted in TARGETS.items():
        ratio = statistics.median(times["shell"] / times[name] for times in rounds)
        missed += ratio < wanted
        print(f"ratio {name}/shell {ratio:.2f} (promised: at least {wanted})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
