"""What the tests of models share: all table models, and the databases that are read through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from peewee import SQL

from pattern_cli import models
from pattern_cli.models import Agent, damage
from pattern_cli.models.base import BaseModel
from pattern_cli.schema import create_constellation
from pattern_cli.store.constellation import Constellation

T0 = "2026-01-08T19:02:18.123456789Z"


@pytest.fixture(scope="session")
def tables() -> list[type[BaseModel]]:
    """Every model of an ordinary table."""
    found = [getattr(models, name) for name in models.__all__]
    return [
        model for model in found if isinstance(model, type) and issubclass(model, BaseModel) and model is not BaseModel
    ]


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Where a new database may be made."""
    return tmp_path / "new.db"


@pytest.fixture
def lab(new: Path) -> Iterator[Constellation]:
    """A new constellation with two agents, `a` and `b`, open for writing."""
    with create_constellation(new) as constellation:
        for name in "ab":
            values = {"model_provider": "anthropic", "model_name": "claude", "system_prompt": "", "config": {}}
            agent = Agent.insert(id=name, name=name.upper(), enabled_tools=[], created_at=T0, updated_at=T0, **values)
            constellation.bind(agent).execute()
        yield constellation


@pytest.fixture
def write(lab: Constellation) -> Callable[..., Any]:
    """Insert a row through its model and read it back through it."""

    def insert(model: type[BaseModel], **values: Any) -> Any:
        lab.bind(model.insert(**values)).execute()
        last = lab.value("SELECT last_insert_rowid()")
        (row,) = lab.bind(model.select().where(SQL("t1.rowid = ?", (last,))))
        assert damage(row) == ()
        return row

    return insert
