"""Single values for people: times, sizes, counts, bars, sparklines."""

from __future__ import annotations

import os
import time
from datetime import datetime
from itertools import pairwise, takewhile
from typing import Any

from pattern_cli.render import safe

_UNITS = ((31_557_600, "y"), (2_629_800, "mo"), (86_400, "d"), (3_600, "h"), (60, "min"))
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
DASH = "–"


def seconds_of(stamp: str) -> float | None:
    """Unix seconds of an RFC 3339 text; None when it is no time."""
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return None


def ago(stamp: Any, now: float | None = None) -> str:
    """How long ago, in one word: `12 s ago`, `3 min ago`, `yesterday`, `in 2 h`."""
    seconds = seconds_of(stamp) if isinstance(stamp, str) else None
    if seconds is None:
        return _as_it_is(stamp)
    distance = (time.time() if now is None else now) - seconds
    span = abs(distance)
    if span < 1:
        return "now"
    if 86_400 <= distance < 172_800:
        return "yesterday"
    number, unit = next(((int(span // size), name) for size, name in _UNITS if span >= size), (int(span), "s"))
    return f"{number} {unit} ago" if distance > 0 else f"in {number} {unit}"


def local(stamp: Any) -> str:
    """A time on the reader's clock, to the second; what is no time is shown as it is."""
    seconds = seconds_of(stamp) if isinstance(stamp, str) else None
    try:
        return _as_it_is(stamp) if seconds is None else datetime.fromtimestamp(seconds).isoformat(" ", "seconds")
    except (ValueError, OverflowError, OSError):  # the first and last hours of the calendar, in some zones
        return _as_it_is(stamp)


def _as_it_is(stamp: Any) -> str:
    return DASH if stamp in (None, "") else safe.line(str(stamp))


def clock(stamp: Any) -> str:
    """The time of day on the reader's clock; the date too when it is not today."""
    shown = local(stamp)
    return shown[11:] if shown[:10] == datetime.now().strftime("%Y-%m-%d") else shown


def size(count: Any) -> str:
    """Bytes in decimal units: `729 kB`, `42.2 MB`."""
    if not isinstance(count, int | float):
        return DASH
    if count < 1000:
        return f"{count:.0f} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5:
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"
    return f"{value / 1000:.0f} PB"


def number(count: Any) -> str:
    """A whole number with its thousands apart: `19 979`."""
    return (
        f"{count:,}".replace(",", " ") if isinstance(count, int) else DASH if count is None else safe.line(str(count))
    )


def plural(count: int, word: str, many: str | None = None) -> str:
    """A count and its word: `1 agent`, `3 agents`, `2 entries`."""
    return f"{number(count)} {word if count == 1 else many or word + 's'}"


def tried(dry_run: bool) -> str:
    """What a record of a dry run says of itself; nothing for a change that was made."""
    return "nothing was written" if dry_run else ""


def yes(value: Any) -> str:
    """A truth value in a table: a mark or nothing."""
    return "yes" if value else DASH


def bar(used: int, limit: int, width: int = 10) -> str:
    """How full something is, in eighths of a character; full when over the limit."""
    share = 0.0 if limit <= 0 else min(used / limit, 1.0)
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width, "░")


def sparkline(counts: list[int]) -> str:
    """One character per count, scaled to the largest; zero is the lowest line."""
    top = max(counts, default=0)
    return "".join(_LEVELS[0 if not top else min(7, -(-count * 7 // top))] for count in counts)


def short_ids(ids: list[str], least: int) -> list[str]:
    """The beginnings of ids that tell each of them from all the others, `least` characters long or longer."""
    ordered = sorted(set(ids))
    same = dict.fromkeys(ordered, 0)
    for one, other in pairwise(ordered):
        length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
        same[one], same[other] = max(same[one], length), length
    return [id[: max(same[id] + 1, least)] for id in ids]


def padded(texts: list[str]) -> list[str]:
    """Texts on one line each, as wide as the widest of them on a terminal."""
    from unicodedata import combining, east_asian_width

    shown = [safe.line(text) for text in texts]
    widths = [sum(not combining(c) and 1 + (east_asian_width(c) in "WF") for c in text) for text in shown]
    return [text + " " * (max(widths) - width) for text, width in zip(shown, widths, strict=True)]


def place(path: str) -> str:
    """A path for people: `~` for their home."""
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if len(home) > 1 and path.startswith(home + os.sep) else path


def plain(value: Any) -> str:
    """A value without decoration, for pipes: nothing for null, `true`/`false`, compact JSON for nested values."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    from pattern_cli.render.encode import compact

    return compact(value)
