"""Progress of long work, on standard error and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int | None], None]


@contextmanager
def progress(label: str, unit: str = "") -> Iterator[Progress | None]:
    """A callback (done, total) that draws a bar with rate and time left; None where nobody watches.

    `unit="bytes"` shows sizes, any other unit counts.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars

    from pattern_cli.render.terminal import console

    counts: tuple[ProgressColumn, ...] = (
        (DownloadColumn(), TransferSpeedColumn())
        if unit == "bytes"
        else (MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    )
    with Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        *counts,
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
        redirect_stdout=False,  # which would send data to standard error
    ) as bars:
        task = bars.add_task(label, total=None, rate="")

        def report(done: int, total: int | None) -> None:
            speed = bars.tasks[0].speed
            rate = f"{speed:,.0f} {unit}/s".replace(",", " ") if speed else ""
            bars.update(task, completed=done, total=total, rate=rate)

        yield report
