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


def damage(row: Model | Mapping[str, Any] | Iterable[Any], where: str = "") -> tuple[str, ...]:
    """Why columns of a row are shown as stored: `created_at: not a time`. Nothing when all were decoded.

    Takes a model instance, or what `.dicts()` and `.tuples()` give. `where` goes behind each column's name, for rows
    that are shown as part of another: `role of Juniper: not valid JSON`.
    """
    stored: Any = row.__data__ if isinstance(row, Model) else row
    values = stored.values() if isinstance(stored, Mapping) else stored
    problems = (problem.partition(":") for value in values if isinstance(value, AsStored) for problem in value.problems)
    return tuple(f"{column}{where and f' {where}'}:{what}" for column, _, what in problems)


def present(constellation: Constellation, model: type[Model], *names: str) -> list[Field]:
    """The fields of a model, or those named, that this constellation's schema version has: what can be selected.

    Left-out fields read as None. Empty where the whole table is missing.
    """
    sql = "SELECT name FROM pragma_table_info(?)"
    columns = {name for (name,) in constellation.rows(sql, (model._meta.table_name,))}
    fields = [model._meta.fields[name] for name in names] or model._meta.sorted_fields
    return [field for field in fields if field.column_name in columns]
