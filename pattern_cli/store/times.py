"""Time texts of the runtime, in nanoseconds; nothing is rounded (database.md §6.3, car-archives.md §1.6).

`datetime` keeps microseconds only and would drop three digits of every time the runtime writes.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta

from pattern_cli.errors import UsageError

NS = 1_000_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_TIME = r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s?(?:([Zz])|([+-])(\d\d):?(\d\d))?"
_RELATIVE = r"(\d+(?:\.\d+)?)\s*([a-z]+)(?:\s+ago)?"
_DAY = r"\d{4}-\d\d-\d\d"
_SECONDS = {
    word: seconds
    for seconds, words in (
        (1, "s sec secs second seconds"),
        (60, "m min mins minute minutes"),
        (3_600, "h hr hrs hour hours"),
        (86_400, "d day days"),
        (604_800, "w week weeks"),
        (2_629_800, "mo month months"),
        (31_557_600, "y year years"),
    )
    for word in words.split()
}
# What a text can say: years 1 to 9999.
_FIRST = (1 - _EPOCH) * 86_400 * NS
_BEYOND = (date.max.toordinal() + 1 - _EPOCH) * 86_400 * NS


def nanoseconds(text: str) -> int:
    """Unix nanoseconds of a stored time text; no zone means UTC.

    Raises ValueError for what the runtime would not read either: a bare date, a number, an empty text.
    """
    canonical = _canonical(text)
    if canonical is not None:
        return canonical
    found = re.fullmatch(_TIME, text, re.ASCII)
    if not found:
        raise ValueError(f"not a time: {text[:40]!r}")
    year, month, day, hour, minute = map(int, found.group(1, 2, 3, 4, 5))
    second = int(found.group(6) or 0)
    east, hours, minutes = found.group(9) == "+", int(found.group(10) or 0), int(found.group(11) or 0)
    if hour > 23 or minute > 59 or second > 60 or hours > 23 or minutes > 59:
        raise ValueError(f"not a time: {text[:40]!r}")
    days = date(year, month, day).toordinal() - _EPOCH
    offset = (hours * 60 + minutes) * (60 if east else -60)
    fraction = int((found.group(7) or "0")[:9].ljust(9, "0"))
    return _within(((days * 24 + hour) * 3600 + minute * 60 + second - offset) * NS + fraction)


def _within(ns: int) -> int:
    if not _FIRST <= ns < _BEYOND:
        raise ValueError("a time beyond the years 1 to 9999")
    return ns


def _canonical(text: str) -> int | None:
    """The two forms that nearly every row has, `…T…[.fff]+00:00` and `… …`, without a regular expression."""
    head, tail = text[:19], text[19:].removesuffix("+00:00")
    if head[10:11] not in {"T", " "} or (tail and not (tail[0] == "." and tail[1:].isascii() and tail[1:].isdigit())):
        return None
    try:
        moment = datetime.fromisoformat(head)
    except ValueError:
        return None
    # `fromisoformat` takes more forms, and from Python 3.14 on hour 24.
    if len(head) != 19 or not head.isascii() or head[4::3] != f"--{head[10]}::" or head[11:13] == "24":
        return None
    days = moment.toordinal() - _EPOCH
    return ((days * 24 + moment.hour) * 3600 + moment.minute * 60 + moment.second) * NS + int(tail[1:10].ljust(9, "0"))


def _text(ns: int, zone: str) -> str:
    seconds, fraction = divmod(_within(ns), NS)
    stamp = (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat(timespec="seconds")
    if not fraction:
        return stamp + zone
    digits = f"{fraction:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{stamp}.{digits}{zone}"


def from_nanoseconds(ns: int) -> str:
    """RFC 3339 text in UTC with `Z` and the fewest of 0, 3, 6 or 9 fraction digits that lose nothing.

    Raises ValueError for a time that no text can say: before year 1, after 9999.
    """
    return _text(ns, "Z")


def rfc3339z(text: str) -> str:
    """A stored time text as RFC 3339 UTC with `Z`; raises ValueError when it is no time."""
    return _text(nanoseconds(text), "Z")


def column_time(when: str | int) -> str:
    """A time (text or unix nanoseconds) as the runtime writes it into a column: `+00:00`, never `Z`."""
    return _text(when if isinstance(when, int) else nanoseconds(when), "+00:00")


def now_ns() -> int:
    """The wall clock in unix nanoseconds."""
    return time.time_ns()


def now_column() -> str:
    """The wall clock as column text with `+00:00`."""
    return _text(time.time_ns(), "+00:00")


def parse_when(text: str, now: int | None = None) -> int:
    """Unix nanoseconds of what a person typed: `2h`, `3d ago`, `today`, `2026-01-08`, `2026-01-08 19:02`.

    Without a zone the local one counts. Raises UsageError with examples for anything else.
    """
    now = time.time_ns() if now is None else now
    word = text.strip().lower()
    if word == "now":
        return now
    if word in {"today", "yesterday"}:
        midnight = datetime.fromtimestamp(now / NS).replace(hour=0, minute=0, second=0, microsecond=0)
        return _local(midnight - timedelta(days=word == "yesterday"))
    try:
        return _within(_typed(text.strip(), word, now))
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f'"{text}" is not a time', "examples: 2h, 3d, yesterday, 2026-01-08, 2026-01-08T19:02:18Z"
        ) from None


def parse_until(text: str, now: int | None = None) -> int:
    """As `parse_when`, but a day means its last nanosecond: what happened on that day is not after it."""
    began = parse_when(text, now)
    word = text.strip().lower()
    if word not in {"today", "yesterday"} and not re.fullmatch(_DAY, word, re.ASCII):
        return began
    try:
        following = datetime.fromtimestamp(began // NS) + timedelta(days=1)
    except (ValueError, OverflowError):  # the last day of the calendar
        return _BEYOND - 1
    return _local(following) - 1


def _typed(text: str, word: str, now: int) -> int:
    if (relative := re.fullmatch(_RELATIVE, word, re.ASCII)) and relative.group(2) in _SECONDS:
        return now - int(float(relative.group(1)) * _SECONDS[relative.group(2)] * NS)
    if re.fullmatch(_DAY, word, re.ASCII):
        return _local(datetime.fromisoformat(word))
    found = nanoseconds(text)
    if re.search(r"(?:z|[+-]\d\d:?\d\d)$", word):
        return found
    return _local(datetime(1970, 1, 1) + timedelta(seconds=found // NS)) + found % NS


def _local(naive: datetime) -> int:
    return int(naive.astimezone(UTC).timestamp()) * NS
