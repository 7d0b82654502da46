"""Archives built by tests from plain values, databases to import them into, and what is in those afterwards."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.archives import dagcbor
from pattern_cli.archives.archive import Archive
from pattern_cli.archives.car import make_cid
from pattern_cli.archives.dagcbor import Link
from pattern_cli.archives.plans import ImportOptions, ImportPlan, ImportResult
from pattern_cli.archives.service import Import
from pattern_cli.schema import create_constellation
from pattern_cli.store.constellation import Constellation

SHIPPED = Path(__file__).resolve().parent.parent / "fixtures"
TIME = "2026-01-02T03:04:05.000000001Z"
COLUMN_TIME = "2026-01-02T03:04:05.000000001+00:00"
TEXT_SCHEMA = {"schema": {"Text": {}}}

# The golden vectors of car-archives.md §7.
AGENT = bytes.fromhex(
    "a5656167656e74ac626964626131646e616d6563416e6e66636f6e666967a26a6d61785f746f6b656e731910006b74656d"
    "7065726174757265fb3fe000000000000066737461747573666163746976656a637265617465645f617474323032362d30"
    "312d30325430333a30343a30355a6a6d6f64656c5f6e616d65616d6a746f6f6c5f72756c6573f66a757064617465645f61"
    "74781e323032362d30312d30325430333a30343a30352e3030303030303030315a6b6465736372697074696f6ef66d656e"
    "61626c65645f746f6f6c738166726563616c6c6d73797374656d5f70726f6d7074606e6d6f64656c5f70726f7669646572"
    "69616e7468726f706963716d656d6f72795f626c6f636b5f6369647380726d6573736167655f6368756e6b5f6369647380"
    "73617263686976616c5f656e7472795f636964738074617263686976655f73756d6d6172795f6369647380"
)
MANIFEST = bytes.fromhex(
    "a5657374617473a96b6167656e745f636f756e74016b6368756e6b5f636f756e74006b67726f75705f636f756e74006b74"
    "6f74616c5f6279746573006c746f74616c5f626c6f636b73006d6d6573736167655f636f756e7400726d656d6f72795f62"
    "6c6f636b5f636f756e740074617263686976616c5f656e7472795f636f756e740075617263686976655f73756d6d617279"
    "5f636f756e74006776657273696f6e0368646174615f636964d82a58250001711e2003bed9e16a6c6fe6d494201669b542"
    "d88b423acaf86636f9d840d2829dca755c6b6578706f72745f74797065654167656e746b6578706f727465645f61747818"
    "323032362d30312d30325430333a30343a30352e3637385a"
)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def section(data: bytes, cid: bytes | None = None) -> bytes:
    cid = make_cid(data) if cid is None else cid
    return varint(len(cid) + len(data)) + cid + data


def header(*roots: bytes, version: int = 1) -> bytes:
    data = dagcbor.encode({"roots": [Link(root) for root in roots], "version": version})
    return varint(len(data)) + data


class Builder:
    """Collects blocks of an archive; the defaults of each record are valid, `changes` replace them by key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blocks: dict[bytes, bytes] = {}
        self._count = 0

    def put(self, value: Any) -> Link:
        data = value if isinstance(value, bytes) else dagcbor.encode(value)
        cid = make_cid(data)
        self.blocks[cid] = data
        return Link(cid)

    def agent(self, id: str = "agent_a", name: str = "Ann", **changes: Any) -> dict[str, Any]:
        return {
            "id": id, "name": name, "description": None, "model_provider": "anthropic", "model_name": "m",
            "system_prompt": "", "config": {}, "enabled_tools": ["recall"], "tool_rules": None, "status": "active",
            "created_at": TIME, "updated_at": TIME, **changes,
        }  # fmt: skip

    def block(self, id: str = "block_a", owner: str = "agent_a", label: str = "persona", **changes: Any) -> Link:
        snapshot = changes.pop("snapshot", b"")
        chunks = [self.put({"data": snapshot, "index": 0, "next_cid": None})] if snapshot else []
        return self.put({
            "id": id, "agent_id": owner, "label": label, "description": "what it is", "block_type": "core",
            "char_limit": 5000, "permission": "read_write", "pinned": False, "content_preview": None,
            "metadata": TEXT_SCHEMA, "is_active": True, "created_at": TIME, "updated_at": TIME, "last_seq": 7,
            "frontier": None, "snapshot_chunk_cids": chunks, "total_snapshot_bytes": len(snapshot), **changes,
        })  # fmt: skip

    def message(self, number: int = 0, owner: str = "agent_a", **changes: Any) -> dict[str, Any]:
        position = str(31_395_935_909_707_776 + (number << 16))
        return {
            "id": f"msg_{number:032x}", "role": "user", "source": None, "agent_id": owner, "batch_id": position,
            "position": position, "batch_type": "user_request", "created_at": TIME, "is_deleted": False,
            "is_archived": False, "content_json": {"Text": f"message {number}"}, "content_preview": f"message {number}",
            "source_metadata": {}, "sequence_in_batch": 0, **changes,
        }  # fmt: skip

    def chunk(self, *messages: dict[str, Any], index: int = 0) -> Link:
        return self.put({
            "messages": list(messages), "chunk_index": index, "message_count": len(messages),
            "start_position": "", "end_position": "",
        })  # fmt: skip

    def entry(self, id: str = "entry_a", parent: str | None = None, owner: str = "agent_a", **changes: Any) -> Link:
        return self.put({
            "id": id, "agent_id": owner, "content": f"content of {id}", "metadata": None, "chunk_index": 0,
            "parent_entry_id": parent, "created_at": TIME, **changes,
        })  # fmt: skip

    def summary(self, id: str = "sum_a", previous: str | None = None, owner: str = "agent_a", **changes: Any) -> Link:
        return self.put({
            "id": id, "agent_id": owner, "summary": f"summary {id}", "start_position": "1", "end_position": "2",
            "message_count": 3, "previous_summary_id": previous, "depth": 0, "created_at": TIME, **changes,
        })  # fmt: skip

    def agent_export(
        self,
        agent: dict[str, Any] | None = None,
        blocks: list[Link] | None = None,
        chunks: list[Link] | None = None,
        entries: list[Link] | None = None,
        summaries: list[Link] | None = None,
    ) -> dict[str, Any]:
        return {
            "agent": agent or self.agent(), "memory_block_cids": blocks or [], "message_chunk_cids": chunks or [],
            "archival_entry_cids": entries or [], "archive_summary_cids": summaries or [],
        }  # fmt: skip

    def group(self, id: str = "group_g", name: str = "Crew", **changes: Any) -> dict[str, Any]:
        return {
            "id": id, "name": name, "description": None, "pattern_type": "supervisor", "pattern_config": {},
            "created_at": TIME, "updated_at": TIME, **changes,
        }  # fmt: skip

    def member(self, agent: str = "agent_a", **changes: Any) -> dict[str, Any]:
        return {
            "agent_id": agent, "group_id": "group_g", "role": {"type": "regular"}, "joined_at": TIME,
            "capabilities": ["memory"], **changes,
        }  # fmt: skip

    def share(self, block: str, agent: str, **changes: Any) -> dict[str, Any]:
        return {"block_id": block, "agent_id": agent, "permission": "append", "attached_at": TIME, **changes}

    def group_export(self, group: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        return {
            "group": group or self.group(), "members": [], "agent_exports": [], "shared_memory_cids": [],
            "shared_attachment_exports": [], **changes,
        }  # fmt: skip

    def constellation(self, agents: dict[str, Link], **changes: Any) -> dict[str, Any]:
        return {
            "version": 3, "owner_id": "cli-user", "exported_at": TIME, "agent_exports": agents, "group_exports": [],
            "shared_attachments": [], "all_memory_block_cids": [], "standalone_agent_cids": [], **changes,
        }  # fmt: skip

    def write(self, kind: str, data: Any, **manifest: Any) -> Path:
        """The archive as a file; `kind` is `Agent`, `Group` or `Constellation`."""
        link = self.put(data)
        root = self.put(
            {"version": 3, "data_cid": link, "export_type": kind, "exported_at": TIME, "stats": {}, **manifest}
        )
        self._count += 1
        path = self.folder / f"built-{self._count}.car"
        path.write_bytes(header(root.cid) + b"".join(section(data, cid) for cid, data in self.blocks.items()))
        return path

    def write_agent(self, *args: Any, **kwargs: Any) -> Path:
        return self.write("Agent", self.agent_export(*args, **kwargs))


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "constellation.db"
    create_constellation(path).close()
    return path


@pytest.fixture
def fresh(empty_database: Path, tmp_path: Path) -> Path:
    """An empty constellation of this test."""
    path = tmp_path / "constellation.db"
    shutil.copyfile(empty_database, path)
    return path


@pytest.fixture
def small(tmp_path: Path, database: Callable[[str], Path]) -> Path:
    """A copy of the small constellation of the runtime."""
    return database("constellations/small.db")


def run_import(database: Path, archive: Path, *, run: dict[str, Any] | None = None, **options: Any) -> ImportResult:
    with Archive.open(archive) as source, Constellation.open(database, "write") as target:
        return Import(target, source, ImportOptions(**options)).run(**(run or {}))


def run_plan(database: Path, archive: Path, **options: Any) -> ImportPlan:
    with Archive.open(archive) as source, Constellation.open(database) as target:
        return Import(target, source, ImportOptions(**options)).plan()


class Content:
    """Reads a database from outside of the program."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, sql: str, *params: Any) -> list[Any]:
        connection = apsw.Connection(str(self.path))
        try:
            return [row[0] if len(row) == 1 else row for row in connection.execute(sql, params)]
        finally:
            connection.close()

    def value(self, sql: str, *params: Any) -> Any:
        return self.rows(sql, *params)[0]

    def everything(self) -> dict[str, list[Any]]:
        """All rows of all ordinary tables."""
        names = self.rows("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'")
        return {
            name: sorted(self.rows(f"SELECT * FROM {name}"), key=repr) for name in names if "embeddings" not in name
        }

    def counts(self) -> dict[str, int]:
        return {name: len(rows) for name, rows in self.everything().items() if rows}

    def require_sound(self) -> None:
        """Foreign keys, file and full-text indexes, by the sqlite3 shell."""
        checks = "".join(
            f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1);"
            for index in ("messages_fts", "memory_blocks_fts", "archival_fts")
        )
        done = subprocess.run(
            ["sqlite3", self.path, f"PRAGMA foreign_key_check; PRAGMA integrity_check; {checks}"],
            capture_output=True,
            text=True,
        )
        assert (done.stdout, done.stderr) == ("ok\n", "")


@pytest.fixture
def content() -> type[Content]:
    return Content


@pytest.fixture
def importing() -> Callable[..., ImportResult]:
    return run_import


@pytest.fixture
def planning() -> Callable[..., ImportPlan]:
    return run_plan


@pytest.fixture
def shipped() -> Path:
    """The folder of the archives in this repository, both written by the runtime."""
    return SHIPPED


@pytest.fixture
def golden() -> tuple[bytes, bytes]:
    """The known bytes of a manifest and of the agent export it links to."""
    return MANIFEST, AGENT


@pytest.fixture
def framing() -> Iterator[Any]:
    """How to frame a CAR file by hand: header, section, varint."""

    class Framing:
        pass

    Framing.header, Framing.section, Framing.varint = header, section, varint  # type: ignore[attr-defined]
    yield Framing
