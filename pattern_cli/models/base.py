"""What all models share, and what can be said about a row that was read through one.

Models belong to no database: a query runs on an open constellation by `constellation.bind(query)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from peewee import Field, Model

from pattern_cli.models.fields import AsStored
from pattern_cli.store.constellation import Constellation


class BaseModel(Model):
    """A table of the runtime's schema. Saving an instance writes only what was changed."""

    class Meta:
        only_save_dirty = True
        legacy_table_names = False


def damage(row: Model | Mapping[str, Any] | Iterable[Any]) -> tuple[str, ...]:
    """Why columns of a row are shown as stored: `created_at: not a time`. Nothing when all were decoded.

    Takes a model instance, or what `.dicts()` and `.tuples()` give.
    """
    stored: Any = row.__data__ if isinstance(row, Model) else row
    values = stored.values() if isinstance(stored, Mapping) else stored
    return tuple(problem for value in values if isinstance(value, AsStored) for problem in value.problems)


def present(constellation: Constellation, model: type[Model]) -> list[Field]:
    """The fields of a model that this constellation's schema version has, to select where a column may be missing.

    Left-out fields read as None. Empty where the whole table is missing.
    """
    sql = "SELECT name FROM pragma_table_info(?)"
    columns = {name for (name,) in constellation.rows(sql, (model._meta.table_name,))}
    return [field for field in model._meta.sorted_fields if field.column_name in columns]
