"""A planned upgrade as one SQL script, to read, to keep, or to run in another SQLite shell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from pattern_cli.schema.upgrade import PlannedStatement, UpgradePlan
from pattern_cli.store.ledger import number


def script(plan: UpgradePlan) -> str:
    """The statements with a comment before each version, each version in its own transaction.

    The ledger gets -1 as the time a version took: "not measured", as the runtime writes it before it knows.
    """
    return "\n".join(_lines(plan))


def _lines(plan: UpgradePlan) -> Iterator[str]:
    def step(planned: PlannedStatement) -> tuple[int, str]:
        return planned.version, planned.description

    for (version, description), statements in groupby(plan.statements, step):
        yield f"-- {number(version)} {description}"
        yield "BEGIN IMMEDIATE;"
        yield from (f"{planned.statement};" for planned in statements)
        yield "COMMIT;\n"
