"""`messages tail -f`: the time from another process's commit to the printed line, and the processor's share when idle.

    python benchmarks/tail_latency.py [--messages 1000] [--idle 10] [--folder DIR]

Messages are committed at irregular times (2 to 30 ms apart) by another process, which notes when each commit
returned; a line counts as printed when this process has read it. The peer, in the same run and from the same commits,
is a bare loop that looks at `PRAGMA data_version` every 5 ms and prints the new ids: the least that polling can do.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PATTERN_TEST_SHARED", ROOT.parent / "shared"))
SOURCE = SHARED / "fixtures" / "constellations" / "small.db"
PROMISED_MS = 20.0
PROMISED_SHARE = 0.03

WRITER = """
import json, sys, time, apsw
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(5000)
connection.execute("PRAGMA synchronous = NORMAL")
agent = connection.execute("SELECT id FROM agents LIMIT 1").fetchall()[0][0]
sql = '''INSERT INTO messages (id, agent_id, position, role, content_json, content_preview, created_at)
         VALUES (?, ?, ?, 'user', ?, 'hello', '2026-01-08T19:02:18.123456789+00:00')'''
text = json.dumps({"Text": "hello"}, separators=(",", ":"))
for number, pause in enumerate(json.loads(sys.stdin.readline())):
    time.sleep(pause)
    connection.execute(sql, (f"msg_timed_{number:06}", agent, str(41395935909707776 + number), text))
    print(number, time.monotonic_ns(), flush=True)
"""

PEER = """
import sys, time, apsw
connection = apsw.Connection(sys.argv[1])
last = connection.execute("SELECT max(rowid) FROM messages").fetchall()[0][0]
version = 0
print("ready", flush=True)
while True:
    now = connection.execute("PRAGMA data_version").fetchall()[0][0]
    if now != version:
        version = now
        for last, id in connection.execute("SELECT rowid, id FROM messages WHERE rowid > ?", (last,)).fetchall():
            print(id, flush=True)
    time.sleep(0.005)
"""


class Follower:
    """A process that prints messages, and when each of its lines was read."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.read: dict[int, int] = {}
        self.ready = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            now = time.monotonic_ns()
            self.ready.set()
            if "msg_timed_" in line:
                self.read[int(line.partition("msg_timed_")[2][:6])] = now

    def processor_seconds(self) -> float:
        """What it has used of a core so far."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait()


def latencies(follower: Follower, commits: dict[int, int]) -> list[float]:
    """Milliseconds from commit to line, smallest first; a line may be read before the commit has returned."""
    return sorted(max(follower.read[number] - at, 0) / 1e6 for number, at in commits.items())


def commit(path: Path, count: int) -> dict[int, int]:
    """Commit messages in another process; when each commit had returned, in monotonic nanoseconds."""
    pauses = [random.uniform(0.002, 0.030) for _ in range(count)]
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(path)], input=json.dumps(pauses), capture_output=True, text=True, check=True
    )
    return {int(number): int(at) for number, at in map(str.split, done.stdout.splitlines())}


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    return values[min(len(values) - 1, int(share * len(values)))]


def measure(path: Path, options: Any) -> dict[str, dict[str, float]]:
    """For each follower the latencies in milliseconds and the share of a core when idle."""
    following = [sys.executable, "-m", "pattern_cli", "--db", str(path), "messages", "tail", "-f", "-n", "1"]
    followers = {"pattern": Follower(following), "peer": Follower([sys.executable, "-c", PEER, str(path)])}
    for follower in followers.values():
        if not follower.ready.wait(30):
            raise SystemExit("a follower does not start")
    used = {name: follower.processor_seconds() for name, follower in followers.items()}
    time.sleep(options.idle)
    idle = {name: (f.processor_seconds() - used[name]) / options.idle for name, f in followers.items()}
    commits = commit(path, options.messages)
    deadline = time.monotonic() + 5
    while any(len(follower.read) < len(commits) for follower in followers.values()) and time.monotonic() < deadline:
        time.sleep(0.05)
    for name, follower in followers.items():
        follower.end()
        if len(follower.read) < len(commits):
            raise SystemExit(f"{name} printed {len(follower.read)} of {len(commits)} messages")
    found = {name: latencies(follower, commits) for name, follower in followers.items()}
    return {
        name: {"p50": quantile(times, 0.5), "p99": quantile(times, 0.99), "max": times[-1], "idle": idle[name]}
        for name, times in found.items()
    }


def main() -> int:
    """Print the figures; 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description="messages tail -f: commit to print, and idle cost")
    parser.add_argument("--messages", type=int, default=1_000)
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to watch the idle followers")
    parser.add_argument("--folder", type=Path, help="where the database goes (default: a temporary folder)")
    options = parser.parse_args()
    if not SOURCE.exists() or not Path("/proc/self/stat").exists():
        print(f"needs {SOURCE} and /proc")
        return 2
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        path = Path(name) / "constellation.db"
        shutil.copyfile(SOURCE, path)
        path.chmod(0o600)
        found = measure(path, options)
    print(f"{options.messages} messages, {options.idle:.0f} s idle")
    for name, figures in found.items():
        print(
            f"  {name:<8} p50 {figures['p50']:5.2f} ms  p99 {figures['p99']:5.2f} ms  max {figures['max']:6.2f} ms"
            f"  idle {figures['idle'] * 100:4.2f} % of a core"
        )
    ours, peer = found["pattern"], found["peer"]
    ratios = (ours["p99"] / max(peer["p99"], 0.01), ours["idle"] / max(peer["idle"], 0.0001))
    print(f"ratio pattern/peer: p99 {ratios[0]:.2f}, idle {ratios[1]:.2f}")
    print(f"p99 {ours['p99']:.2f} ms (promised: under {PROMISED_MS:.0f})")
    print(f"idle {ours['idle'] * 100:.2f} % (promised: under {PROMISED_SHARE * 100:.0f})")
    return 1 if ours["p99"] >= PROMISED_MS or ours["idle"] >= PROMISED_SHARE else 0


if __name__ == "__main__":
    sys.exit(main())
