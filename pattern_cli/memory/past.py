"""Older versions of a block, named by the number of an update or by a time: to show and to compare."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pattern_cli.errors import NotFoundError, UsageError
from pattern_cli.memory.comparing import Piece, Unit, compare
from pattern_cli.memory.records import BlockRecord, read
from pattern_cli.memory.schemas import Schema, TextSchema, parse
from pattern_cli.memory.versions import Versions
from pattern_cli.memory.views import view
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed in a block between two versions, which are numbers of updates; 0 is before the first.

    `inserted` and `deleted` count characters of the pieces.
    """

    id: str
    owner: str
    label: str
    from_seq: int
    to_seq: int
    unit: Unit
    inserted: int
    deleted: int
    pieces: tuple[Piece, ...]


def at(constellation: Constellation, block_id: str, version: str, raw: bool = False) -> BlockRecord:
    """The record of a block with the content of an older version, named by a number (`31`) or a time (`2h`).

    `raw` makes `text` the text alone, without what other roots hold. Raises UsageError, NotFoundError for a version
    that does not exist, IntegrityError when it cannot be rebuilt.
    """
    with constellation.one_moment():
        record = read(constellation, block_id)
        versions = Versions(constellation, block_id)
        seq = number(versions, version)
        schema, _ = parse(record.metadata)
        seen = view(schema, versions.at(seq))
    text = seen.text if raw and isinstance(schema, TextSchema) else seen.whole
    return replace(
        record,
        text=text,
        text_source="document",
        value=seen.value,
        stray=seen.stray_value,
        used=len(seen.whole),
        over_limit=isinstance(record.char_limit, int) and len(seen.whole) > record.char_limit,
        remarks=(f"as it was {'before the first update' if seq == 0 else f'after update {seq}'}",),
    )


def difference(constellation: Constellation, block_id: str, between: str, unit: Unit = "lines") -> Difference:
    """What changed between `A..B`, from `A..` to now, from the beginning to `..B`; a single `N` is what it changed.

    A and B are numbers of updates or times. Raises as `at`.
    """
    with constellation.one_moment():
        record = read(constellation, block_id)
        versions = Versions(constellation, block_id)
        first, last = _between(versions, between)
        schema, _ = parse(record.metadata)
        old, new = (_whole(schema, versions, seq) for seq in (first, last))
    pieces = compare(old, new, unit)
    return Difference(
        id=record.id,
        owner=record.owner,
        label=record.label,
        from_seq=first,
        to_seq=last,
        unit=unit,
        inserted=sum(len(piece.text) for piece in pieces if piece.sign == "+"),
        deleted=sum(len(piece.text) for piece in pieces if piece.sign == "-"),
        pieces=pieces,
    )


def number(versions: Versions, version: str) -> int:
    """The number of the update that a person named by itself or by a time, of which it is the newest before."""
    word = version.strip().removeprefix("#")
    if word.isascii() and word.isdigit():
        seq = int(word)
        if seq and all(update.seq != seq for update in versions.updates):
            most = max((update.seq for update in versions.updates), default=0)
            raise NotFoundError(
                f"there is no update {seq} in {versions.name}; the newest is {most}",
                "`pattern memory history` shows them; 0 is before all",
            )
        return seq
    try:
        moment = times.parse_when(version)
    except UsageError:
        raise UsageError(
            f'"{version}" is neither the number of an update nor a time', "for example 31, 2h, yesterday, 2026-01-08"
        ) from None
    return max((one.update.seq for one in versions.applied if _time(one.update.created_at) <= moment), default=0)


def _time(stored: object) -> float:
    """Nanoseconds; what is no time is never before anything."""
    try:
        return times.nanoseconds(str(stored))
    except ValueError:
        return float("inf")


def _between(versions: Versions, between: str) -> tuple[int, int]:
    newest = versions.applied[-1].update.seq if versions.applied else 0
    first, dots, last = between.partition("..")
    if dots:
        return number(versions, first) if first.strip() else 0, number(versions, last) if last.strip() else newest
    seq = number(versions, between) if between.strip() else newest
    return _before(versions, seq), seq


def _before(versions: Versions, seq: int) -> int:
    """The active update before another one."""
    return max((one.update.seq for one in versions.applied if one.update.seq < seq), default=0)


def _whole(schema: Schema, versions: Versions, seq: int) -> str:
    return view(schema, versions.at(seq)).whole
