from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
import pytest
from peewee import Model

from pattern_cli import models
from pattern_cli.models.audit import AppliedMigration
from pattern_cli.models.base import BaseModel
from pattern_cli.schema import create_constellation
from pattern_cli.store.database import PatternDatabase

TABLES: list[type[BaseModel]] = [
    getattr(models, name)
    for name in models.__all__
    if isinstance(getattr(models, name), type) and issubclass(getattr(models, name), BaseModel)
]
TABLES.remove(BaseModel)
