"""What the tests of models share: all table models, and the databases that are read through them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pattern_cli import models
from pattern_cli.models.base import BaseModel


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
