"""Small constellations with texts of the tests' choosing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import apsw
import pytest

from pattern_cli.memory.documents import text_update
from pattern_cli.schema import create_constellation
from pattern_cli.search.hits import Results
from pattern_cli.search.indexes import tokenizer
from pattern_cli.search.query import Tokenizer
from pattern_cli.search.service import Search
from pattern_cli.store.constellation import Constellation

STAMP = "2026-01-08T19:02:18.123456789+00:00"


class Lab:
    """A constellation in the making; every row gets the id it is given, texts may be anything SQLite stores."""

    def __init__(self, path: Path) -> None:
        self.path = path
        create_constellation(path).close()
        self._agents: set[str] = set()

    def sql(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
        """Run a statement behind everybody's back."""
        connection = apsw.Connection(str(self.path))
        try:
            return list(connection.execute(sql, params))
        finally:
            connection.close()

    def agent(self, id: str, name: str | None = None) -> None:
        if id not in self._agents:
            self._agents.add(id)
            self._insert(
                "agents", id=id, name=name or id, model_provider="p", model_name="m", system_prompt="", config="{}",
                enabled_tools="[]", created_at=STAMP, updated_at=STAMP,
            )  # fmt: skip

    def message(self, id: str, text: Any, agent: str = "ada", **others: Any) -> None:
        self.agent(agent)
        row = {"position": "1", "batch_id": "1", "role": "user", "created_at": STAMP, **others}
        self._insert("messages", id=id, agent_id=agent, content_json="{}", content_preview=text, **row)

    def block(self, id: str, text: str, preview: str | None = None, owner: str = "ada", **others: Any) -> None:
        row = {"label": id, "description": "", "block_type": "core", "created_at": STAMP, "updated_at": STAMP, **others}
        snapshot = row.pop("loro_snapshot", None) or text_update(text)[0]
        self._insert("memory_blocks", id=id, agent_id=owner, loro_snapshot=snapshot, content_preview=preview, **row)

    def entry(self, id: str, text: str, owner: str = "ada", **others: Any) -> None:
        self._insert("archival_entries", id=id, agent_id=owner, content=text, **{"created_at": STAMP, **others})

    def _insert(self, table: str, **row: Any) -> None:
        marks = ", ".join("?" * len(row))
        self.sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "lab.db")


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Constellation]]:
    """Open constellations for reading; they are closed after the test."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(Constellation.open(path))


@pytest.fixture
def find(lab: Lab, opened: Callable[[Path], Constellation]) -> Callable[..., Results]:
    """Search in the lab as it is at that moment."""
    return lambda text, **given: Search(opened(lab.path)).find(text, **given)


@pytest.fixture(scope="session")
def tokenize() -> Tokenizer:
    return tokenizer(apsw.Connection(":memory:"))
