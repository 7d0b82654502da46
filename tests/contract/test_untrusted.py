"""Text from a database is untrusted: nothing harmful reaches a terminal raw, in any command and format."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pexpect
import pytest

from pattern_cli.memory.documents import text_update
from pattern_cli.render.formats import Format

Program = Callable[..., Any]
Words = Callable[[str, Path], list[str] | None]
ROOT = Path(__file__).resolve().parents[2]

# A title, a colour, a cursor jump, a bell, a C1 introducer, overrides of direction, a lone carriage return, NUL, DEL.
HOSTILE = "\x1b]0;owned\x07\x1b[31m\x1b[2J\x9b31m\u202eevil\u2066\u200e\u061c\ufeff\u2028\rx\x08\x00\x7f\tend"
BROKEN = HOSTILE.encode() + b"\xff\xfe\xed\xa0\x80\xc0"
HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\ud800-\udfff]"
)
# Texts people write; the others have a form (ids, times, JSON, words of a list).
FREE = {
    "agents": ("name", "description", "system_prompt", "model_name"),
    "agent_groups": ("name", "description"),
    "memory_blocks": ("label", "description", "content_preview"),
    "messages": ("content_preview", "source"),
    "archival_entries": ("content",),
    "archive_summaries": ("summary",),
}


def text_columns(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    sql = """SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '_sqlx_%'
             AND c.type LIKE 'TEXT%'"""
    yield from connection.execute(sql).fetchall()


def forget_full_text(connection: apsw.Connection) -> None:
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')


@pytest.fixture(scope="session")
def everywhere(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Harm and broken Unicode at the end of every text of every row: ids, names, times, JSON, words of a list."""
    path = tmp_path_factory.mktemp("hostile") / "everywhere.db"
    path.write_bytes(small.read_bytes())
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA foreign_keys = OFF")
    forget_full_text(connection)
    for table, column in text_columns(connection):
        connection.execute(
            f"""UPDATE "{table}" SET "{column}" = CAST(CAST("{column}" AS BLOB) || ? AS TEXT)
                WHERE "{column}" IS NOT NULL""",
            (BROKEN,),
        )
    connection.close()
    return path


@pytest.fixture(scope="session")
def inside(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Harm in what people write, in strings of valid JSON, and in memory documents; everything decodes."""
    path = tmp_path_factory.mktemp("hostile") / "inside.db"
    path.write_bytes(small.read_bytes())
    connection = apsw.Connection(str(path))
    for table, columns in FREE.items():
        for column in columns:
            connection.execute(f"UPDATE {table} SET {column} = {column} || ?", (HOSTILE.replace("\x00", ""),))
    # JSON takes most of these characters raw; only those below a blank have to be escaped.
    raw = re.sub("[\x00-\x1f]", "", HOSTILE)
    escaped = "".join(f"\\u{ord(character):04x}" for character in HOSTILE)
    for table, column in text_columns(connection):
        if not table.endswith("_fts"):
            connection.execute(
                f"""UPDATE {table} SET {column} = '["' || ?1 || ?2 || '"]'
                    WHERE json_valid({column}) AND {column} LIKE '[%'""",
                (raw, escaped),
            )
    connection.execute("UPDATE messages SET content_json = json_quote(?)", (f"{HOSTILE} kettle",))
    update, _ = text_update(HOSTILE)
    connection.execute("DELETE FROM memory_block_updates; UPDATE memory_blocks SET loro_snapshot = x''")
    connection.execute(
        """INSERT INTO memory_block_updates (block_id, seq, update_blob, byte_size, created_at, is_active)
           SELECT id, 1, ?1, length(?1), created_at, 1 FROM memory_blocks
           WHERE metadata IS NULL OR metadata NOT LIKE '%schema%'""",
        (update,),
    )
    connection.close()
    return path


def assert_harmless(raw: bytes, form: str) -> None:
    text = raw.decode("utf-8")
    found = HARMFUL.search(text.replace("\t", "") if form in {"tsv", "table", "csv"} else text)
    assert found is None, repr(text[max(0, found.start() - 60) : found.end() + 20])


@pytest.mark.parametrize("form", [form.value for form in Format])
@pytest.mark.parametrize("database", ["everywhere", "inside"])
def test_no_command_lets_harm_through(
    database: str, form: str, program: Program, words: Words, every_reading: list[str], request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(database)
    shown = 0
    for command in every_reading:
        line = words(command, path)
        if line is None:
            # What these change is found by exact names and schemas, which are no more.
            assert command.startswith("memory "), command
            continue
        done = program("--db", path, *line, "--format", form)
        # A rehearsal of a change may also find that nothing fits any more.
        assert done.code in ({0, 3, 4, 5, 7} if "--dry-run" in line else {0, 5}), (command, done.err)
        assert "unexpected" not in done.err, (command, done.err)
        assert_harmless(done.raw, form)
        assert_harmless(done.err.encode(), form)
        shown += done.out.count("\\")
    assert shown > 100


@pytest.mark.parametrize("database", ["everywhere", "inside"])
def test_errors_repeat_nothing_harmful(database: str, program: Program, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(database)
    for words in (
        ("agents", "show"),
        ("memory", "show"),
        ("messages", "show"),
        ("messages", "list"),
        ("memory", "list"),
    ):
        for form in ("table", "json"):
            for name in ("Junip", HOSTILE.replace("\x00", "")):
                done = program("--db", path, *words, name, "--format", form)
                assert_harmless(done.err.encode(), form)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.parametrize("database", ["everywhere", "inside"])
@pytest.mark.parametrize(
    "words", ["agents list", "memory list", "messages list", "search kettle", "groups list", "archival list"]
)
def test_a_terminal_gets_colours_of_ours_only(database: str, words: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(database)
    output = pexpect.run(
        f"{sys.executable} -m pattern_cli --db {path} {words}",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PAGER": "cat", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        timeout=60,
    )
    text = re.sub(rb"\x1b\[[0-9;]*m|\r\n", b"", output)
    assert text
    assert_harmless(text, "table")
    assert b"\x1b[2J" not in output


def test_raw_is_raw_in_a_pipe_only(inside: Path) -> None:
    block = "SELECT id FROM memory_blocks WHERE metadata IS NULL OR metadata NOT LIKE '%schema%' LIMIT 1"
    connection = apsw.Connection(str(inside))
    (block_id,) = connection.execute(block).fetchall()[0]
    connection.close()
    command = [sys.executable, "-m", "pattern_cli", "--db", str(inside), "memory", "show", block_id, "--raw"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    assert subprocess.run(command, capture_output=True, env=environment, check=True).stdout == HOSTILE.encode()
    shown = pexpect.run(" ".join(command), env=environment, timeout=60)
    assert b"owned" in shown
    assert_harmless(shown.replace(b"\r\n", b""), "table")
