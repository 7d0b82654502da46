"""Import of a 100 000-message archive against inserting the same, already decoded rows; and peak memory by length.

    python benchmarks/import_speed.py [--rounds 3] [--longest 1000000] [--folder DIR]

Ours is the whole `pattern import` as a process: start, both passes, hashes, decoding, one transaction. The peer has the
finished rows in memory and only calls `executemany` in one transaction through APSW, full-text triggers on, on an
ordinary writing connection of this program; for comparison also with the settings that an import makes. Peaks are the
largest resident size of the whole process, for archives of 10 000, 100 000 and 1 000 000 messages. The 100 000 are
those of ../shared/fixtures/big (needs `zstd`) where they are, else generated like the others.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pattern_cli.archives import dagcbor
from pattern_cli.archives.car import make_cid
from pattern_cli.archives.dagcbor import Link
from pattern_cli.schema import create_constellation

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PATTERN_TEST_SHARED", ROOT.parent / "shared"))
PACKED = SHARED / "fixtures" / "big" / "m100k-agent.car.zst"
RATIO = 1.5
PEAK_MB = 100
SPREAD = 1.25
PER_CHUNK = 1000
MINUTE = 60_000 << 16
START = 31_395_935_909_707_776
WORDS = ["harbor", "ledger", "kettle", "window", "seedling", "marble", "bridge", "careful", "slow", "café", "naïve"]


def varint(value: int) -> bytes:
    """A length as CAR files have it."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def section(data: bytes) -> bytes:
    """A block with its length and CID."""
    cid = make_cid(data)
    return varint(len(cid) + len(data)) + cid + data


def message(number: int, chance: random.Random) -> dict[str, Any]:
    """A message of a conversation: text, or a tool call, or its response."""
    text = " ".join(chance.choices(WORDS, k=chance.randint(4, 40))).capitalize() + "."
    kind = number % 10
    content: dict[str, Any] = {"Text": text}
    if kind == 4:
        content = {"ToolCalls": [{"call_id": f"c{number}", "fn_name": "search", "fn_arguments": {"query": text[:20]}}]}
    if kind == 5:
        content = {"ToolResponses": [{"call_id": f"c{number - 1}", "content": text}]}
    second = number % 60
    return {
        "id": f"msg_{chance.getrandbits(128):032x}",
        "role": ("user", "assistant", "tool")[number % 3],
        "source": None,
        "agent_id": "bulk",
        "batch_id": str(START + number // 3 * MINUTE),
        "position": str(START + number * (MINUTE // 3)),
        "batch_type": "user_request",
        "created_at": f"2026-01-{1 + number % 28:02}T12:{number % 60:02}:{second:02}.123456789Z",
        "is_deleted": False,
        "is_archived": number % 7 == 0,
        "content_json": content,
        "content_preview": None if kind == 4 else text,
        "source_metadata": {"user_id": "user_1", "timestamp": f"2026-01-08T12:00:{second:02}Z"},
        "sequence_in_batch": number % 3,
    }


def chunks(count: int) -> Iterator[bytes]:
    """Message chunks as the runtime writes them, the newest first."""
    chance = random.Random(7)
    for index, first in enumerate(range(count, 0, -PER_CHUNK)):
        messages = [message(number, chance) for number in range(first, max(first - PER_CHUNK, 0), -1)]
        yield dagcbor.encode({
            "messages": messages, "chunk_index": index, "message_count": len(messages),
            "start_position": messages[0]["position"], "end_position": messages[-1]["position"],
        })  # fmt: skip


def generate(path: Path, count: int) -> None:
    """Write an archive of one agent with so many messages."""
    links = []
    body = path.with_suffix(".body")
    with body.open("wb") as file:
        for data in chunks(count):
            links.append(Link(make_cid(data)))
            file.write(section(data))
    when = "2026-01-08T12:00:00Z"
    agent = {
        "id": "bulk", "name": "Bulk", "description": None, "model_provider": "anthropic", "model_name": "m",
        "system_prompt": "", "config": {}, "enabled_tools": [], "tool_rules": None, "status": "active",
        "created_at": when, "updated_at": when,
    }  # fmt: skip
    export = dagcbor.encode({
        "agent": agent, "memory_block_cids": [], "message_chunk_cids": links, "archival_entry_cids": [],
        "archive_summary_cids": [],
    })  # fmt: skip
    manifest = dagcbor.encode({
        "version": 3, "export_type": "Agent", "exported_at": when, "stats": {}, "data_cid": Link(make_cid(export)),
    })  # fmt: skip
    header = dagcbor.encode({"roots": [Link(make_cid(manifest))], "version": 1})
    with path.open("wb") as whole, body.open("rb") as file:
        whole.write(varint(len(header)) + header + section(manifest) + section(export))
        shutil.copyfileobj(file, whole, 1 << 20)
    body.unlink()


def ours(archive: Path, folder: Path) -> tuple[float, float]:
    """Run `pattern import` into an empty database; returns seconds and the peak in MB."""
    path = empty(folder)
    os.sync()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pattern_cli", "--db", str(path), "import", str(archive)],
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
    )
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the import of {archive} failed")
    return took, usage.ru_maxrss / 1000


def empty(folder: Path) -> Path:
    """A new empty constellation."""
    path = folder / "constellation.db"
    for side in ("", "-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    create_constellation(path).close()
    return path


def peer(archive: Path, folder: Path, settings: str) -> float:
    """Insert the rows that a process of its own has decoded before; returns the seconds of the insert alone."""
    path = empty(folder)
    os.sync()
    command = [sys.executable, __file__, "--insert", str(archive), str(path), settings]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    return float(done.stdout)


def insert(archive: Path, path: Path, settings: str) -> None:
    """The peer's process: decode everything, then measure; `settings` are `ordinary` or `import`."""
    from pattern_cli.archives.archive import Archive
    from pattern_cli.archives.history import NewIds, message_rows
    from pattern_cli.archives.planning import Planner
    from pattern_cli.archives.plans import ImportOptions
    from pattern_cli.archives.rows import JsonColumns, insert
    from pattern_cli.archives.service import CACHE
    from pattern_cli.messages.batches import SameBatches
    from pattern_cli.store.constellation import Constellation

    with Archive.open(archive) as source, Constellation.open(path, "write") as target:
        placement = Planner(target, source, ImportOptions()).decide().placement
        columns = JsonColumns()
        agent = columns.agent(source.structure.agents[0].record, placement.agents[0], placement.identity)
        found = message_rows(source, placement, NewIds(), SameBatches(), columns)
        rows = [row for chunk in found for row in chunk]
        connection = target.connection
        if settings == "import":
            connection.execute(f"PRAGMA cache_size={CACHE}; PRAGMA temp_store=MEMORY")
        connection.execute(insert("agents"), agent)
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert("messages"), rows)
        connection.execute("COMMIT")
        print(time.perf_counter() - began)


def archive_of_100k(folder: Path) -> Path:
    """The runtime's own large archive, or a generated one."""
    path = folder / "100000.car"
    if PACKED.exists() and shutil.which("zstd"):
        subprocess.run(["zstd", "-dqf", str(PACKED), "-o", str(path)], check=True)
    else:
        print(f"{PACKED} or zstd is missing; the archive is generated")
        generate(path, 100_000)
    return path


def main() -> int:
    """Print the figures; 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description="import speed against executemany, and peak memory")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--longest", type=int, default=1_000_000, help="messages of the longest archive")
    parser.add_argument("--folder", type=Path, help="where archives and databases go (default: a temporary one)")
    parser.add_argument("--insert", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.insert:
        archive, path, settings = options.insert
        insert(Path(archive), Path(path), settings)
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        archives = {count: folder / f"{count}.car" for count in (10_000, options.longest)}
        for count, path in archives.items():
            generate(path, count)
        archives[100_000] = archive_of_100k(folder)
        large = archives[100_000]
        measured = [
            (*ours(large, folder), peer(large, folder, "ordinary"), peer(large, folder, "import"))
            for _ in range(options.rounds)
        ]
        peaks = {100_000: max(peak for _, peak, _, _ in measured)}
        seconds = {100_000: statistics.median(took for took, _, _, _ in measured)}
        for count in (10_000, options.longest):
            seconds[count], peaks[count] = ours(archives[count], folder)
        sizes = {count: path.stat().st_size / 1e6 for count, path in archives.items()}
    ratio = statistics.median(took / ordinary for took, _, ordinary, _ in measured)
    equal = statistics.median(took / tuned for took, _, _, tuned in measured)
    inserted = statistics.median(ordinary for _, _, ordinary, _ in measured)
    print(f"{sizes[100_000]:.0f} MB, {options.rounds} rounds, medians")
    print(f"  import       {seconds[100_000]:6.2f} s  {sizes[100_000] / seconds[100_000]:6.1f} MB/s")
    print(f"  executemany  {inserted:6.2f} s")
    print(
        f"ratio import/executemany {ratio:.2f} (promised: at most {RATIO}); with the settings of an import {equal:.2f}"
    )
    for count in sorted(peaks):
        print(f"  {count:>9} messages  {seconds[count]:6.1f} s  peak {peaks[count]:5.1f} MB")
    spread = max(peaks.values()) / min(peaks.values())
    print(f"peak {max(peaks.values()):.0f} MB (promised: under {PEAK_MB}), largest/smallest {spread:.2f}")
    return 1 if ratio > RATIO or max(peaks.values()) >= PEAK_MB or spread > SPREAD else 0


if __name__ == "__main__":
    sys.exit(main())
