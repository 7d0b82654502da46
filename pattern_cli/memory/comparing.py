"""The difference of two texts, by lines or by words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pattern_cli.memory.matching import Matcher

Unit = Literal["lines", "words"]
# What a piece is: the same in both, only in the new text, only in the old one, or the head of a part.
Sign = Literal[" ", "+", "-", "@"]
_CONTEXT = 3
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_WITH_BREAK = re.compile(r"[^\n]*\n|[^\n]+")
# Comparing more words than this takes longer than anybody waits.
_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a difference: a line without its break, or with `words` a stretch of text."""

    sign: Sign
    text: str


def compare(old: str, new: str, unit: Unit = "lines") -> tuple[Piece, ...]:
    """The pieces of a difference in order, with three lines around each change; none when the texts are equal.

    By lines a missing line break at the end is a difference of its own and told by a piece `@`. By words each line
    with a change comes as stretches, the last of a line ending with its break.
    """
    if old == new:
        return ()
    return tuple(_by_lines(old, new) if unit == "lines" else _by_words(old, new))


def _lines(text: str) -> list[str]:
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []


def _by_lines(old: str, new: str) -> Iterator[Piece]:
    before, after = _lines(old), _lines(new)
    for group in Matcher(before, after).get_grouped_opcodes(_CONTEXT):
        (_, first, _, third, _), (_, _, second, _, fourth) = group[0], group[-1]
        yield Piece("@", f"@@ -{_range(first, second)} +{_range(third, fourth)} @@")
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from (Piece(" ", line) for line in before[a:b])
                continue
            yield from (Piece("-", line) for line in before[a:b])
            yield from (Piece("+", line) for line in after[c:d])
    if old and new and old.endswith("\n") != new.endswith("\n"):
        yield Piece("@", f"@@ the {'new' if old.endswith(chr(10)) else 'old'} text has no line break at its end @@")


def _range(start: int, end: int) -> str:
    """Lines as unified differences name them: the first one from 1 on, and how many unless it is one."""
    count = end - start
    return str(start + 1) if count == 1 else f"{start + bool(count)},{count}"


def _by_words(old: str, new: str) -> Iterator[Piece]:
    before, after = _WITH_BREAK.findall(old), _WITH_BREAK.findall(new)
    for group in Matcher(before, after).get_grouped_opcodes(_CONTEXT):
        yield Piece("@", f"@@ line {group[0][3] + 1} @@")
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield Piece(" ", "".join(before[a:b]))
            else:
                yield from _stretches("".join(before[a:b]), "".join(after[c:d]))


def _stretches(old: str, new: str) -> Iterator[Piece]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(after)) > _MOST:
        before, after = [old], [new]
    for tag, a, b, c, d in Matcher(before, after).get_opcodes():
        if tag == "equal":
            yield Piece(" ", "".join(before[a:b]))
            continue
        if b > a:
            yield Piece("-", "".join(before[a:b]))
        if d > c:
            yield Piece("+", "".join(after[c:d]))
