"""Loro documents made by tests, and blocks of a copied database rewritten by them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import loro
import pytest

from pattern_cli.memory.documents import Document
from pattern_cli.memory.editing import Change, Editor, Terms
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.undoing import History
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation

Write = Callable[[Any], None]
ADMIN = Terms(as_admin=True, force_limit=True)


def updates_of(*writes: Write) -> list[bytes]:
    """One update per write, all by one peer, each depending on those before it."""
    doc = loro.LoroDoc()
    found = []
    for write in writes:
        before = doc.oplog_vv
        write(doc)
        doc.commit()
        found.append(bytes(doc.export(loro.ExportMode.Updates(before))))
    return found


def snapshot_of(*writes: Write) -> bytes:
    doc = loro.LoroDoc()
    for write in writes:
        write(doc)
    doc.commit()
    return bytes(doc.export(loro.ExportMode.Snapshot()))


@pytest.fixture
def updates() -> Callable[..., list[bytes]]:
    return updates_of


@pytest.fixture
def snapshot() -> Callable[..., bytes]:
    return snapshot_of


@pytest.fixture
def type_text() -> Callable[[str], Write]:
    """A write that appends to the root text."""
    return lambda text: lambda doc: doc.get_text("content").push_str(text)


@pytest.fixture
def run_sql() -> Callable[..., None]:
    """Change a database behind everybody's back: run_sql(path, "UPDATE …", (…))."""

    def run(path: Path, sql: str, params: tuple[Any, ...] = ()) -> None:
        connection = apsw.Connection(str(path))
        connection.execute(sql, params)
        connection.close()

    return run


@pytest.fixture
def put_block(run_sql: Callable[..., None]) -> Callable[..., str]:
    """Add a block with its updates: put_block(path, "label", snapshot=b"", updates=[…], metadata='…')."""

    def put(
        path: Path,
        label: str,
        *,
        snapshot: Any = b"",
        updates: tuple[Any, ...] | list[Any] = (),
        metadata: Any = '{"schema":{"Text":{}}}',
        preview: str | None = None,
        owner: str = "agt_19a6f2c3b40",
        active: bool = True,
    ) -> str:
        id = f"mem_test_{label}"
        run_sql(
            path,
            """INSERT INTO memory_blocks (id, agent_id, label, description, block_type, loro_snapshot, content_preview,
                                          metadata, is_active, created_at, updated_at)
               VALUES (?,?,?,'made by a test','core',?,?,?,?,'2026-01-08T19:02:18+00:00','2026-01-08 19:02:18')""",
            (id, owner, label, snapshot, preview, metadata, active),
        )
        for seq, blob in enumerate(updates, 1):
            run_sql(
                path,
                """INSERT INTO memory_block_updates (block_id, seq, update_blob, byte_size, source, created_at)
                   VALUES (?,?,?,?,'agent',?)""",
                (id, seq, blob, len(blob), f"2026-01-08T19:02:{18 + seq}.5+00:00"),
            )
        return id

    return put


class Block:
    """A block of the fixtures with what a person and a runtime do to it."""

    def __init__(self, constellation: Constellation, label: str) -> None:
        self.constellation = constellation
        self.id = str(constellation.value("SELECT id FROM memory_blocks WHERE label = ?", (label,)))
        self.history = History(constellation)

    def edit(self, change: Callable[[Document], None]) -> int:
        applied: Change = lambda document, schema: change(document)  # noqa: E731
        done = Editor(self.constellation).edit(self.id, applied, "manual:set", "overwrite", ADMIN)
        assert done.seq is not None
        return done.seq

    def write(self, text: str) -> int:
        return self.edit(lambda document: document.set_text("content", text))

    def document(self) -> Document:
        snapshot = self.constellation.value("SELECT loro_snapshot FROM memory_blocks WHERE id = ?", (self.id,))
        mine = Loader(self.constellation).load(self.id, snapshot).document
        assert mine.same_version(Loader(self.constellation).load_as_runtime(self.id, snapshot))
        return mine

    @property
    def text(self) -> str:
        return self.document().text("content")

    def flags(self) -> list[int]:
        sql = "SELECT is_active FROM memory_block_updates WHERE block_id = ? ORDER BY seq"
        return [flag for (flag,) in self.constellation.rows(sql, (self.id,))]

    def agent(self, document: Document, since: bytes) -> int:
        """Store what a runtime's cached document has beyond a version, as the runtime does (memory.md §4.4)."""
        document.commit("")
        blob = document.updates_since(since)
        with self.constellation.transaction() as connection:
            sql = "UPDATE memory_blocks SET last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq"
            ((seq,),) = connection.execute(sql, (self.id,)).fetchall()
            connection.execute(
                """INSERT INTO memory_block_updates(block_id, seq, update_blob, byte_size, source, frontier, created_at)
                   VALUES (?, ?, ?, ?, 'agent', ?, ?)""",
                (self.id, seq, blob, len(blob), document.version, times.now_column()),
            )
        return int(seq)


@pytest.fixture
def persona(small: Constellation) -> Block:
    return Block(small, "persona")


@pytest.fixture
def block(small: Constellation) -> Callable[[str], Block]:
    """A block of small.db by its label."""
    return lambda label: Block(small, label)


class Made:
    """A block "b" of Marlow's in a writable constellation, and what is stored in it as the runtime loads it."""

    owner = "agt_19a6f2c3b40"
    id = "mem_test_b"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.constellation = Constellation.open(path, "write")

    @property
    def document(self) -> Document:
        snapshot = self.constellation.value("SELECT loro_snapshot FROM memory_blocks WHERE id = ?", (self.id,))
        return Loader(self.constellation).load_as_runtime(self.id, snapshot)

    @property
    def rows(self) -> int:
        sql = "SELECT count(*) FROM memory_block_updates WHERE block_id = ?"
        return int(self.constellation.value(sql, (self.id,)))

    def set(self, column: str, value: Any) -> None:
        self.constellation.connection.execute(f"UPDATE memory_blocks SET {column} = ? WHERE id = ?", (value, self.id))

    def share(self, agent: str, permission: str) -> None:
        sql = "INSERT INTO shared_block_agents SELECT ?, id, ?, '2026-01-08T19:02:18+00:00' FROM agents WHERE name = ?"
        self.constellation.connection.execute(sql, (self.id, permission, agent))


@pytest.fixture
def make(database: Callable[[str], Path], put_block: Callable[..., str]) -> Iterator[Callable[..., Made]]:
    """A block from its schema and the writes that made its document: make({"Text": {}}, lambda doc: …)."""
    made = []

    def put(schema: Any, *writes: Write, permission: str = "admin") -> Made:
        path = database("constellations/small.db")
        put_block(path, "b", updates=updates_of(*writes), metadata=json.dumps({"schema": schema}))
        made.append(Made(path))
        made[-1].set("permission", permission)
        return made[-1]

    yield put
    for one in made:
        one.constellation.close()
