"""One transaction for a change, or one look at what it would do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pattern_cli.store.constellation import Constellation

Write = Callable[[str, Sequence[Any]], None]


@contextmanager
def writing(constellation: Constellation, dry_run: bool = False) -> Iterator[Write]:
    """A write transaction and the function that writes in it; in a dry run nothing is locked and nothing written.

    Raises what `Constellation.change` raises.
    """

    def write(sql: str, values: Sequence[Any]) -> None:
        if not dry_run:
            constellation.connection.execute(sql, tuple(values))

    with constellation.change(dry_run):
        yield write
