"""Progress of long work, on standard error and only on a terminal; what is done in a moment shows none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

Progress = Callable[[int, int | None], None]
# Seconds before which nothing is shown.
PATIENCE = 0.3


@contextmanager
def progress(label: str, unit: str = "") -> Iterator[Progress | None]:
    """A callback (done, total) that draws a bar with rate and time left; None where nobody watches.

    `unit="bytes"` shows sizes, any other unit counts. The bar appears when the work has taken `PATIENCE` seconds.
    """
    if not sys.stderr.isatty():
        yield None
        return
    began = time.monotonic()
    bars: Bars | None = None

    def report(done: int, total: int | None) -> None:
        nonlocal bars
        if bars is None:
            if time.monotonic() - began < PATIENCE:
                return
            bars = _bars(label, unit)
            bars.start()
        speed = bars.tasks[0].speed
        rate = f"{speed:,.0f} {unit}/s".replace(",", " ") if speed else ""
        bars.update(bars.task_ids[0], completed=done, total=total, rate=rate)

    try:
        yield report
    finally:
        if bars is not None:
            bars.stop()


def _bars(label: str, unit: str) -> Bars:
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
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        *counts,
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
        redirect_stdout=False,  # which would send data to standard error
    )
    bars.add_task(label, total=None, rate="")
    return bars
