"""Search in 1 000 000 messages against the same SQL in the sqlite3 shell, process start included.

    python benchmarks/search_speed.py [--messages 1000000] [--rounds 9] [--folder DIR]

The messages are synthetic: 5 to 35 words whose frequencies fall as in a language, and four words that stand in every
10th, 100th, 1000th and 100 000th message. With `--folder` the database stays there for the next run. Words are
searched in messages, which is what is promised, and for comparison everywhere: in 20 memory blocks as well, whose
documents are replayed. Both programs run as processes of their own, in turn; the figures are medians.
"""

from __future__ import annotations

import argparse
import itertools
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

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pattern_cli.memory.documents import text_update  # noqa: E402
from pattern_cli.schema import create_constellation  # noqa: E402
from pattern_cli.store.constellation import Constellation  # noqa: E402

WORDS = {"tenth": 10, "hundredth": 100, "thousandth": 1_000, "rarest": 100_000}
MOST_RATIO = 1.5
MOST_EXTRA = 0.080
BEST = 20
AGENTS = ("Juniper", "Marlow", "Quill")
BLOCKS = 20
STAMP = "2026-01-08T19:02:18.123456789+00:00"
SQL = """SELECT t.id, f.rank FROM messages_fts f CROSS JOIN messages t ON t.rowid = f.rowid
         WHERE f.messages_fts MATCH '{word}' AND NOT ifnull(t.is_archived, 0) AND NOT ifnull(t.is_deleted, 0)
         ORDER BY f.rank LIMIT {best}"""


class Language:
    """Texts of invented words, always the same ones."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        syllables = [a + b for a in "bcdfglmnprst" for b in "aeiou"]
        self._words = ["".join(self._random.choices(syllables, k=self._random.randint(2, 4))) for _ in range(8_000)]
        self._weights = list(itertools.accumulate(1 / rank for rank in range(1, 8_001)))

    def text(self, number: int) -> str:
        """The text of a message: its number says which of the counted words stand in it."""
        words = self._random.choices(self._words, cum_weights=self._weights, k=self._random.randint(5, 35))
        for word, every in WORDS.items():
            if number % every == every // 2:
                words.insert(self._random.randrange(len(words)), word)
        return " ".join(words)


def build(path: Path, count: int) -> None:
    """Write the constellation: rows first, the full-text index in one go afterwards."""
    language = Language()
    with create_constellation(path) as constellation:
        connection = constellation.connection
        connection.execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000").fetchall()
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        with constellation.transaction():
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            insert(constellation, language, count)
            for index in ("messages_fts", "memory_blocks_fts", "archival_fts"):
                connection.execute(f"INSERT INTO {index}({index}) VALUES ('rebuild')")
            for _, sql in triggers:
                connection.execute(str(sql))


def insert(constellation: Constellation, language: Language, count: int) -> None:
    """Agents, blocks and messages."""
    connection = constellation.connection
    for number, name in enumerate(AGENTS):
        connection.execute(
            "INSERT INTO agents(id, name, model_provider, model_name, system_prompt, config, enabled_tools, created_at,"
            " updated_at) VALUES (?, ?, 'anthropic', 'claude-sonnet-4', '', '{}', '[]', ?, ?)",
            (f"agent{number}", name, STAMP, STAMP),
        )
    for number in range(BLOCKS):
        text = "\n".join(language.text(line) for line in range(20))
        connection.execute(
            "INSERT INTO memory_blocks(id, agent_id, label, description, block_type, loro_snapshot, content_preview,"
            " created_at, updated_at) VALUES (?, ?, ?, 'notes', 'core', ?, ?, ?, ?)",
            (f"mem_{number}", f"agent{number % 3}", f"notes{number}", text_update(text)[0], text, STAMP, STAMP),
        )
    connection.executemany(
        "INSERT INTO messages(id, agent_id, position, batch_id, sequence_in_batch, role, content_json,"
        " content_preview, created_at) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?)",
        messages(language, count),
    )


def messages(language: Language, count: int) -> Iterator[tuple[Any, ...]]:
    """The rows of the messages."""
    for number in range(count):
        text, place = language.text(number), str(31_058_928_949_198_848 + number)
        role = "user" if number % 2 else "assistant"
        id = f"msg_{random.Random(number).getrandbits(128):032x}"
        yield id, f"agent{number % 3}", place, place, role, f'{{"Text":"{text}"}}', text, STAMP


def seconds(command: list[str]) -> float:
    """The wall time of a command; the interpreter may keep its compiled modules, as anywhere else."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment)
    return time.perf_counter() - began


def measure(path: Path, shell: str, rounds: int) -> int:
    """Print the figures of each word and return how many promises are missed."""
    missed = 0
    for word, every in WORDS.items():
        ours = [sys.executable, "-m", "pattern_cli", "--db", str(path), "search", word]
        commands = {
            "shell": [shell, str(path), SQL.format(word=word, best=BEST)],
            "messages": [*ours, "--in", "messages"],
            "everywhere": ours,
        }
        for command in commands.values():
            seconds(command)
        times = [{name: seconds(command) for name, command in commands.items()} for _ in range(rounds)]
        took = {name: statistics.median(one[name] for one in times) for name in commands}
        ratio = statistics.median(one["messages"] / one["shell"] for one in times)
        extra = statistics.median(one["messages"] - one["shell"] for one in times)
        common = every == min(WORDS.values())
        missed += ratio > MOST_RATIO if common else extra > MOST_EXTRA
        print(f"{word} (in 1 of {every}): " + ", ".join(f"{name} {1000 * t:.0f} ms" for name, t in took.items()))
        if common:
            print(f"  ratio messages/shell {ratio:.2f} (promised: at most {MOST_RATIO})")
        else:
            print(f"  messages {1000 * extra:.0f} ms above the shell (promised: at most {1000 * MOST_EXTRA:.0f} ms)")
    return missed


def main() -> int:
    """Print the figures; 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description="full-text search against the sqlite3 shell")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", type=Path, help="where the database is kept (default: a temporary folder)")
    options = parser.parse_args()
    shell = shutil.which("sqlite3")
    if not shell:
        print("needs the sqlite3 shell")
        return 2
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        path = folder / f"search-{options.messages}.db"
        if not path.exists():
            building = path.with_suffix(".building")
            for stale in (building, Path(f"{building}-wal"), Path(f"{building}-shm")):
                stale.unlink(missing_ok=True)
            build(building, options.messages)
            building.rename(path)
        print(f"{options.messages} messages, {path.stat().st_size / 1e6:.0f} MB, {options.rounds} rounds, medians")
        return 1 if measure(path, shell, options.rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
